"""The life of a run in the window: stopped and kept, gone on with, left to itself, compared with another."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from studio.engine.events import Metric
from studio.engine.project import Project
from studio.engine.runs import Run, read_events, read_run, request_stop
from studio.gui.pages.training import TrainingPage
from studio.gui.session import Session
from studio.gui.widgets.differences import Differences
from studio.gui.window import Window
from tests.e2e.driver import Step, click, control, dialog, pick_rows, play
from tests.gui.conftest import left_running

EVERY, LEAST = 2, 3
"""Steps between two looks at the held-out videos, and how many looks a story waits for."""
LONG, STEPS = 4000, 120


def small(session: Session, *, steps: int) -> None:
    """Make the recipe in work one that takes `steps` short steps."""
    for key, value in (("max_steps", steps), ("max_minutes", 0), ("batch_size", 4), ("validation_tuples", 12),
                       ("validate_every_steps", EVERY), ("precision", "fp32")):
        session.change_recipe(f"training.{key}", value)


def training_page(window: Window) -> TrainingPage:
    shown = window.page("training")
    assert isinstance(shown, TrainingPage)
    return shown


def drawn(window: Window) -> list[float]:
    """The steps of the right answers on held-out videos as the curves have them."""
    return list(training_page(window)._run_view.feed.measured.points("validation", "accuracy")[0])


def written(folder: Path) -> list[int]:
    """The same as the run's folder has them, every time that they were written."""
    return [event.step for event in read_events(folder)[0] if isinstance(event, Metric) and event.split == "validation"]


def chosen(session: Session) -> Run:
    run = session.run()
    assert run is not None
    return run


def started(window: Window, *, steps: int) -> Step:
    """Start a run on the Train page and wait for its first steps."""
    session = window.session
    yield lambda: session.description is not None
    small(session, steps=steps)
    click(window, "rail.train")
    yield lambda: control(window, "train.start").isVisible() and control(window, "train.start").isEnabled()
    click(window, "train.start")
    yield lambda: len(drawn(window)) >= LEAST


def stopped(window: Window) -> Step:
    click(window, "train.stop")
    assert not control(window, "train.stop").isEnabled(), "stopping twice is not offered"
    yield lambda: not window.session.jobs and chosen(window.session).state == "stopped"


def _stopped_and_gone_on_with(told: dict) -> object:
    def story(window: Window) -> Step:
        session = window.session
        yield from started(window, steps=LONG)
        yield from stopped(window)
        run = chosen(session)
        told["folder"], told["stopped_at"] = run.folder, run.step
        told["kept"] = sorted(path.name for path in (run.folder / "checkpoints").iterdir())
        yield lambda: control(window, "train.resume").isVisible() and control(window, "train.resume").isEnabled()
        click(window, "train.resume")
        yield lambda: chosen(session).state == "running" and chosen(session).step >= run.step + LEAST * EVERY
        assert chosen(session).name == run.name and len(session.runs) == 1, "it went on, and did not begin another"
        yield from stopped(window)
        told["gone_on_to"] = chosen(session).step
        yield lambda: training_page(window)._run_view.feed.caught_up
        told["drawn"] = drawn(window)

    return story


def test_a_run_is_stopped_kept_and_gone_on_with(project: Path) -> None:
    told: dict = {}
    assert play(["open", str(project)], _stopped_and_gone_on_with(told), seconds=60) == 0
    assert told["kept"], "stopping keeps what was learned"
    assert LEAST * EVERY <= told["stopped_at"] < told["gone_on_to"]
    looks, unlooked = range(EVERY, told["gone_on_to"] + 1, EVERY), {told["stopped_at"], told["gone_on_to"]}
    assert told["drawn"] == written(told["folder"]) == sorted(set(told["drawn"])), "no step was taken twice"
    assert set(looks) - set(told["drawn"]) <= unlooked, "none was left out, but for looks that a stop forestalled"
    assert left_running() == []


def _left_to_itself(told: dict) -> object:
    def story(window: Window) -> Step:
        yield from started(window, steps=STEPS)
        told["folder"] = chosen(window.session).folder
        window.close()
        yield lambda: dialog("closing") is not None
        assert window.isVisible()
        click(dialog("closing"), "closing.keep")

    return story


def _found_again(told: dict) -> object:
    def story(window: Window) -> Step:
        session = window.session
        yield lambda: session.run() is not None
        told["found_as"] = chosen(session).state
        click(window, "rail.train")
        feed = training_page(window)._run_view.feed
        yield lambda: feed.caught_up and drawn(window)
        told["drawn"] = drawn(window)
        told["lacking"] = len(written(told["folder"])) - len(told["drawn"])
        yield lambda: chosen(session).state == "finished"
        yield lambda: feed.caught_up and len(drawn(window)) == STEPS // EVERY
        verdict = control(window, "train.verdict")
        yield verdict.isVisible
        assert control(window, "train.start").isEnabled() and not control(window, "train.stop").isEnabled()

    return story


def test_a_run_that_is_left_to_itself_is_found_again_and_finishes(project: Path) -> None:
    told: dict = {}
    try:
        assert play(["open", str(project)], _left_to_itself(told), seconds=60) == 0
        assert read_run(told["folder"]).state == "running", "the window took the run with it"
        assert play(["open", str(project)], _found_again(told), seconds=60) == 0
    finally:
        for folder in Project.open(project).run_folders():
            request_stop(folder)
    assert told["found_as"] == "running", "the run was over before the window was open again"
    assert told["drawn"] == list(range(EVERY, int(told["drawn"][-1]) + 1, EVERY)), "the whole curve is there at once"
    assert told["lacking"] <= 1 and written(told["folder"]) == list(range(EVERY, STEPS + 1, EVERY))


def _words_of(widget: QWidget) -> str:
    return widget.accessibleName()


def _compared(told: dict) -> object:
    def story(window: Window) -> Step:
        yield lambda: len(window.session.runs) == 2
        click(window, "rail.train")
        yield lambda: control(window, "train.runs").isVisible()
        pick_rows(window, "train.runs", [0, 1])
        comparison = training_page(window)._comparison
        yield lambda: comparison.isVisible() and len(comparison.plot.value()) == 2
        yield lambda: all(len(one.points[0]) for one in comparison.plot.value())
        told["curves"] = [(one.words, one.colour, list(one.points[0])) for one in comparison.plot.value()]
        told["differing"] = _words_of(control(window, "train.differences", Differences))
        told["on_screen"] = comparison.plot.visibleRegion().boundingRect().height()
        assert not control(window, "train.curves").isVisible(), "one run's curves give way to both"
        assert not control(window, "train.resume").isVisible() and not control(window, "train.longer").isVisible()
        pick_rows(window, "train.runs", [1])
        yield lambda: not comparison.isVisible() and control(window, "train.curves").isVisible()

    return story


def test_two_runs_are_laid_over_each_other(project_with_runs: Path) -> None:
    told: dict = {}
    assert play(["open", str(project_with_runs)], _compared(told), seconds=30) == 0
    names = {words.split()[0] for words, _colour, _steps in told["curves"]}
    assert names == {"small", "mc3"}
    assert len({colour for _words, colour, _steps in told["curves"]}) == 2
    assert sorted(steps[-1] for _words, _colour, steps in told["curves"]) == [2, 4]
    for setting, values in (("backbone", {"r3d_small", "mc3_18"}), ("training.learning_rate", {"0.001", "0.002"}),
                            ("training.max_steps", {"2", "4"})):
        (said,) = [part for part in told["differing"].split(": ", 1)[1].split("; ") if part.startswith(setting + " ")]
        assert set(said.removeprefix(setting + " ").split(" against ")) == values
    assert "task" not in told["differing"].split(": ", 1)[1].split(), "what is the same is not told"
    assert told["on_screen"] > 100
    assert left_running() == []
