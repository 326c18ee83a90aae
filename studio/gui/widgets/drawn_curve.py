"""What is drawn of one curve or one level: its items are made once and filled anew, which costs a third of making."""

from __future__ import annotations

import html
from typing import Any

import pyqtgraph as pg

from studio.gui.measured import Points, thinned
from studio.gui.theme import current_theme
from studio.gui.widgets.plot import Plot, line_pen

_FAINT, _FAINTER, _MANY, _MOST_DOTS = 0.35, 0.14, 600, 80
"""How much is left of single measurements behind their mean: less where there are so many that they form a band."""


class Name:
    """A name beside the end of a line, with a dot of its colour."""

    def __init__(self, plot: Plot) -> None:
        self.item = pg.TextItem(anchor=(0, 0.5))
        self.item.textItem.document().setDocumentMargin(1)
        self.item.setZValue(6)
        self._shown: tuple[Any, ...] = ()
        plot.addItem(self.item, ignoreBounds=True)

    def show(self, words: str, *, colour: str) -> None:
        """Say a name."""
        theme = current_theme()
        wanted = (words, colour, theme)
        if wanted != self._shown:
            self._shown = wanted
            self.item.textItem.setFont(theme.font(11))
            self.item.fill = pg.mkBrush(theme.ground)
            self.item.setHtml(f'<span style="color:{colour}">●</span> <span style="color:{theme.text}">'
                              f'{html.escape(words).replace(" ", "&nbsp;")}</span>')
        self.item.show()


class DrawnCurve:
    """A line with its name, dots where they are few, and faint single measurements behind it."""

    def __init__(self, plot: Plot) -> None:
        self._faint, self._line = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._dots = pg.ScatterPlotItem(pen=None)
        self.name = Name(plot)
        for item in (self._faint, self._line, self._dots):
            plot.addItem(item, ignoreBounds=True)

    def show(self, points: Points, *, colour: str, dashed: bool, dots: bool, faint: Points | None) -> None:
        """Draw points, thinned where they are many."""
        theme = current_theme()
        steps, values = thinned(points)
        self._line.setData(steps, values, pen=line_pen(colour, dashed=dashed))
        self._line.show()
        self._faint.setVisible(faint is not None)
        if faint is not None:
            share = _FAINT if len(faint[0]) <= _MANY else _FAINTER
            self._faint.setData(*thinned(faint), pen=pg.mkPen(theme.faint(colour, share=share), width=1))
        few = dots and len(steps) <= _MOST_DOTS
        self._dots.setVisible(few)
        if few:
            self._dots.setData(steps, values, size=theme.px(5), brush=pg.mkBrush(colour))

    def hide(self) -> None:
        """Draw nothing."""
        for item in (self._faint, self._line, self._dots, self.name.item):
            item.hide()


class DrawnLevel:
    """A dashed line across the plot with its name."""

    def __init__(self, plot: Plot) -> None:
        self._line = pg.InfiniteLine(angle=0)
        self.name = Name(plot)
        plot.addItem(self._line, ignoreBounds=True)

    def show(self, value: float, *, colour: str) -> None:
        """Draw a level."""
        self._line.setPen(line_pen(colour, dashed=True))
        self._line.setValue(value)
        self._line.show()

    def hide(self) -> None:
        """Draw nothing."""
        self._line.hide()
        self.name.item.hide()
