"""A plot of several curves over training steps, each named at its end, with a level to compare with and a cursor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent

from studio.gui.measured import Points, thinned
from studio.gui.theme import current_theme
from studio.gui.widgets.plot import Plot, line_pen
from studio.gui.words import number

_LABEL_AIR = 10
_FAINT, _FAINTER, _MANY = 0.35, 0.14, 600
"""How much is left of single measurements behind their mean: less where there are so many that they form a band."""


@dataclass(frozen=True)
class Curve:
    """One curve: its points, its name, its colour; `faint` are the single measurements behind a curve of means."""

    points: Points
    words: str
    colour: str
    dots: bool = False
    dashed: bool = False
    faint: Points | None = None


class StepAxis(pg.AxisItem):
    """Says steps as counts, never with a factor beside the axis."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        return [number(value) if value == round(value) else "" for value in values]


class LinePlot(Plot):
    """Shows curves; `step_hovered` tells the step under the mouse, and -1 when the mouse leaves."""

    step_hovered = Signal(float)
    _ready = False

    def __init__(self, *, floor: float | None = None, ceiling: float | None = None, bottom: str = "",
                 height_pixels: int = 176) -> None:
        super().__init__(bottom=bottom, axes={"bottom": StepAxis()})
        self._floor, self._ceiling, self._height = floor, ceiling, height_pixels
        self._curves: list[Curve] = []
        self._level: tuple[float, str] | None = None
        self._items: list[pg.GraphicsObject] = []
        self._labels: list[tuple[pg.TextItem, float]] = []
        self._room = (0.0, 1.0)
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.setZValue(5)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scene().sigMouseMoved.connect(self._hover)
        self._ready = True
        self.restyle()

    def value(self) -> list[Curve]:
        """Give the curves that are drawn."""
        return list(self._curves)

    def set_value(self, curves: list[Curve], *, level: tuple[float, str] | None = None,
                  steps: tuple[float, float] | None = None) -> None:
        """Draw curves, and a dashed level with its name; `steps` is what the axis spans at least."""
        self._curves, self._level = [curve for curve in curves if len(curve.points[0])], level
        self._room = steps or (0.0, 1.0)
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

    def _draw(self) -> None:
        for item in self._items:
            self.removeItem(item)
        self._items, self._labels = [], []
        for curve in self._curves:
            self._draw_curve(curve)
        if self._level:
            value, words = self._level
            line = pg.InfiniteLine(value, angle=0, pen=line_pen(current_theme().chance, dashed=True))
            self._keep(line)
            self._name(words, current_theme().chance, value)
        self._span()

    def _draw_curve(self, curve: Curve) -> None:
        if curve.faint is not None:
            share = _FAINT if len(curve.faint[0]) <= _MANY else _FAINTER
            faint = pg.PlotCurveItem(*thinned(curve.faint),
                                     pen=pg.mkPen(current_theme().faint(curve.colour, share=share), width=1))
            self._keep(faint)
        points = thinned(curve.points)
        self._keep(pg.PlotCurveItem(*points, pen=line_pen(curve.colour, dashed=curve.dashed)))
        if curve.dots and len(points[0]) <= 80:
            self._keep(pg.ScatterPlotItem(*points, size=current_theme().px(5), pen=None, brush=curve.colour))
        self._name(curve.words, curve.colour, float(points[1][-1]))

    def _name(self, words: str, colour: str, value: float) -> None:
        theme = current_theme()
        label = pg.TextItem(html=f'<span style="color:{colour}">●</span> '
                                 f'<span style="color:{theme.text}">{words.replace(" ", "&nbsp;")}</span>',
                            anchor=(0, 0.5), fill=theme.ground)
        label.textItem.setFont(theme.font(11))
        label.textItem.document().setDocumentMargin(1)
        label.setZValue(6)
        self._keep(label)
        self._labels.append((label, value))

    def _keep(self, item: pg.GraphicsObject) -> None:
        self._items.append(item)
        self.addItem(item, ignoreBounds=True)

    def _span(self) -> None:
        """Fit the axes: room for the names at the right, no two names over each other."""
        low, high = self._room
        ends = [float(curve.points[0][-1]) for curve in self._curves]
        starts = [float(curve.points[0][0]) for curve in self._curves]
        low, high = min([low, *starts]), max([high, low + 1, *ends])
        width = max(1.0, self.getViewBox().width())
        wanted = self._label_pixels()
        share = min(0.6, wanted / width)
        whole = (high - low) / (1 - share)
        self.setXRange(low, low + whole, padding=0)
        bottom, top = self._heights()
        self.setYRange(bottom, top, padding=0)
        self._place_labels(high, bottom, top)

    def _label_pixels(self) -> float:
        metrics = QFontMetrics(current_theme().font(11))
        words = [curve.words for curve in self._curves] + ([self._level[1]] if self._level else [])
        return max((metrics.horizontalAdvance(f"●  {text}") for text in words), default=0) + current_theme().px(
            _LABEL_AIR)

    def _heights(self) -> tuple[float, float]:
        values = [curve.points[1] for curve in self._curves]
        values += [curve.faint[1] for curve in self._curves if curve.faint is not None]
        if self._level:
            values.append(np.array([self._level[0]]))
        found = np.concatenate([*values, np.empty(0)])
        if not len(found):
            return (self._floor or 0.0), (self._ceiling or 1.0)
        low, high = float(found.min()), float(found.max())
        least = low if self._floor is None else self._floor
        air = 0.08 * max(high - least, 1e-3 * abs(high), 1e-9)
        low = low - air if self._floor is None else self._floor
        high = high + air if self._ceiling is None else min(self._ceiling, high + air)
        return low, max(high, low + 1e-9)

    def _place_labels(self, right: float, bottom: float, top: float) -> None:
        """Put each name at the end of its curve; names that would touch are moved apart, within the plot."""
        height = max(1.0, self.getViewBox().height())
        tall = (QFontMetrics(current_theme().font(11)).height() + 3) * (top - bottom) / height
        places = sorted(((min(max(value, bottom), top), label) for label, value in self._labels),
                        key=lambda place: place[0])
        heights = _apart([place[0] for place in places], least=tall, low=bottom + tall / 2, high=top - tall / 2)
        for (_, label), at in zip(places, heights, strict=True):
            label.setPos(right, at)

    def _hover(self, scene: QPointF) -> None:
        box = self.getViewBox()
        if self._curves and box.sceneBoundingRect().contains(scene):
            self.step_hovered.emit(float(box.mapSceneToView(scene).x()))


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
