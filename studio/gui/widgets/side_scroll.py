"""A side column that scrolls by itself where it is higher than what is seen of the page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.theme import current_theme


class SideScroll(QScrollArea):
    """Holds the column of a `SideBySide`; under the wide part it is as high as what it holds.

    What stands beside it stays in sight while the column is scrolled.
    """

    def __init__(self, inside: QWidget, *, page: QScrollArea) -> None:
        super().__init__()
        self._page, self._stacked = page, False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setWidgetResizable(True)
        self._inside = _Inside(inside)
        self._inside.laid_out.connect(self._suit)
        self.setWidget(self._inside)
        page.verticalScrollBar().rangeChanged.connect(self._suit)  # as it does whenever more or less of it is seen

    def set_stacked(self, stacked: bool) -> None:
        """Take what room it needs (it stands under the wide part), or no more than is seen of the page."""
        self._stacked = stacked
        self._suit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def _suit(self) -> None:
        bar = self.verticalScrollBar().sizeHint().width()
        needed = self._needed(self.width())
        seen = max(1, self._page.height() - current_theme().px(24))  # without the margins of the page's body
        own = not self._stacked and needed > seen
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn if own
                                        else Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(seen if own else needed)
        self._inside.setMinimumHeight(self._needed(self.width() - bar) if own else 0)

    def _needed(self, width: int) -> int:
        return max(self._inside.heightForWidth(width), 1)


class _Inside(QWidget):
    """Tells when what it holds wants another height."""

    laid_out = Signal()

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(inside)
        layout.addStretch(1)

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        assert layout
        return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)  # how tall it is follows from its width

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.laid_out.emit()
        return done
