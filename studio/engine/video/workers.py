"""Child processes that make cached videos, one file at a time each: a crash or a hang is that file's alone.

A pool of the standard library does not say which task killed its process and cannot end a hanging one, so each child
has a pipe of its own. A child whose parent dies stops at the next frame. One that wants more memory than a video may
have is refused it where the system can (Linux), and ended by the parent, which looks several times a second.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import psutil

from studio.engine.errors import MachineError
from studio.engine.video import vision
from studio.engine.video.cache import Facts
from studio.engine.video.make import Order, StoppedError, make_cached

STALL_SECONDS = 120.0
WAIT_SECONDS = 0.2
LONGEST_SECONDS = 6 * 3600.0
MOST_BYTES = 4 << 30
"""What a child process may hold: a frame of 8K with all that H.265 may look back at takes 2 GB."""
_TELL_EVERY_SECONDS = 0.25
_END_SECONDS = 10.0
_CRASHED = "the decoder crashed on it"
_TOO_LARGE = "it needs more memory than one video may have"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of order number `number`: facts, or the reason why there are none, or a fault of the machine.

    `stopped`: a person stopped the work before it was done.
    """

    number: int
    facts: Facts | None = None
    reason: str = ""
    fault: tuple[str, str, str] | None = None
    stopped: bool = False


@dataclass(frozen=True, kw_only=True)
class Working:
    """How many frames of order `number` are made; 0 while the file is read through for the first time."""

    number: int
    frames: int


def serve(pipe: Connection, most_bytes: int = MOST_BYTES) -> None:
    """Work in a child process: orders come in, `Working` and `Done` go out, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _hold_at_most(most_bytes)
    vision.one_thread()
    orders: queue.SimpleQueue[tuple[int, Order] | None] = queue.SimpleQueue()
    stopped = threading.Event()
    threading.Thread(target=_listen, args=(pipe, orders, stopped), daemon=True).start()
    while (order := orders.get()) is not None:
        with contextlib.suppress(BrokenPipeError, ConnectionError):
            pipe.send(_work(pipe, *order, stopped))


def _hold_at_most(most_bytes: int) -> None:
    """Let the system refuse memory beyond that, so that decoding fails in words (Linux; elsewhere the parent looks)."""
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _listen(pipe: Connection, orders: queue.SimpleQueue[tuple[int, Order] | None], stopped: threading.Event) -> None:
    with contextlib.suppress(EOFError, OSError):
        while (order := pipe.recv()) is not None:
            orders.put(order)
    stopped.set()
    orders.put(None)


def _work(pipe: Connection, number: int, order: Order, stopped: threading.Event) -> Done:
    told_at = time.monotonic()
    pipe.send(Working(number=number, frames=0))

    def told(frames: int) -> None:
        nonlocal told_at
        if stopped.is_set():
            raise StoppedError(order.path.name, "the work was stopped", "Scan again to go on")
        if (now := time.monotonic()) - told_at > _TELL_EVERY_SECONDS:
            told_at = now
            pipe.send(Working(number=number, frames=frames))

    try:
        return Done(number=number, facts=make_cached(order, told))
    except StoppedError:
        return Done(number=number, stopped=True)
    except MachineError as error:
        return Done(number=number, fault=(error.value, error.rule, error.remedy))
    except MemoryError:
        return Done(number=number, reason=_TOO_LARGE)
    except OSError as error:
        where = str(error.filename or order.cache_folder)
        return Done(number=number, fault=(where, f"the cached frames cannot be written ({error.strerror or error})",
                                          "Check that the project's folder can be written to, then scan again"))


class _Child:
    """One child process, the order it works on, and when it last gave a sign of life."""

    def __init__(self, *, most_bytes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, most_bytes), daemon=True)
        self.process.start()
        theirs.close()
        self.order: int | None = None
        self.started_at = self.heard_at = 0.0
        self.begun = False

    def give(self, number: int, order: Order) -> None:
        self.order = number
        self.started_at = self.heard_at = time.monotonic()
        with contextlib.suppress(OSError):  # a dead child is noticed when it is waited for
            self.pipe.send((number, order))

    def hear(self) -> Done | Working | None:
        """The next message; None when the child has died."""
        try:
            message: Done | Working = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.heard_at, self.begun = time.monotonic(), True
        if isinstance(message, Done):
            self.order = None
        return message

    def overdue(self, now: float, stall_seconds: float) -> bool:
        patience = stall_seconds if self.begun else max(stall_seconds, STALL_SECONDS)  # it may still be starting
        return self.order is not None and (
            now - self.heard_at > patience or now - self.started_at > LONGEST_SECONDS)

    def held_bytes(self) -> int:
        """Memory that the process holds; 0 when it is gone."""
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def tell_to_stop(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)

    def end(self, *, at_once: bool = False) -> None:
        """End the process and wait for it; not at once, it may clean up what it was writing."""
        if at_once:
            self.process.kill()
        self.process.join(_END_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()
        self.process.close()


class Workers:
    """Runs orders on several child processes. Use it in a `with` block: leaving it ends the processes."""

    def __init__(self, orders: list[Order], *, workers: int, stall_seconds: float = STALL_SECONDS,
                 most_bytes: int = MOST_BYTES) -> None:
        self._orders, self._stall_seconds = orders, stall_seconds
        self._most_bytes = min(most_bytes, psutil.virtual_memory().total // 2)
        self._waiting = list(range(len(orders)))[::-1]
        self._again: list[int] = []
        self._workers = max(1, min(workers, len(orders)))
        self._children: list[_Child] = []
        self._stopped = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_error: object) -> None:
        for child in self._children:
            child.tell_to_stop()
        for child in self._children:
            child.end()
        self._children.clear()

    def stop(self) -> None:
        """Start no further order, and let the running ones end at their next frame."""
        self._stopped = True
        self._waiting.clear()
        self._again.clear()
        for child in self._children:
            child.tell_to_stop()

    def results(self, *, wait_seconds: float = WAIT_SECONDS,
                pause: Callable[[], bool] = lambda: False) -> Iterator[Done | Working | None]:
        """Give messages as they come, and None after `wait_seconds` without one, until all orders are done.

        While `pause` says so no further order is handed out.
        """
        while self._fill(pause=pause()) or any(child.order is not None for child in self._children):
            busy = [child for child in self._children if child.order is not None]
            if not busy:  # Windows does not wait for nothing
                time.sleep(wait_seconds)
            ready = wait([child.pipe for child in busy], wait_seconds) if busy else []
            for child in busy:
                if child.pipe in ready:
                    heard = list(self._hear(child))
                    self._fill(pause=pause())  # it goes on while what it made is written down
                    yield from heard
                elif child.overdue(time.monotonic(), self._stall_seconds):
                    yield from self._give_up(child, "the decoder got stuck on it and was ended")
                elif child.held_bytes() > self._most_bytes:
                    yield from self._give_up(child, _TOO_LARGE)
            if not ready:
                yield None

    def _fill(self, *, pause: bool = False) -> bool:
        """Hand out orders; whether some still wait. What crashed once is tried again at the end, alone."""
        if pause:
            return bool(self._waiting or self._again)
        idle = [child for child in self._children if child.order is None]
        while self._waiting and (idle or len(self._children) < self._workers):
            if not idle:
                idle.append(self._start())
            number = self._waiting.pop()
            idle.pop().give(number, self._orders[number])
        if self._again and not self._waiting and len(idle) == len(self._children):
            number = self._again[0]
            (idle or [self._start()])[0].give(number, self._orders[number])
        return bool(self._waiting or self._again)

    def _start(self) -> _Child:
        try:
            child = _Child(most_bytes=self._most_bytes)
        except OSError as error:
            raise MachineError("a helper process", f"it could not be started ({error.strerror or error})",
                               "Close other programs and scan again") from error
        self._children.append(child)
        return child

    def _hear(self, child: _Child) -> Iterator[Done | Working]:
        number = child.order
        message = child.hear()
        if message is not None:
            if isinstance(message, Done) and message.number in self._again:
                self._again.remove(message.number)
            yield message
            return
        self._drop(child)
        if number is None or self._stopped:
            return
        if number in self._again:
            self._again.remove(number)
            yield Done(number=number, reason=_CRASHED)
        else:
            self._again.append(number)

    def _give_up(self, child: _Child, reason: str) -> Iterator[Done]:
        number = child.order
        self._drop(child)
        if number is not None:
            if number in self._again:
                self._again.remove(number)
            yield Done(number=number, reason=reason)

    def _drop(self, child: _Child) -> None:
        self._children.remove(child)
        child.end(at_once=True)


def usual_workers() -> int:
    """Child processes by default: one for each processor core that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only
    return max(1, len(allowed(0)) if allowed else os.cpu_count() or 1)
