"""The Train page while something else is at work: a training of another project, one that begins, a measured step."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from studio.engine import queue
from studio.gui.jobs import Job
from studio.gui.pages.training import TrainingPage
from studio.gui.session import Session
from studio.gui.widgets.run_buttons import REST_MILLISECONDS
from tests.gui.conftest import wait_for
from tests.gui.pages.test_training import LONG_SECONDS, another_run, page, part, press, trained

__all__ = ["page", "trained"]


def in_words(page: TrainingPage, row: int) -> str:
    return str(part(page, "train.runs").model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole))


def test_the_training_of_another_project_is_none_of_this_one(page: TrainingPage, session: Session, tiny_run: Path,
                                                             tmp_path: Path) -> None:
    """Two real projects: the one that trains is left, the other looked at, and the first is returned to."""
    first = session.project.root
    press(page, "train.start")
    session.open_project(shutil.copytree(tiny_run.parents[1], tmp_path / "other"))
    page.refresh()
    looks_free(page, session)
    job = session.jobs[0]
    heard: list[Any] = []
    job.told.connect(heard.append)
    wait_for(lambda: any(getattr(event, "phase", "") == "training" for event in heard), seconds=LONG_SECONDS)
    looks_free(page, session)
    assert session.selected_run == session.runs[0].name, "the choice is kept"
    assert "MiB" not in part(page, "train.elsewhere").text()
    session.open_project(first)
    page.refresh()
    assert not part(page, "train.elsewhere").isVisible() and not part(page, "train.starting").isVisible()
    wait_for(lambda: session.runs and session.runs[0].state == "running")
    wait_for(part(page, "train.stop").isEnabled)
    press(page, "train.stop")
    assert job.stopping
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)


def looks_free(page: TrainingPage, session: Session) -> None:
    """Nothing of another project's training but one line."""
    assert len(session.runs) == 1 and page._run_view.isVisible()
    assert part(page, "train.elsewhere").text() == "The project study is training meanwhile."
    assert part(page, "train.elsewhere").isVisible() and not part(page, "train.starting").isVisible()
    assert not part(page, "train.stop").isEnabled() and not part(page, "train.pause").isVisible()
    assert not part(page, "train.queue_add").isVisible() and part(page, "train.start").isVisible()
    assert "studio train" in page.command_line() and not page._jobs.trains()
    assert part(page, "train.longer").text() == "Train longer"
    assert not part(page, "train.preflight").isEnabled() and "at work" in part(page, "train.preflight_says").text()


def test_a_double_click_starts_one_training_and_queues_none(page: TrainingPage, session: Session) -> None:
    start: QPushButton = part(page, "train.start")
    place = page.mapFromGlobal(start.mapToGlobal(start.rect().center()))
    for _ in range(2):
        under = page.childAt(place)
        QTest.mouseClick(under, Qt.MouseButton.LeftButton, pos=under.mapFrom(page, place))
    assert [job.operation for job in session.jobs] == ["train"] and queue.look(session.project).entries == ()
    assert not part(page, "train.queue_add").isEnabled() and not part(page, "train.stop").isEnabled()
    QTest.qWait(REST_MILLISECONDS + 100)
    assert part(page, "train.queue_add").isEnabled() and part(page, "train.stop").isEnabled()
    kill(session)


def kill(session: Session) -> None:
    """End what was started; that it fails is not the point."""
    session.jobs[0].kill()
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)


def test_a_run_that_is_resumed_goes_on_at_once(page: TrainingPage, session: Session, tiny_run: Path) -> None:
    stopped = another_run(tiny_run, "2030-01-01-0000-stopped", state="stopped")
    runs = session.project.root / "runs"
    runs.mkdir(exist_ok=True)
    stopped = stopped.rename(runs / stopped.name)
    session.reload_runs()
    assert "stopped" in page._run_view.head.state_words and "stopped, " in in_words(page, 0)
    press(page, "train.resume")
    assert "going on" in page._run_view.head.state_words and "stopped ·" not in page._run_view.head.state_words
    assert "going on" in in_words(page, 0)
    assert not part(page, "train.resume").isVisible()
    kill(session)
    assert "going on" not in in_words(page, 0) and part(page, "train.resume").isVisible()


def test_what_waits_to_go_on_does_not_wait_twice(trained: TrainingPage, session: Session) -> None:
    another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    press(trained, "train.longer")
    QTest.qWait(REST_MILLISECONDS + 100)
    longer = part(trained, "train.longer")
    assert longer.isVisible() and not longer.isEnabled() and "waits in the queue already" in longer.toolTip()


def test_the_next_action_of_a_paused_run_is_to_go_on(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    session.select_run(folder.name)
    kinds = {name: part(trained, name).property("kind") or "" for name in ("train.pause", "train.queue_add")}
    assert kinds == {"train.pause": "", "train.queue_add": "primary"}
    press(trained, "train.pause")
    kinds = {name: part(trained, name).property("kind") or "" for name in ("train.pause", "train.queue_add")}
    assert kinds == {"train.pause": "primary", "train.queue_add": ""}


@pytest.mark.parametrize("operation", ["train", pytest.param("probe", marks=pytest.mark.long),
                                       pytest.param("scan", marks=pytest.mark.long)])
def test_a_step_is_not_measured_beside_other_work(page: TrainingPage, session: Session, operation: str) -> None:
    """What is measured stops when the work begins, and what it still says is not taken."""
    press(page, "train.preflight")
    measuring = session.jobs[0]
    other = Job(operation, [str(session.project.root)], title="Other work", project=session.project.root,
                parent=session)
    session.jobs.append(other)
    session.job_started.emit(other)
    assert measuring.stopping
    wait_for(lambda: measuring not in session.jobs, seconds=LONG_SECONDS)
    assert session.preflight is None
    assert not part(page, "train.preflight").isEnabled()
    assert "too slow" in part(page, "train.preflight_says").text() or operation == "train"
    session.jobs.remove(other)
    session.job_ended.emit(other)
    assert part(page, "train.preflight").isEnabled() and "too slow" not in part(page, "train.preflight_says").text()
