"""The Train page on a real project: the whole story of a run, and what each state says."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from studio.engine import runs as run_folders
from studio.engine.events import Metric, Progress, Warned
from studio.gui.pages.training import TrainingPage
from studio.gui.session import Session
from studio.gui.training_jobs import longer_settings
from studio.gui.widgets.curves import Curves
from studio.gui.widgets.next_run import expected
from studio.gui.widgets.run_list import RunList
from tests.gui.conftest import wait_for

LONG_SECONDS = 60


def shown(session: Session) -> TrainingPage:
    page = TrainingPage(session)
    page.resize(1140, 640)
    page.show()
    page.refresh()
    return page


@pytest.fixture
def page(session: Session, sample_project: Path, tmp_path: Path, tiny_recipe: dict[str, Any]) -> Iterator[TrainingPage]:
    """The page on a scanned project without runs, with a recipe that trains until it is stopped."""
    session.open_project(shutil.copytree(sample_project, tmp_path / "study"))
    session.set_recipe({**tiny_recipe, "training": {**tiny_recipe["training"], "max_steps": 5000}})
    made = shown(session)
    yield made
    made.hide()
    made.deleteLater()


@pytest.fixture
def trained(session: Session, tiny_run: Path, tmp_path: Path) -> Iterator[TrainingPage]:
    """The page on a project with one finished run."""
    session.open_project(shutil.copytree(tiny_run.parents[1], tmp_path / "study"))
    made = shown(session)
    yield made
    made.hide()
    made.deleteLater()


def part(page: TrainingPage, name: str) -> Any:
    found = page.findChild(QWidget, name)
    assert found is not None, name
    return found


def press(page: TrainingPage, name: str) -> None:
    button: QPushButton = part(page, name)
    wait_for(lambda: button.isEnabled() and button.isVisible())  # after a start all of them rest
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def another_run(folder: Path, name: str, *, state: str, steps: int = 200, **training: Any) -> Path:
    """A run that some other process wrote, beside `folder`."""
    made = folder.parent / name
    made.mkdir()
    recipe = (folder / "recipe.toml").read_text()
    for key, value in training.items():
        old = next(line for line in recipe.splitlines() if line.startswith(f"{key} ="))
        recipe = recipe.replace(old, f"{key} = {value}")
    lines = [Metric(split=split, step=step, total_steps=400, epoch=step / 20, values={
        "loss": 1.5 - step / 400, "accuracy": min(1.0, 1 / 6 + step / 400), "chance": 1 / 6,
        "samples_per_second": 20.0, "learning_rate": 1e-3, "tuples": 96}).to_json()
        for step in range(10, steps + 1, 10) for split in ("train", "validation")]
    (made / "events.jsonl").write_text("\n".join(lines) + "\n")
    (made / "heartbeat").write_text(json.dumps({
        "state": state, "at": time.time() + 600, "started_at": time.time() - 99, "step": steps, "total_steps": 400,
        "loss": 1.0, "accuracy": min(1.0, 1 / 6 + steps / 400), "chance": 1 / 6, "seconds": 50.0}))
    (made / "recipe.toml").write_text(recipe)
    return made


@pytest.mark.long
def test_the_story_of_a_run(page: TrainingPage, session: Session) -> None:
    """Start, watch, be refused a second one, stop and keep, go on, stop again."""
    assert part(page, "train.start").isEnabled() and not part(page, "train.stop").isEnabled()
    assert not part(page, "train.runs").isVisible()
    part(page, "train.name").setText("first try")
    assert "--name 'first try'" in page.command_line()
    press(page, "train.start")
    assert "Starting" in part(page, "train.starting").value()
    wait_for(lambda: session.runs and page._run_view.feed.measured.step > 0, seconds=LONG_SECONDS)
    assert session.runs[0].name.endswith("-first try") and session.selected_run == session.runs[0].name
    wait_for(lambda: not part(page, "train.starting").isVisible())
    a_second_start_is_refused(page, session)
    wait_for(lambda: part(page, "train.curves").accuracy.value() and page._run_view.answers.cards,
             seconds=LONG_SECONDS)
    answers_show_frames(page)
    press(page, "train.stop")
    wait_for(lambda: part(page, "train.stop").text() != "Stop and keep")
    assert not part(page, "train.stop").isEnabled()
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    run = session.runs[0]
    assert run.state == "stopped" and run.step > 0 and list((run.folder / "checkpoints").iterdir())
    assert part(page, "train.start").isEnabled()
    goes_on_from_there(page, session, step=run.step)


def a_second_start_is_refused(page: TrainingPage, session: Session) -> None:
    start: QPushButton = part(page, "train.start")
    assert not start.isEnabled() and "A run is training" in start.toolTip()
    assert not start.isVisible() and part(page, "train.queue_add").isVisible()
    page._jobs.start(["--recipe", "quick"])
    assert [job.operation for job in session.jobs] == ["train"]


def answers_show_frames(page: TrainingPage) -> None:
    cards = page._run_view.answers.cards
    assert 0 < len(cards) <= 8 and all(card.elements == 3 for card in cards)
    wait_for(lambda: all(view.frames for card in page._run_view.answers.cards for view in card._views),
             seconds=LONG_SECONDS)
    for card in page._run_view.answers.cards:
        assert card.words.startswith("Right" if card.value()["right"] else "Wrong")


def goes_on_from_there(page: TrainingPage, session: Session, *, step: int) -> None:
    press(page, "train.resume")
    assert session.jobs[0].arguments[1:] == ["--resume", session.runs[0].name, "--then-queue"]
    wait_for(lambda: session.runs[0].state == "running" and session.runs[0].step > step, seconds=LONG_SECONDS)
    press(page, "train.stop")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert len(session.runs) == 1 and session.runs[0].state == "stopped"
    steps = page._run_view.feed.measured.points("train", "loss")[0]
    assert steps[0] <= step < steps[-1], "the curve holds both parts"


def test_one_step_is_measured(page: TrainingPage, session: Session) -> None:
    session.description = {"device": {"kind": "cpu", "title": "processor", "reason": "there is no GPU"}}
    page._show_alarms()
    assert page._alarms.value()["running-on-the-cpu"][0].endswith("Measure one step to see how long.")
    press(page, "train.preflight")
    assert part(page, "train.preflight").text() == "Stop measuring"
    wait_for(lambda: session.preflight, seconds=LONG_SECONDS)
    assert part(page, "train.chance").value() == "17 %"
    assert part(page, "train.videos").value() == "10"
    assert part(page, "train.device").value() == "Processor"
    wait_for(lambda: "running-on-the-cpu" in page._alarms.value())
    assert part(page, "train.ram").value().endswith("B")
    loud = page._alarms.value()["running-on-the-cpu"][0]
    assert "Training runs on the" in loud and f"Here it takes {part(page, 'train.expected_time').value()}." in loud
    session.change_recipe("training.batch_size", 8)
    assert page._alarms.value()["running-on-the-cpu"][0].endswith("Measure one step to see how long.")
    assert "another recipe" in page._next._says.text()


def test_a_finished_run_says_what_it_learned(trained: TrainingPage, session: Session) -> None:
    wait_for(trained._run_view.verdict.isVisible)
    assert any(words in trained._run_view.verdict.value() for words in ("Learned", "No better than chance"))
    assert "chance" in trained._run_view.head.findChild(QWidget, "train.right").accessibleName()
    assert part(trained, "train.longer").isVisible() and not part(trained, "train.resume").isVisible()
    words = part(trained, "train.runs").model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "finished" in words and "chance 17 %" in words


def test_training_longer_doubles_each_limit() -> None:
    assert longer_settings({"training": {"max_steps": 30, "max_epochs": 0, "max_minutes": 1.5}}) == [
        "--set", "training.max_steps=60", "--set", "training.max_minutes=3"]


def test_a_run_of_another_process_is_drawn_and_stopped_through_its_folder(trained: TrainingPage,
                                                                         session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-elsewhere", state="running")
    session.reload_runs()
    session.select_run(folder.name)
    wait_for(lambda: trained._run_view.feed.measured.step == 200)
    curves: Curves = part(trained, "train.curves")
    wait_for(lambda: [curve.points[0][0] for curve in curves.accuracy.value()] == [10, 10])
    assert [len(curve.points[0]) for curve in curves.accuracy.value()] == [20, 20], "whole curves, from the first step"
    assert not part(trained, "train.start").isEnabled() and part(trained, "train.queue_add").isVisible()
    assert "studio queue" in trained.command_line() and "--add --recipe" in trained.command_line()
    press(trained, "train.stop")
    assert run_folders.stop_requested(folder)
    assert part(trained, "train.stop").text() == "Stopping …"
    assert "stopping after this step" in trained._run_view.head.state_words


def test_one_cursor_reads_all_curves(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-long", state="stopped")
    session.reload_runs()
    session.select_run(folder.name)
    curves: Curves = part(trained, "train.curves")
    wait_for(lambda: [len(curve.points[0]) for curve in curves.accuracy.value()] == [20, 20])
    curves.accuracy.step_hovered.emit(52.0)
    assert curves.value() == 50
    assert "Step 50 · training 29 % right" in curves.accessibleDescription()
    assert "chance 17 %" in curves.accessibleDescription()
    curves.setFocus()
    QTest.keyClick(curves, Qt.Key.Key_Right)
    assert curves.value() == 60
    QTest.keyClick(curves, Qt.Key.Key_End)
    assert curves.value() == 200
    QTest.keyClick(curves, Qt.Key.Key_Escape)
    assert curves.value() is None


def test_several_runs_are_laid_over_each_other(trained: TrainingPage, session: Session) -> None:
    another_run(session.runs[0].folder, "2030-01-01-0000-fast", state="finished", learning_rate=0.1)
    session.reload_runs()
    listed: RunList = part(trained, "train.runs")
    model = listed.selectionModel()
    for row in range(2):
        model.select(listed.model().index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    comparison = trained._comparison
    wait_for(lambda: len(comparison.plot.value()) == 2)
    assert {curve.words.split()[0] for curve in comparison.plot.value()} == {"tiny", "fast"}
    assert "training.learning_rate" in part(trained, "train.differences").accessibleName()
    assert not trained._run_view.isVisible() and not part(trained, "train.longer").isVisible()
    listed.set_value([session.runs[0].name])
    trained._show_run()
    assert trained._run_view.isVisible() and not comparison.isVisible()


def test_alarms_are_said_in_words_once_a_code(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-stuck", state="running")
    alarm = Warned(code="stuck-at-chance", message="No better than guessing so far.", remedy="Train longer")
    with (folder / "events.jsonl").open("a") as stream:
        stream.write(f"{alarm.to_json()}\n" * 3)
    session.reload_runs()
    session.select_run(folder.name)
    wait_for(lambda: "stuck-at-chance" in trained._alarms.value())
    bar = part(trained, "train.alarm.stuck-at-chance")
    assert bar.isVisible() and bar.value() == "No better than guessing so far."


def test_silence_is_said(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-quiet", state="running")
    session.reload_runs()
    session.select_run(folder.name)
    head = trained._run_view.head
    wait_for(lambda: head.value() and head.value().name == folder.name)
    assert "no word" not in head.state_words
    head._heard_at -= 45
    wait_for(lambda: "no word from it for 4" in head.state_words)
    head.hear(Progress(phase="training", done=210, total=400))
    assert "no word" not in head.state_words


def test_an_interrupted_run_says_how_to_go_on(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-lost", state="interrupted")
    session.reload_runs()
    session.select_run(folder.name)
    wait_for(lambda: "Resume" in trained._run_view.head.state_words)
    assert part(trained, "train.resume").isVisible()


def test_training_waits_for_videos(session: Session, tmp_path: Path) -> None:
    session.open_project(tmp_path / "empty", create=True)
    page = shown(session)
    reason, where = page.waits_for() or ("", "")
    assert "videos" in reason and where == "library"
    assert not part(page, "train.start").isEnabled()
    page.deleteLater()


@pytest.mark.parametrize(("seconds", "words"), [([180, 300], "3 to 5 min"), ([50.0, 200.0], "50 s to 3 min 20 s"),
                                                ([30, 30], "about 30 s"), ([102, 104], "about 1 min 43 s")])
def test_expected_time_is_a_range(seconds: list[float], words: str) -> None:
    assert expected(seconds) == words
