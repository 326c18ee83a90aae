"""What a run's folder says about it, read without loading torch: its recipe, heartbeat and events.

The trainer writes, everybody else reads. What others write here are the wishes to stop and to pause.
"""

from __future__ import annotations

import contextlib
import json
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from studio.engine import files
from studio.engine.errors import ProjectError
from studio.engine.events import Event, Metric, event_from_json
from studio.engine.guessing import Guessing
from studio.engine.project import Project
from studio.engine.project_lock import machine_mark

RECIPE, ENVIRONMENT, EVENTS, HEARTBEAT = "recipe.toml", "environment.json", "events.jsonl", "heartbeat"
CHECKPOINTS = "checkpoints"
STOP, PAUSE = "stop-request", "pause-request"
QUEUE_ENTRIES = "queue_entries"
"""In the environment: the entries of the queue that the run is of."""
PATIENCE_SECONDS = 60.0
"""A running run whose heartbeat is older than this is taken for dead (slow steps ask for more patience)."""

_SAME_START_SECONDS = 10.0

State = Literal["running", "finished", "stopped", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is known of a run. Accuracies are shares of the last validation; None before the first one.

    `total_steps` is 0 while unknown. `started_at` is in seconds since the epoch, `seconds` is time spent training.
    `paused`: it runs, but waits for somebody to let it go on.
    """

    name: str
    folder: Path
    recipe: dict[str, Any]
    state: State
    step: int = 0
    total_steps: int = 0
    loss: float | None = None
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    chance: float | None = None
    balanced_chance: float | None = None
    started_at: float = 0.0
    seconds: float = 0.0
    message: str = ""
    pid: int = 0
    paused: bool = False

    @property
    def shown_state(self) -> str:
        """The state, or `paused` while it waits."""
        return "paused" if self.paused else self.state

    @property
    def guessing(self) -> Guessing:
        """What guessing gives in this run's task, as its record says."""
        return Guessing.told(self.chance, self.balanced_chance)

    @property
    def title(self) -> str:
        """The recipe's title, or its name."""
        return str(self.recipe.get("title") or self.recipe.get("name") or self.name)


def read_run(folder: Path) -> Run:
    """Read a run. One that says it runs, but has not been heard of for a while, is interrupted.

    So is at once one whose process on this machine is gone.

    Raises `ProjectError` when the folder holds no run or its recipe cannot be read.
    """
    beat = _heartbeat(folder)
    state: State = beat["state"] if beat.get("state") in get_args(State) else "interrupted"
    silent_seconds = time.time() - _number(beat.get("at"))
    if state == "running" and (silent_seconds > _patience(beat) or _is_gone(beat, silent_seconds)):
        state = "interrupted"
    return Run(
        name=folder.name, folder=folder, recipe=_recipe(folder), state=state, step=int(_number(beat.get("step"))),
        total_steps=int(_number(beat.get("total_steps"))), loss=_share(beat.get("loss")),
        accuracy=_share(beat.get("accuracy")), balanced_accuracy=_share(beat.get("balanced_accuracy")),
        chance=_share(beat.get("chance")), balanced_chance=_share(beat.get("balanced_chance")),
        started_at=_number(beat.get("started_at")),
        seconds=_number(beat.get("seconds")), message=str(beat.get("message") or ""), pid=int(_number(beat.get("pid"))),
        paused=state == "running" and beat.get("paused") is True)


def list_runs(project: Project) -> list[Run]:
    """Read all runs of a project, oldest first; a folder that holds no readable run is left out."""
    runs = []
    for folder in project.run_folders():
        with contextlib.suppress(ProjectError):
            runs.append(read_run(folder))
    return runs


def read_events(folder: Path, offset: int = 0, *, at_most_bytes: int = -1) -> tuple[list[Event], int]:
    """Read the events from byte `offset` on, and where to read on next time. A line still being written waits.

    Lines that are no events (cut by a crash) are left out. An offset beyond the end starts anew. `at_most_bytes` lets
    a reader that must not wait take a long file in pieces; a longer line is still read whole.
    """
    path = folder / EVENTS
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            offset = offset if 0 <= offset <= size else 0
            stream.seek(offset)
            content = stream.read(at_most_bytes)
            if content and b"\n" not in content:
                content += stream.readline()
    except FileNotFoundError:
        return [], 0
    whole = content[:content.rfind(b"\n") + 1]
    found: list[Event] = []
    for line in whole.splitlines():
        with contextlib.suppress(ValueError):
            found.append(event_from_json(line))
    return found, offset + len(whole)


def curve(events: Iterable[Event], split: str) -> list[Metric]:
    """The metrics of `train` or `validation` as one curve: what a resumed run did again replaces what was lost."""
    kept: list[Metric] = []
    for event in events:
        if isinstance(event, Metric) and event.split == split:
            while kept and kept[-1].step >= event.step:
                kept.pop()
            kept.append(event)
    return kept


def last_validation(folder: Path) -> Metric | None:
    """The last validation of a run, or None before the first."""
    found = curve(read_events(folder)[0], "validation")
    return found[-1] if found else None


def request_stop(folder: Path) -> None:
    """Ask the run in `folder` to stop after its present step and save."""
    files.write_text(folder / STOP, "stop\n")


def stop_requested(folder: Path) -> bool:
    """Whether somebody asked the run to stop."""
    return (folder / STOP).exists()


def forget_stop(folder: Path) -> None:
    """Take the wish to stop away: it was honoured, or a new start overrules it."""
    with contextlib.suppress(FileNotFoundError):
        (folder / STOP).unlink()


def request_pause(folder: Path) -> None:
    """Ask the run in `folder` to wait after its present step, until `forget_pause`."""
    files.write_text(folder / PAUSE, "pause\n")


def pause_requested(folder: Path) -> bool:
    """Whether somebody asked the run to wait."""
    return (folder / PAUSE).exists()


def forget_pause(folder: Path) -> None:
    """Let the run go on."""
    files.remove(folder / PAUSE)


def _recipe(folder: Path) -> dict[str, Any]:
    path = folder / RECIPE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProjectError(str(folder), "this folder holds no run (it has no recipe.toml)", "Name a run") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(str(path), f"this is no readable TOML ({error})", "Mend that line") from error


def _heartbeat(folder: Path) -> dict[str, Any]:
    try:
        beat = json.loads((folder / HEARTBEAT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return beat if isinstance(beat, dict) else {}


def _patience(beat: dict[str, Any]) -> float:
    return max(PATIENCE_SECONDS, _number(beat.get("patience_seconds")))


def _is_gone(beat: dict[str, Any], silent_seconds: float) -> bool:
    """Whether a run of this machine has no process any more, or its number went to another one since."""
    if beat.get("machine") != machine_mark():
        return False
    try:
        process = psutil.Process(int(_number(beat.get("pid"))))
        later = process.create_time() - _number(beat.get("started_at")) > _SAME_START_SECONDS  # clocks are set, too
        return process.status() == psutil.STATUS_ZOMBIE or (later and silent_seconds > PATIENCE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _share(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
