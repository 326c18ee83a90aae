"""Changes of the open project: made one after the other, a long one in a thread while the window works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from PySide6.QtCore import QObject, Signal

from studio.engine.errors import StudioError

Failure = StudioError | OSError


@dataclass(eq=False)
class _Change:
    act: Callable[[], object]
    over: Callable[[Failure | None], None]
    words: str
    failed: Failure | None = None

    def make(self) -> None:
        try:
            self.act()
        except (StudioError, OSError) as error:
            self.failed = error


class Changes(QObject):
    """Makes one change at a time; what is asked meanwhile waits for its turn. `changed` tells when `at_work` did."""

    changed = Signal()
    _made = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[_Change] = deque()
        self._now: _Change | None = None
        self._thread: Thread | None = None
        self._made.connect(self._over)

    @property
    def at_work(self) -> str:
        """What the thread does, in words; empty when it does nothing."""
        return self._now.words if self._now else ""

    def make(self, act: Callable[[], object], *, over: Callable[[Failure | None], None], words: str = "") -> None:
        """Make a change when those before it are made; `over` brings why it failed, or nothing.

        A long one has `words` that say what is done, and is made in a thread.
        """
        self._waiting.append(_Change(act, over, words))
        self._next()

    def finish(self) -> None:
        """Wait until all changes are made."""
        while (change := self._now) and self._thread:
            self._thread.join()
            self._over(change)

    def _next(self) -> None:
        while self._waiting and self._now is None:
            change = self._now = self._waiting.popleft()
            if change.words:
                self._thread = Thread(target=self._work, args=(change,), name="studio-writing")
                self._thread.start()
                self.changed.emit()
            else:
                change.make()
                self._over(change)

    def _work(self, change: _Change) -> None:
        try:
            change.make()
        finally:  # an unforeseen error is told by the hook of threads, and what waits goes on
            self._made.emit(change)

    def _over(self, change: _Change) -> None:
        if change is not self._now:  # `finish` was quicker
            return
        self._now = None
        if change.words:
            self.changed.emit()
        change.over(change.failed)
        self._next()
