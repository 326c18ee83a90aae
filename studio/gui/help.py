"""Help inside the window: the sheet of keys, the words that the studio uses, and the way around."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QLineEdit, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from studio.engine.files import resource
from studio.gui.blocks import button, fit, label, row
from studio.gui.shortcuts import Shortcut
from studio.gui.texts import said
from studio.gui.theme import current_theme


def glossary() -> list[tuple[str, str]]:
    """The studio's words, each with what it means in one sentence."""
    found = json.loads(resource("glossary.json").read_text(encoding="utf-8"))
    return [(str(word), str(meaning)) for word, meaning in found]


class HelpDialog(QDialog):
    """Keys and words; `show_around` starts the tour."""

    def __init__(self, window: QWidget, shortcuts: Sequence[Shortcut], *, show_around: Callable[[], object]) -> None:
        super().__init__(window)
        theme = current_theme()
        self.setObjectName("shortcuts")
        self.setWindowTitle(said("Help"))
        fit(self, 620, 560)
        self._words: list[tuple[str, list[QWidget]]] = []
        self.tabs = QTabWidget()
        self.tabs.setObjectName("help.tabs")
        self.tabs.setAccessibleName(said("Kinds of help"))
        self.tabs.addTab(_scrolled(_keys(shortcuts)), said("Keys"))
        self.tabs.addTab(self._make_words(), said("Words"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(16))
        layout.setSpacing(theme.px(12))
        layout.addWidget(label("Help", "heading"))
        layout.addWidget(self.tabs, 1)

        def around() -> None:
            self.close()
            show_around()

        layout.addLayout(row(button("Show me around", name="help.tour", clicked=around,
                                    tip="Five notes on where things are"), None,
                             button("Close", name="shortcuts.close", kind="primary", clicked=self.close)))
        self.finished.connect(self.deleteLater)

    def shown_words(self) -> list[str]:
        """The words that the search leaves."""
        return [word for word, widgets in self._words if not widgets[0].isHidden()]

    def search(self, text: str) -> None:
        """Leave the words that hold a text, in themselves or in what they mean."""
        meanings = dict(glossary())
        for word, widgets in self._words:
            for widget in widgets:
                widget.setVisible(text.casefold() in f"{word} {meanings[word]}".casefold())

    def _make_words(self) -> QWidget:
        search = QLineEdit()
        search.setObjectName("help.search")
        search.setAccessibleName(said("Search the words"))
        search.setPlaceholderText(said("Search"))
        search.setClearButtonEnabled(True)
        search.textChanged.connect(self.search)
        inner = QWidget()
        grid = _grid(inner)
        for place, (word, meaning) in enumerate(glossary()):
            widgets: list[QWidget] = [label(word, "strong"), label(meaning, "quiet", wrap=True)]
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, place, column, Qt.AlignmentFlag.AlignTop)
            self._words.append((word, widgets))
        grid.setRowStretch(len(self._words), 1)
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, current_theme().px(12), 0, 0)
        layout.addWidget(search)
        layout.addWidget(_scrolled(inner), 1)
        return made


def _keys(shortcuts: Sequence[Shortcut]) -> QWidget:
    made = QWidget()
    grid = _grid(made)
    for place, one in enumerate(shortcuts):
        keys = QKeySequence(one.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) or one.keys[0]
        grid.addWidget(label(keys, "strong"), place, 0)
        grid.addWidget(label(one.words, "quiet", wrap=True), place, 1)
    grid.setRowStretch(len(shortcuts), 1)
    return made


def _grid(holder: QWidget) -> QGridLayout:
    theme = current_theme()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, theme.px(12), theme.px(8), 0)
    grid.setHorizontalSpacing(theme.px(32))
    grid.setVerticalSpacing(theme.px(8))
    grid.setColumnStretch(1, 1)
    return grid


def _scrolled(inner: QWidget) -> QScrollArea:
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setAccessibleName(said("List"))
    made.setWidget(inner)
    return made
