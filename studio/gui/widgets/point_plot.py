"""Points in a plane, each with a class, drawn and marked: what a map of features is made of.

Legend: N points, P corners of an outline.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.ma  # `isin` loads it, in a thirtieth of a second: here it is loaded with the page's module
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.gui.theme import current_theme
from studio.gui.widgets.dots import Dots
from studio.gui.widgets.plot import Plot, line_pen

_REACH_PIXELS = 14
_LEAST_SIZE, _LARGEST_SIZE = 3.0, 7.0
_PLAIN, _DIMMED, _TAKEN = 0.85, 0.12, 0.55
_MOST_MOVING, _REST_MILLISECONDS = 25_000, 150
"""Points that are drawn while the plot is moved, and how long after that all of them are."""


class PointPlot(Plot):
    """Shows N points: coloured by class, some stepping back, some taken, some ringed, and a path through some."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._xy_N2: NDArray[np.float64] = np.zeros((0, 2))
        self._class_N: NDArray[np.intp] = np.zeros(0, np.intp)
        self._colours: list[str] = []
        self._dimmed: set[int] = set()
        self._taken: NDArray[np.intp] = np.zeros(0, np.intp)
        self._layers: list[Dots] = []
        self._halo: Dots | None = None
        self._chosen, self._pointed = -1, -1
        self._near: list[int] = []
        self._path: list[int] = []
        self._moved = False
        for side in ("bottom", "left"):
            self.hideAxis(side)
        self.getViewBox().setAspectLocked(True)
        self.getViewBox().setDefaultPadding(0.04)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MILLISECONDS)
        self._rest.timeout.connect(lambda: self._draw_most(self.count))
        self._line, self._outline = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._rings = [pg.ScatterPlotItem(pxMode=True, brush=None) for _ in range(4)]
        for depth, item in enumerate([self._line, *self._rings, self._outline]):
            item.setZValue(100 + depth)
            self.addItem(item, ignoreBounds=True)
        self.restyle()

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self._xy_N2)

    def set_points(self, xy_N2: NDArray[np.float32]) -> None:
        """Take over the places of N points; colours and marks are forgotten, and all are in sight."""
        self._class_N, self._colours, self._dimmed = np.zeros(len(xy_N2), np.intp), [], set()
        self._chosen, self._pointed, self._near, self._path = -1, -1, [], []
        self._taken = np.zeros(0, np.intp)
        self._xy_N2 = np.asarray(xy_N2, np.float64)  # pyqtgraph's limits do not fit into float32
        self._draw_points()
        self._draw_taken()
        self._draw_rings()
        self.show_all()

    def move_points(self, xy_N2: NDArray[np.float32]) -> None:
        """Take over new places of the same points, as a map settles; colours and marks stay.

        All are kept in sight until a person moves the map.
        """
        self._xy_N2 = np.asarray(xy_N2, np.float64)
        self._draw_points()
        self._draw_taken()
        self._draw_rings()
        if not self._moved:
            self.show_all()

    def show_all(self) -> None:
        """Bring all points into sight."""
        self._moved = False
        if len(self._xy_N2):
            low, high = self._xy_N2.min(axis=0).tolist(), self._xy_N2.max(axis=0).tolist()
            self.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]))

    def zoom(self, times: float, *, around: QPointF | None = None) -> None:
        """Show points so many times as far apart, with a place in the widget (its middle) where it was."""
        self._move()
        box, scene = self.getViewBox(), self.mapToScene((around or QPointF(self.rect().center())).toPoint())
        box.scaleBy((1 / times, 1 / times), center=box.mapSceneToView(scene))

    def pan(self, right: float, down: float) -> None:
        """Move what is shown by pixels."""
        self._move()
        box = self.getViewBox()
        wide, high = box.viewPixelSize()
        box.translateBy(x=-right * wide, y=down * high)

    def set_classes(self, class_N: NDArray[np.intp], colours: Sequence[str]) -> None:
        """Colour each point by its class; all stand out again."""
        self._class_N, self._colours, self._dimmed = class_N, list(colours), set()
        self._draw_points()

    def set_dimmed(self, classes: set[int]) -> None:
        """Let the points of some classes step back."""
        self._dimmed = set(classes)
        self._draw_points()

    def set_taken(self, points: Sequence[int]) -> None:
        """Put a pale halo around some points."""
        self._taken = np.array([point for point in points if 0 <= point < len(self._xy_N2)], np.intp)
        self._draw_taken()

    def set_near(self, points: Sequence[int]) -> None:
        """Ring the neighbours of the point chosen."""
        self._near = list(points)
        self._draw_rings()

    def set_path(self, points: Sequence[int]) -> None:
        """Join points by a line, in their order."""
        self._path = list(points)
        self._draw_rings()

    def point_at(self, point: int) -> None:
        """Mark the point that is looked at, without telling."""
        if point != self._pointed:
            self._pointed = point
            self._draw_rings()

    def clip_at(self, place: QPointF) -> int:
        """Find the point nearest to a place in the widget, -1 where none is near."""
        if not len(self._xy_N2):
            return -1
        pixels_N2 = self._in_pixels()
        distance_N = np.hypot(pixels_N2[:, 0] - place.x(), pixels_N2[:, 1] - place.y())
        nearest = int(distance_N.argmin())
        return nearest if distance_N[nearest] <= current_theme().px(_REACH_PIXELS) else -1

    def place_of(self, point: int) -> QPointF:
        """Give where a point lies in the widget, in pixels."""
        x, y = self._in_pixels()[point]
        return QPointF(float(x), float(y))

    def restyle(self) -> None:
        super().restyle()
        self.showGrid(x=False, y=False)
        if hasattr(self, "_rings"):
            self._outline.setPen(line_pen(current_theme().accent, dashed=True))
            self._draw_points()
            self._draw_taken()
            self._draw_rings()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_rings"):
            self._draw_rings()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rest.stop()
        self._draw_most(self.count)

    def _move(self) -> None:
        """Take note that a person moved the map, and draw fewer points for a moment."""
        self._moved = True
        if self.count > _MOST_MOVING:
            self._draw_most(_MOST_MOVING)
            self._rest.start()

    def _draw_most(self, most: int) -> None:
        for layer in self._layers:
            layer.draw_most(most)
        if self._halo is not None:
            self._halo.draw_most(most // 5 if most < self.count else most)

    def _in_pixels(self) -> NDArray[np.float64]:
        """The places of all points in the widget, in pixels [N, 2] (the view never turns or shears)."""
        box, shown = self.getViewBox(), self.viewportTransform()
        zero, one = (shown.map(box.mapViewToScene(QPointF(*place))) for place in ((0.0, 0.0), (1.0, 1.0)))
        return self._xy_N2 * np.array([one.x() - zero.x(), one.y() - zero.y()]) + np.array([zero.x(), zero.y()])

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
        self._layers = [Dots(self._xy_N2[shown_N], self._class_N[shown_N],
                             [theme.faint(colour, share=share) for colour in colours], pixels=self._size())
                        for shown_N, share in ((dimmed_N, _DIMMED), (~dimmed_N, _PLAIN)) if shown_N.any()]
        for layer in self._layers:
            self.addItem(layer)

    def _draw_taken(self) -> None:
        if self._halo is not None:
            self.removeItem(self._halo)
            self._halo = None
        if len(self._taken):
            theme = current_theme()
            self._halo = Dots(self._xy_N2[self._taken], np.zeros(len(self._taken), np.intp),
                              [theme.faint(theme.accent, share=_TAKEN)], pixels=self._size() + theme.px(5))
            self._halo.setZValue(-1)
            self.addItem(self._halo)

    def _draw_rings(self) -> None:
        theme, size = current_theme(), self._size()
        pointed, chosen = ([point] if point >= 0 else [] for point in (self._pointed, self._chosen))
        near = [point for point in self._near if point >= 0]
        marks = ((near, theme.text, 1, size + theme.px(5)), (chosen, theme.ground, 6, size + theme.px(10)),
                 (chosen, theme.accent, 3, size + theme.px(10)), (pointed, theme.text, 2, size + theme.px(8)))
        for ring, (points, colour, width, diameter) in zip(self._rings, marks, strict=True):
            points_M2 = self._xy_N2[points] if points else np.zeros((0, 2))
            ring.setData(x=points_M2[:, 0], y=points_M2[:, 1], size=diameter, brush=None,
                         pen=pg.mkPen(colour, width=width))
        path_M2 = self._xy_N2[self._path] if self._path else np.zeros((0, 2))
        self._line.setPen(pg.mkPen(theme.text, width=1.5))
        self._line.setData(path_M2[:, 0], path_M2[:, 1])


def inside_N(points_N2: NDArray[np.float64], corners_P2: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie inside a closed outline that may cross itself (even-odd rule)."""
    within_N = np.zeros(len(points_N2), np.bool_)
    if len(corners_P2) < 3:
        return within_N
    near = np.flatnonzero(((points_N2 >= corners_P2.min(axis=0)) & (points_N2 <= corners_P2.max(axis=0))).all(axis=1))
    near = near[np.argsort(points_N2[near, 1])]  # an edge then looks only at the points beside it
    x_N, y_N = points_N2[near].T
    odd_N = np.zeros(len(near), np.bool_)
    for (x1, y1), (x2, y2) in zip(corners_P2, np.roll(corners_P2, -1, axis=0), strict=True):
        if y1 != y2:
            beside = slice(*np.searchsorted(y_N, sorted((y1, y2))))
            odd_N[beside] ^= x_N[beside] < (x2 - x1) * (y_N[beside] - y1) / (y2 - y1) + x1
    within_N[near] = odd_N
    return within_N
