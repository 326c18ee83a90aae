"""Two layouts that follow the width: tiles that flow into lines, and a side column that moves below when narrow."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QLayoutItem, QSizePolicy, QWidget

from studio.gui.theme import current_theme


class FlowLayout(QLayout):
    """Places its widgets from left to right, in as many lines as the width asks for.

    Those of one line stand at its top, or, `centred`, at its middle.
    """

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 12, centred: bool = False) -> None:
        super().__init__(parent)
        self._centred = centred
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self._least: QSize | None = None
        self._gap = current_theme().px(spacing)
        self.setContentsMargins(QMargins())

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def invalidate(self) -> None:
        super().invalidate()
        self._heights.clear()
        self._least = None

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:  # the layouts around it ask for the same over and over
            self._heights[width] = self._place(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def setGeometry(self, place: QRect) -> None:
        super().setGeometry(place)
        self._place(place, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def size_in_one_line(self) -> QSize:
        """The room that it would need to stand in a single line."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        if self._least is None:
            self._least = QSize()
            for item in self._items:
                if not item.isEmpty():
                    self._least = self._least.expandedTo(item.minimumSize())
        return QSize(self._least)

    def _place(self, place: QRect, *, move: bool) -> int:
        y = place.y() - self._gap
        for line in self._lines(place.width()):
            x, y, height = place.x(), y + self._gap, max(size.height() for _, size in line)
            for item, size in line if move else ():
                item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2 * self._centred), size))
                x += size.width() + self._gap
            y += height
        return max(0, y - place.y())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """What stands in each line, with its size."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        left = -1
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if not lines or size.width() > left:
                lines.append([])
                left = width
            lines[-1].append((item, size))
            left -= size.width() + self._gap
        return lines


class SideBySide(QWidget):
    """A wide part with a column of fixed width beside it; below it where there is no room for both.

    With `column_first` the column stands before the wide part, or above it. `stacked_changed` tells which.
    """

    stacked_changed = Signal(bool)

    def __init__(self, wide: QWidget, column: QWidget, *, column_pixels: int = 288, least_pixels: int = 480,
                 column_first: bool = False) -> None:
        super().__init__()
        self._column, self._column_pixels, self._least_pixels = column, column_pixels, least_pixels
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(24))
        self._layout.addWidget(wide, 1)
        self._layout.insertWidget(0 if column_first else 1, column, 0, Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._arrange(stacked=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        theme = current_theme()
        self._arrange(stacked=event.size().width() < theme.px(self._column_pixels + self._least_pixels + 24))

    def _arrange(self, *, stacked: bool) -> None:
        direction = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        self._layout.setDirection(direction)
        self._layout.setAlignment(self._column, Qt.AlignmentFlag(0) if stacked else Qt.AlignmentFlag.AlignTop)
        width = current_theme().px(self._column_pixels)
        self._column.setMinimumWidth(0 if stacked else width)
        self._column.setMaximumWidth(16_777_215 if stacked else width)
        self.stacked_changed.emit(stacked)
