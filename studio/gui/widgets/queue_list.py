"""What waits to be trained: one line an entry, with a way to train it earlier and to take it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.engine.queue import Entry
from studio.gui.blocks import button, column, label, row
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.run_list import short_name
from studio.gui.words import breakable, counted, limits_text

_SHOWN = 4
"""Entries that are shown at first; more are shown when asked for."""
_BUTTON_PIXELS = 32


class QueueList(QWidget):
    """Shows entries in the order in which they are trained; its value is the entries. It hides while there is none.

    `up_clicked` and `remove_clicked` bring the entry; `run_clicked` asks to train what waits.
    """

    up_clicked = Signal(object)
    remove_clicked = Signal(object)
    run_clicked = Signal()

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._entries: tuple[Entry, ...] = ()
        self._all = False
        self._only_looks = ""
        self._lines: list[_Line] = []
        self._run = button("Train what waits", name=f"{prefix}.queue_run", icon_name="play",
                           clicked=self.run_clicked.emit)
        self._more = button("", name=f"{prefix}.queue_all", kind="link", clicked=self._show_all)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(current_theme().px(2))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(6))
        layout.addLayout(row(label("Waiting", "heading"), None, self._run))
        layout.addLayout(self._rows)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.setObjectName(f"{prefix}.queue")
        self.hide()

    def value(self) -> tuple[Entry, ...]:
        """Give the entries shown."""
        return self._entries

    def set_value(self, entries: Sequence[Entry], *, trains: bool, only_looks: str = "") -> None:
        """Show entries. `trains`: something trains now; `only_looks`: why nothing may be changed, in words."""
        self._entries, self._only_looks = tuple(entries), only_looks
        shown = self._entries if self._all else self._entries[:_SHOWN]
        while len(self._lines) > len(shown):
            self._lines.pop().deleteLater()
        while len(self._lines) < len(shown):
            line = _Line(len(self._lines) + 1, prefix=self._prefix)
            line.up.clicked.connect(partial(self._tell, self.up_clicked, line))
            line.remove.clicked.connect(partial(self._tell, self.remove_clicked, line))
            self._rows.addWidget(line)
            self._lines.append(line)
        for line, entry in zip(self._lines, shown, strict=True):
            line.set_value(entry, only_looks=only_looks)
        hidden = len(self._entries) - len(shown)
        self._more.setText(said("Show {count} more", count=hidden))
        self._more.setAccessibleName(said("Show {count} more that wait", count=hidden))
        self._more.setVisible(hidden > 0)
        self._run.setVisible(bool(self._entries) and not trains)
        self._run.setEnabled(not only_looks)
        self._run.setToolTip(only_looks or said("One run after the other, in this order"))
        self.setAccessibleName(said("{runs} waiting to be trained", runs=counted(len(self._entries), "run")))
        self.setVisible(bool(self._entries))

    def _tell(self, signal: Any, line: _Line, _checked: bool = False) -> None:
        if line.entry is not None:
            signal.emit(line.entry)

    def _show_all(self) -> None:
        self._all = True
        self.set_value(self._entries, trains=self._run.isHidden(), only_looks=self._only_looks)


class _Line(QWidget):
    """One entry: its place, its name, what it is, and perhaps why it could not begin."""

    def __init__(self, number: int, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self.entry: Entry | None = None
        self._number = number
        self._name, self._about = label("", "strong", wrap=True), label("", "caption", wrap=True)
        self._problem = label("", "warning", wrap=True)
        self.up = button("", name=f"{prefix}.queue_up.{number}", icon_name="arrow-up", kind="plain")
        self.remove = button("", name=f"{prefix}.queue_remove.{number}", icon_name="close", kind="plain")
        place = label(str(number), "quiet")
        place.setMinimumWidth(theme.px(16))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.px(8), theme.px(4), 0, theme.px(4))
        layout.setSpacing(theme.px(8))
        layout.addWidget(place, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column(self._name, self._about, self._problem, spacing=0), 1)
        for made in (self.up, self.remove):
            made.setFixedWidth(theme.px(_BUTTON_PIXELS))
            layout.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)

    def set_value(self, entry: Entry, *, only_looks: str) -> None:
        """Show an entry; why it may not be changed, if so."""
        self.entry = entry
        name, about = short_name(entry.title), in_words(entry)
        self._name.setText(breakable(name))
        self._about.setText(about)
        self._problem.setText(said("Could not begin: {why}", why=entry.problem) if entry.problem else "")
        self._problem.setVisible(bool(entry.problem))
        self.setToolTip("\n".join(filter(None, (entry.title, about, *entry.settings))))
        self.setAccessibleName(", ".join(filter(None, (f"{self._number}: {name}", about, entry.problem))))
        self.up.setVisible(self._number > 1)
        for made, words in ((self.up, said("Train {run} earlier", run=name)),
                            (self.remove, said("Take {run} out of the queue", run=name))):
            made.setAccessibleName(words)
            made.setToolTip(only_looks or words)
            made.setEnabled(not only_looks)


def in_words(entry: Entry) -> str:
    """Say what an entry is: its recipe, network and length, or that a run goes on."""
    if entry.resume:
        return said("goes on, longer") if entry.settings else said("goes on")
    recipe = entry.recipe
    training = recipe.get("training")
    return " · ".join(filter(None, (said(str(recipe.get("title") or recipe.get("name") or "")),
                                    str(recipe.get("backbone") or ""),
                                    limits_text(training) if isinstance(training, Mapping) else "")))


