"""What a run's folder tells to those who only read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.engine import files
from studio.engine.errors import ProjectError
from studio.engine.events import Metric, Progress
from studio.engine.project import Project
from studio.engine.project_lock import machine_mark
from studio.engine.runs import (
    EVENTS,
    HEARTBEAT,
    curve,
    forget_pause,
    forget_stop,
    list_runs,
    pause_requested,
    read_events,
    read_run,
    request_pause,
    request_stop,
    stop_requested,
)


def _run(folder: Path, **beat: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    files.write_text(folder / "recipe.toml", 'name = "quick"\ntitle = "Quick"\n')
    if beat:
        (folder / HEARTBEAT).write_text(json.dumps(beat))
    return folder


def _metric(step: int, *, split: str = "train", loss: float = 1.0) -> Metric:
    return Metric(split=split, step=step, total_steps=10, epoch=0.0, values={"loss": loss})


@pytest.mark.parametrize(("beat", "state"), [
    ({"state": "running", "age": 1}, "running"), ({"state": "running", "age": 500}, "interrupted"),
    ({"state": "running", "age": 500, "patience_seconds": 900}, "running"),
    ({"state": "finished", "age": 9999}, "finished"), ({"state": "odd", "age": 0}, "interrupted"), ({}, "interrupted")])
def test_a_run_that_is_not_heard_of_is_interrupted(beat: dict, state: str, tmp_path: Path) -> None:
    age = beat.pop("age", None)
    _run(tmp_path / "run", **(beat | {"at": time.time() - age} if age is not None else {}))
    assert read_run(tmp_path / "run").state == state


def test_a_run_whose_process_is_gone_is_interrupted_at_once(tmp_path: Path) -> None:
    """A long patience is for slow machines; of this machine it is known who lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        beat = {"state": "running", "at": time.time(), "started_at": time.time(), "patience_seconds": 600,
                "pid": process.pid, "machine": machine_mark()}
        folder = _run(tmp_path / "run", **beat)
        assert read_run(folder).state == "running"
        process.kill()
        process.wait()
    assert read_run(folder).state == "interrupted"
    assert read_run(_run(tmp_path / "elsewhere", **beat | {"machine": "another"})).state == "running"
    assert read_run(_run(tmp_path / "own", **beat | {"pid": os.getpid()})).state == "running"
    older = beat | {"pid": os.getpid(), "started_at": time.time() - 9e6, "at": time.time() - 90}
    assert read_run(_run(tmp_path / "number given anew", **older)).state == "interrupted"


def test_a_damaged_heartbeat_is_no_reason_to_fail(tmp_path: Path) -> None:
    folder = _run(tmp_path / "run")
    (folder / HEARTBEAT).write_text('{"state": "runn')
    assert read_run(folder).title == "Quick"
    (folder / "recipe.toml").write_text("title = ")
    with pytest.raises(ProjectError, match="no readable TOML"):
        read_run(folder)


def test_a_folder_without_a_recipe_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="holds no run"):
        read_run(tmp_path)


def test_events_are_read_on_from_where_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / EVENTS
    files.append_line(path, _metric(1).to_json())
    first, offset = read_events(tmp_path)
    files.append_line(path, "cut by a crash {")
    with path.open("ab") as stream:
        stream.write(_metric(2).to_json().encode())
    second, later = read_events(tmp_path, offset)
    assert len(first) == 1 and second == []  # the damaged line is left out, the unfinished one waits
    with path.open("ab") as stream:
        stream.write(b"\n")
    third, _ = read_events(tmp_path, later)
    assert [event.step for event in third if isinstance(event, Metric)] == [2]
    assert read_events(tmp_path, 10**9)[0] == [*first, *third]


def test_a_long_log_can_be_taken_in_pieces(tmp_path: Path) -> None:
    for step in range(200):
        files.append_line(tmp_path / EVENTS, _metric(step).to_json())
    steps, offset, turns = [], 0, 0
    while (read := read_events(tmp_path, offset, at_most_bytes=1000))[0]:
        events, offset = read
        steps += [event.step for event in events if isinstance(event, Metric)]
        turns += 1
    assert steps == list(range(200)) and turns > 10


def test_what_a_resumed_run_did_again_replaces_what_was_lost() -> None:
    events = [_metric(1), _metric(2, loss=9), _metric(3, loss=9), Progress(phase="x", done=0, total=1), _metric(2),
              _metric(2, split="validation")]
    assert [(metric.step, metric.values["loss"]) for metric in curve(events, "train")] == [(1, 1.0), (2, 1.0)]
    assert len(curve(events, "validation")) == 1


def test_the_wish_to_stop_can_be_taken_back(tmp_path: Path) -> None:
    folder = _run(tmp_path / "run")
    request_stop(folder)
    assert stop_requested(folder)
    forget_stop(folder)
    forget_stop(folder)
    assert not stop_requested(folder)


def test_a_run_waits_as_long_as_somebody_wishes_and_says_so_while_it_lives(tmp_path: Path) -> None:
    folder = _run(tmp_path / "run", state="running", at=time.time(), paused=True)
    request_pause(folder)
    assert pause_requested(folder)
    run = read_run(folder)
    assert run.paused and run.state == "running" and run.shown_state == "paused"
    forget_pause(folder)
    forget_pause(folder)
    assert not pause_requested(folder)
    _run(folder, state="running", at=time.time() - 500, paused=True)
    assert not read_run(folder).paused and read_run(folder).shown_state == "interrupted"


def test_runs_are_listed_oldest_first_without_what_is_no_run(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "P")
    _run(project.runs_folder / "b")
    time.sleep(0.02)
    _run(project.runs_folder / "a")
    (project.runs_folder / "junk").mkdir()
    assert [run.name for run in list_runs(project)] == ["b", "a"]
    assert project.run_folder("latest").name == "a"
