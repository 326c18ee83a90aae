"""Shares as bars with their intervals, under each other: trained, random weights, an earlier run, chance as a line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.scores import Row, Score, Scores
from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme

_BAR_PIXELS, _GAP_PIXELS, _AXIS_PIXELS, _LEVEL_PIXELS = 20, 12, 20, 16


class ScoreBars(QWidget):
    """Draws one column of a result; its value is the number of that column."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._scores: Scores | None = None
        self._column = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> int:
        """Give the column drawn."""
        return self._column

    def set_value(self, scores: Scores | None, *, column: int = 0) -> None:
        """Draw a column of a result."""
        self._scores, self._column = scores, column
        bars = self._bars()
        words = ", ".join(f"{row.title} {score.text}" for row, score in bars)
        self.setAccessibleName(f"{scores.columns[column]}: {words}" if scores else said("Nothing measured yet"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme, count = current_theme(), max(1, len([1 for row, _ in self._bars() if row.colour != "chance"]))
        return QSize(theme.px(320), theme.px((_BAR_PIXELS + _GAP_PIXELS) * count + _AXIS_PIXELS + _LEVEL_PIXELS + 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(current_theme().px(200), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        bars = self._bars()
        if not bars:
            return
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        metrics = QFontMetrics(theme.font(11))
        left = max(metrics.horizontalAdvance(row.title) for row, _ in bars) + theme.px(12)
        right = self.width() - metrics.horizontalAdvance("100.0 %  0 to 100") - theme.px(16)
        place = QRectF(left, theme.px(4), max(1, right - left), self.height() - theme.px(_AXIS_PIXELS + 4))
        self._paint_grid(painter, theme, place)
        top = place.top() + theme.px(_GAP_PIXELS / 2)
        for row, score in bars:
            if row.colour != "chance":
                box = QRectF(place.left(), top, place.width(), theme.px(_BAR_PIXELS))
                _paint_bar(painter, theme, box, row, score)
                top += theme.px(_BAR_PIXELS + _GAP_PIXELS)
        for row, score in bars:
            if row.colour == "chance":
                _paint_level(painter, theme, place, row, score)

    def _bars(self) -> list[tuple[Row, Score]]:
        rows = self._scores.rows if self._scores else []
        return [(row, score) for row in rows if row.drawn and (score := row.scores[self._column]) is not None]

    def _paint_grid(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        for percent in (0, 25, 50, 75, 100):
            x = place.left() + place.width() * percent / 100
            painter.setPen(QPen(theme.faint(theme.text, share=0.12 if percent else 0.4), 1))
            painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
            painter.setPen(QColor(theme.quiet))
            box = QRectF(x - theme.px(30), place.bottom() + theme.px(2), theme.px(60), theme.px(_AXIS_PIXELS - 2))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), f"{percent} %" if percent in (0, 50, 100) else "")


def _paint_bar(painter: QPainter, theme: Theme, box: QRectF, row: Row, score: Score) -> None:
    colour = QColor(theme.plot_colours.get(row.colour, theme.quiet))
    scale = box.width() / 100
    painter.setPen(QColor(theme.text))
    painter.drawText(QRectF(0, box.top(), box.left() - theme.px(12), box.height()),
                     int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), row.title)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.faint(colour.name(), share=0.55))
    painter.drawRoundedRect(QRectF(box.left(), box.top(), max(1.0, score.value * scale), box.height()), 2, 2)
    if score.low is not None and score.high is not None:
        middle = box.center().y()
        painter.setPen(QPen(QColor(theme.text), 1.25))
        ends = [box.left() + end * scale for end in (score.low, score.high)]
        painter.drawLine(QPointF(ends[0], middle), QPointF(ends[1], middle))
        for end in ends:
            painter.drawLine(QPointF(end, middle - theme.px(4)), QPointF(end, middle + theme.px(4)))
    painter.setPen(QColor(theme.text))
    words = QRectF(box.right() + theme.px(12), box.top(), theme.px(400), box.height())
    painter.drawText(words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                     f"{score.text}  {score.interval}")


def _paint_level(painter: QPainter, theme: Theme, place: QRectF, row: Row, score: Score) -> None:
    x = place.left() + place.width() * score.value / 100
    painter.setPen(QPen(QColor(theme.chance), 1.25, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
    words = f"{row.title.lower()} {score.text}"
    width = QFontMetrics(theme.font(11)).horizontalAdvance(words) + theme.px(8)
    box = QRectF(x + theme.px(3), place.bottom() - theme.px(_LEVEL_PIXELS), width, theme.px(_LEVEL_PIXELS - 1))
    painter.fillRect(box, QColor(theme.ground))
    painter.setPen(QColor(theme.text))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
