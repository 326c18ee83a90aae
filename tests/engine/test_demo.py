"""The demo goes the whole way, and a second time into the same folder goes on and deletes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from studio.engine import demo as module
from studio.engine.catalogue import Video
from studio.engine.demo import demo, queries, unfinished
from studio.engine.errors import ProjectError
from studio.engine.events import Finished, Progress
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml


@pytest.fixture
def recipe_file(tiny_recipe: dict[str, Any], tmp_path: Path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(tomlkit.dumps(tiny_recipe), encoding="utf-8")
    return str(path)


@pytest.fixture
def few_samples(sample_clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten of the sample clips in place of all."""
    real = module.files.resource
    folder = sample_clips.parent / "sample"
    if not folder.exists():
        shutil.copytree(sample_clips, folder)
        shutil.copy(real("sample", "labels.csv"), folder)
    monkeypatch.setattr(module.files, "resource", lambda *parts: folder if parts == ("sample",) else real(*parts))


@pytest.mark.usefixtures("few_samples")
def test_from_clips_to_a_report_in_two_goes(recipe_file: str, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    stopped = list(demo(out, recipe=recipe_file, stop=lambda: any(out.glob("runs/*/checkpoints/*.json"))))[-1]
    assert isinstance(stopped, Finished)
    assert stopped.stopped
    runs = Project.open(out).run_folders()
    assert len(runs) == 1

    events = list(demo(out, recipe=recipe_file))
    finished = events[-1]
    assert isinstance(finished, Finished)
    result = finished.result
    assert (result["run"], Project.open(out).run_folders()) == (runs[0].name, runs)
    report = Path(result["report"])
    assert report.is_relative_to(out)
    assert report.read_text(encoding="utf-8").count("<img") == len(result["pictures"]) == 5
    assert (result["videos"], result["steps"], len(result["sentences"])) == (10, 4, 2)
    assert 0 <= result["chance_top1"] <= 100
    said = [event.detail for event in events if isinstance(event, Progress) and event.phase == "demo"]
    assert said == ["scan", "train", "preview", "neighbours", "evaluate"]
    assert sum(isinstance(event, Finished) for event in events) == 1


def test_only_a_run_of_the_same_recipe_that_was_stopped_is_gone_on_with(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(Path(shutil.copytree(tiny_run.parents[1], tmp_path / "project")))
    (run,) = project.run_folders()
    recipe = recipe_from_toml(run / "recipe.toml")
    assert unfinished(project, recipe) is None
    beat = json.loads((run / "heartbeat").read_text(encoding="utf-8"))
    (run / "heartbeat").write_text(json.dumps(beat | {"state": "stopped"}), encoding="utf-8")
    assert unfinished(project, recipe) == run
    assert unfinished(project, recipe_from_toml(run / "recipe.toml", ["training.max_steps=9"])) is None
    shutil.rmtree(run / "checkpoints")
    assert unfinished(project, recipe) is None


def test_a_folder_with_other_files_is_left_alone(recipe_file: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="holds other files"):
        list(demo(tmp_path, recipe=recipe_file))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_queries_are_of_different_folders_spread_over_all() -> None:
    videos = [Video(id=number, source="s", path=f"{folder}/{number}.mp4") for number, folder in
              enumerate("aabbccddeeff")]
    assert [video.path[0] for video in queries(videos, count=3)] == ["a", "c", "e"]
    assert [video.path[0] for video in queries(videos[:2], count=3)] == ["a"]
    assert queries([], count=3) == []
