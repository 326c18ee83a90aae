"""A small drawing of what learning looks like: right answers that climb above the chance line."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.texts import said
from studio.gui.theme import current_theme

_WIDTH, _HEIGHT = 320, 152


class ExampleCurve(QWidget):
    """Paints the drawing. It shows no measurement."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(said("Drawing: a curve that climbs above a dashed line"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(_WIDTH), theme.px(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, bottom = theme.px(8), self.height() - theme.px(12)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawLine(edge, edge, edge, bottom)
        painter.drawLine(edge, bottom, self.width() - edge, bottom)
        chance = bottom - theme.px(28)
        right = self.width() - theme.px(84)
        painter.setPen(QPen(QColor(theme.chance), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(edge, chance, right, chance)
        x = np.linspace(0, 1, 60)
        rise = 1 / (1 + np.exp(-9 * (x - 0.42)))
        wobble = 0.03 * np.sin(31 * x) + 0.02 * np.sin(67 * x + 1)
        y = chance + theme.px(2) - (rise + wobble) * theme.px(86)
        points = [QPointF(edge + share * (right - edge), height) for share, height in zip(x, y, strict=True)]
        painter.setPen(QPen(QColor(theme.validation), 1.75))
        painter.drawPolyline(QPolygonF(points))
        painter.setFont(theme.font(11))
        for words, height in ((said("right answers"), points[-1].y()), (said("chance"), float(chance))):
            painter.setPen(QColor(theme.quiet))
            place = QRectF(right + theme.px(6), height - theme.px(10), theme.px(90), theme.px(20))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
