"""The Task page with the real worker: cards, recipes, options, the check of every change, the leak probe."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QWidget

from studio.engine import files
from studio.engine.catalogue import Video
from studio.engine.events import Progress
from studio.engine.inspection.kept_probes import keep_probe
from studio.engine.recipe import make_recipe
from studio.engine.runs import Run
from studio.gui import theme
from studio.gui.jobs import Job
from studio.gui.pages.task import TaskPage
from studio.gui.recipes import changed
from studio.gui.session import Session
from studio.gui.widgets.misfit_bar import setting_value
from studio.gui.widgets.probe_bars import ProbeBar, ProbeBars
from studio.gui.widgets.recipe_figures import measured, thousand_clips, typical_span
from studio.gui.widgets.task_drawing import Asked, TaskDrawing
from tests.gui.conftest import wait_for
from tests.gui.warm import put_away, warm_session

LEAK = {"name": "border", "title": "only the outer 8 pixels", "accuracy": 0.9, "interval": [0.8, 0.95], "chance": 0.17,
        "leak": True, "sentence": "The answer leaks from there."}
CLEAN = {**LEAK, "name": "grain", "accuracy": 0.18, "interval": [0.12, 0.25], "leak": False, "sentence": "No leak."}


@pytest.fixture(scope="module")
def warm(qapp: QApplication, sample_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with warm_session(sample_project, tmp_path_factory.mktemp("task")) as session:
        yield session


@pytest.fixture
def page(warm: Session) -> Iterator[TaskPage]:
    recipe = next(one for one in (warm.description or {})["recipes"] if one["name"] == "clip-order")
    warm.set_recipe(recipe["values"])
    made = TaskPage(warm)
    made.resize(1140, 660)
    made.show()
    made.refresh()
    checked(made)
    yield made
    put_away(made)


def checked(page: TaskPage) -> dict[str, Any]:
    """Wait until the worker has said what the recipe in work comes to."""
    wait_for(lambda: not page.checking and "training" in page.options.forms)
    return dict(page.figures.value())


def test_it_waits_for_videos_and_then_for_the_worker(session: Session, sample_project: Path) -> None:
    page = TaskPage(session)
    assert (page.waits_for() or ("", ""))[1] == "library"
    session.open_project(sample_project)
    page.show()
    page.refresh()
    assert page.waits_for() is None
    assert page._content.isHidden() and "worker" in page.waiting.value()
    session.service.died.emit("The preview worker ended.")
    assert page.trouble.value() == "The preview worker ended."
    assert page.trouble.findChild(QPushButton, "task.machine").isVisibleTo(page.trouble)
    page.trouble.hide()
    QTest.mouseClick(page.waiting._stop, Qt.MouseButton.LeftButton)
    assert not page.waiting.waits and page.trouble.value() == "Stopped."
    page.refresh()
    assert not page.waiting.waits, "until it is asked for again"
    QTest.mouseClick(page.trouble.findChild(QPushButton, "task.again"), Qt.MouseButton.LeftButton)
    assert page.waiting.waits and page.trouble.isHidden()
    page.hide()
    page.deleteLater()


def test_cards_say_what_is_learned_chance_parameters_and_cost(page: TaskPage) -> None:
    wait_for(lambda: page.tasks.card("sequence-sorting").facts())
    assert page.tasks.value() == "clip-order" and page.backbones.value() == "r3d_vcop"
    assert page.tasks.card("clip-order").facts() == "6 possible answers; guessing gives 17 %"
    assert page.tasks.card("sequence-sorting").facts() == "3 possible answers; guessing gives 33 %"
    assert "Learns: how an action unfolds" in page.tasks.card("clip-order").accessibleDescription()
    assert page.backbones.card("r3d_vcop").facts() == "14.4 million parameters\n19.9 GMAC a clip"
    heights = {page.backbones.card(name).height() for name in page.backbones.names()}
    assert len(heights) == 1, "cards of a row are of one height"


def test_backbones_stand_in_two_groups_the_small_ones_first(page: TaskPage, warm: Session) -> None:
    described = {one["name"]: one for one in (warm.description or {})["backbones"]}
    names = page.backbones.names()
    takes = [described[name]["takes"] for name in names]
    assert set(names) == set(described) and takes == sorted(takes)
    for group in ("clips", "frames"):
        sizes = [described[name]["parameters"] for name in names if described[name]["takes"] == group]
        assert sizes == sorted(sizes)
    assert page.backbones.card(names[0]).y() == 0 and page.backbones.card("caffenet").isVisible()


def test_each_recipe_has_a_card_with_a_drawing_and_is_chosen_by_it(page: TaskPage, warm: Session) -> None:
    assert page.recipe.cards.names() == [], "they are made when they are asked for"
    QTest.mouseClick(page.recipe.fold._head, Qt.MouseButton.LeftButton)
    assert page.recipe.cards.names() == [one["name"] for one in (warm.description or {})["recipes"]]
    assert page.recipe.cards.value() == "clip-order"
    looks = set()
    for name in page.recipe.cards.names():
        drawing = page.recipe.cards.card(name).findChild(TaskDrawing)
        assert drawing is not None
        drawing.resize(212, 92)
        looks.add(bytes(drawing.grab().toImage().constBits()))
    assert len(looks) >= 5, "each kind of question has a look of its own"
    QTest.mouseClick(page.recipe.cards.card("shuffle-and-learn"), Qt.MouseButton.LeftButton)
    assert warm.recipe["task"] == "shuffle-and-learn" and page.recipe.value() == "shuffle-and-learn"
    assert page.tasks.value() == "shuffle-and-learn" and page.backbones.value() == "caffenet_plain"
    assert checked(page)["chance"] == 0.75 and page.figures.figures["chance"].value() == "50 %"
    assert page.tasks.card("shuffle-and-learn").facts().endswith("gives 50 %, each answer counting alike")
    wait_for(lambda: "recipe made for it" in page.tasks.card("odd-one-out").facts())


def test_a_task_that_nobody_drew_looks_like_one(qapp: QApplication) -> None:
    drawing = TaskDrawing("A new task", Asked.of({"name": "new"}, {}))
    drawing.resize(212, 92)
    image = drawing.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, 212, 2) for y in range(0, 92, 2)}) > 4
    assert Asked.of({"choices": ["yes", "no"]}, {"sampling": {"tuple_length": 4, "clip_frames": 1}}) == Asked(
        elements=4, clips=False, answers=2)


def test_a_term_beside_the_task_is_ticked_and_the_worker_agrees(page: TaskPage, warm: Session) -> None:
    page.terms.editors["contrast"].tick.click()
    assert warm.recipe["terms"]["contrast"]["weight"] == 0.5
    assert "--set terms.contrast.weight=0.5" in page.command_line()
    assert "contrast" in checked(page)["values"]["terms"] and not page.problem.isVisible()
    page.terms.editors["pace"].tick.click()
    wait_for(page.problem.isVisible)
    assert "paces" in page.problem.value(), "it says what the term needs"
    page.terms.editors["pace"].tick.click()
    checked(page)
    page.terms.editors["contrast"].tick.click()
    assert warm.recipe["terms"] == {} and "terms" not in page.command_line()
    assert checked(page)["values"]["terms"] == {}


def test_the_figures_stand_beside_what_they_compare_with(page: TaskPage) -> None:
    figures = page.figures.figures
    assert figures["chance"].value() == "17 %" and figures["span"].value() == "64 frames"
    assert " s" in figures["span"].accessibleName()
    assert figures["cost"].value() == "–" and "not trained yet" in figures["cost"].accessibleName()
    assert "GMAC" in page.figures._details.text() and not any("GMAC" in one.value() for one in figures.values())
    assert page.figures._fits.text() == "10 of 10 videos are long enough for a tuple"


def test_a_recipe_that_fits_no_video_is_a_problem_and_no_training(page: TaskPage, warm: Session) -> None:
    fitting = dict(warm.recipe)
    warm.set_recipe(changed(fitting, "sampling.interval_frames", 100))
    assert checked(page)["values"]["sampling"]["interval_frames"] == 100
    assert "No video is long enough" in page.problem.value() and page.problem.isVisible()
    assert not page.problem.mend.isVisible() and not page.train.isEnabled()
    warm.set_recipe(fitting)
    assert checked(page)["values"]["sampling"] == fitting["sampling"]
    assert not page.problem.isVisible() and page.train.isEnabled()


def test_a_card_is_chosen_by_keys(page: TaskPage, warm: Session) -> None:
    card = page.tasks.card("sequence-sorting")
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Space)
    assert warm.recipe["task"] == "sequence-sorting" and page.tasks.value() == "sequence-sorting"
    assert checked(page)["classes"] == 3
    assert page.options.forms["task_options"].has("frame_features"), "the form is the other task's"
    assert "--set task=sequence-sorting" in page.command_line()
    QTest.mouseClick(page.backbones.card("r3d_small"), Qt.MouseButton.LeftButton)
    assert warm.recipe["backbone"] == "r3d_small"


def test_another_recipe_is_taken_over_and_can_be_taken_back(page: TaskPage, warm: Session) -> None:
    warm.change_recipe("training.batch_size", 4)
    mine = warm.recipe
    assert page.recipe._state.text() == "1 option changed" and page.recipe._back.isVisible()
    page.recipe.set_value("opn")
    assert warm.recipe["name"] == "opn" and checked(page)["classes"] == 12
    assert "Lee et al." in page.recipe._paper.text() and page.recipe._summary.text()
    assert page.command_line().endswith("--recipe opn")
    warm.undo.undo()
    assert warm.recipe == mine and page.recipe.value() == "clip-order"
    page.recipe._back.click()
    assert warm.recipe["training"]["batch_size"] == 8 and not page.recipe._back.isVisible()


def test_options_are_edited_and_the_command_line_follows(page: TaskPage, warm: Session) -> None:
    editor = page.findChild(QWidget, "task.max_epochs")
    assert editor is not None
    editor.setValue(12)
    assert warm.recipe["training"]["max_epochs"] == 12
    assert page.command_line().endswith("--recipe clip-order --set training.max_epochs=12")
    assert checked(page)["values"]["training"]["max_epochs"] == 12
    head = page.options.forms["task_options"].field("merge_reversed")
    head.editor.click()
    assert checked(page)["classes"] == 3


def test_a_wrong_recipe_is_told_at_the_top_and_at_its_option(page: TaskPage, warm: Session) -> None:
    warm.change_recipe("task_options.dropout", 3)
    wait_for(page.problem.isVisible)
    assert not page.train.isEnabled() and page.figures.figures["classes"].value() == "–"
    page.options.set_error("training.momentum = 2", "input should be less than 1")
    assert page.options.forms["training"].field("momentum").about == "Input should be less than 1."
    warm.change_recipe("task_options.dropout", 0.5)
    checked(page)
    assert not page.problem.isVisible() and page.train.isEnabled()
    assert page.options.forms["training"].field("momentum").about.startswith("For SGD")


def test_a_task_that_needs_other_tuples_is_set_right_by_one_button(page: TaskPage, warm: Session) -> None:
    before = warm.recipe
    QTest.mouseClick(page.tasks.card("shuffle-and-learn"), Qt.MouseButton.LeftButton)
    wait_for(page.problem.isVisible)
    assert page.problem.value().startswith("Frames in a clip: it must be 1")
    assert "sampling." not in page.problem.value() + page.problem._remedy.text(), "the words of the page"
    assert page.problem.mend.accessibleName() == "Set Frames in a clip to 1" and page.problem.details.isVisible()
    assert page.problem.mend.width() >= page.problem.mend.sizeHint().width(), "none of its words is cut"
    QTest.mouseClick(page.problem.mend, Qt.MouseButton.LeftButton)
    checked(page)
    assert warm.recipe["sampling"]["clip_frames"] == 1
    assert page.problem.mend.isHidden() and page.problem.value().startswith("No video is long enough"), "what is left"
    for _ in range(2):
        warm.undo.undo()
    assert warm.recipe == before and page.tasks.value() == "clip-order", "the card is taken back as well"


def test_a_problem_without_one_answer_has_no_button(page: TaskPage, warm: Session) -> None:
    warm.change_recipe("task_options.dropout", 3)
    wait_for(page.problem.isVisible)
    assert page.problem.mend.isHidden()


@pytest.mark.parametrize(("written", "value"), [("3", 3), ("[1]", [1]), ("ranking", "ranking"), ("true", True)])
def test_a_setting_is_read_as_the_command_line_does(written: str, value: object) -> None:
    assert setting_value(written) == value


def test_training_without_an_end_is_refused_in_one_sentence(page: TaskPage, warm: Session) -> None:
    warm.change_recipe("training.max_epochs", 0)
    wait_for(page.problem.isVisible)
    assert "needs an end" in page.problem.value() and len(page.problem.value()) < 160


def test_the_way_to_the_next_page(page: TaskPage, warm: Session) -> None:
    wanted: list[str] = []
    warm.page_wanted.connect(wanted.append)
    QTest.mouseClick(page.train, Qt.MouseButton.LeftButton)
    assert wanted == ["training"]


@pytest.mark.long
def test_the_leak_probe_runs_and_is_judged_look_by_look(page: TaskPage, warm: Session) -> None:
    warm.change_recipe("sampling.clip_frames", 1)
    warm.change_recipe("sampling.tuple_length", 2)
    page.probe._start.click()
    assert warm.running_job("probe") and page.probe._bar.isVisible() and not page.probe._start.isEnabled()
    wait_for(lambda: not warm.running_job("probe"), seconds=120)
    found = page.probe.value()["probes"]
    assert [entry["name"] for entry in found] == ["border", "colour", "still", "grain"]
    assert len(page.probe._bars.findChildren(ProbeBar)) == 4
    assert page.probe._summary.isVisible() and page.probe._start.isEnabled() and page.probe._stale.isHidden()
    warm.change_recipe("sampling.interval_frames", 3)
    assert page.probe._stale.isVisible(), "what was found belongs to other options"


def test_the_last_probe_of_a_recipe_is_there_when_the_page_opens(page: TaskPage, warm: Session) -> None:
    assert warm.project is not None
    warm.change_recipe("sampling.interval_frames", 7)
    checked(page)
    assert page.probe.value() == {}
    found = {"recipe": "clip-order", "probes": [LEAK, CLEAN], "leak": True, "sentence": "Leak: 90 % right."}
    keep_probe(warm.project, make_recipe(warm.recipe), found)
    other = TaskPage(warm)
    other.show()
    other.refresh()
    wait_for(other.probe.value)
    assert other.probe._summary.value() == "Leak: 90\u00a0% right." and other.probe._stale.isHidden()
    files.write_json(max((warm.project.root / "probes").iterdir(), key=lambda path: path.stat().st_mtime),
                     found | {"seen": "other videos"})
    other.probe.look_up()
    wait_for(other.probe._stale.isVisible)
    assert "videos or the masks" in other.probe._stale.text()
    warm.change_recipe("sampling.interval_frames", 6)
    wait_for(lambda: "other options" in other.probe._stale.text())
    put_away(other)


def test_the_probe_has_one_measure_and_a_page_made_anew_goes_on_with_it(page: TaskPage, warm: Session) -> None:
    job = Job("probe", [], title="Leak probe", project=warm.project.root if warm.project else None, parent=warm)
    warm.jobs.append(job)
    page.probe._follow(job)
    job.progress = Progress(phase="leak probe", done=144, total=576, unit="epochs", seconds_left=90, detail="the grain")
    page.probe._hear(job.progress)
    words = "25 %, 1 min 30 s left. Seen now: the grain"
    assert page.probe._words.text() == words and page.probe._bar.value() == 144
    other = TaskPage(warm)
    assert other.probe._words.text() == words and other.probe._bar.maximum() == 576, "it does not begin anew"
    put_away(other)
    warm.jobs.remove(job)
    page.probe._ended(1, "")


@pytest.mark.long
def test_a_probe_that_is_stopped_says_so(page: TaskPage, warm: Session) -> None:
    page.probe._start.click()
    page.probe._stop.click()
    wait_for(lambda: not warm.running_job("probe"), seconds=60)
    assert page.probe._summary.value() == "Stopped before the last look." and page.probe.value() == {}


def test_bars_of_a_probe(qapp: QApplication) -> None:
    bars = ProbeBars()
    bars.set_value([LEAK, CLEAN])
    assert [bar.value() for bar in bars.findChildren(ProbeBar)] == [0.9, 0.18]
    leak, clean = bars.findChildren(ProbeBar)
    assert leak.accessibleName() == "90 % right, guessing gives 17 %"
    for bar in (leak, clean):
        bar.resize(200, 16)
    at = int(leak._x(0.5))
    colour = leak.grab().toImage().pixelColor(at, 8).name()
    assert colour == theme.current_theme().bad.lower(), "a leak is drawn in the colour of what is wrong"
    assert clean.grab().toImage().pixelColor(at, 8).name() != colour


def test_what_was_measured_on_this_machine() -> None:
    def run(name: str, **values: Any) -> Run:
        recipe = {"backbone": "r3d_small", "training": {"batch_size": 8}}
        return Run(name=name, folder=Path(name), recipe=recipe, state="finished", **values)

    runs = [run("old", step=10, seconds=8.0), run("new", step=100, seconds=20.0), run("none")]
    assert measured(runs, "r3d_small") == "40 tuples a second in the run new"
    assert measured(runs, "caffenet") == ""
    values = {**runs[0].recipe, "sampling": {"tuple_length": 4}}
    assert thousand_clips(runs, values) == (0.0, ""), "how many clips were in a tuple is not known"
    runs.append(replace(runs[1], name="four", recipe=values))
    assert thousand_clips(runs, values) == (pytest.approx(6.25), "four")
    assert thousand_clips(runs, {**values, "sampling": {"clip_frames": 16}}) == (0.0, ""), "other clips"


@pytest.mark.parametrize(("rates", "wanted", "words"), [
    ([], 0, ""), ([25, 25.02, 0], 0, "2.00 s"), ([25, 25, 50], 0, "2.00 s at 25 frames a second"),
    ([50, 50, 25], 0, "1.00 s at 50 frames a second"), ([25, 50], 10, "5.00 s")])
def test_seconds_of_a_tuple_say_at_which_rate(rates: list[float], wanted: float, words: str) -> None:
    videos = [Video(source="s", path=str(number), frames_per_second=rate) for number, rate in enumerate(rates)]
    assert typical_span(50, videos, frames_per_second=wanted) == words


def test_every_control_has_a_name_and_nothing_is_cut_at_twice_the_text(
        qapp: QApplication, page: TaskPage, warm: Session) -> None:
    for name in ("recipe", "backbone", "task", "probe", "train", "max_steps", "dropout", "starts_from"):
        found = page.findChild(QWidget, f"task.{name}")
        assert found is not None and found.accessibleName(), name
    for scale, colours in ((2.0, theme.LIGHT), (1.0, theme.DARK)):
        theme.apply(qapp, colours, scale)
        other = TaskPage(warm)
        other.resize(1280 - round(152 * scale), 648)
        other.show()
        other.refresh()
        checked(other)
        area = other.findChild(QScrollArea)
        assert area is not None
        assert area.horizontalScrollBar().maximum() == 0, "nothing to scroll sideways"
        put_away(other)
