"""What the status line says of work of other windows and of other projects, and what it lets one do to it."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from studio.engine import queue, runs
from studio.engine.events import Progress
from studio.engine.project import Project
from studio.engine.project_lock import ProjectLock
from studio.gui.jobs import Job
from studio.gui.widgets.elided import Elided
from studio.gui.window import Window
from tests.gui.conftest import settle, wait_for


def running_elsewhere(root: Path, **more: object) -> Path:
    """Put a run into a project that another process seems to train."""
    folder = Project.open(root).new_run_folder("elsewhere")
    (folder / runs.RECIPE).write_text('name = "quick"\n')
    beat = {"state": "running", "step": 3, "total_steps": 10, "seconds": 60.0, "at": time.time(), **more}
    (folder / runs.HEARTBEAT).write_text(json.dumps(beat))
    return folder


@pytest.fixture
def other(project: Path) -> Path:
    """A second project."""
    return Path(shutil.copytree(project, project.with_name("other")))


def job_of(window: Window, operation: str, root: Path) -> Job:
    """A job that is known to the window, and does nothing."""
    made = Job(operation, [str(root)], title="Training", project=root.resolve(), parent=window.session)
    window.session.jobs.append(made)
    return made


def stop(window: Window) -> QPushButton:
    found = window.findChild(QPushButton, "status.stop")
    assert found is not None
    return found


def test_who_only_looks_on_cannot_stop_the_training(window: Window, project: Path) -> None:
    folder = running_elsewhere(project)
    lock = ProjectLock(project.resolve(), "window")
    assert lock.acquire() is None
    window.session.open_project(project)
    assert "Training" in window.status.value() and window.session.writing.reason
    assert not stop(window).isVisible()
    stop(window).click()
    assert not runs.stop_requested(folder)
    lock.release()
    assert window.session.writing.take_over()
    assert stop(window).isVisible()
    window.session.close_project()


def test_a_run_of_another_process_says_how_long_and_that_it_was_asked_to_stop(window: Window, project: Path) -> None:
    folder = running_elsewhere(project)
    window.session.open_project(project)
    assert window.status.value() == f"Training {folder.name}: step 3 of 10 · 2 min 20 s left"
    stop(window).click()
    assert runs.stop_requested(folder) and not stop(window).isEnabled()
    assert window.status.value() == f"Training {folder.name}: stopping and saving"
    runs.forget_stop(folder)
    long_ago = time.time() - 45
    os.utime(folder / runs.HEARTBEAT, (long_ago, long_ago))
    window.status.dress()
    assert "nothing heard for 45 s" in window.status.value()


def test_a_run_that_cannot_be_told_to_stop_says_so(window: Window, project: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    running_elsewhere(project)
    window.session.open_project(project)

    def refuse(_folder: Path) -> None:
        raise PermissionError("read only")

    monkeypatch.setattr("studio.engine.runs.request_stop", refuse)
    stop(window).click()
    assert "cannot be told" in window.notices.value()[-1].message


def test_the_queue_that_a_run_is_of_is_stopped_with_it(window: Window, project: Path) -> None:
    folder = running_elsewhere(project)
    opened = Project.open(project)
    held = ProjectLock(project, "queue")
    assert held.acquire() is None
    try:
        window.session.open_project(project)
        stop(window).click()
        assert runs.stop_requested(folder) and queue.stop_requested(opened), "or its next run would begin"
    finally:
        held.release()


def test_a_job_belongs_to_its_project(window: Window, project: Path, other: Path) -> None:
    session = window.session
    session.open_project(project)
    job = job_of(window, "train", project)
    looking = Job("doctor", [], title="Looking", parent=session)
    session.jobs.append(looking)
    assert session.jobs_here() == [job, looking] and window.status.works()[0].title == "Training"
    session.open_project(other)
    assert session.jobs_here() == [looking] and session.running_job("train") is None
    assert [work.title for work in window.status.works()] == ["Looking", f"Training ({project.name})"]
    session.jobs.clear()


def test_a_training_comes_first(window: Window, project: Path) -> None:
    window.session.open_project(project)
    probe, train = job_of(window, "probe", project), job_of(window, "train", project)
    stop(window).click()
    assert train.stopping and not probe.stopping
    window.session.jobs.clear()


def test_what_fails_in_another_project_says_where(window: Window, project: Path, other: Path) -> None:
    window.session.open_project(other)
    window.session._job_over(job_of(window, "train", project), "It failed.")
    assert window.notices.value()[-1].message == f"{project.name}: It failed."
    window.session._job_over(job_of(window, "train", other), "It failed.")
    assert window.notices.value()[-1].message == "It failed."


def test_a_started_job_knows_its_project(window: Window, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "start", lambda _self: None)
    window.session.open_project(project)
    root = window.session.project.root
    assert window.session.start_job("probe", [str(root)], title="Leak probe").project == root
    assert window.session.start_job("doctor", [], title="Looking").project is None
    window.session.jobs.clear()


def test_the_library_and_the_probe_follow_their_own_project(window: Window, project: Path, other: Path) -> None:
    session = window.session
    session.open_project(project)
    library, task = window.page("library"), window.page("task")
    scan, probe = job_of(window, "scan", project), job_of(window, "probe", project)
    for job in (scan, probe):
        session.job_started.emit(job)
    line, bar = library._job_line, window.findChild(QPushButton, "task.probe_stop")
    assert line.value() is scan
    session.open_project(other)
    assert line.value() is None and bar.isHidden()
    session.open_project(project)
    assert line.value() is scan and not bar.isHidden()
    before = [one.text() for one in task.findChildren(QLabel)]
    probe.told.emit(Progress(phase="probe", done=1, total=4, unit="looks"))
    after = [one.text() for one in task.findChildren(QLabel)]
    session.jobs.clear()
    library._job_line.forget()
    assert after != before, "it is heard again"


@pytest.mark.parametrize(("scale", "beside"), [(1.0, True), (2.0, False)])
def test_with_large_text_the_work_has_the_room(window: Window, project: Path, scale: float, beside: bool) -> None:
    window.session.open_project(project)
    window.set_text_scale(scale)
    status = window.status
    assert status._disk.isVisible() and status._device.text()
    running_elsewhere(project)
    window.session.reload_runs()
    wait_for(status.value)
    settle()
    assert status._disk.isVisible() is beside and bool(status._device.text()) is beside
    assert status._device.toolTip() and status._device.accessibleName()


def test_words_that_do_not_fit_end_in_dots(window: Window, project: Path) -> None:
    running_elsewhere(project)
    window.session.open_project(project)
    words = window.findChild(Elided, "status.work")
    words.resize(60, 20)
    assert words.shown().endswith("…") and words.text() == window.status.value()
    assert window.status.value() in words.toolTip()
