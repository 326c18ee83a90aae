"""A result as a table: one row each for trained, random weights, chance; the interval under each figure."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from studio.gui.scores import Scores
from studio.gui.texts import said
from studio.gui.theme import current_theme

Index = QModelIndex | QPersistentModelIndex
_SECOND, _COLOUR = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_ROW_PIXELS, _FIRST_PIXELS = 44, 190


class ScoreTable(QTableWidget):
    """Shows a result; its value is the column that was chosen last, counted from 0 without the titles."""

    value_changed = Signal(int)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Results: trained beside random weights and chance"))
        self.setItemDelegate(_Cell(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentCellChanged.connect(lambda _row, column, *_: self._chose(column))

    def value(self) -> int:
        """Give the chosen column."""
        return max(0, self.currentColumn() - 1)

    def set_value(self, scores: Scores | None) -> None:
        """Show a result, or none."""
        self.blockSignals(True)
        self.clear()
        rows, columns = (scores.rows, scores.columns) if scores else ([], [])
        self.setRowCount(len(rows))
        self.setColumnCount(len(columns) + 1)
        self.setHorizontalHeaderLabels(["", *columns])
        for number, row in enumerate(rows):
            self.setItem(number, 0, _item(row.title, row.note, row.colour))
            for column, score in enumerate(row.scores, 1):
                self.setItem(number, column, _item(score.text if score else "–", score.interval if score else ""))
        self._fit()
        self.blockSignals(False)

    def _fit(self) -> None:
        theme = current_theme()
        for number in range(self.rowCount()):
            self.setRowHeight(number, theme.px(_ROW_PIXELS))
        if self.columnCount():
            self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(0, theme.px(_FIRST_PIXELS))
            for column in range(1, self.columnCount()):
                if title := self.horizontalHeaderItem(column):
                    title.setTextAlignment(Qt.AlignmentFlag.AlignLeft)
            self.horizontalHeader().setMinimumSectionSize(theme.px(76))
        header = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(header + theme.px(_ROW_PIXELS) * self.rowCount() + 2 * self.frameWidth() + 2)

    def _chose(self, column: int) -> None:
        if column > 0:
            self.value_changed.emit(column - 1)


class _Cell(QStyledItemDelegate):
    """Paints a figure with its interval under it."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(current_theme().px(76), current_theme().px(_ROW_PIXELS))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, place = current_theme(), QRect(option.rect)
        painter.save()
        if self.parent().currentIndex() == index and self.parent().hasFocus():  # type: ignore[union-attr]
            painter.setPen(QColor(theme.accent))
            painter.drawRoundedRect(place.adjusted(1, 1, -2, -2), 4, 4)
        if index.row():
            painter.setPen(QColor(theme.line))
            painter.drawLine(place.topLeft(), place.topRight())
        inner = place.adjusted(theme.px(8), theme.px(5), -theme.px(4), -theme.px(5))
        if colour := theme.plot_colours.get(str(index.data(_COLOUR) or "")):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            side = theme.px(8)
            painter.drawEllipse(inner.left(), inner.top() + theme.px(4), side, side)
        if not index.column():
            inner.setLeft(inner.left() + theme.px(16))
        half = inner.height() // 2
        second = str(index.data(_SECOND) or "")
        for words, top, size, bold, ink in ((str(index.data() or ""), 0, 13, index.row() == 0, theme.text),
                                            (second, half, 11, False, theme.quiet)):
            painter.setFont(theme.font(size, bold=bold))
            painter.setPen(QColor(ink))
            line = QRect(inner.left(), inner.top() + top, inner.width(), half)
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.restore()


def _item(words: str, second: str, colour: str = "") -> QTableWidgetItem:
    made = QTableWidgetItem(words)
    made.setData(_SECOND, second)
    made.setData(_COLOUR, colour)
    made.setData(Qt.ItemDataRole.AccessibleTextRole, f"{words}, {second}" if second else words)
    if second:
        made.setToolTip(f"{words}, {second}")
    return made
