"""The list of runs, with figures beside what they are compared with."""

from __future__ import annotations

import json
import time
from pathlib import Path

from studio.commands.summary import summary
from studio.engine.events import Finished
from studio.engine.listing import list_all
from studio.engine.project import Project
from studio.engine.runs import HEARTBEAT, RECIPE


def test_a_project_without_runs_lists_none(sample_project: Path) -> None:
    finished = list(list_all(Project.open(sample_project)))[-1]
    assert isinstance(finished, Finished)
    assert finished.result["runs"] == []


def test_a_run_that_waits_is_listed_as_paused(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "P")
    folder = project.new_run_folder("waits")
    (folder / RECIPE).write_text('name = "quick"')
    (folder / HEARTBEAT).write_text(json.dumps({"state": "running", "at": time.time(), "paused": True}))
    finished = list(list_all(project))[-1]
    assert isinstance(finished, Finished)
    assert finished.result["runs"][0]["state"] == "paused"
    assert " paused " in summary(finished)


def test_runs_are_listed_with_their_figures(tiny_run: Path) -> None:
    finished = list(list_all(Project.open(tiny_run.parents[1])))[-1]
    assert isinstance(finished, Finished)
    run = next(run for run in finished.result["runs"] if run["run"] == tiny_run.name)
    assert (run["recipe"], run["backbone"], run["state"]) == ("tiny", "r3d_small", "finished")
    assert run["steps"] == run["total_steps"] == 4
    assert 0 <= run["balanced_accuracy"] <= 1
    assert run["chance"] > 0.16
