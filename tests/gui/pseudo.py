"""A language whose every text is in brackets and 40 % longer: what shows without brackets was never translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QTableView,
    QWidget,
)

from studio.gui.texts import CONTEXT

_INNERMOST = re.compile(r"\[[^\[\]]*\]")
_WORD = re.compile(r"[A-Za-z]{3,}")
_MOST_ROWS = 12
_ROLES = {Qt.ItemDataRole.DisplayRole: "text", Qt.ItemDataRole.ToolTipRole: "tip",
          Qt.ItemDataRole.AccessibleTextRole: "name"}


class Longer(QTranslator):
    """Translates each text into itself, in brackets and with a tail; `asked` is every text that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        if context != CONTEXT or source.startswith("["):  # Qt's own, and what was said already
            return source
        self.asked.add(source)
        return f"[{source}{' ~~~~' * round(0.08 * len(source))}]"

    def isEmpty(self) -> bool:
        return False


def untranslated(root: QWidget, *, data: Callable[[str], bool] = lambda _text: False,
                 leave: Collection[str] = ()) -> list[str]:
    """What is shown, tipped or spoken and has words outside of brackets; `data` tells names and other data.

    Controls whose object names start with one of `leave` show data alone.
    """
    found = []
    for one, kind, text in _texts(root):
        name = one.objectName()
        if _WORD.search(bare(text)) and not data(text) and not (name and name.startswith(tuple(leave))):
            found.append(f"{kind} of {type(one).__name__} {name}: {text[:90]!r}")
    return found


def bare(text: str) -> str:
    """What of a text was not said: all that stands outside of brackets."""
    while (shorter := _INNERMOST.sub("", text)) != text:
        text = shorter
    return text


def _texts(root: QWidget) -> Iterator[tuple[QWidget, str, str]]:
    for one in [root, *root.findChildren(QWidget)]:
        if not one.isVisibleTo(root) or _inside(one):
            continue
        if isinstance(one, (QLabel, QAbstractButton)):
            yield one, "text", one.text().replace("\u200b", "")
        if isinstance(one, QLineEdit):
            yield one, "placeholder", one.placeholderText()
        if isinstance(one, QTabBar):
            yield from ((one, "tab", one.tabText(place)) for place in range(one.count()))
        if isinstance(one, (QComboBox, QAbstractItemView)):
            yield from ((one, kind, text) for kind, text in _items(one.model(), headed=isinstance(one, QTableView)))
        yield one, "tip", one.toolTip()
        yield one, "name", one.accessibleName()
        yield one, "description", one.accessibleDescription()


def _items(model: QAbstractItemModel, *, headed: bool) -> Iterator[tuple[str, str]]:
    """What the columns and the first rows of a table or a list say."""
    for column in range(model.columnCount(QModelIndex()) if headed else 1):
        for role, kind in _ROLES.items() if headed else ():
            yield f"{kind} of a column", model.headerData(column, Qt.Orientation.Horizontal, role) or ""
        for row in range(min(model.rowCount(QModelIndex()), _MOST_ROWS)):
            for role, kind in _ROLES.items():
                yield f"{kind} of a row", model.index(row, column).data(role) or ""


def _inside(one: QWidget) -> bool:
    holder = one.parentWidget()
    return isinstance(holder, (QComboBox, QAbstractItemView)) or one.objectName().startswith("qt_")
