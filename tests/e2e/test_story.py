"""The main job, clicked through in the real window: from a folder of video to trained neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.project import Project
from studio.engine.runs import curve, read_events, read_run, request_stop
from studio.gui.pages.neighbours import NeighboursPage
from studio.gui.pages.sampling import SamplingPage
from studio.gui.pages.training import TrainingPage
from studio.gui.window import Window
from tests.e2e.conftest import copy_clips
from tests.e2e.driver import Step, choose, click, control, dialog, drop, play, write
from tests.gui.conftest import left_running

UCF101 = Path(__file__).parents[3] / "shared" / "data" / "ucf101"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Real videos of UCF101 where they are at hand, else clips of the sample: three classes."""
    return UCF101 if UCF101.is_dir() else copy_clips(tmp_path / "Videos of mine")


def _training(window: Window) -> TrainingPage:
    page = window.page("training")
    assert isinstance(page, TrainingPage)
    return page


def _from_a_folder_to_training(folder: Path) -> object:
    """An empty window, a folder dropped on it, questions looked at, training started, the window closed."""

    def story(window: Window) -> Step:
        session = window.session
        drop(window, str(folder))
        yield lambda: session.project is not None
        click(window, "library.scan")
        yield lambda: len(session.usable_videos) >= 12 and not session.jobs
        click(window, "rail.sampling")
        page = window.page("sampling")
        assert isinstance(page, SamplingPage)
        yield lambda: session.description is not None
        yield lambda: control(window, "sampling.tuples.1").isVisible()
        click(window, "rail.task")
        yield lambda: control(window, "task.recipe").isVisible()
        choose(window, "task.recipe", "Quick")
        for option, value in (("max_minutes", "0"), ("batch_size", "4"), ("validation_tuples", "24"),
                              ("validate_every_steps", "5"), ("max_steps", "4000")):
            write(window, f"task.{option}", value)
        yield lambda: session.recipe["training"]["max_steps"] == 4000
        assert session.recipe["training"]["max_minutes"] == 0
        click(window, "rail.train")
        yield lambda: control(window, "train.start").isVisible()
        click(window, "train.start")
        yield lambda: session.run() is not None and session.run().state == "running"
        shown = _training(window)
        yield lambda: len(shown._run_view.feed.measured.points("validation", "accuracy")[0]) >= 2
        window.close()
        yield lambda: dialog("closing") is not None
        click(dialog("closing"), "closing.keep")

    return story


def _reopened(state: dict) -> object:
    """The window on the same project: the whole curve is there and grows; stop, look for neighbours, evaluate."""

    def story(window: Window) -> Step:
        session = window.session
        yield lambda: session.run() is not None
        run = session.run()
        state["reopened_as"] = run.state
        click(window, "rail.train")
        measured = _training(window)._run_view.feed
        yield lambda: measured.caught_up and measured.measured.has_validation
        logged = [metric.step for metric in curve(read_events(run.folder)[0], "train")]
        drawn = measured.measured.points("train", "loss")[0].tolist()
        assert drawn == logged[:len(drawn)] and drawn[0] == logged[0] and len(drawn) >= len(logged) - 3
        before = len(drawn)
        yield lambda: len(measured.measured.points("train", "loss")[0]) > before
        click(window, "train.stop")
        yield lambda: read_run(run.folder).state == "stopped"
        yield lambda: session.run().state == "stopped"
        click(window, "rail.neighbours")
        page = window.page("neighbours")
        assert isinstance(page, NeighboursPage)
        yield lambda: _shown_neighbours(page) > 0
        click(window, "rail.inspect")
        yield lambda: control(window, "inspect.layer").isVisible() and control(window, "inspect.view").frames > 1
        click(window, "rail.evaluate")
        yield lambda: control(window, "evaluate.run").isVisible()
        click(window, "evaluate.run")
        yield lambda: (run.folder / "evaluation" / "retrieval.json").is_file() and not session.jobs
        yield lambda: control(window, "evaluate.table").rowCount() >= 3
        state["run"] = run.folder

    return story


def _shown_neighbours(page: NeighboursPage) -> int:
    return sum(tile.frames > 1 for tile in page.grid.trained.tiles)


def test_from_an_empty_window_to_neighbours(folder: Path, home: Path) -> None:
    state: dict = {}
    project = home / folder.name
    try:
        assert play([], _from_a_folder_to_training(folder)) == 0
        runs = Project.open(project).run_folders()
        assert len(runs) == 1 and read_run(runs[0]).state == "running"  # the closed window took nothing with it
        assert play(["open", str(project)], _reopened(state)) == 0
    finally:
        for run in Project.open(project).run_folders() if (project / "project.toml").is_file() else []:
            request_stop(run)
    assert state["reopened_as"] == "running"
    assert (state["run"] / "weights.safetensors").is_file() and (state["run"] / "report.html").is_file()
    assert left_running() == []
