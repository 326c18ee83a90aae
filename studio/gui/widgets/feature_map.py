"""A map of clip features: one point a clip, near together where the network finds clips alike.

Legend: N clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.gui.theme import current_theme
from studio.gui.widgets.dots import Dots
from studio.gui.widgets.plot import Plot

_REACH_PIXELS = 14
_LEAST_SIZE, _LARGEST_SIZE = 3.0, 7.0
_PLAIN, _DIMMED = 0.85, 0.12


class FeatureMap(Plot):
    """Shows N points; its value is the clip chosen.

    `hovered` tells of the point under the mouse or reached by the arrow keys (-1: none), `value_changed` of the one
    that was clicked or entered. Several maps of the same clips can point at the same one (`point_at`).
    """

    hovered = Signal(int)
    value_changed = Signal(int)

    def __init__(self, *, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._xy_N2: NDArray[np.float64] = np.zeros((0, 2))
        self._class_N: NDArray[np.intp] = np.zeros(0, np.intp)
        self._colours: list[str] = []
        self._dimmed: set[int] = set()
        self._layers: list[Dots] = []
        self._chosen, self._pointed = -1, -1
        self._near: list[int] = []
        self._pressed_at: QPointF | None = None
        for side in ("bottom", "left"):
            self.hideAxis(side)
        self.getViewBox().setAspectLocked(True)
        self.getViewBox().setDefaultPadding(0.04)
        self._rings = [pg.ScatterPlotItem(pxMode=True, brush=None) for _ in range(4)]
        for depth, ring in enumerate(self._rings):
            ring.setZValue(100 + depth)
            self.addItem(ring)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.restyle()

    def value(self) -> int:
        """Give the clip chosen, -1 while there is none."""
        return self._chosen

    def set_value(self, clip: int) -> None:
        """Mark the clip that is asked about, without telling."""
        self._chosen = clip
        self._draw_rings()

    def set_points(self, xy_N2: NDArray[np.float32]) -> None:
        """Take over the places of N clips; colours and marks are forgotten."""
        self._class_N, self._colours, self._dimmed = np.zeros(len(xy_N2), np.intp), [], set()
        self._chosen, self._pointed, self._near = -1, -1, []
        self._xy_N2 = np.asarray(xy_N2, np.float64)  # pyqtgraph's limits do not fit into float32
        self._draw_points()
        self._draw_rings()
        if len(xy_N2):
            low, high = self._xy_N2.min(axis=0).tolist(), self._xy_N2.max(axis=0).tolist()
            self.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]))

    def set_classes(self, class_N: NDArray[np.intp], colours: Sequence[str]) -> None:
        """Colour each clip by its class; all stand out again."""
        self._class_N, self._colours, self._dimmed = class_N, list(colours), set()
        self._draw_points()

    def set_dimmed(self, classes: set[int]) -> None:
        """Let the points of some classes step back."""
        self._dimmed = set(classes)
        self._draw_points()

    def set_near(self, clips: Sequence[int]) -> None:
        """Ring the neighbours of the clip chosen."""
        self._near = list(clips)
        self._draw_rings()

    def point_at(self, clip: int) -> None:
        """Mark the clip that is looked at, without telling."""
        if clip != self._pointed:
            self._pointed = clip
            self._draw_rings()

    def clip_at(self, place: QPointF) -> int:
        """Find the clip nearest to a place in the widget, -1 where none is near."""
        if not len(self._xy_N2):
            return -1
        pixels_N2 = self._in_pixels()
        distance_N = np.hypot(pixels_N2[:, 0] - place.x(), pixels_N2[:, 1] - place.y())
        nearest = int(distance_N.argmin())
        return nearest if distance_N[nearest] <= current_theme().px(_REACH_PIXELS) else -1

    def place_of(self, clip: int) -> QPointF:
        """Give where a clip lies in the widget, in pixels."""
        x, y = self._in_pixels()[clip]
        return QPointF(float(x), float(y))

    def restyle(self) -> None:
        super().restyle()
        self.showGrid(x=False, y=False)
        if hasattr(self, "_rings"):
            self._draw_points()
            self._draw_rings()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is not None and (event.position() - pressed).manhattanLength() <= 4:
            self._choose(self.clip_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look_at(self.clip_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._look_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        key = Qt.Key(event.key())
        if key in steps and len(self._xy_N2):
            self._look_at(self._next_clip(*steps[key]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pointed >= 0:
            self._choose(self._pointed)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_rings"):
            self._draw_rings()

    def _look_at(self, clip: int) -> None:
        if clip != self._pointed:
            self.point_at(clip)
            self.hovered.emit(clip)

    def _choose(self, clip: int) -> None:
        if clip >= 0:
            self.set_value(clip)
            self.value_changed.emit(clip)

    def _in_pixels(self) -> NDArray[np.float64]:
        """The places of all clips in the widget, in pixels [N, 2] (the view never turns or shears)."""
        box, shown = self.getViewBox(), self.viewportTransform()
        zero, one = (shown.map(box.mapViewToScene(QPointF(*place))) for place in ((0.0, 0.0), (1.0, 1.0)))
        return self._xy_N2 * np.array([one.x() - zero.x(), one.y() - zero.y()]) + np.array([zero.x(), zero.y()])

    def _next_clip(self, right: int, down: int) -> int:
        """The nearest clip in a direction of the one looked at (the chosen one at first)."""
        start = self._pointed if self._pointed >= 0 else max(0, self._chosen)
        away_N2 = self._in_pixels() - self._in_pixels()[start]
        along_N = away_N2 @ np.array([right, down])
        across_N = np.abs(away_N2 @ np.array([down, right]))
        ahead_N = along_N > np.maximum(0.5, across_N)
        return int(np.where(ahead_N, along_N + across_N, np.inf).argmin()) if ahead_N.any() else start

    def _size(self) -> float:
        """Points get smaller as they get many."""
        size = 60 / max(1.0, len(self._xy_N2)) ** 0.3
        return current_theme().px(10 * min(_LARGEST_SIZE, max(_LEAST_SIZE, size))) / 10

    def _draw_points(self) -> None:
        for layer in self._layers:
            self.removeItem(layer)
        theme = current_theme()
        colours = self._colours or [theme.quiet]
        dimmed_N = np.isin(self._class_N, list(self._dimmed))
        self._layers = [self._dots(chosen_N, [theme.faint(colour, share=share) for colour in colours])
                        for chosen_N, share in ((dimmed_N, _DIMMED), (~dimmed_N, _PLAIN)) if chosen_N.any()]
        for layer in self._layers:
            self.addItem(layer)

    def _dots(self, chosen_N: NDArray[np.bool_], colours: Sequence[QColor]) -> Dots:
        return Dots(self._xy_N2[chosen_N], self._class_N[chosen_N], colours, pixels=self._size())

    def _draw_rings(self) -> None:
        theme, size = current_theme(), self._size()
        pointed, chosen = ([clip] if clip >= 0 else [] for clip in (self._pointed, self._chosen))
        near = [clip for clip in self._near if clip >= 0]
        marks = ((near, theme.text, 1, size + theme.px(5)), (chosen, theme.ground, 6, size + theme.px(10)),
                 (chosen, theme.accent, 3, size + theme.px(10)), (pointed, theme.text, 2, size + theme.px(8)))
        for ring, (clips, colour, width, diameter) in zip(self._rings, marks, strict=True):
            points_M2 = self._xy_N2[clips] if clips else np.zeros((0, 2))
            ring.setData(x=points_M2[:, 0], y=points_M2[:, 1], size=diameter, brush=None,
                         pen=pg.mkPen(colour, width=width))
