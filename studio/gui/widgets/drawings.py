"""Small drawings of pretext tasks and networks. A task that has none of its own gets shuffled tiles."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.theme import Theme, current_theme

_HEIGHT = 92
_SHUFFLED = {3: (1, 2, 0), 4: (2, 0, 3, 1)}


class Drawing(QWidget):
    """A drawing as wide as it may be and of fixed height."""

    def __init__(self, *, words: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words)

    def sizeHint(self) -> QSize:
        return QSize(0, current_theme().px(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, current_theme(), QRectF(self.rect()))

    def draw(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """Draw inside a place."""


class TaskDrawing(Drawing):
    """Elements of a throw, shuffled above, in the order of time below. Clips lie in stacks, frames are single."""

    def __init__(self, task: str) -> None:
        super().__init__(words=f"Drawing of {task}")
        self._clips = task != "sequence-sorting"
        self._count = 3 if self._clips else 4

    def draw(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        order, count = _SHUFFLED[self._count], self._count
        tile = QRectF(0, 0, theme.px(44), theme.px(32))
        pitch = (place.width() - tile.width() - theme.px(8)) / (count - 1)
        for shown, time in enumerate(order):
            above = tile.translated(theme.px(2) + shown * pitch, theme.px(4))
            below = tile.translated(theme.px(2) + time * pitch, place.height() - tile.height() - theme.px(2))
            self._link(painter, theme, above, below)
            self._tile(painter, theme, above, time, theme.quiet)
            self._tile(painter, theme, below, time, theme.accent)

    def _link(self, painter: QPainter, theme: Theme, above: QRectF, below: QRectF) -> None:
        start, stop = QPointF(above.center().x(), above.bottom()), QPointF(below.center().x(), below.top())
        path = QPainterPath(start)
        bend = (stop.y() - start.y()) * 0.7
        path.cubicTo(start + QPointF(0, bend), stop - QPointF(0, bend), stop)
        painter.setPen(QPen(QColor(theme.line), max(1.0, 1.5 * theme.scale)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _tile(self, painter: QPainter, theme: Theme, tile: QRectF, time: int, colour: str) -> None:
        painter.setBrush(QColor(theme.surface))
        painter.setPen(QPen(QColor(colour), theme.scale))
        for back in ((2, 1, 0) if self._clips else (0,)):
            painter.drawRoundedRect(tile.translated(theme.px(2) * back, -theme.px(2) * back), theme.px(3), theme.px(3))
        painter.setPen(Qt.PenStyle.NoPen)
        ghosts = (2, 1, 0) if self._clips else (0,)
        for back in ghosts:
            share = (time + 0.75 - 0.28 * back) / self._count
            centre = QPointF(tile.left() + tile.width() * (0.12 + 0.76 * share),
                             tile.bottom() - tile.height() * (0.22 + 0.56 * math.sin(math.pi * share)))
            painter.setBrush(theme.faint(theme.text, share=(1.0, 0.4, 0.18)[back]))
            painter.drawEllipse(centre, theme.px(3), theme.px(3))


class NetworkDrawing(Drawing):
    """A network as its maps: smaller from layer to layer in space, more of them; deep where it looks along time."""

    def __init__(self, *, layers: int, clips: bool) -> None:
        super().__init__(words=f"Drawing of a network of {layers} layers that takes {'clips' if clips else 'frames'}")
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
