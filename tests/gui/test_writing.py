"""Two windows on one project: one writes, the other looks on, says who has it, and can take over when that is gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from studio.engine.project_lock import FOLDER, ProjectLock
from studio.gui import library_edits, projects
from studio.gui.service_client import ServiceClient
from studio.gui.session import Session
from studio.gui.window import Window
from tests.gui.conftest import SILENT_WORKER, settle, wait_for

HOLDER = '''
import sys
from pathlib import Path
from studio.engine.project_lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]), "window")
print(lock.acquire(), flush=True)
sys.stdin.read()
'''


@pytest.fixture
def other(project: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the project open."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(project.resolve())], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout and process.stdout.readline() == "None\n"
        yield process
        process.kill()


def _take_over(window: Window) -> QPushButton | None:
    settle()
    return window.findChild(QPushButton, "looking_on.take_over")


def test_the_first_window_writes_and_says_nothing(window: Window, project: Path) -> None:
    window.session.open_project(project)
    assert window.looking_on.value() == "" and not window.looking_on.isVisible()
    assert "(only looking)" not in window.windowTitle()
    assert ProjectLock(project, "window").holder_now() is not None
    window.session.close_project()
    assert ProjectLock(project, "window").holder_now() is None


def test_a_second_window_looks_on_and_says_who_has_it(window: Window, project: Path,
                                                      other: subprocess.Popen[str]) -> None:
    session = window.session
    session.open_project(project)
    assert f"process {other.pid} on " in window.looking_on.value() and ", since " in window.looking_on.value()
    assert window.looking_on.isVisible() and "(only looking)" in window.windowTitle()
    assert _take_over(window) is None and not session.writing.take_over()
    before = (project / "project.toml").read_bytes(), [video.excluded for video in session.videos]
    library_edits.exclude(session, session.videos[:2], excluded=True)
    assert session.undo.count() == 0
    assert projects.start_scan(session) is None
    assert not projects.add_folder(session, project.parent)
    job = session.start_job("train", [str(project)], title="Training")
    assert not job.isRunning() and session.jobs == []
    assert len(window.notices.value()) == 1 and "only be looked at" in window.notices.value()[0].message
    assert ((project / "project.toml").read_bytes(), [video.excluded for video in session.videos]) == before
    job.deleteLater()


def test_when_the_other_is_gone_this_window_can_take_over(window: Window, project: Path,
                                                          other: subprocess.Popen[str]) -> None:
    session = window.session
    session.open_project(project)
    other.kill()
    other.wait()
    session.writing.look()
    wait_for(lambda: _take_over(window))
    button = _take_over(window)
    assert button
    button.click()
    assert window.looking_on.value() == "" and not window.looking_on.isVisible()
    library_edits.exclude(session, session.videos[:2], excluded=True)
    assert sum(video.excluded for video in session.videos) == 2


def test_a_window_that_lost_the_project_stops_writing(window: Window, project: Path) -> None:
    session = window.session
    session.open_project(project)
    lock = next((project / FOLDER).glob("window-*.json"))
    (project / FOLDER / "window-000099.json").write_text(lock.read_text())
    session.writing.look()
    wait_for(window.looking_on.value)
    assert not session.writing.may_write()
    with pytest.raises(Exception, match="only be looked at"):
        session.project.save()


def test_a_project_whose_folder_cannot_be_written_to_is_only_looked_at(window: Window, project: Path) -> None:
    shutil.rmtree(project / FOLDER)  # what the scan left
    (project / FOLDER).write_text("in the way")
    window.session.open_project(project)
    assert "cannot be written to" in window.looking_on.value()
    (project / FOLDER).unlink()
    button = _take_over(window)
    assert button and button.text() == "Try again"
    button.click()
    assert window.looking_on.value() == ""


def test_without_the_lock_both_windows_would_write(window: Window, project: Path, other: subprocess.Popen[str],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.gui.writing.ProjectLock.acquire", lambda _self: None)  # the broken twin
    window.session.open_project(project)
    library_edits.exclude(window.session, window.session.videos[:2], excluded=True)
    assert sum(video.excluded for video in window.session.videos) == 2


def test_two_sessions_of_one_process_are_two_windows(window: Window, project: Path) -> None:
    window.session.open_project(project)
    second = Session(service=ServiceClient(command=[sys.executable, "-c", SILENT_WORKER]))
    second.open_project(project)
    assert second.writing.reason and not window.session.writing.reason
    second.close()
    second.deleteLater()
