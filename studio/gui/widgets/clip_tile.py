"""Tiles that show a clip of a video out of the cache. Clips are read a few frames a turn, so that nothing stalls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QEnterEvent, QHideEvent
from PySide6.QtWidgets import QWidget

from studio.engine.catalogue import Video
from studio.engine.resampling import at_rate, frame_shown_at, real_frames
from studio.engine.video.stored import StoredVideo
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.player import Player
from studio.gui.words import seconds_text

_FRAMES_A_TURN = 4
_LEAST_FRAMES = 8


def place_text(video: Video | None, at_seconds: float, *, label: bool = False) -> str:
    """Say when a clip is, and of which group (and label); a group that is only the video itself says nothing."""
    parts = (video.label if label else "", video.group) if video else ()
    named = [part for part in parts if part and video and not part.endswith(video.path)]
    return " · ".join([seconds_text(at_seconds), *named])


@dataclass(frozen=True)
class ClipShape:
    """How many frames a clip has, and how far apart they are."""

    frames: int = 16
    stride_frames: int = 1
    rate: float = 0.0
    """Frames a second at which the video is taken; 0: its own."""

    @classmethod
    def of_recipe(cls, recipe: Mapping[str, Any]) -> ClipShape:
        """The clips that a run's network looks at; a few frames more where it looks at stills."""
        sampling = recipe.get("sampling")
        values = sampling if isinstance(sampling, Mapping) else {}
        frames, stride = (int(values.get(key, default)) for key, default in (("clip_frames", 16), ("frame_stride", 1)))
        return cls(max(_LEAST_FRAMES, frames), max(1, stride), float(values.get("frames_per_second", 0.0)))

    def around(self, cached: StoredVideo, *, at_seconds: float) -> list[int]:
        """The frames of the clip whose middle is at that second; near an end of the video, the first or last clip."""
        shown, span = at_rate(cached, self.rate), (self.frames - 1) * self.stride_frames + 1
        middle = frame_shown_at(at_seconds, self.rate) if self.rate else cached.frame_at(at_seconds)
        first = min(max(0, middle - span // 2), max(0, shown.frames - span))
        frames_F = np.minimum(first + np.arange(self.frames) * self.stride_frames, shown.frames - 1)
        return [int(frame) for frame in real_frames(shown, frames_F)]

    def frames_per_second(self, cached: StoredVideo) -> float:
        """How many of a clip's frames pass in a second of the video."""
        if self.rate:
            return self.rate / self.stride_frames
        if cached.frames < 2:
            return 15.0
        gap = float(np.median(np.diff(cached.times_N[:64])))
        return 1 / (gap * self.stride_frames) if gap > 0 else 15.0


class Turns(QObject):
    """Does small pieces of work one a turn of the event loop, in the order they were given."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[Callable[[], bool]] = deque()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._take_one)

    def add(self, work: Callable[[], bool]) -> None:
        """Queue a piece of work; it comes again in its next turn while it returns True."""
        self._waiting.append(work)
        self._timer.start()

    def clear(self) -> None:
        """Forget what was not done yet."""
        self._waiting.clear()
        self._timer.stop()

    def _take_one(self) -> None:
        if self._waiting:
            work = self._waiting.popleft()
            if work():
                self._waiting.appendleft(work)
        if not self._waiting:
            self._timer.stop()


class SteadyView(FrameView):
    """A view that leaves playing to its player: the mouse going over it starts and stops nothing."""

    def enterEvent(self, event: QEnterEvent) -> None:
        QWidget.enterEvent(self, event)

    def leaveEvent(self, event: QEvent) -> None:
        QWidget.leaveEvent(self, event)

    def hideEvent(self, event: QHideEvent) -> None:
        QWidget.hideEvent(self, event)


class ClipTile(SteadyView):
    """Shows the clip around a second of a video; its value of interest is `place`.

    A player that rests plays while the mouse is over it.
    """

    def __init__(self, session: Session, turns: Turns, *, player: Player, tile: tuple[int, int] = (128, 96),
                 caption_lines: int = 0, selectable: bool = False) -> None:
        super().__init__(tile=tile, caption_lines=caption_lines, selectable=selectable, player=player)
        self._session, self._turns = session, turns
        self._wanted: object = None
        self._started = False
        self.place: tuple[int, float] | None = None

    def show_clip(self, video_id: int, at_seconds: float, shape: ClipShape) -> None:
        """Show a clip as soon as its frames are read; the place stays as it is meanwhile."""
        wanted = (video_id, at_seconds, shape)
        self.place = video_id, at_seconds
        if wanted != self._wanted:
            self._wanted = wanted
            self._turns.add(lambda: self._open(wanted))

    def show_frame(self, frame_HW3: NDArray[np.uint8]) -> None:
        """Show one frame at once, in place of a clip."""
        self._wanted = None
        self.set_frames(frame_HW3)

    def show_nothing(self, message: str = "") -> None:
        """Take the clip away."""
        self._wanted = self.place = None
        self.set_message(message)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        if self.frames > 1 and not self.player.playing:
            self._started = True
            self.player.play()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._started:
            self._started = False
            self.player.stop()

    def _open(self, wanted: tuple[int, float, ClipShape]) -> bool:
        if wanted != self._wanted:
            return False
        video_id, at_seconds, shape = wanted
        cached = self._session.cached_video(video_id)
        if cached is None:
            self.set_message(said("The frames of this video are missing. Scan its folder again."))
            return False
        numbers = shape.around(cached, at_seconds=at_seconds)
        read: list[NDArray[np.uint8]] = []
        self._turns.add(lambda: self._read(wanted, cached, numbers, read))
        return False

    def _read(self, wanted: object, cached: StoredVideo, numbers: Sequence[int],
              read: list[NDArray[np.uint8]]) -> bool:
        if wanted != self._wanted:
            return False
        start = len(read) * _FRAMES_A_TURN
        read.append(cached.rgb(numbers[start:start + _FRAMES_A_TURN]))
        if start + _FRAMES_A_TURN < len(numbers):
            return True
        self.set_frames(np.concatenate(read))
        return False
