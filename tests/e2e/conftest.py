"""What the stories start from: a place of the window's own, a few clips, a scanned project with two short runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import psutil
import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.files import resource
from studio.gui.jobs import studio_command, studio_environment

CLASSES = ("jump", "walk", "echo-strong")
SMALL = ["--recipe", "quick", "--set", "training.max_minutes=0", "--set", "training.batch_size=4", "--set",
         "training.validation_tuples=12", "--set", "training.validate_every_steps=2", "--set",
         "training.precision=fp32"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[Path]:
    """The place where the window keeps settings and makes projects; at the end nothing of it runs any more."""
    made = tmp_path / "place of the studio"
    made.mkdir()
    monkeypatch.setenv("STUDIO_HOME", str(made))
    qapp.setQuitOnLastWindowClosed(True)
    yield made
    for child in psutil.Process().children():
        if child.status() == psutil.STATUS_ZOMBIE:
            child.wait()  # a training that a window left to itself has ended, and is this process's child still


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Twelve small clips of three classes."""
    return copy_clips(tmp_path / "Videos of mine")


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve clips and a project on them, made by the command line. Stories work on a copy of both."""
    place = tmp_path_factory.mktemp("scanned")
    studio("scan", str(place / "study"), str(copy_clips(place / "Clips of a day")))
    return place


@pytest.fixture(scope="session")
def trained(scanned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with two runs: `mc3` of a network that torchvision has too, and then `small`."""
    place = Path(shutil.copytree(scanned, tmp_path_factory.mktemp("trained") / "place"))
    root = str(place / "study")
    studio("train", root, *SMALL, "--set", "training.max_steps=2", "--set", "training.learning_rate=0.002",
           "--set", "backbone=mc3_18", "--name", "mc3")
    studio("train", root, *SMALL, "--set", "training.max_steps=4", "--name", "small")
    return place


@pytest.fixture
def project(scanned: Path, tmp_path: Path) -> Path:
    """A scanned project of the story's own."""
    return Path(shutil.copytree(scanned, tmp_path / "place")) / "study"


@pytest.fixture
def project_with_runs(trained: Path, tmp_path: Path) -> Path:
    """A project with two runs of the story's own."""
    return Path(shutil.copytree(trained, tmp_path / "place")) / "study"


def copy_clips(place: Path, *, each: int = 4) -> Path:
    """Copy some of the sample's clips, `each` of every class."""
    for label in CLASSES:
        (place / label).mkdir(parents=True)
        for clip in sorted(resource("sample", label).iterdir())[:each]:
            shutil.copy(clip, place / label)
    return place


def studio(*arguments: str) -> None:
    """Run the command line in a process of its own: the window's process never loads torch."""
    subprocess.run([*studio_command(), *arguments], check=True, capture_output=True, env=dict(studio_environment()))
