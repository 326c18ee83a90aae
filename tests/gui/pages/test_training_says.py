"""What the Train page says of runs: their names, what stands beside a figure, why there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QApplication, QWidget

from studio.engine.events import Preview, Progress
from studio.engine.project import Project
from studio.gui import theme
from studio.gui.jobs import Job
from studio.gui.pages.training import TrainingPage
from studio.gui.recipes import preset_values
from studio.gui.session import Session
from studio.gui.statusbar import StatusBar
from studio.gui.widgets.answers import Answers
from studio.gui.widgets.run_list import told_apart
from studio.gui.words import progress_text
from tests.gui.conftest import settle, wait_for
from tests.gui.pages.test_training import another_run, page, part, trained

__all__ = ["page", "trained"]


def choose_all(page: TrainingPage) -> None:
    listed = part(page, "train.runs")
    for row in range(listed.model().rowCount()):
        listed.selectionModel().select(listed.model().index(row, 0), QItemSelectionModel.SelectionFlag.Select)


def figure(page: TrainingPage, name: str) -> str:
    return str(part(page, name).accessibleName())


def test_a_name_is_kept_as_typed_and_what_becomes_of_it_is_said(page: TrainingPage, session: Session) -> None:
    name, says = part(page, "train.name"), part(page, "train.name_says")
    name.setText("Müller, Hans ")
    assert not says.isVisible()
    name.setText("Müller, Hans / x")
    assert says.isVisible() and says.text().endswith("it becomes: Müller, Hans - x")
    folder = Project.open(session.project.root).new_run_folder("Müller, Hans / x")
    assert folder.name.endswith("-Müller, Hans - x")
    name.clear()
    assert not says.isVisible()


def test_two_runs_of_one_recipe_are_told_apart(trained: TrainingPage, session: Session) -> None:
    another_run(session.runs[0].folder, "2030-01-01-0000-tiny", state="finished")
    another_run(session.runs[0].folder, "2030-01-01-0000-fast", state="finished")
    session.reload_runs()
    names = told_apart(session.runs)
    assert names["2030-01-01-0000-fast"] == "fast"
    assert sorted(name.split(" · ")[0] for name in names.values()) == ["fast", "tiny", "tiny"]
    assert len(set(names.values())) == 3
    choose_all(trained)
    wait_for(lambda: len(trained._comparison.plot.value()) == 3)
    assert {curve.words.rsplit(" ", 2)[0] for curve in trained._comparison.plot.value()} == set(names.values())


def test_a_run_without_answers_says_so_in_a_comparison(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-short", state="stopped")
    (folder / "events.jsonl").write_text("")
    session.reload_runs()
    choose_all(trained)
    note = part(trained, "train.comparison_note")
    wait_for(lambda: len(trained._comparison.plot.value()) == 1 and note.text())
    assert note.isVisible() and note.text() == "short: no answers about held-out videos yet."


def test_a_run_that_ended_before_it_was_asked_says_why_there_are_dashes(trained: TrainingPage,
                                                                        session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-short", state="stopped")
    lines = (folder / "events.jsonl").read_text().splitlines()
    (folder / "events.jsonl").write_text("\n".join(line for line in lines if "validation" not in line) + "\n")
    session.reload_runs()
    session.select_run(folder.name)
    wait_for(lambda: part(trained, "train.verdict").value().startswith("It ended before it was asked"))
    assert part(trained, "train.verdict").isVisible()


@pytest.mark.parametrize(("minutes", "steps", "words"), [
    (2.0, 0, "Step 200 of about 400"), (0.0, 400, "Step 200 of 400"), (2.0, 400, "Step 200 of 400")])
def test_a_total_that_follows_from_minutes_is_an_estimate(trained: TrainingPage, session: Session, minutes: float,
                                                          steps: int, words: str) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-timed", state="running", max_minutes=minutes,
                         max_steps=steps)
    session.reload_runs()
    session.select_run(folder.name)
    assert part(trained, "train.steps").accessibleName() == words


def test_the_next_run_says_how_much_of_its_recipe_was_changed(page: TrainingPage, session: Session) -> None:
    session.set_recipe({**session.recipe, "name": "mine"})
    assert not part(page, "train.changed").isVisible(), "what is no preset is compared with nothing"
    session.set_recipe(preset_values("quick"))
    assert not part(page, "train.changed").isVisible()
    session.change_recipe("training.batch_size", 3)
    assert part(page, "train.changed").isVisible()
    assert part(page, "train.changed").text() == "1 option changed on the Task page"


@pytest.fixture
def dressed(qapp: QApplication) -> None:
    """The window's own sizes of letters and buttons."""
    theme.apply(qapp, theme.DARK)


@pytest.mark.usefixtures("dressed")
@pytest.mark.parametrize(("state", "again"), [("stopped", "train.resume"), ("finished", "train.longer")])
def test_a_start_does_not_move_the_page(trained: TrainingPage, session: Session, state: str, again: str) -> None:
    trained.resize(1080, 640)
    shown = another_run(session.runs[0].folder, "2030-01-01-0000-a", state=state)
    session.reload_runs()
    session.select_run(shown.name)
    settle()
    before = trained.scroll.mapTo(trained, trained.scroll.rect().topLeft())
    another_run(session.runs[0].folder, "2030-01-01-0001-b", state="running")
    session.reload_runs()
    settle()
    assert part(trained, again).isVisible() and part(trained, "train.pause").isVisible()
    assert trained.scroll.mapTo(trained, trained.scroll.rect().topLeft()) == before


@pytest.mark.parametrize(("progress", "words"), [
    (Progress(phase="starting", done=0, total=1), "loading the program"),
    (Progress(phase="ingest", done=3, total=8, unit="videos", detail="echo-weak/patient-04.mp4, 112 pixels"),
     "reading videos, 3 of 8"),
    (Progress(phase="self-test", done=0, total=1, detail="x"), "testing which precision is right and fast here")])
def test_a_start_says_what_it_is_at_without_files(page: TrainingPage, progress: Progress, words: str) -> None:
    assert progress_text(progress) == words
    page._show_starting(progress)
    assert part(page, "train.starting").value() == f"Starting: {words}."
    page._show_starting(None)


def test_of_one_thing_the_status_line_does_not_say_how_many_are_done(session: Session, tmp_path: Path) -> None:
    session.open_project(tmp_path / "study", create=True)
    job = Job("train", [str(session.project.root)], title="Training", project=session.project.root, parent=session)
    session.jobs.append(job)
    bar = StatusBar(session)
    for progress, words, share in ((Progress(phase="starting", done=0, total=1), "loading the program", None),
                                   (Progress(phase="training", done=1, total=4, unit="steps"),
                                    "training · 1 of 4 steps", 0.25)):
        job.progress = progress
        assert (bar.works()[0].words, bar.works()[0].share) == (words, share)
    session.jobs.remove(job)
    bar.close_timers()
    bar.deleteLater()


def test_loss_and_speed_stand_beside_those_of_the_run_before(trained: TrainingPage, session: Session) -> None:
    folder = another_run(session.runs[0].folder, "2030-01-01-0000-next", state="stopped")
    session.reload_runs()
    session.select_run(folder.name)
    wait_for(lambda: trained._run_view.feed.measured.step == 200)
    before = session.runs[0]
    assert f"run before {before.loss:.2f}" in figure(trained, "train.loss")
    assert "run before" in figure(trained, "train.speed")
    head = trained._run_view.head
    other = replace(before, recipe={**before.recipe, "task": "odd-one-out"})
    head.set_value(session.run(), trained._run_view.feed.measured, before=other)
    assert "run before" not in figure(trained, "train.loss"), "another question has another loss"


def test_each_answer_is_named_and_says_when_and_of_which_group(trained: TrainingPage, session: Session) -> None:
    entries: list[dict[str, Any]] = [
        {"video_id": video.id, "frames": [[0, 1], [2, 3], [4, 5]], "order": [0, 1, 2], "label": 0,
         "label_text": "1, 2, 3", "answer": 0, "answer_text": "1, 2, 3", "right": True, "probability": 0.5}
        for video in session.videos[:2]]
    answers: Answers = part(trained, "train.answers")
    answers.set_value(Preview(step=999, tuples=entries))
    wait_for(lambda: all(view.frames for card in answers.cards for view in card._views))
    views = [view for card in answers.cards for view in card._views]
    assert [card.objectName() for card in answers.cards] == ["train.answers.1", "train.answers.2"]
    assert len({view.objectName() for view in views}) == len({view.accessibleName() for view in views}) == 6
    assert "Question 2, picture 3 of 3 0." in views[-1].accessibleName()
    captions = {card._group.text().replace("\u200b", "") for card in answers.cards}
    assert captions == {Path(video.path).name for video in session.videos[:2]}


def test_the_empty_page_has_its_button(page: TrainingPage) -> None:
    first = page._empty.findChild(QWidget, "train.first")
    assert first is not None and first.isVisible() and first.isEnabled()
    assert first.accessibleName() == "Start training"
