"""A small drawing of a result that was worth it: trained well above random weights, both above chance."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.texts import noted, said
from studio.gui.theme import current_theme

_WIDTH, _HEIGHT = 320, 112
_BARS = ((noted("trained"), "train", 0.78), (noted("untrained"), "random", 0.44))
_CHANCE = 0.2


class ExampleBars(QWidget):
    """Paints the drawing. It shows no measurement."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(said("Drawing: a long bar for the trained network, a shorter one for the untrained"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(_WIDTH), theme.px(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        left, width = theme.px(80), self.width() - theme.px(88)
        for place, (words, colour, share) in enumerate(_BARS):
            top = theme.px(14 + 36 * place)
            painter.setPen(QColor(theme.quiet))
            painter.drawText(QRectF(0, top, left - theme.px(10), theme.px(24)),
                             int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), said(words))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.faint(theme.plot_colours[colour], share=0.55))
            painter.drawRoundedRect(QRectF(left, top, share * width, theme.px(24)), 2, 2)
        x = left + _CHANCE * width
        painter.setPen(QPen(QColor(theme.chance), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(int(x), theme.px(6), int(x), theme.px(86))
        painter.setPen(QColor(theme.quiet))
        painter.drawText(QRectF(x - theme.px(40), theme.px(88), theme.px(80), theme.px(20)),
                         int(Qt.AlignmentFlag.AlignCenter), said("chance"))
