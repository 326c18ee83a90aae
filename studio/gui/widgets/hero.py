"""The studio's own picture: five frames of a swinging pendulum, one of them in the wrong place."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme, theme_watch

_SWINGS = (-0.76, -0.38, 0.76, 0.0, 0.38)
_ODD = 2
_TILE, _GAP = 88, 12


class Hero(QWidget):
    """Paints what the studio does: find the frame that is out of order."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(said("Five frames of a swinging pendulum, the third in the wrong place"))
        theme_watch().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(len(_SWINGS) * _TILE + (len(_SWINGS) - 1) * _GAP), theme.px(_TILE))

    def heightForWidth(self, width: int) -> int:
        return round(self._side(width))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._side(self.width())
        for place, swing in enumerate(_SWINGS):
            tile = QRectF(place * (side + theme.px(_GAP)), 0, side, side).adjusted(1, 1, -1, -1)
            _paint_frame(painter, theme, tile, swing=swing, odd=place == _ODD)

    def _side(self, width: int) -> float:
        theme, count = current_theme(), len(_SWINGS)
        return max(24.0, min(theme.px(_TILE), (width - (count - 1) * theme.px(_GAP)) / count))


def _paint_frame(painter: QPainter, theme: Theme, tile: QRectF, *, swing: float, odd: bool) -> None:
    painter.setPen(QPen(QColor(theme.accent if odd else theme.line), 2 if odd else 1))
    painter.setBrush(QColor(theme.surface))
    painter.drawRoundedRect(tile, theme.px(6), theme.px(6))
    painter.save()
    painter.setClipRect(tile.adjusted(1, 1, -1, -1))
    unit = tile.width() / _TILE
    hinge = QPointF(tile.center().x(), tile.top() + 16 * unit)
    length = 46 * unit
    colour = QColor(theme.accent if odd else theme.text)
    for back in (2, 1, 0):
        angle = swing - 0.16 * back
        ball = hinge + QPointF(length * math.sin(angle), length * math.cos(angle))
        faint = theme.faint(colour.name(), share=(1.0, 0.28, 0.12)[back])
        if not back:
            painter.setPen(QPen(QColor(theme.quiet), max(1.0, theme.scale)))
            painter.drawLine(hinge, ball)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        painter.drawEllipse(ball, 8 * unit, 8 * unit)
    painter.restore()
