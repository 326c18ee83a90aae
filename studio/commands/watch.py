"""What is drawn while an operation works: bars on a terminal, a line now and then elsewhere, or each event as JSON."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from studio.commands import words
from studio.engine.events import Event, Metric, Progress, Warned
from studio.engine.guessing import Guessing

if TYPE_CHECKING:
    from rich.progress import TaskID

LINE_SECONDS = 5.0
SILENCE_SECONDS = 20.0
STARTING = "starting"
"""The phase before the first event of an operation: libraries are being loaded."""
HELD_OUT = ("validation", "untrained")
"""Metrics that always deserve a line."""


class Watcher(Protocol):
    """Is told every event, and closed by leaving its `with` block."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...
    def __call__(self, event: Event) -> None: ...


class JsonLines:
    """Each event as one line on standard output."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        pass

    def __call__(self, event: Event) -> None:
        """Write the event."""
        sys.stdout.write(event.to_json() + "\n")
        sys.stdout.flush()


class Pace:
    """What is worth saying of a phase: its rate since it was first heard of, and the figures that were told last."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}
        self._done: dict[str, int] = {}
        self.figures = ""

    def heard(self, event: Progress) -> float | None:
        """Units a second of the event's phase so far; None while unknown."""
        if event.phase not in self._first or event.done < self._done.get(event.phase, 0):
            self._first[event.phase] = (event.at, event.done)
        self._done[event.phase] = event.done
        at, done = self._first[event.phase]
        passed = event.at - at
        return (event.done - done) / passed if passed > 0.5 and event.done > done else None


def progress_text(event: Progress, rate: float | None) -> str:
    """Say how far a phase is, how fast it goes and how long still."""
    parts = []
    unit = f" {event.unit}" if event.unit else ""
    if event.total > 1 or event.unit:
        parts.append(f"{event.done} of {event.total}{unit}" if event.total else f"{event.done}{unit}")
    if rate is not None and event.unit:
        parts.append(f"{rate:.{1 if rate < 20 else 0}f}{unit} a second")
    if event.seconds_left is not None and event.done < event.total:
        parts.append(f"{words.seconds(event.seconds_left)} left")
    if event.detail:
        parts.append(event.detail)
    return ", ".join(parts)


def metric_text(event: Metric) -> str:
    """Say the figures of a step or of a validation pass."""
    values = event.values
    parts = []
    if (loss := values.get("loss")) is not None:
        parts.append(f"loss {loss:.3f}")
    if (accuracy := values.get("accuracy")) is not None:
        chance, balanced = values.get("chance"), values.get("balanced_accuracy")
        beside = f" (guessing gives {words.share(chance)})" if chance is not None else ""
        parts.append(f"{words.share(accuracy)} right{beside}")
        guessing = Guessing.told(chance, values.get("balanced_chance"))
        if guessing.skewed and balanced is not None:
            parts.append(f"{words.share(balanced)} with each answer counting alike (guessing gives "
                         f"{words.share(guessing.level)})")
    return ", ".join(parts)


def validation_text(event: Metric) -> str:
    """Say a validation pass, or the one before training, as a line."""
    when = "before training" if event.split == "untrained" else f"step {event.step}"
    return f"{when}, held-out videos: {metric_text(event)}"


class Lines:
    """Lines on standard error, a few seconds apart, and one when nothing was heard for long."""

    def __init__(self) -> None:
        self._pace, self._phase, self._warned = Pace(), "", set[str]()
        self._said_at = self._heard_at = time.monotonic()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._over.set()
        self._ticker.join()

    def __call__(self, event: Event) -> None:
        """Say the event if it is time for a line, or if it is one that always deserves one."""
        self._heard_at = time.monotonic()
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Metric):
            self._pace.figures = metric_text(event)
            if event.split in HELD_OUT:
                self._say(validation_text(event))
        elif isinstance(event, Warned) and event.code not in self._warned:
            self._warned.add(event.code)
            self._say(warning_text(event))

    def _progress(self, event: Progress) -> None:
        rate = self._pace.heard(event)
        if event.phase == STARTING:
            self._phase = STARTING
            return
        again = event.phase == self._phase
        if again and (event.phase == "paused" or time.monotonic() - self._said_at < LINE_SECONDS):
            return
        if event.phase != self._phase:
            self._pace.figures = ""
        self._phase = event.phase
        text = "; ".join(filter(None, (progress_text(event, rate), self._pace.figures)))
        self._say(f"{event.phase}: {text}" if text else event.phase)

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            silent = time.monotonic() - max(self._heard_at, self._said_at)
            if silent > SILENCE_SECONDS:
                self._say(f"{self._phase}: still working, no news for {time.monotonic() - self._heard_at:.0f} s")

    def _say(self, line: str) -> None:
        with self._lock:
            self._said_at = time.monotonic()
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


def warning_text(event: Warned) -> str:
    """Say a warning with its remedy."""
    message = event.message.rstrip(".")
    return f"warning: {message}. {event.remedy}".rstrip()


class Bars:
    """One bar a phase on the terminal, with count, rate and time left; they stay when the work is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        self._console = Console(stderr=True, highlight=False)
        self._bars = RichProgress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=12)),
            BarColumn(bar_width=24, table_column=Column(min_width=12)),
            TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console)
        self._pace, self._tasks, self._warned = Pace(), dict[str, "TaskID"](), set[str]()
        self._last: Progress | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self._complete()
        self._forget_start()
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Move the bar of the event's phase, or say the event above the bars."""
        if self._last and self._last.phase == STARTING:
            self._forget_start()
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Metric):
            self._pace.figures = metric_text(event)
            if event.split in HELD_OUT:
                self._console.print(validation_text(event), markup=False)
        elif isinstance(event, Warned) and event.code not in self._warned:
            self._warned.add(event.code)
            self._console.print(warning_text(event), style="yellow", markup=False)

    def _progress(self, event: Progress) -> None:
        if self._last and event.phase != self._last.phase:
            self._complete()
            self._pace.figures = ""
        self._last = event
        text = "; ".join(filter(None, (progress_text(event, self._pace.heard(event)), self._pace.figures)))
        if event.phase not in self._tasks:
            self._tasks[event.phase] = self._bars.add_task(event.phase, total=event.total or None, text=text)
        self._bars.update(self._tasks[event.phase], completed=event.done, total=event.total or None, text=text)

    def _complete(self) -> None:
        """Show the phase that was heard of last as over: its bar is full, its count stays what it was."""
        if self._last and self._last.phase in self._tasks:
            text = progress_text(replace(self._last, seconds_left=None), None)
            self._bars.update(self._tasks[self._last.phase], completed=1, total=1, text=text)

    def _forget_start(self) -> None:
        if STARTING in self._tasks:
            self._bars.remove_task(self._tasks.pop(STARTING))
