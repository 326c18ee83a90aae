"""The queue and the pause on the Train page, with real trainings where something trains."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from studio.engine import queue
from studio.engine import runs as run_folders
from studio.engine.project_lock import alone
from studio.gui.pages.training import TrainingPage
from studio.gui.session import Notice, Session
from studio.gui.widgets.queue_list import QueueList
from studio.gui.widgets.run_head import SILENCE_SECONDS
from tests.commands.test_steer import BETWEEN, child
from tests.conftest import child_with, living_children
from tests.gui.conftest import wait_for
from tests.gui.pages.test_training import LONG_SECONDS, another_run, page, part, press, trained

__all__ = ["page", "trained"]


def titles(session: Session) -> list[str]:
    assert session.project
    return [entry.title for entry in queue.look(session.project).entries]


def wait(session: Session, *names: str) -> None:
    """Let entries wait, as another process would."""
    assert session.project
    for name in names:
        queue.put(session.project, queue.new_entry(session.project, recipe=session.recipe, name=name))


def waiting(page: TrainingPage) -> QueueList:
    found = page.findChild(QueueList, "train.queue")
    assert isinstance(found, QueueList)
    return found


def ends(session: Session) -> None:
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)


@pytest.mark.long
def test_the_story_of_a_queue(page: TrainingPage, session: Session) -> None:
    """Start, add, pause, go on, stop, train what waits: two trainings are started, so it takes longer than most."""
    assert page.command_line().endswith("--then-queue") and not waiting(page).isVisible()
    press(page, "train.start")
    wait_for(lambda: session.runs and session.runs[0].step > 0, seconds=LONG_SECONDS)
    session.change_recipe("training.max_steps", 2)
    part(page, "train.name").setText("the next")
    assert "studio queue" in page.command_line() and page.command_line().endswith("--name 'the next'")
    press(page, "train.queue_add")
    assert titles(session) == ["the next"] and part(page, "train.name").text() == ""
    assert waiting(page).isVisible() and not part(page, "train.queue_run").isVisible()
    pauses_and_goes_on(page, session)
    press(page, "train.stop")
    ends(session)
    assert titles(session) == ["the next"], "whoever stops a run does not want the next one"
    assert [run.state for run in session.runs] == ["stopped"]
    press(page, "train.queue_run")
    assert session.jobs[0].arguments[1:] == ["--run"]
    wait_for(lambda: len(session.runs) == 2, seconds=LONG_SECONDS)
    wait_for(lambda: not waiting(page).isVisible())
    assert session.selected_run == session.runs[1].name
    ends(session)
    assert session.runs[1].state == "finished" and session.runs[1].name.endswith("the next")
    assert part(page, "train.start").isVisible() and not part(page, "train.pause").isVisible()


def pauses_and_goes_on(page: TrainingPage, session: Session) -> None:
    press(page, "train.pause")
    assert part(page, "train.pause").text() == "Go on"
    wait_for(lambda: session.runs[0].paused)
    head = page._run_view.head
    wait_for(lambda: "paused; what it learned is saved" in head.state_words)
    step, seconds = session.runs[0].step, session.runs[0].seconds
    head._heard_at -= 2 * SILENCE_SECONDS
    QTest.qWait(1200)  # the head looks every second whether it has heard of the run
    wait_for(lambda: session.jobs[0].progress and session.jobs[0].progress.phase == "paused")
    assert "no word" not in head.state_words
    assert (session.runs[0].step, session.runs[0].seconds) == (step, seconds)
    press(page, "train.pause")
    assert part(page, "train.pause").text() == "Pause"
    wait_for(lambda: session.runs[0].step > step and not session.runs[0].paused)


@pytest.mark.long
def test_when_a_run_is_over_what_waits_begins_by_itself(page: TrainingPage, session: Session) -> None:
    """In one child process, which would go on without the window."""
    session.change_recipe("training.max_steps", 3)
    press(page, "train.start")
    press(page, "train.queue_add")
    assert [job.operation for job in session.jobs] == ["train"]
    ends(session)
    assert [run.state for run in session.runs] == ["finished", "finished"] and titles(session) == []
    assert session.selected_run == session.runs[1].name, "it was looked at, so the next one is"


@pytest.mark.long
def test_a_queue_that_is_trained_without_the_window_goes_on(page: TrainingPage, session: Session) -> None:
    session.change_recipe("training.max_steps", 3)
    press(page, "train.start")
    press(page, "train.queue_add")
    wait_for(lambda: session.jobs[0].progress)
    assert session.project
    child = child_with(str(session.project.root))
    job = session.jobs.pop()
    job.detach()
    job.wait()
    wait_for(lambda: [run.state for run in run_folders.list_runs(session.project)] == ["finished"] * 2,
             seconds=LONG_SECONDS)
    wait_for(lambda: not page._jobs.queue.worked and part(page, "train.start").isVisible(), seconds=LONG_SECONDS)
    assert titles(session) == []
    assert child is not None
    wait_for(lambda: child.pid not in living_children(), seconds=LONG_SECONDS)  # nobody waits for it any more


def test_the_order_can_be_changed_and_everything_undone(trained: TrainingPage, session: Session) -> None:
    wait(session, "a", "b", "c")
    wait_for(lambda: [entry.title for entry in waiting(trained).value()] == ["a", "b", "c"])
    assert part(trained, "train.queue_up.3").accessibleName() == "Train c earlier"
    press(trained, "train.queue_up.3")
    assert titles(session) == ["a", "c", "b"]
    press(trained, "train.queue_remove.1")
    assert titles(session) == ["c", "b"]
    session.undo.undo()
    assert titles(session) == ["a", "c", "b"]
    session.undo.undo()
    assert titles(session) == ["a", "b", "c"]
    wait_for(lambda: [entry.title for entry in waiting(trained).value()] == ["a", "b", "c"])


def test_a_long_queue_shows_its_beginning_until_asked(trained: TrainingPage, session: Session) -> None:
    wait(session, *"abcdef")
    wait_for(lambda: len(waiting(trained).value()) == 6)
    more: QPushButton = part(trained, "train.queue_all")
    assert more.text() == "Show 2 more" and trained.findChild(QPushButton, "train.queue_up.5") is None
    press(trained, "train.queue_all")
    wait_for(part(trained, "train.queue_remove.6").isVisible)
    assert not more.isVisible()


def test_going_on_can_wait_too(trained: TrainingPage, session: Session) -> None:
    other = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    longer: QPushButton = part(trained, "train.longer")
    assert longer.isVisible() and longer.text() == "Train longer later"
    press(trained, "train.longer")
    assert session.project
    entry = queue.look(session.project).entries[0]
    assert (entry.resume, entry.settings) == (session.run().name, ("training.max_steps=8",))
    wait_for(lambda: waiting(trained).isVisible())
    assert not part(trained, "train.queue_run").isVisible()
    shutil.rmtree(other)
    session.reload_runs()
    wait_for(part(trained, "train.queue_run").isVisible)
    assert longer.text() == "Train longer"


def test_a_run_of_another_process_is_paused_through_its_folder(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    session.select_run(folder.name)
    head = trained._run_view.head
    press(trained, "train.pause")
    assert run_folders.pause_requested(folder) and "pausing after this step" in head.state_words
    assert trained.command_line() == f"studio continue {session.project.root} {folder.name}"
    beat = json.loads((folder / "heartbeat").read_text()) | {"paused": True}
    (folder / "heartbeat").write_text(json.dumps(beat))
    session.reload_runs()
    assert "paused; what it learned is saved" in head.state_words
    head._heard_at -= 2 * SILENCE_SECONDS
    head._write_state()
    assert "no word" not in head.state_words
    press(trained, "train.pause")
    assert not run_folders.pause_requested(folder) and "going on" in head.state_words
    assert "studio queue" in trained.command_line()


def test_between_two_runs_of_another_process_its_queue_can_be_stopped_and_nothing_started(
        trained: TrainingPage, session: Session) -> None:
    assert session.project and not part(trained, "train.stop").isEnabled()
    stop: QPushButton = part(trained, "train.stop")
    with alone(session.project.root, "queue", doing="a test"):
        wait_for(part(trained, "train.queue_add").isVisible)
        assert not part(trained, "train.start").isEnabled() and not part(trained, "train.pause").isEnabled()
        assert "What waits goes on waiting" in stop.toolTip()
        press(trained, "train.stop")
        assert queue.stop_requested(session.project) and not stop.isEnabled() and stop.text() == "Stopping …"
    wait_for(part(trained, "train.start").isVisible)
    assert stop.text() == "Stop and keep" and not stop.isEnabled()


@pytest.mark.long
def test_a_queue_of_another_process_is_really_stopped_between_two_of_its_runs(trained: TrainingPage, session: Session,
                                                                              tiny_recipe: dict[str, Any]) -> None:
    session.set_recipe(tiny_recipe)
    wait(session, "a", "b")
    for process in child(["-c", BETWEEN, str(session.project.root)]):
        wait_for(lambda: trained._jobs.between_runs() and len(session.runs) == 2, seconds=LONG_SECONDS)
        wait_for(lambda: session.runs[-1].state == "finished", seconds=LONG_SECONDS)
        wait_for(part(trained, "train.stop").isEnabled)
        press(trained, "train.stop")
        assert process.wait(LONG_SECONDS) == 0
    assert titles(session) == ["b"] and len(run_folders.list_runs(session.project)) == 2


def test_a_run_of_the_queue_of_another_process_is_stopped_with_its_queue(trained: TrainingPage,
                                                                         session: Session) -> None:
    """The run may end in the moment in which it is asked, and then nobody reads what it was asked."""
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    with alone(session.project.root, "queue", doing="a test"):
        session.reload_runs()
        wait_for(lambda: trained._jobs.queue.worked)
        press(trained, "train.stop")
        assert run_folders.stop_requested(folder) and queue.stop_requested(session.project)


def test_a_damaged_file_is_put_aside_and_named(trained: TrainingPage, session: Session) -> None:
    told: list[Notice] = []
    session.notified.connect(told.append)
    wait(session, "a")
    (session.project.root / queue.FOLDER / "x.json").write_text("{")
    wait_for(lambda: told)
    assert "queue/x.json.damaged" in told[0].message and titles(session) == ["a"]


def test_why_an_entry_could_not_begin_is_shown(trained: TrainingPage, session: Session) -> None:
    wait(session, "a")
    queue.set_problem(session.project, queue.look(session.project).entries[0].id, "the videos are too short")
    wait_for(lambda: waiting(trained).value() and waiting(trained).value()[0].problem)
    line = part(trained, "train.queue_remove.1").parentWidget()
    assert "the videos are too short" in line.accessibleName()


def test_who_only_looks_on_cannot_change_the_queue(trained: TrainingPage, session: Session) -> None:
    wait(session, "a", "b")
    wait_for(lambda: len(waiting(trained).value()) == 2)
    session.project.read_only = "it is open in another window"
    session.writing.changed.emit()
    for name in ("train.queue_run", "train.queue_up.2", "train.queue_remove.1"):
        assert not part(trained, name).isEnabled() and "only be looked at" in part(trained, name).toolTip()
    queueing = trained._jobs.queue
    acts: list[Callable[[], None]] = [
        lambda: queueing.add(recipe=session.recipe), lambda: queueing.remove(queueing.entries[0]),
        lambda: queueing.move_up(queueing.entries[1])]
    for act in acts:
        act()
    session.project.read_only = ""
    assert titles(session) == ["a", "b"] and session.undo.count() == 0


def test_an_entry_that_began_meanwhile_is_not_taken_back(trained: TrainingPage, session: Session) -> None:
    told: list[Notice] = []
    session.notified.connect(told.append)
    trained._jobs.queue.add(recipe=session.recipe, name="a")
    queue.remove(session.project, queue.look(session.project).entries[0].id)
    session.undo.undo()
    assert "has begun already" in told[0].message


@pytest.mark.parametrize("page_shown", [True, False])
def test_nothing_is_looked_at_while_the_page_is_not(trained: TrainingPage, session: Session, page_shown: bool) -> None:
    trained.setVisible(page_shown)
    assert trained._jobs.queue._timer.isActive() == page_shown


def test_a_folder_that_cannot_be_written_to_is_said(trained: TrainingPage, session: Session,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Notice] = []
    session.notified.connect(told.append)
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    path = Path(folder)

    def refused(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(run_folders, "request_pause", refused)
    press(trained, "train.pause")
    assert "cannot be told" in told[0].message
