"""The clock of playing clips. Views that follow one player stay together; its timer runs only while it plays."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal

FRAMES_PER_SECOND = 15.0
_LEAST_SHUFFLED = 4.0


def clip_rate(times_EF: Sequence[Sequence[float]]) -> float:
    """Frames a second at which clips play at the pace of their video, from the seconds of each clip's frames.

    Clips shuffled inside have no pace: the others' counts, and they are not played slower than can be compared.
    """
    forwards = [times for times in times_EF if len(times) > 1 and times[-1] > times[0] and list(times) == sorted(times)]
    if not forwards:
        return FRAMES_PER_SECOND
    rate = (len(forwards[0]) - 1) / (forwards[0][-1] - forwards[0][0])
    return rate if len(forwards) == len(times_EF) else max(rate, _LEAST_SHUFFLED)


class Player(QObject):
    """Counts frames, round and round, while it plays."""

    position_changed = Signal(int)
    playing_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, frames_per_second: float = FRAMES_PER_SECOND) -> None:
        super().__init__(parent)
        self._position = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(lambda: self.set_position(self._position + 1))
        self.set_rate(frames_per_second)

    def set_rate(self, frames_per_second: float) -> None:
        """Set the speed, in frames a second."""
        self._timer.setInterval(round(1000 / max(1.0, frames_per_second)))

    @property
    def playing(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    @property
    def position(self) -> int:
        """The frame count; a view takes it modulo the length of its clip."""
        return self._position

    def set_position(self, position: int) -> None:
        """Go to a frame."""
        if position != self._position:
            self._position = position
            self.position_changed.emit(position)

    def play(self) -> None:
        """Start to count."""
        if not self.playing:
            self._timer.start()
            self.playing_changed.emit(True)

    def stop(self) -> None:
        """Stand still."""
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play when standing, stand when playing."""
        self.stop() if self.playing else self.play()
