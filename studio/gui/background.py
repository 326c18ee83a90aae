"""Small reading work in a thread of its own, so that the window never waits for a disk."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock, Thread
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from studio.engine.errors import StudioError

_WORK_SECONDS, _REST_SECONDS = 0.0015, 0.001


class Pace:
    """Call it between small pieces of long work in a thread: it rests often, and in its rests the window works.

    Python's threads take turns, and one that never rests keeps the window waiting 5 ms at every turn, of which a
    painted table needs hundreds.
    """

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def __call__(self) -> None:
        """Rest for a moment, if it worked for a while."""
        if time.perf_counter() - self._since > _WORK_SECONDS:
            time.sleep(_REST_SECONDS)
            self._since = time.perf_counter()


class _Courier(QObject):
    """Brings what came out from the threads to the window's.

    It outlives every page. A page may be deleted at any moment, and a thread that just then emits a signal of a part of
    it takes the whole studio down: no thread but the window's may touch one. It closes before Qt ends.
    """

    _sent = Signal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self._gate, self._is_open = Lock(), True
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        atexit.register(self._close)

    def send(self, to: ref[Background], key: Hashable, result: Any) -> None:
        """Let `to` say that it is done, soon and in the window's thread; call it from any."""
        with self._gate:
            if self._is_open:
                self._sent.emit(to, key, result)

    def _close(self) -> None:
        with self._gate:
            self._is_open = False

    def _deliver(self, to: ref[Background], key: Hashable, result: Any) -> None:
        background = to()
        if background is not None and isValid(background):  # or the page that asked is gone
            background.done.emit(key, result)


@cache
def _courier() -> _Courier:
    return _Courier()


class Background(QObject):
    """Does what it is asked, the newest first; `done` brings the key and what came out (None when it failed).

    Work asked for under a key that still waits replaces it. At most `most` things wait: the oldest are dropped.
    The thread lives while there is work.
    """

    done = Signal(object, object)

    def __init__(self, parent: QObject, *, most: int = 64) -> None:
        super().__init__(parent)
        self._most = most
        self._waiting: dict[Hashable, Callable[[], Any]] = {}
        self._lock = Lock()
        self._thread: Thread | None = None
        self._courier = _courier()  # made in the window's thread

    def ask(self, key: Hashable, work: Callable[[], Any]) -> None:
        """Do this soon, unless it is dropped before."""
        with self._lock:
            self._waiting.pop(key, None)
            self._waiting[key] = work
            while len(self._waiting) > self._most:
                del self._waiting[next(iter(self._waiting))]
            if self._thread is None:
                self._thread = Thread(target=self._work, name="studio-reading", daemon=True)
                self._thread.start()

    def forget(self) -> None:
        """Drop what waits."""
        with self._lock:
            self._waiting.clear()

    def close(self) -> None:
        """Drop what waits and let the thread end."""
        self.forget()
        if thread := self._thread:
            thread.join()

    def _take(self) -> tuple[Hashable, Callable[[], Any]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popitem()
            self._thread = None
            return None

    def _work(self) -> None:
        to_me = ref(self)
        while taken := self._take():
            key, work = taken
            try:
                result = work()
            except (StudioError, OSError, ValueError):
                result = None
            self._courier.send(to_me, key, result)
