"""What an engine operation tells while it works: small frozen events that travel as one JSON object a line.

An operation is a generator of events. The command line prints them, a run folder keeps them, and the window draws
them: all three see the same thing. The last event of an operation that did its work is `Finished`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True, kw_only=True)
class _Event:
    kind: ClassVar[str]
    at: float = field(default_factory=time.time)
    """Seconds since the epoch."""

    def to_json(self) -> str:
        """Give the event as one line of JSON, without the line end."""
        return json.dumps({"kind": self.kind, **asdict(self)}, allow_nan=False, default=str)


@dataclass(frozen=True, kw_only=True)
class Progress(_Event):
    """How far a phase is. `total` 0 means that it is not known yet; `seconds_left` None likewise."""

    kind: ClassVar[str] = "progress"
    phase: str
    done: int
    total: int
    unit: str = ""
    seconds_left: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric(_Event):
    """Figures of a training step or a validation pass.

    `values` may hold loss, accuracy and balanced_accuracy (shares), learning_rate, samples_per_second, chance,
    balanced_chance, wait_share, and what a task measures besides. A value that is not finite is None.
    """

    kind: ClassVar[str] = "metric"
    split: str
    """`train`, `validation`, or `untrained`: the questions of a validation before the first step."""
    step: int
    total_steps: int
    epoch: float
    values: dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Preview(_Event):
    """What the network was asked and what it answered: one entry a tuple (see training.loop)."""

    kind: ClassVar[str] = "preview"
    step: int
    tuples: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Saved(_Event):
    """Something was written. `path` is relative to the project folder where it lies inside."""

    kind: ClassVar[str] = "saved"
    what: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Warned(_Event):
    """Something a person should know. `code` is stable (`stuck-at-chance`), one message a code is shown."""

    kind: ClassVar[str] = "warned"
    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Finished(_Event):
    """The operation did its work; `result` is what `--json` prints. `stopped` when a person stopped it."""

    kind: ClassVar[str] = "finished"
    operation: str
    result: dict[str, Any]
    stopped: bool = False


@dataclass(frozen=True, kw_only=True)
class Failed(_Event):
    """The operation failed. Only the edge (command line, service) makes one, from the error it caught."""

    kind: ClassVar[str] = "failed"
    message: str
    value: str = ""
    rule: str = ""
    remedy: str = ""
    exit_code: int = 1


Event: TypeAlias = Progress | Metric | Preview | Saved | Warned | Finished | Failed
Events: TypeAlias = Iterator[Event]

EVENTS: dict[str, type[Event]] = {
    cls.kind: cls for cls in (Progress, Metric, Preview, Saved, Warned, Finished, Failed)
}


def event_from_json(line: str | bytes) -> Event:
    """Make the event that `to_json` wrote. Fields of a newer version are ignored.

    Raises `ValueError` when the line is not an event (a line cut by a crash is one such).
    """
    record = json.loads(line)
    if not isinstance(record, dict) or record.get("kind") not in EVENTS:
        raise ValueError(f"not an event: {line[:80]!r}")
    cls = EVENTS[record.pop("kind")]
    try:
        return cls(**{name: value for name, value in record.items() if name in cls.__dataclass_fields__})
    except TypeError as error:
        raise ValueError(f"not a whole {cls.kind} event: {line[:80]!r}") from error


class StopRequest:
    """A wish to stop, which a loop honours between steps. Calling it tells whether somebody wished.

    A wish to pause lies beside it, for operations that can wait.
    """

    def __init__(self) -> None:
        self._requested = self._paused = False

    def __call__(self) -> bool:
        return self._requested

    def request(self) -> None:
        """Ask the operation to stop after its present step and save."""
        self._requested = True

    def paused(self) -> bool:
        """Whether the operation should wait."""
        return self._paused

    def pause(self) -> None:
        """Ask the operation to wait after what it is at."""
        self._paused = True

    def go_on(self) -> None:
        """Let the operation go on."""
        self._paused = False


class TimeLeft:
    """Estimate the seconds left of a phase from the rate so far; the first tenth of a second says nothing."""

    def __init__(self, total: float) -> None:
        self._total, self._start = total, time.monotonic()

    def __call__(self, done: float) -> float | None:
        """Seconds left after `done` of `total`, or None while unknown."""
        elapsed = time.monotonic() - self._start
        if done <= 0 or elapsed < 0.1:
            return None
        return max(0.0, elapsed * (self._total - done) / done)

    def skip(self, seconds: float) -> None:
        """Leave out time that was spent waiting."""
        self._start += seconds
