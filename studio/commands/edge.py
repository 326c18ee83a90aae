"""Where the command line meets an operation: it draws the events, honours Ctrl-C and says failures in one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal, TypeAlias

from studio.commands.summary import shortfall, summary
from studio.commands.watch import STARTING, Bars, JsonLines, Lines, Watcher
from studio.engine.errors import StudioError
from studio.engine.events import Events, Failed, Finished, Progress, StopRequest

DONE, FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130

Form: TypeAlias = Literal["text", "json", "jsonl"]


@dataclass(frozen=True)
class Work:
    """An operation that is ready to run: called with the wish to stop, it yields events."""

    start: Callable[[StopRequest], Events]


def form_of(arguments: Sequence[str]) -> Form:
    """What the command line asks to be written on standard output; known before it is checked, so that even a
    wrong option is answered in that form.
    """
    if "--events" in arguments or any(argument.startswith("--events=") for argument in arguments):
        return "jsonl"
    return "json" if "--json" in arguments else "text"


def perform(work: Work, form: Form) -> int:
    """Run an operation to its end; returns the exit code. Failures are raised."""
    stop = StopRequest()
    finished: Finished | None = None
    with stopping(stop, listen=form == "jsonl"), _watcher(form) as watch:
        watch(Progress(phase=STARTING, done=0, total=1))
        events = work.start(stop)
        try:
            for event in events:
                watch(event)
                if isinstance(event, Finished):
                    finished = event
        finally:
            if isinstance(events, Generator):
                events.close()
    if finished is None:
        raise StudioError("the work", "it ended without a result", "Try again, and report it if that does not help")
    _tell(finished, form)
    if finished.stopped:
        return STOPPED
    if (error := shortfall(finished)) is not None:
        raise error
    return DONE


def tell_failure(error: StudioError, form: Form, *, exit_code: int | None = None) -> int:
    """Say a failure on standard error, and as an event where events are wanted; returns the exit code."""
    code = error.exit_code if exit_code is None else exit_code
    if form == "jsonl":
        JsonLines()(Failed(message=str(error), value=error.value, rule=error.rule, remedy=error.remedy,
                           exit_code=code))
    with contextlib.suppress(OSError):
        sys.stderr.write(f"error: {error}\n")
    return code


def _tell(finished: Finished, form: Form) -> None:
    if form == "json":
        content: dict[str, Any] = finished.result | ({"stopped": True} if finished.stopped else {})
        sys.stdout.write(json.dumps(content, allow_nan=False, default=str) + "\n")
    elif form == "text":
        sys.stdout.write(summary(finished) + "\n")
    sys.stdout.flush()


def _watcher(form: Form) -> Watcher:
    if form == "jsonl":
        return JsonLines()
    return Bars() if sys.stderr.isatty() else Lines()


@contextlib.contextmanager
def stopping(stop: StopRequest, *, listen: bool) -> Iterator[None]:
    """Turn the first Ctrl-C or end signal into a wish to stop, and a second one into an interrupt.

    With `listen` a line `stop` on standard input is such a wish too, and `pause` and `go on` are heard. The end of the
    input is no wish to stop, but it ends a pause: nobody is left who could.
    """
    if listen:
        _listen(stop)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.default_int_handler)
        stop.request()
        with contextlib.suppress(OSError):
            os.write(2, b"\nStopping after this step, and saving. Once more to stop at once.\n")

    before = [signal.signal(number, ask) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _listen(stop: StopRequest) -> None:
    """Read standard input in a thread that ends with the process; a terminal is left alone, it has Ctrl-C."""
    try:
        handle = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return
    if not os.isatty(handle):
        threading.Thread(target=_read_wishes, args=(handle, stop), name="stop-listener", daemon=True).start()


def _read_wishes(handle: int, stop: StopRequest) -> None:
    rest, wishes = b"", {b"stop": stop.request, b"pause": stop.pause, b"go on": stop.go_on}
    with contextlib.suppress(OSError):
        while chunk := os.read(handle, 4096):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                wishes.get(line.strip(), lambda: None)()
    stop.go_on()
