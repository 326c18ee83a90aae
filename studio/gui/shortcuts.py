"""The window's keys; `help.HelpDialog` lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from studio.gui.texts import noted


@dataclass(frozen=True)
class Shortcut:
    """Keys (the first is the one shown), what they do in words, and the doing (none: something else listens)."""

    keys: Sequence[str]
    words: str
    act: Callable[[], object] | None = None


ELSEWHERE = (
    Shortcut(["Left, Right"], noted("Curves, pictures that play, frame strip: one step or frame back or on")),
    Shortcut(["PgUp, PgDown"], noted("Curves: a long way back or on")),
    Shortcut(["Home, End"], noted("Curves: to the start or the end")),
    Shortcut(["+, -, 0"], noted("Curves of a run, map: closer, farther, all of it")),
    Shortcut(["Shift+Left, Shift+Right"], noted("Curves of a run, map: move what is shown")),
    Shortcut(["Space"], noted("Pictures that play: play or stand still; map: take the clip, or give it back")),
    Shortcut(["Return"], noted("Pictures, map: choose the clip")),
    Shortcut(["Left, Right, Up, Down"], noted("Map: to the next clip on that side")),
    Shortcut(["Shift+Return"], noted("Map: take all between the clip taken last and this one")),
    Shortcut(["Ctrl+A"], noted("Map: take all clips")),
    Shortcut(["Esc"], noted("Map: take none; curves of a run: forget the step; tour: end it")),
)
"""Keys of what has the focus, which listens itself."""


def install(window: QWidget, shortcuts: Sequence[Shortcut]) -> None:
    """Make the keys work in the whole window."""
    for one in shortcuts:
        if one.act is None:
            continue
        for keys in one.keys:
            QShortcut(QKeySequence(keys), window).activated.connect(one.act)
