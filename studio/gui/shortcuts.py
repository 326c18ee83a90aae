"""The window's keys; `help.HelpDialog` lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


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
