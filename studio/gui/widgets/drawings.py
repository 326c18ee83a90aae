"""Small drawings; that of a network. That of a task is in `task_drawing`."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme

_HEIGHT = 92


class Drawing(QWidget):
    """A drawing as wide as it may be and of fixed height."""

    def __init__(self, *, words: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(said(words))

    def sizeHint(self) -> QSize:
        return QSize(0, current_theme().px(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, current_theme(), QRectF(self.rect()))

    def draw(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """Draw inside a place."""


class NetworkDrawing(Drawing):
    """A network as its maps: smaller from layer to layer in space, more of them; deep where it looks along time."""

    def __init__(self, *, layers: int, clips: bool) -> None:
        super().__init__(words=said("Drawing of a network of {layers} layers that takes clips" if clips else
                                    "Drawing of a network of {layers} layers that takes frames", layers=layers))
        self._layers, self._clips = max(1, layers), clips

    def draw(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        count = self._layers + 1
        depths = [theme.px(12) * (1 - 0.8 * i / count) if self._clips else 0.0 for i in range(count)]
        widths = [theme.px(5 + 3.2 * i) for i in range(count)]
        room = place.width() - sum(widths) - sum(depths) - theme.px(4)
        gap = min(theme.px(16), room / max(1, count - 1))
        x = (place.width() - sum(widths) - sum(depths) - gap * (count - 1)) / 2
        for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            height = place.height() * (0.78 - 0.56 * number / max(1, count - 1))
            front = QRectF(x, (place.height() - height) / 2 + depth / 2, width, height - depth / 2)
            self._block(painter, theme, front, depth, theme.accent if number == count - 1 else theme.quiet)
            x += width + depth + gap

    def _block(self, painter: QPainter, theme: Theme, front: QRectF, depth: float, colour: str) -> None:
        painter.setPen(QPen(QColor(colour), theme.scale))
        shift = QPointF(depth, -depth * 0.7)
        if depth:
            painter.setBrush(theme.faint(colour, share=0.10))
            top = [front.topLeft(), front.topLeft() + shift, front.topRight() + shift, front.topRight()]
            side = [front.topRight(), front.topRight() + shift, front.bottomRight() + shift, front.bottomRight()]
            painter.drawPolygon(top)
            painter.drawPolygon(side)
        painter.setBrush(theme.faint(colour, share=0.22))
        painter.drawRect(front)
