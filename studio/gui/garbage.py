"""When, where and among what Python looks for garbage while there is a window."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

_EVERY_MILLISECONDS = 500
_MOST_OF_THE_TIME = 0.01
"""What looking through everything may take of the window's time."""


class Sweeper(QObject):
    """Lets Python look for garbage in this thread alone, and between two events, from now until `stop`.

    By itself Python does so in whichever thread asks for memory next, in the middle of anything. What goes with it may
    be a part of the window: taken apart in another thread, or while Qt draws it, it takes the whole studio down.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_automatic = gc.isenabled()
        gc.disable()
        self._next_full = 0.0
        self._timer = QTimer(self, interval=_EVERY_MILLISECONDS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        if self._was_automatic:
            gc.enable()

    def _look(self) -> None:
        now = time.monotonic()
        for generation, (made, most) in reversed([*enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True))]):
            if made > most and (generation < 2 or now >= self._next_full):
                gc.collect(generation)
                if generation == 2:
                    ended = time.monotonic()
                    self._next_full = ended + (ended - now) / _MOST_OF_THE_TIME
                return


def spare() -> None:
    """Look no more through what was loaded and stays: each time the window would stand still for long."""
    gc.freeze()


def sweep() -> None:
    """Let go now of pages that were put away, also of those that were spared.

    A page in a circle of references would live on in Python after Qt deleted it. What Qt makes next may lie at the
    address of a part of it, and PySide would then give the old part for it, which is already deleted.
    """
    spared = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect()
    if spared:
        gc.freeze()
