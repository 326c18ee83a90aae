"""The queue on the command line: what is listed, changed, trained and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.__main__ import main
from studio.engine import queue
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.runs import list_runs
from tests.engine.training.footage import make_project, tiny_recipe

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "P", videos=6)


@pytest.fixture
def recipe_file(tmp_path: Path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_recipe(max_steps=2).to_toml())
    return str(path)


def result_of(project: Project, capsys: Capture, *arguments: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["queue", str(project.root), *arguments, "--json"]) == code
    return dict(json.loads(capsys.readouterr().out))


def names(result: dict[str, Any]) -> list[str]:
    return [one["name"] for one in result["waiting"]]


def test_the_story_of_a_queue(project: Project, recipe_file: str, capsys: Capture) -> None:
    """Add, list, change the order, take out, train, and train longer."""
    assert names(result_of(project, capsys)) == []
    for name in "abc":
        made = result_of(project, capsys, "--add", "--recipe", recipe_file, "--set", "training.seed=5", "--name", name)
    assert names(made) == ["a", "b", "c"] and made["waiting"][0]["backbone"] == "r3d_small"
    assert names(result_of(project, capsys, "--up", "3")) == ["a", "c", "b"]
    assert names(result_of(project, capsys, "--remove", "1")) == ["c", "b"]
    entry = queue.look(project).entries[0]
    assert make_recipe(entry.recipe) == tiny_recipe(max_steps=2, seed=5), "whole, whatever the file says later"
    Path(recipe_file).unlink()
    done = result_of(project, capsys, "--run")
    assert [name[16:] for name in done["trained"]] == ["c", "b"] and done["waiting"] == done["failed"] == []
    added = result_of(project, capsys, "--add", "--resume", "c", "--set", "training.max_steps=3")
    assert added["waiting"][0]["resume"].endswith("-c")
    result_of(project, capsys, "--run")
    assert sorted(run.step for run in list_runs(project)) == [2, 3]


def test_what_a_person_reads(project: Project, recipe_file: str, capsys: Capture) -> None:
    where = str(project.root)
    assert main(["queue", where]) == 0
    assert "Nothing waits" in capsys.readouterr().out
    assert main(["queue", where, "--add", "--recipe", recipe_file, "--name", "mine"]) == 0
    assert "1  mine  tiny    clip-order  r3d_small" in capsys.readouterr().out
    queue.set_problem(project, queue.look(project).entries[0].id, "no room")
    assert main(["queue", where]) == 0
    assert "1: could not begin: no room" in capsys.readouterr().out
    assert main(["queue", where, "--run"]) == 0
    assert "Trained: " in capsys.readouterr().out


def test_what_failed_is_an_exit_code_and_a_sentence(project: Project, recipe_file: str, capsys: Capture) -> None:
    result_of(project, capsys, "--add", "--recipe", recipe_file, "--name", "bad", "--set",
              "sampling.interval_frames=200")
    capsys.readouterr()
    assert main(["queue", str(project.root), "--run", "--json"]) == 1
    out, err = capsys.readouterr()
    assert names(json.loads(out)) == ["bad"] and "too short" in json.loads(out)["failed"][0]["problem"]
    assert "error: 1 run of the queue: could not be trained: bad" in err


def test_a_damaged_file_is_named(project: Project, capsys: Capture) -> None:
    (project.root / queue.FOLDER).mkdir()
    (project.root / queue.FOLDER / "x.json").write_text("{")
    assert main(["queue", str(project.root)]) == 0
    assert "queue/x.json.damaged" in capsys.readouterr().err


def test_training_with_the_queue_behind_it(project: Project, recipe_file: str, capsys: Capture) -> None:
    result_of(project, capsys, "--add", "--recipe", recipe_file, "--name", "second")
    assert main(["train", str(project.root), "--recipe", recipe_file, "--name", "first", "--then-queue"]) == 0
    out = capsys.readouterr().out
    assert out.index("-first: 2 steps") < out.index("Trained: ") and [run.name[16:] for run in list_runs(project)] == [
        "first", "second"]


@pytest.mark.parametrize(("arguments", "words"), [
    (["--remove", "1"], "no entry of the queue has this number (0 entries wait)"),
    (["--add", "--up", "1"], "only one change"), (["--name", "x"], "Write --add too"),
    (["--add", "--recipe", "quik"], "did you mean quick?"), (["--add", "--resume", "x"], "no such run"),
    (["--add", "--set", "training.max_stps=3"], "training.max_steps?")])
def test_what_is_wrong_is_said_and_nothing_waits(project: Project, arguments: list[str], words: str,
                                                 capsys: Capture) -> None:
    assert main(["queue", str(project.root), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert queue.look(project).entries == ()
