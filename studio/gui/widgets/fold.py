"""A part of a page under a heading that opens and shuts it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from studio.gui.blocks import button, label, row, set_icon
from studio.gui.texts import said
from studio.gui.theme import current_theme


class Fold(QWidget):
    """Shows its content while `value()` is true; shut, a short text says what is inside."""

    value_changed = Signal(bool)

    def __init__(self, title: str, content: QWidget, *, name: str, shut: bool = False) -> None:
        super().__init__()
        self._content, self._title = content, title
        self._head: QPushButton = button(title, name=name, kind="fold", clicked=self._toggle)
        self._digest = label("", "caption", wrap=True)
        self._digest.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = row(self._head)
        head.addWidget(self._digest, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        layout.addLayout(head)
        layout.addWidget(content)
        self._open = shut
        self.set_value(not shut)

    def value(self) -> bool:
        """Tell whether it is open."""
        return self._open

    def set_value(self, is_open: bool) -> None:
        """Open or shut it."""
        if is_open == self._open:
            return
        self._open = is_open
        self._content.setVisible(is_open)
        self._digest.setVisible(not is_open)
        self._head.setAccessibleDescription(said("open") if is_open else said("shut"))
        set_icon(self._head, "chevron-down" if is_open else "chevron-right")

    def set_digest(self, text: str) -> None:
        """Say at the right of the heading what is inside."""
        self._digest.setText(text)

    def _toggle(self) -> None:
        self.set_value(not self._open)
        self.value_changed.emit(self._open)
