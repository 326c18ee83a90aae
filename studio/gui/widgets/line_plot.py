"""A plot of several curves over training steps, each named at its end, with levels to compare with and a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QResizeEvent, QWheelEvent

from studio.gui.measured import Line, Points, rounded_up
from studio.gui.steps_shown import ZOOM, Steps, moved, zoomed
from studio.gui.theme import current_theme
from studio.gui.widgets.axes import StepAxis, ValueAxis
from studio.gui.widgets.drawn_curve import DrawnCurve, DrawnLevel, Name
from studio.gui.widgets.plot import Plot

_LABEL_AIR = 10


@dataclass(frozen=True)
class Curve:
    """One curve: its points, its name, its colour; `faint` are the single measurements behind a curve of means."""

    points: Points
    words: str
    colour: str
    dots: bool = False
    dashed: bool = False
    faint: Points | None = None


class Level(NamedTuple):
    """A value to compare with, its name and its colour."""

    value: float
    words: str
    colour: str


class LinePlot(Plot):
    """Shows curves. `step_hovered` tells the step under the mouse, and -1 when the mouse leaves; `steps_wanted` which
    steps the wheel (with Ctrl) and dragging ask for, None for all. What is shown is only changed by `set_steps`.
    """

    step_hovered = Signal(float)
    steps_wanted = Signal(object)
    _ready = False

    def __init__(self, *, floor: float | None = None, ceiling: float | None = None, bottom: str = "",
                 height_pixels: int = 176) -> None:
        self._values = ValueAxis()
        super().__init__(bottom=bottom, axes={"bottom": StepAxis(), "left": self._values})
        self._floor, self._ceiling, self._height = floor, ceiling, height_pixels
        self._curves: list[Curve] = []
        self._levels: list[Level] = []
        self._drawn: list[DrawnCurve] = []
        self._drawn_levels: list[DrawnLevel] = []
        self._room: Steps = (0.0, 1.0)
        self._shown: Steps | None = None
        self._names_pixels = 0
        self._dragged_from: QPointF | None = None
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.setZValue(5)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.getViewBox().disableAutoRange()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scene().sigMouseMoved.connect(self._hover)
        self._ready = True
        self.restyle()

    def value(self) -> list[Curve]:
        """Give the curves that are drawn."""
        return list(self._curves)

    @property
    def levels(self) -> list[Level]:
        """The levels that are drawn."""
        return list(self._levels)

    @property
    def whole(self) -> Steps:
        """The first and the last step of all that there is to show."""
        low, high = self._room
        ends = [float(curve.points[0][-1]) for curve in self._curves]
        starts = [float(curve.points[0][0]) for curve in self._curves]
        return min([low, *starts]), max([high, low + 1, *ends])

    def set_value(self, curves: Sequence[Curve], *, levels: Sequence[Level] = (), steps: Steps | None = None) -> None:
        """Draw curves, and dashed levels with their names; `steps` is what the axis spans at least."""
        self._curves, self._levels = [curve for curve in curves if len(curve.points[0])], list(levels)
        self._room = steps or (0.0, 1.0)
        self._draw()

    def set_steps(self, shown: Steps | None) -> None:
        """Show some steps only, or all."""
        if shown != self._shown:
            self._shown = shown
            self._draw()

    @property
    def names_pixels(self) -> int:
        """The room that the names beside the curves' ends need."""
        metrics = QFontMetrics(current_theme().font(11))
        words = [*(curve.words for curve in self._curves), *(level.words for level in self._levels)]
        return max((metrics.horizontalAdvance(f"●  {text}") for text in words), default=0) + current_theme().px(
            _LABEL_AIR)

    def set_names_pixels(self, pixels: int) -> None:
        """Leave at least so much room for names, so that the steps of plots above each other lie above each other."""
        if pixels != self._names_pixels:
            self._names_pixels = pixels
            self._span()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Draw values by their logarithm, or as they are."""
        if logarithmic != self._values.logarithmic:
            self._values.logarithmic = logarithmic
            self._values.picture = None
            self._draw()

    def set_cursor(self, step: float | None) -> None:
        """Put the cursor on a step, or take it away."""
        self._cursor.setVisible(step is not None)
        if step is not None:
            self._cursor.setValue(step)

    def set_focused(self, focused: bool) -> None:
        """Show that the keys move this plot's cursor."""
        self.getViewBox().setBorder(pg.mkPen(current_theme().accent) if focused else None)

    def restyle(self) -> None:
        super().restyle()
        self.setFixedHeight(current_theme().px(self._height))
        self._cursor.setPen(pg.mkPen(current_theme().quiet))
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._ready:
            self._span()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.step_hovered.emit(-1.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            times = ZOOM ** (event.angleDelta().y() / 120)
            self.steps_wanted.emit(zoomed(self._shown, self.whole, times=times, around=self._step_at(event.position())))
            event.accept()
        else:
            event.ignore()  # the page scrolls

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = event.position()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._dragged_from = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None and event.buttons():
            by = self._step_at(self._dragged_from) - self._step_at(event.position())
            self._dragged_from = event.position()
            self.steps_wanted.emit(moved(self._shown, self.whole, by=by))
        else:
            super().mouseMoveEvent(event)

    def _draw(self) -> None:
        while len(self._drawn) < len(self._curves):
            self._drawn.append(DrawnCurve(self))
        while len(self._drawn_levels) < len(self._levels):
            self._drawn_levels.append(DrawnLevel(self))
        for unused in self._drawn[len(self._curves):]:
            unused.hide()
        for unneeded in self._drawn_levels[len(self._levels):]:
            unneeded.hide()
        for curve, drawn in zip(self._curves, self._drawn, strict=False):
            drawn.show(self._placed(curve.points), colour=curve.colour, dashed=curve.dashed, dots=curve.dots,
                       faint=None if curve.faint is None else self._placed(curve.faint))
            drawn.name.show(curve.words, colour=curve.colour)
        for level, line in zip(self._levels, self._drawn_levels, strict=False):
            line.show(float(self._values.places_of(np.array([level.value]))[0]), colour=level.colour)
            line.name.show(level.words, colour=level.colour)
        self._span()

    def _placed(self, points: Points) -> Points:
        """Where the points lie: those up to the last step shown, for beyond it stand the names."""
        end = len(points[0]) if self._shown is None else int(np.searchsorted(points[0], self._shown[1] + 1e-9))
        return points[0][:end], self._values.places_of(points[1][:end])

    def _span(self) -> None:
        """Fit the axes: room for the names at the right, no two names over each other."""
        low, high = self._shown or self.whole
        share = min(0.6, max(self.names_pixels, self._names_pixels) / max(1.0, self.getViewBox().width()))
        # All steps end at a round one, so that a curve that grows does not move the axis, which is slow to draw.
        end = high if self._shown else low + rounded_up(high - low)
        self.setXRange(low, low + (end - low) / (1 - share), padding=0)
        bottom, top = self._span_of_values(low, high)
        self.setYRange(bottom, top, padding=0)
        self._place_names(low, high, bottom, top)

    def _span_of_values(self, first: float, last: float) -> tuple[float, float]:
        """The lowest and the highest place on the axis, of the steps shown."""
        points = [part for curve in self._curves for part in (curve.points, curve.faint) if part is not None]
        values = [_between(part, first, last) for part in points] + [np.array([one.value for one in self._levels])]
        found = self._values.places_of(np.concatenate(values))
        logarithmic = self._values.logarithmic
        floor = None if logarithmic else self._floor
        ceiling = None if logarithmic else self._ceiling
        if not len(found):
            return (0.0, 1.0) if logarithmic else ((self._floor or 0.0), (self._ceiling or 1.0))
        low, high = float(found.min()), float(found.max())
        air = 0.08 * max(high - (low if floor is None else floor), 1e-3 * abs(high), 1e-9)
        low = low - air if floor is None else floor
        high = high + air if ceiling is None else min(ceiling, high + air)
        return low, max(high, low + 1e-9)

    def _place_names(self, first: float, right: float, bottom: float, top: float) -> None:
        """Put each name at the end of its curve; names that would touch are moved apart, within the plot."""
        height = max(1.0, self.getViewBox().height())
        tall = (QFontMetrics(current_theme().font(11)).height() + 3) * (top - bottom) / height
        named: list[tuple[float, Name]] = [
            (_between(curve.points, first, right)[-1], drawn.name)
            for curve, drawn in zip(self._curves, self._drawn, strict=False)]
        named += [(level.value, line.name) for level, line in zip(self._levels, self._drawn_levels, strict=False)]
        values = self._values.places_of(np.array([value for value, _ in named]))
        order = np.argsort(values, kind="stable").tolist()
        heights = _apart([min(max(float(values[place]), bottom), top) for place in order], least=tall,
                         low=bottom + tall / 2, high=top - tall / 2)
        for place, at in zip(order, heights, strict=True):
            named[place][1].item.setPos(right, at)

    def _step_at(self, place: QPointF) -> float:
        return float(self.getViewBox().mapSceneToView(self.mapToScene(place.toPoint())).x())

    def _hover(self, scene: QPointF) -> None:
        box = self.getViewBox()
        if self._curves and box.sceneBoundingRect().contains(scene):
            self.step_hovered.emit(float(box.mapSceneToView(scene).x()))


def _between(points: Points, first: float, last: float) -> Line:
    """The values of the steps from `first` to `last`: at least that of the step before, or the first of all."""
    start, stop = np.searchsorted(points[0], [first, last + 1e-9])
    return points[1][min(start, max(stop - 1, 0)):max(stop, 1)]


def _apart(heights: list[float], *, least: float, low: float, high: float) -> list[float]:
    """Move sorted heights so that neighbours are `least` apart, between low and high where they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + least if placed else low))
    limit = high
    for place in reversed(range(len(placed))):
        placed[place] = min(placed[place], limit)
        limit = placed[place] - least
    return placed
