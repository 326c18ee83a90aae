"""What a scrolled page shows of a widget, and how to bring it into sight."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

from studio.gui.theme import current_theme


def share_in_sight(widget: QWidget) -> float:
    """The share of a widget's height that the page shows."""
    area = _area_of(widget)
    if area is None or not widget.isVisible():
        return float(widget.isVisible())
    place = QRect(widget.mapTo(area.viewport(), QPoint()), widget.size())
    return (place & area.viewport().rect()).height() / max(1, place.height())


def bring_into_sight(widget: QWidget) -> None:
    """Scroll the page until all of a widget can be seen, once it has found its place."""
    soon = QTimer(widget, singleShot=True, interval=0)
    soon.timeout.connect(lambda: _scroll_to(widget))
    soon.timeout.connect(soon.deleteLater)
    soon.start()


def _scroll_to(widget: QWidget) -> None:
    if area := _area_of(widget):
        area.ensureWidgetVisible(widget, 0, current_theme().px(8))


def _area_of(widget: QWidget) -> QScrollArea | None:
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    return around
