"""The window's keys, and the sheet that lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from studio.gui.blocks import button, label
from studio.gui.theme import current_theme


@dataclass(frozen=True)
class Shortcut:
    """Keys (the first is the one shown), what they do in words, and the doing (none: something else listens)."""

    keys: Sequence[str]
    words: str
    act: Callable[[], object] | None = None


def install(window: QWidget, shortcuts: Sequence[Shortcut]) -> None:
    """Make the keys work in the whole window."""
    for one in shortcuts:
        if one.act is None:
            continue
        for keys in one.keys:
            QShortcut(QKeySequence(keys), window).activated.connect(one.act)


def show_sheet(window: QWidget, shortcuts: Sequence[Shortcut]) -> QDialog:
    """Open the list of keys."""
    theme = current_theme()
    dialog = QDialog(window)
    dialog.setObjectName("shortcuts")
    dialog.setWindowTitle("Keyboard shortcuts")
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(16))
    layout.setSpacing(theme.px(16))
    layout.addWidget(label("Keyboard shortcuts", "heading"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(32))
    grid.setVerticalSpacing(theme.px(8))
    for place, one in enumerate(shortcuts):
        keys = QKeySequence(one.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) or one.keys[0]
        grid.addWidget(label(keys, "strong"), place, 0)
        grid.addWidget(label(one.words, "quiet"), place, 1)
    layout.addLayout(grid)
    close = button("Close", name="shortcuts.close", clicked=dialog.close)
    layout.addWidget(close)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
