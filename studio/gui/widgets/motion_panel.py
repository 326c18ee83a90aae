"""A video's motion curve with the windows of its tuples on it, and the frames under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.video.stored import StoredVideo
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.curve_plot import CurvePlot, Window
from studio.gui.widgets.frame_strip import FrameStrip
from studio.gui.widgets.tuple_view import LETTERS, Dealt

_MISSING = noted("The frames of this video are missing. Scan its folder again.")


class MotionPanel(QWidget):
    """Its value is the frame under the cursor; `tuple_clicked` tells which tuple's window was clicked."""

    value_changed = Signal(int)
    tuple_clicked = Signal(int)

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._video_id: int | None = None
        self._places: list[int] = []
        self.curve, self.strip = CurvePlot(), FrameStrip()
        self.curve.setObjectName(f"{page}.curve")
        self.curve.setAccessibleName(said("Motion curve of the video; the arrow keys move the cursor"))
        self.strip.setObjectName(f"{page}.frames")
        self.curve.value_changed.connect(self.strip.set_value)
        self.curve.value_changed.connect(self.value_changed)
        self.strip.value_changed.connect(self.curve.set_value)
        self.curve.window_clicked.connect(lambda place: self.tuple_clicked.emit(self._places[place]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        layout.addWidget(self.curve)
        layout.addWidget(self.strip)

    def value(self) -> int:
        """Give the frame under the cursor."""
        return self.curve.value()

    def set_value(self, frame: int) -> None:
        """Put the cursor on a frame."""
        self.curve.set_value(frame)

    def set_video(self, video_id: int | None, cached: StoredVideo | None) -> None:
        """Show a video; the cursor starts where it moves most."""
        if cached is None:
            self.curve.set_curve(np.zeros(0), np.zeros(0, np.float32))
            self.strip.set_video(None, "" if video_id is None else said(_MISSING))
        elif video_id != self._video_id or self.strip.video is not cached:
            self.strip.set_video(cached)
            self.curve.set_curve(cached.times_N, cached.motion_N)
            self.curve.set_value(int(np.argmax(cached.motion_N)))
        self._video_id = video_id

    def set_tuples(self, tuples: Sequence[Dealt], *, selected: int, answers: bool) -> None:
        """Draw the windows of those tuples that come from this video, with their elements where answers may be seen."""
        self._places = [i for i, dealt in enumerate(tuples) if dealt.video_id == self._video_id]
        self.curve.set_windows([window_of(tuples[i], answer=answers) for i in self._places],
                               selected=self._places.index(selected) if selected in self._places else -1)


def window_of(dealt: Dealt, *, answer: bool) -> Window:
    """Give a tuple's window, with its elements where the answer may be seen."""
    start, stop = dealt.window_seconds
    shown = [(min(times), max(times), LETTERS[number]) for number, times in enumerate(dealt.times)]
    return Window(start, stop, shown if answer else ())
