"""What every test can rely on: small sample projects, and that nothing is left behind."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

_PATIENCE_SECONDS = 3.0
_CLIPS = ("patient-01.mp4", "patient-02.avi", "scene-01.mp4", "scene-02.avi")


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def living_children() -> set[int]:
    """Process numbers of living children; those that only wait to be collected have ended, and the tracker of shared
    memory that Python itself keeps for the life of the process is none of a test's."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(child.cmdline()):
                found.add(child.pid)
        except psutil.Error:
            continue
    return found


def child_with(word: str) -> psutil.Process | None:
    """Find a living child by a word of its command line."""
    for child in psutil.Process().children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE and word in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread or a process behind."""
    threads, children = _threads(), living_children()
    yield
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (_threads() - threads or living_children() - children) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = [thread.name for thread in _threads() - threads]
    left += [f"process {pid}" for pid in living_children() - children]
    assert not left, f"{request.node.name} left behind: {', '.join(left)}"


# ---------------------------------------------------------------- small projects, made once and only looked at


@pytest.fixture(scope="session")
def sample_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ten of the sample clips: two of each of five classes. Copy it before you change it."""
    from studio.engine.files import resource

    folder = tmp_path_factory.mktemp("videos") / "clips"
    for path in sorted(resource("sample").glob("*/*")):
        if path.name in _CLIPS and path.parent.name != "echo-weak":
            (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / path.parent.name)
    return folder


@pytest.fixture(scope="session")
def sample_project(sample_clips: Path) -> Path:
    """A scanned project without runs, on `sample_clips`. Copy it (beside the clips or not) before you change it."""
    from studio.engine.project import Project
    from studio.engine.video.ingest import scan

    folder = sample_clips.parent / "project"
    for _ in scan(Project.create(folder), [sample_clips], workers=1):
        pass
    return folder


@pytest.fixture(scope="session")
def tiny_recipe() -> dict[str, Any]:
    """The values of a recipe that trains in a second: clip order, a small network, four steps."""
    return {
        "name": "tiny", "title": "Tiny", "task": "clip-order", "backbone": "r3d_small",
        "sampling": {"tuple_length": 3, "clip_frames": 8, "frame_stride": 1, "interval_frames": 4},
        "augmentation": {"crop_pixels": 112, "input_pixels": 56},
        "training": {"max_steps": 4, "batch_size": 4, "validation_tuples": 12, "validate_every_steps": 2, "seed": 3,
                     "device": "cpu", "precision": "fp32", "threads": 1}}


@pytest.fixture(scope="session")
def tiny_run(sample_project: Path, tiny_recipe: dict[str, Any]) -> Path:
    """The folder of a trained run, `<project>/runs/<run>`, in a copy of `sample_project`. Copy it before you change it.

    Features and results of inspection and evaluation may be kept in it.
    """
    from studio.engine.project import Project
    from studio.engine.recipe import make_recipe
    from studio.engine.training.loop import train

    project = Project.open(Path(shutil.copytree(sample_project, sample_project.parent / "trained")))
    for _ in train(project, make_recipe(tiny_recipe), name="tiny"):
        pass
    return project.run_folders()[0]
