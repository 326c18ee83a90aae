"""The drawing of a pretext task, made of what it asks: an order, the odd one, one of few answers, how it was turned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from studio.gui.recipes import section_of
from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme
from studio.gui.widgets.drawings import Drawing

_TURN_DEGREES = 14
_SHUFFLED = {2: (1, 0), 3: (1, 2, 0), 4: (2, 0, 3, 1), 5: (2, 4, 0, 1, 3), 6: (2, 4, 0, 5, 3, 1)}
"""Orders in which no element stands in its place."""


@dataclass(frozen=True)
class Asked:
    """What a question shows and asks. `answers` are the choices where one of few is chosen (0: none are)."""

    elements: int = 3
    clips: bool = True
    picks_element: bool = False
    answers: int = 0
    transforms: bool = False

    @classmethod
    def of(cls, task: Mapping[str, Any], recipe: Mapping[str, Any]) -> Asked:
        """Read it from the worker's description of a task, and a recipe's values."""
        sampling = section_of(recipe, "sampling")
        return cls(elements=int(sampling.get("tuple_length", 3)), clips=int(sampling.get("clip_frames", 16)) > 1,
                   picks_element=bool(task.get("picks_element")), answers=len(task.get("choices") or ()),
                   transforms=bool(task.get("transforms")))


class TaskDrawing(Drawing):
    """Elements as they are shown, and what is asked of them. Clips lie in stacks, frames are single."""

    def __init__(self, title: str, asked: Asked) -> None:
        super().__init__(words=said("Drawing of {title}", title=said(title)))
        self._asked = asked
        self._count = min(max(asked.elements, min(_SHUFFLED)), max(_SHUFFLED))

    def draw(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        if self._asked.picks_element:
            self._draw_odd(painter, theme, place)
        elif self._asked.answers:
            self._draw_answers(painter, theme, place)
        else:
            self._draw_order(painter, theme, place)

    def _draw_order(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """Shuffled above, in the order of time below; turned there where that is asked as well."""
        turned = self._asked.transforms
        above_S = self._row(place, theme.px(4))
        below_S = self._row(place, place.height() - theme.px(38 if turned else 34))
        order = _SHUFFLED[self._count]
        for shown, time in enumerate(order):
            self._link(painter, theme, above_S[shown], below_S[time])
        for shown, time in enumerate(order):
            self._tile(painter, theme, above_S[shown], time, theme.quiet)
            self._tile(painter, theme, below_S[time], time, theme.accent,
                       degrees=_TURN_DEGREES if turned else 0)

    def _draw_odd(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """All in order but one, which is marked."""
        odd = self._count * 2 // 3
        for number, tile in enumerate(self._row(place, (place.height() - theme.px(32)) / 2)):
            self._tile(painter, theme, tile, number, theme.accent if number == odd else theme.quiet,
                       mixed=number == odd)
            if number == odd:
                painter.setPen(QPen(QColor(theme.accent), max(1.0, 1.5 * theme.scale)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(tile.center(), tile.width() * 0.74, tile.height() * 0.98)

    def _draw_answers(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """Elements above, the answers below: one of them is right."""
        for number, tile in enumerate(self._row(place, theme.px(6))):
            self._tile(painter, theme, tile, (0, 2, 1)[number] if self._count == 3 else number, theme.quiet)
        width, high = theme.px(40), theme.px(20)
        left = place.center().x() - (self._asked.answers * (width + theme.px(12)) - theme.px(12)) / 2
        for number in range(self._asked.answers):
            right = number == self._asked.answers - 1
            box = QRectF(left + number * (width + theme.px(12)), place.height() - high - theme.px(6), width, high)
            painter.setPen(QPen(QColor(theme.accent if right else theme.line), theme.scale))
            painter.setBrush(theme.faint(theme.accent, share=0.22) if right else QColor(theme.surface))
            painter.drawRoundedRect(box, theme.px(4), theme.px(4))
            painter.setPen(QPen(QColor(theme.accent if right else theme.quiet), max(1.0, 1.5 * theme.scale)))
            painter.drawPath(_tick(box) if right else _dash(box))

    def _row(self, place: QRectF, top: float) -> list[QRectF]:
        theme, count = current_theme(), self._count
        edge = theme.px(8 if self._asked.transforms else 2)  # a turned tile needs more room
        width = min(theme.px(44), (place.width() - theme.px(12)) / count - theme.px(6)) - (edge - theme.px(2))
        pitch = (place.width() - width - 2 * edge - theme.px(4)) / (count - 1)
        return [QRectF(edge + number * pitch, top, width, width * 32 / 44) for number in range(count)]

    def _link(self, painter: QPainter, theme: Theme, above: QRectF, below: QRectF) -> None:
        start, stop = QPointF(above.center().x(), above.bottom()), QPointF(below.center().x(), below.top())
        path = QPainterPath(start)
        bend = (stop.y() - start.y()) * 0.7
        path.cubicTo(start + QPointF(0, bend), stop - QPointF(0, bend), stop)
        painter.setPen(QPen(QColor(theme.line), max(1.0, 1.5 * theme.scale)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _tile(self, painter: QPainter, theme: Theme, tile: QRectF, time: int, colour: str, *, degrees: float = 0,
              mixed: bool = False) -> None:
        """A tile with a ball on its way at a time; the ball of a mixed-up clip jumps."""
        painter.save()
        painter.translate(tile.center())
        painter.rotate(degrees)
        tile = tile.translated(-tile.center())
        ghosts = (2, 1, 0) if self._asked.clips else (0,)
        painter.setBrush(QColor(theme.surface))
        painter.setPen(QPen(QColor(colour), theme.scale))
        for back in ghosts:
            painter.drawRoundedRect(tile.translated(theme.px(2) * back, -theme.px(2) * back), theme.px(3), theme.px(3))
        painter.setPen(Qt.PenStyle.NoPen)
        for back in ghosts:
            share = (time + 0.75 - 0.28 * back) / self._count
            height = (0.1, 0.95, 0.2)[back] if mixed else math.sin(math.pi * share)
            centre = QPointF(tile.left() + tile.width() * (0.12 + 0.76 * share),
                             tile.bottom() - tile.height() * (0.22 + 0.56 * height))
            painter.setBrush(theme.faint(theme.text, share=(1.0, 0.4, 0.18)[back]))
            painter.drawEllipse(centre, tile.width() * 3 / 44, tile.width() * 3 / 44)
        painter.restore()


def _tick(box: QRectF) -> QPainterPath:
    path = QPainterPath(box.center() + QPointF(-box.height() * 0.25, 0))
    path.lineTo(box.center() + QPointF(-box.height() * 0.05, box.height() * 0.2))
    path.lineTo(box.center() + QPointF(box.height() * 0.3, -box.height() * 0.22))
    return path


def _dash(box: QRectF) -> QPainterPath:
    path = QPainterPath(box.center() + QPointF(-box.height() * 0.25, 0))
    path.lineTo(box.center() + QPointF(box.height() * 0.25, 0))
    return path
