"""Whether everything that a page shows has the room that it needs: words whole, nothing beyond the width."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from studio.gui.widgets.tile import Tile

_ARROWS_PIXELS = 24
_WORDY = (QLabel, QAbstractButton, QAbstractSpinBox, QLineEdit, QComboBox)


def cut_off(root: QWidget) -> list[str]:
    """What is shown with less room than its words need, and what reaches beyond the one that holds it."""
    found = []
    for one in root.findChildren(QWidget):
        if not one.isVisible() or _in_a_list(one):
            continue
        if isinstance(one, _WORDY) and not _may_be_cut(one):
            needed = one.minimumSizeHint()
            if isinstance(one, QAbstractSpinBox):
                needed.setWidth(one.fontMetrics().horizontalAdvance(one.text()) + _ARROWS_PIXELS)
            if isinstance(one, QLabel) and one.wordWrap():
                needed.setHeight(max(0, one.heightForWidth(one.width())))
                needed.setWidth(_longest_word(one))
            if one.width() < needed.width() or one.height() < needed.height() - 1:
                found.append(f"{_name(one)}: {_size(one)} of {needed.width()} x {needed.height()}")
        if isinstance(one, (*_WORDY, Tile)) and (beyond := _beyond(one, root)):
            found.append(f"{_name(one)}: {beyond} pixels beyond its holder")
    return found


def scrolls_sideways(root: QWidget) -> list[str]:
    """The scroll areas (but tables and texts) that must be moved sideways to be read."""
    return [f"{area.objectName() or type(area).__name__}: {bar.maximum()} pixels"
            for area in root.findChildren(QScrollArea)
            if area.isVisible() and (bar := area.horizontalScrollBar()) and bar.maximum() > 0]


def _may_be_cut(one: QWidget) -> bool:
    """Whether a long text is cut on purpose, with the whole of it at hand in the tip; or there is no text."""
    text = one.text() if isinstance(one, (QLabel, QAbstractButton)) else "editor"
    cut = one.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
    return not text or (cut and bool(one.toolTip() or ((parent := one.parentWidget()) and parent.toolTip())))


def _longest_word(one: QLabel) -> int:
    metrics = one.fontMetrics()
    return max((metrics.horizontalAdvance(word) for word in one.text().replace("\u200b", " ").split()), default=0)


def _beyond(one: QWidget, root: QWidget) -> int:
    """How many pixels it reaches beyond any holder that does not scroll."""
    worst, holder = 0, one.parentWidget()
    while holder is not None and holder is not root.parentWidget():
        if isinstance(holder.parentWidget(), QAbstractScrollArea):  # the viewport, behind which things move
            return worst
        place = QRect(one.mapTo(holder, QPoint(0, 0)), one.size())
        worst = max(worst, place.right() - holder.width() + 1, place.bottom() - holder.height() + 1, -place.left(),
                    -place.top())
        holder = holder.parentWidget()
    return worst


def _in_a_list(one: QWidget) -> bool:
    holder = one.parentWidget()
    while holder is not None:
        if isinstance(holder, (QAbstractItemView, QComboBox, QAbstractSpinBox)):
            return True
        holder = holder.parentWidget()
    return bool(one.windowFlags() & Qt.WindowType.Popup == Qt.WindowType.Popup)


def _name(one: QWidget) -> str:
    text = one.text() if isinstance(one, (QLabel, QAbstractButton)) else ""
    return f"{type(one).__name__} {one.objectName()} {text[:60]!r}"


def _size(one: QWidget) -> str:
    return f"{one.width()} x {one.height()}"
