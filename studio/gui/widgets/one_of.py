"""Shows one of several widgets, as large as that one needs: a stack is as large as its largest."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget


class OneOf(QWidget):
    """Its value is the place of the widget shown, from 0."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._widgets = list(widgets)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            layout.addWidget(widget, 1)
        self.set_value(0)

    def value(self) -> int:
        """Give the place of the widget shown."""
        return next(place for place, widget in enumerate(self._widgets) if not widget.isHidden())

    def set_value(self, place: int) -> None:
        """Show the widget at a place, and no other."""
        for number, widget in enumerate(self._widgets):
            if number != place:
                widget.hide()
        self._widgets[place].show()
