"""A real window on a place of its own, and a small real project. What a test leaves running fails it."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio.engine.files import resource
from studio.gui import theme
from studio.gui.app import make_application, unforeseen_errors_of
from studio.gui.jobs import studio_command, studio_environment
from studio.gui.service_client import ServiceClient
from studio.gui.session import Session
from studio.gui.window import Window, dress
from tests.conftest import living_children

CLASSES = ("echo-strong", "jump", "walk")
SILENT_WORKER = "import sys; print('{\"ready\": true}', flush=True); sys.stdin.read()"


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place where the window keeps settings and makes projects."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("STUDIO_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _no_window_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a window on the screen: it would outlive the studio's own, and keep the program alive."""
    yield
    settle()
    if left := shown_windows():
        gc.collect()
        left = shown_windows()
        for one in QGuiApplication.topLevelWindows():
            one.close()  # the next test starts with none
        assert left == [], f"{request.node.name} left on the screen: {', '.join(left)}"


@pytest.fixture
def spared() -> Iterator[None]:
    """Look for garbage only among what the test makes: to look through all that was loaded takes a second each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def session(qapp: QApplication, home: Path, spared: None) -> Iterator[Session]:
    made = Session()
    yield made
    made.close()
    made.deleteLater()
    settle()
    assert left_running() == []


@pytest.fixture
def unforeseen() -> list[str]:
    """The errors that reached the window's hook; a test that brings some about clears it."""
    return []


@pytest.fixture
def window(qapp: QApplication, home: Path, spared: None, unforeseen: list[str]) -> Iterator[Window]:
    """The window as it opens at its first start, with a worker that never answers; it is closed cleanly."""
    make_application()
    session = Session(service=ServiceClient(command=[sys.executable, "-c", SILENT_WORKER]))
    dress(session)
    with unforeseen_errors_of(session) as hook:
        hook.met.connect(lambda _message, details: unforeseen.append(details))
        made = Window(session)
        made.show()
        qapp.processEvents()
        yield made
        for job in list(session.jobs):
            job.kill()
            job.wait()
        settle()
        made.close()
    made.deleteLater()
    session.deleteLater()
    settle()
    theme.apply(qapp, theme.DARK)
    assert unforeseen == []
    assert left_running() == []


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nine of the sample's clips in three classes, their CSV, a text that claims to be a video."""
    folder = tmp_path_factory.mktemp("clips") / "Clips of a day"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for clip in sorted(resource("sample", name).iterdir())[:3]:
            shutil.copy(clip, folder / name)
    shutil.copy(resource("sample", "labels.csv"), folder)
    (folder / "notes.mp4").write_text("no video at all\n")
    return folder


@pytest.fixture(scope="session")
def scanned(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that the command line made of the clips. Tests work on a copy."""
    root = tmp_path_factory.mktemp("scanned") / "study"
    subprocess.run([*studio_command(), "scan", str(root), str(clips), "--workers", "1"], check=True,
                   capture_output=True, env=dict(studio_environment()))
    return root


@pytest.fixture
def project(scanned: Path, tmp_path: Path) -> Path:
    """A scanned project of the test's own."""
    return Path(shutil.copytree(scanned, tmp_path / "study"))


def shown_windows() -> list[str]:
    """Name the windows that are on the screen."""
    return [type(one).__name__ for one in QApplication.topLevelWidgets() if one.isVisible()]


def wait_for(true: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Let the window work until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        settle()
        time.sleep(0.005)


def left_running() -> list[str]:
    """Name the timers, threads and child processes that are still active, after a short grace."""
    end = time.monotonic() + 3
    while (found := _active()) and time.monotonic() < end:
        settle()
        time.sleep(0.02)
    return found


def _active() -> list[str]:
    gc.collect()
    objects = [one for one in shiboken6.getAllValidWrappers() if isinstance(one, (QTimer, QThread))]
    found = [f"timer of {type(one.parent()).__name__}" for one in objects if isinstance(one, QTimer) and one.isActive()]
    found += [f"thread {one}" for one in objects
              if isinstance(one, QThread) and one.isRunning() and one is not QThread.currentThread()]
    found += [f"thread {one.name}" for one in threading.enumerate() if one.name.startswith("studio")]
    return found + [f"process {pid} of {Path(sys.executable).name}" for pid in living_children()]


def settle() -> None:
    """Let everything that waits in the event loop happen, deletions too."""
    for _ in range(3):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
