"""The motion curve of a video, the windows that were drawn on it, and a cursor. Legend: N frames of the video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent

from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.plot import Plot, line_pen

_HEIGHT_PIXELS = 140
_JUMP_SECONDS = 1.0
_LANE_SHARE = 0.035
"""Windows lie under each other at the foot of the plot; this much of its height apart."""


class Window(NamedTuple):
    """A window on the curve, in seconds; its elements as (start, stop, text), empty while the answer is hidden."""

    start: float
    stop: float
    elements: Sequence[tuple[float, float, str]] = ()


class CurvePlot(Plot):
    """Its value is the frame under the cursor, which follows the mouse and the arrow keys."""

    value_changed = Signal(int)
    window_clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__(bottom="seconds", left="pixels a frame")
        self._times_N: NDArray[np.float64] = np.zeros(0)
        self._motion_N: NDArray[np.float32] = np.zeros(0, np.float32)
        self._frame, self._selected = 0, -1
        self._windows: list[Window] = []
        for side in ("bottom", "left"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self._marks: list[pg.GraphicsObject] = []
        self._curve = self.plot([], [])
        self._curve.setDownsampling(auto=True, method="peak")
        self._curve.setClipToView(True)
        self._mean, self._cursor = pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=90)
        for line in (self._mean, self._cursor):
            line.setZValue(5)
            self.addItem(line, ignoreBounds=True)
        self._mean_label = pg.InfLineLabel(self._mean, "mean", position=0.985, anchors=[(1, 1), (1, 1)])
        self.scene().sigMouseMoved.connect(self._hover)
        self.scene().sigMouseClicked.connect(self._click)
        self.restyle()

    def value(self) -> int:
        """Give the frame under the cursor."""
        return self._frame

    def set_value(self, frame: int) -> None:
        """Put the cursor on a frame; one outside the video is moved into it."""
        frame = max(0, min(frame, len(self._times_N) - 1))
        if frame != self._frame:
            self._frame = frame
            self._place_cursor()
            self.value_changed.emit(frame)

    def set_curve(self, times_N: NDArray[np.float64], motion_N: NDArray[np.float32]) -> None:
        """Show a video's motion, in pixels a frame at the size of the cache, over its times in seconds."""
        self._times_N, self._motion_N = np.asarray(times_N, np.float64), np.asarray(motion_N, np.float32)
        self._curve.setData(self._times_N, self._motion_N)
        known = len(self._motion_N) > 0
        self._mean.setVisible(known)
        self._cursor.setVisible(known)
        if known:
            top = max(float(self._motion_N.max()), 1e-3) * 1.25
            self._mean.setValue(float(self._motion_N.mean()))
            self.setXRange(float(self._times_N[0]), float(self._times_N[-1]), padding=0.01)
            self.setYRange(0, top, padding=0)
        self._frame = min(self._frame, max(0, len(self._times_N) - 1))
        self._place_cursor()

    def set_windows(self, windows: Sequence[Window], *, selected: int = -1) -> None:
        """Draw windows over the curve; the selected one carries the accent and its elements."""
        self._windows, self._selected = list(windows), selected
        self._draw_windows()

    @property
    def windows(self) -> list[Window]:
        """The windows as they are drawn."""
        return list(self._windows)

    def restyle(self) -> None:
        super().restyle()
        theme = current_theme()
        self.setFixedHeight(theme.px(_HEIGHT_PIXELS))
        self._curve.setPen(line_pen(theme.train))
        self._mean.setPen(line_pen(theme.quiet, dashed=True))
        self._mean_label.setColor(theme.quiet)
        self._mean_label.fill = pg.mkBrush(theme.faint(theme.ground, share=0.75))
        self._mean_label.textItem.setFont(theme.font(11))
        self._place_cursor()
        self._draw_windows()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._times_N) - 1
        jump = max(1, self._frames_in(_JUMP_SECONDS))
        moves = {Qt.Key.Key_Left: self._frame - 1, Qt.Key.Key_Right: self._frame + 1, Qt.Key.Key_Home: 0,
                 Qt.Key.Key_End: last, Qt.Key.Key_PageUp: self._frame - jump, Qt.Key.Key_PageDown: self._frame + jump}
        if (target := moves.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
        else:
            self.set_value(target)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._place_cursor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._place_cursor()

    def _frames_in(self, seconds: float) -> int:
        length = float(np.ptp(self._times_N)) if len(self._times_N) > 1 else 0.0
        return round(seconds * (len(self._times_N) - 1) / length) if length else 1

    def _place_cursor(self) -> None:
        theme = current_theme()
        pen = pg.mkPen(theme.accent if self.hasFocus() else theme.text, width=2 if self.hasFocus() else 1)
        self._cursor.setPen(pen)
        self.getViewBox().setBorder(pg.mkPen(theme.accent) if self.hasFocus() else None)
        if not len(self._times_N):
            self.setAccessibleDescription(said("no curve yet"))
            return
        seconds, motion = float(self._times_N[self._frame]), float(self._motion_N[self._frame])
        self._cursor.setValue(seconds)
        self.setAccessibleDescription(said("frame {frame} at {seconds} s, motion {motion} pixels a frame",
                                           frame=self._frame, seconds=f"{seconds:.2f}", motion=f"{motion:.2f}"))

    def _draw_windows(self) -> None:
        for mark in self._marks:
            self.removeItem(mark)
        self._marks = []
        theme = current_theme()
        top = float(self.viewRange()[1][1])
        for number, window in enumerate(self._windows):
            chosen = number == self._selected
            height = top * (_LANE_SHARE + _LANE_SHARE * number)
            pen = pg.mkPen(theme.accent if chosen else theme.quiet, width=theme.px(2))
            self._add(pg.PlotCurveItem([window.start, window.stop], [height, height], pen=pen))
            if chosen:
                region = pg.LinearRegionItem((window.start, window.stop), movable=False, pen=pg.mkPen(None),
                                             brush=theme.faint(theme.accent, share=0.12))
                region.setZValue(-10)
                self._add(region)
                self._draw_elements(window)

    def _draw_elements(self, window: Window) -> None:
        theme = current_theme()
        top = float(self.viewRange()[1][1]) * 0.985
        for start, stop, text in window.elements:
            self._add(pg.PlotCurveItem([start, max(stop, start + 1e-3)], [top, top],
                                       pen=pg.mkPen(theme.accent, width=theme.px(3))))
            words = pg.TextItem(text, color=theme.accent, anchor=(0.5, 0))
            words.setFont(theme.font(11, bold=True))
            words.setPos((start + stop) / 2, top)
            self._add(words)

    def _add(self, mark: pg.GraphicsObject) -> None:
        self._marks.append(mark)
        self.addItem(mark, ignoreBounds=True)

    def _seconds_at(self, scene: QPointF) -> float:
        return float(self.getViewBox().mapSceneToView(scene).x())

    def _hover(self, scene: QPointF) -> None:
        if len(self._times_N) and self.getViewBox().sceneBoundingRect().contains(scene):
            self.set_value(int(np.abs(self._times_N - self._seconds_at(scene)).argmin()))

    def _click(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        seconds = self._seconds_at(event.scenePos())
        over = [i for i, window in enumerate(self._windows) if window.start <= seconds <= window.stop]
        if over:
            after = over.index(self._selected) + 1 if self._selected in over else 0
            self.window_clicked.emit(over[after % len(over)])
