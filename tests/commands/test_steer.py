"""Pause, continue and stop on the command line, with trainings in real processes beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.__main__ import main
from studio.engine import files, queue, runs
from studio.engine.events import StopRequest
from studio.engine.project import Project
from studio.engine.project_lock import alone
from studio.engine.steering import pause
from studio.engine.training.checkpoint import load_newest
from tests.engine.training.footage import make_project, tiny_recipe

Capture = pytest.CaptureFixture[str]
PATIENCE_SECONDS = 60.0
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}

BETWEEN = """
import sys, time
from pathlib import Path
from studio.engine import queue
from studio.engine.events import Progress
from studio.engine.project import Project
from studio.engine.training.queued import PHASE, train_queue
project = Project.open(Path(sys.argv[1]))
for event in train_queue(project):
    if isinstance(event, Progress) and event.phase == PHASE and event.detail == "b":
        while not queue.stop_requested(project):
            time.sleep(0.05)
"""
"""Trains the queue, and stays between two runs until it is asked to stop."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "P", videos=6)


@pytest.fixture
def long_training(project: Project, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A training that ends when it is asked to, with a queue behind it in which one run waits."""
    add(project, "next")
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(tiny_recipe(max_steps=1_000_000).to_toml())
    yield from child(["-m", "studio", "train", str(project.root), "--recipe", str(recipe), "--name", "long",
                      "--then-queue", "--json"])


def child(arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=ONE_THREAD, cwd=Path(__file__).parents[2]) as process:
        yield process
        process.kill()


def add(project: Project, name: str, **training: object) -> None:
    recipe = tiny_recipe(**{"max_steps": 2, **training}).model_dump(mode="json")
    queue.put(project, queue.new_entry(project, recipe=recipe, name=name))


def wait_until(there: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listed(project: Project, capsys: Capture) -> dict[str, Any]:
    """The newest run, as `studio runs` tells it; nothing where there is none."""
    capsys.readouterr()
    assert main(["runs", str(project.root), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    return dict(found[-1]) if found else {"state": "", "steps": 0}


def result_of(command: str, project: Project, capsys: Capture, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main([command, str(project.root), *arguments, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return dict(json.loads(out))


def refusal(command: str, project: Project, capsys: Capture, *arguments: str) -> str:
    capsys.readouterr()
    assert main([command, str(project.root), *arguments]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def trains(project: Project, capsys: Capture) -> bool:
    return listed(project, capsys)["steps"] > 0


def test_the_story_of_a_pause(project: Project, long_training: subprocess.Popen[bytes], capsys: Capture) -> None:
    """A training of another process is paused, goes on, and is stopped and saved; each command waits until it is so."""
    wait_until(lambda: trains(project, capsys))
    assert "long: it is not paused. Pause it with: studio pause" in refusal("continue", project, capsys)
    paused = result_of("pause", project, capsys)
    assert (paused["run"][16:], paused["state"]) == ("long", "paused") and paused["steps"] > 0
    time.sleep(0.5)
    shown = listed(project, capsys)
    assert (shown["state"], shown["steps"]) == ("paused", paused["steps"]), "it takes no step"
    assert "it is paused already. Let it go on with: studio continue" in refusal("pause", project, capsys, "latest")
    assert result_of("continue", project, capsys, "long")["state"] == "running"
    wait_until(lambda: listed(project, capsys)["steps"] > paused["steps"])
    stopped = result_of("stop", project, capsys)
    assert stopped["state"] == "stopped" and [one["name"] for one in stopped["waiting"]] == ["next"]
    assert long_training.wait(PATIENCE_SECONDS) == 130
    run = project.run_folder("long")
    assert load_newest(run).state["step"] == stopped["steps"] > paused["steps"]
    assert len(project.run_folders()) == 1, "who stops wants nothing to begin"
    assert "it does not train, it is stopped. Go on with it with: studio train" in refusal("stop", project, capsys,
                                                                                         "long")


def test_what_a_person_reads(project: Project, long_training: subprocess.Popen[bytes], capsys: Capture) -> None:
    wait_until(lambda: trains(project, capsys))
    for command, words in (("pause", "Paused: "), ("continue", "Going on: "), ("stop", "Stopped and saved: ")):
        assert main([command, str(project.root)]) == 0
        assert words in capsys.readouterr().out
    assert long_training.wait(PATIENCE_SECONDS) == 130


def test_a_queue_is_stopped_between_two_of_its_runs(project: Project, capsys: Capture) -> None:
    add(project, "a")
    add(project, "b")
    for process in child(["-c", BETWEEN, str(project.root)]):
        wait_until(lambda: listed(project, capsys)["state"] == "finished")
        assert "no run of this project trains now" in refusal("pause", project, capsys)
        assert [one["name"] for one in result_of("stop", project, capsys)["waiting"]] == ["b"]
        assert process.wait(PATIENCE_SECONDS) == 0
    assert len(project.run_folders()) == 1


def other_run(project: Project, name: str, state: str = "running") -> Path:
    """A run of another machine."""
    folder = project.new_run_folder(name)
    files.write_text(folder / runs.RECIPE, tiny_recipe().to_toml())
    tell(folder, state=state)
    return folder


def tell(folder: Path, **news: object) -> None:
    files.write_json(folder / runs.HEARTBEAT, {"at": time.time() + 600, "step": 3, **news})


def test_what_cannot_be_asked_is_said(project: Project, capsys: Capture) -> None:
    for command in ("pause", "continue", "stop"):
        assert "no run of this project trains now. See its runs with" in refusal(command, project, capsys)
    folder = other_run(project, "mine")
    assert "no such run (did you mean mine? its last" in refusal("pause", project, capsys, "mnie")
    runs.request_pause(folder)
    assert "it was asked to pause already. Let it go on with" in refusal("pause", project, capsys)
    runs.request_stop(folder)
    for command in ("pause", "continue", "stop"):
        assert "mine: it was asked to stop already. Wait" in refusal(command, project, capsys)
    other_run(project, "second")
    assert "2 runs: they train at once: " in refusal("stop", project, capsys)
    tell(folder, state="finished")
    assert "mine: it does not train, it is finished. Go on" in refusal("pause", project, capsys, "mine")
    runs.forget_stop(folder)
    tell(project.run_folder("second"), state="finished")
    with alone(project.root, "queue", doing="a test"):
        queue.request_stop(project)
        assert "the queue: it was asked to stop already. Wait" in refusal("stop", project, capsys)


@pytest.mark.parametrize(("command", "end", "words"), [
    ("pause", "finished", "it is finished now, and not paused"),
    ("continue", "stopped", "it is stopped now, and not running"),
    ("stop", "failed", "it is failed now (it broke), and not stopped")])
def test_a_run_that_ends_otherwise_is_a_failure(project: Project, command: str, end: str, words: str,
                                                capsys: Capture) -> None:
    folder = other_run(project, "mine")
    if command == "continue":
        runs.request_pause(folder)
        tell(folder, state="running", paused=True)
    timer = threading.Timer(0.5, lambda: tell(folder, state=end, message="it broke" if end == "failed" else ""))
    timer.start()
    assert main([command, str(project.root)]) == 1
    timer.join()
    assert words in capsys.readouterr().err


def test_whoever_waits_no_longer_leaves_the_wish(project: Project) -> None:
    folder, stop = other_run(project, "mine"), StopRequest()
    events = pause(project, stop=stop)
    assert next(events).kind == "progress"
    stop.request()
    (end,) = events
    assert end.stopped and end.result["state"] == "running" and runs.pause_requested(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_ends_the_waiting_alone(project: Project, capsys: Capture) -> None:
    folder = other_run(project, "mine")
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    assert main(["pause", str(project.root)]) == 130
    timer.join()
    assert "Not waited for any longer" in capsys.readouterr().out and runs.pause_requested(folder)
