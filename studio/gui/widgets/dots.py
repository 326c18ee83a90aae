"""Very many dots in a plot, stamped by Qt in a single call: a hundred thousand take some milliseconds.

pyqtgraph's own scatter item looks up a style for every dot, which holds the window up when its points change.
Legend: N dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget
from shiboken6 import wrapInstance

_FIELDS = 10
"""A pixmap fragment in memory: x, y, source left, top, width, height, scale x, scale y, rotation, opacity."""


class Dots(pg.GraphicsObject):
    """Draws dots at points_N2 (in the plot's own units), `pixels` across, each in the colour of its class.

    They are drawn in an order of chance, so that where classes mix no class hides another.
    """

    def __init__(self, points_N2: NDArray[np.float64], class_N: NDArray[np.intp], colours: Sequence[QColor], *,
                 pixels: float) -> None:
        super().__init__()
        order_N = _order(len(points_N2))
        self._points_N2, self._class_N = points_N2[order_N], class_N[order_N]
        self._colours, self._pixels, self._most = list(colours), pixels, len(points_N2)
        self._stamps_NF = np.zeros((len(points_N2), _FIELDS))
        low, high = points_N2.min(axis=0).tolist(), points_N2.max(axis=0).tolist()
        margin = 0.05 * max(high[0] - low[0], high[1] - low[1]) or 1.0
        self._bounds = QRectF(low[0], low[1], high[0] - low[0], high[1] - low[1])
        self._bounds.adjust(-margin, -margin, margin, margin)

    @property
    def count(self) -> int:
        """Number of dots."""
        return len(self._points_N2)

    def draw_most(self, most: int) -> None:
        """Draw at most so many of the dots, a share of each class by chance: while a plot is moved."""
        if (count := min(most, len(self._points_N2))) != self._most:
            self._most = count
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        shown, ratio = painter.worldTransform(), painter.device().devicePixelRatioF()
        sheet = _sheet(self._colours, pixels=self._pixels * ratio)
        side, stamps_NF = sheet.height(), self._stamps_NF[:self._most]
        stamps_NF[:, :2] = self._points_N2[:self._most] * (shown.m11(), shown.m22()) + (shown.dx(), shown.dy())
        stamps_NF[:, 2] = side * self._class_N[:self._most]
        stamps_NF[:, 4:] = (side, side, 1 / ratio, 1 / ratio, 0, 1)
        painter.resetTransform()
        first = cast(QPainter.PixmapFragment, wrapInstance(stamps_NF.ctypes.data, QPainter.PixmapFragment))
        painter.drawPixmapFragments(first, len(stamps_NF), sheet)


def _order(count: int) -> NDArray[np.intp]:
    """An order of chance, the same one every time."""
    return np.random.default_rng(0).permutation(count)


def _sheet(colours: Sequence[QColor], *, pixels: float) -> QPixmap:
    """Draw one dot of each colour beside each other, with smooth edges; each has a square as high as the sheet."""
    side = int(np.ceil(pixels)) + 2
    sheet = QPixmap(side * len(colours), side)
    sheet.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for place, colour in enumerate(colours):
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(side * place + (side - pixels) / 2, (side - pixels) / 2, pixels, pixels))
    painter.end()
    return sheet
