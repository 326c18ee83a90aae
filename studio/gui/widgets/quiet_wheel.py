"""Controls that a wheel changes only where they have the focus: one that scrolls the page changes nothing.

A filter of all of the application's events would cover any control, but makes laying out several times as slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QSlider, QTabBar, QWidget

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object


class QuietWheel(_Widget):
    """Leaves the wheel to the page; goes before Qt's class.

    Qt lets the wheel itself give the focus to choices and number boxes: they need `StrongFocus`.
    """

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class QuietComboBox(QuietWheel, QComboBox):
    """Chooses a text."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class QuietSlider(QuietWheel, QSlider):
    """Chooses a whole number, from left to right."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)


class QuietTabBar(QuietWheel, QTabBar):
    """Chooses a view."""
