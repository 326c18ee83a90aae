"""A pyqtgraph plot in the theme's dress: thin lines, a faint grid, units on the axes, no buttons and no menu."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QWidget

from studio.gui.theme import current_theme, theme_watch

AXIS_PIXELS = 52
"""Width of the left axis, so that what lies below can line up with it."""


class Plot(pg.PlotWidget):
    """The base of the studio's plots. `restyle` is called at the start and when the theme changes; extend it."""

    def __init__(self, parent: QWidget | None = None, *, bottom: str = "", left: str = "",
                 axes: dict[str, pg.AxisItem] | None = None) -> None:
        super().__init__(parent, background=None, enableMenu=False, axisItems=axes)
        self._axis_words = {"bottom": bottom, "left": left}
        self.hideButtons()
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.setMouseEnabled(x=False, y=False)
        self.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setStyleSheet("border: none; background: transparent;")
        theme_watch().changed.connect(self.restyle)

    def restyle(self) -> None:
        """Take over the theme's colours and sizes."""
        theme = current_theme()
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setTickFont(theme.font(11))
            axis.setTextPen(theme.quiet)
            axis.setPen(theme.line)
            axis.setStyle(tickLength=-theme.px(4), tickTextOffset=theme.px(4))
            if self._axis_words[side]:
                axis.setLabel(self._axis_words[side], color=theme.quiet, **{"font-size": f"{theme.px(11)}px"})
        self.getAxis("left").setWidth(theme.px(AXIS_PIXELS))
        self.showGrid(x=True, y=True, alpha=0.15)


def line_pen(colour: str, *, dashed: bool = False) -> QPen:
    """Make the pen of a line one pixel wide."""
    return pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
