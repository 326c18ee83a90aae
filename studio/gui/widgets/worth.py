"""What neighbours are worth: hubs, a collapsed network, and by label how many of the nearest are right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from studio.gui.blocks import NoticeBar, label
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.fold import Fold
from studio.gui.words import breakable, number, share

_SHOWN = 12
_KINDS = {"folder": noted("folder"), "label": noted("label")}


class Worth(QWidget):
    """Shows an answer's notes, and a fold with precision and recall by label and by group; its value are its words."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        theme = current_theme()
        self.notes = NoticeBar("warning", name=f"{name}.notes")
        self.hubs = label("", "quiet", wrap=True)
        self._cells: list[QLabel] = []
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.px(16))
        self._grid.setVerticalSpacing(theme.px(4))
        self.fold = Fold("How often the nearest are right", self._table, name=f"{name}.worth", shut=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        for part in (self.notes, self.hubs, self.fold):
            layout.addWidget(part)
        self.notes.hide()
        self.hide()

    def value(self) -> list[list[str]]:
        """Give the table's words, row by row."""
        return [[item.widget().text() for column in range(self._grid.columnCount())  # type: ignore[union-attr]
                 if (item := self._grid.itemAtPosition(row, column))] for row in range(self._grid.rowCount())
                if self._grid.itemAtPosition(row, 0)]

    def set_value(self, result: dict[str, Any]) -> None:
        """Show what an answer of the worker says of all videos."""
        self.notes.set_value(" ".join(result["notes"]), said("Look at its training: a lower learning rate may help.")
                             if result["notes"] else "", level="warning")
        hubs = result["hubs"]
        self.hubs.setText(hubs["sentence"] if hubs["hubs"] else
                          said("Good: no video turns up among the neighbours of nearly all others."))
        labels, groups, beside = result["labels"], result["groups"], result["beside"]
        rows = _rows(labels, beside["labels"], every=said("all"))
        figures = [said("videos"), said("precision"), said(beside["title"]), said("by chance"), said("recall"),
                   said(beside["title"])]
        parts = [[[said("of the {count} nearest, the same {kind}", count=labels["k"], kind=said(_KINDS[labels["by"]])),
                   *figures], *rows]] if rows else []
        if groups["queries"]:
            own = _rows(groups, beside["groups"], every=said("all groups"))
            parts.append([[said("of the {count} nearest, the same group; only the video itself is left out",
                                count=groups["k"]), *figures], *own])
            rows += own
        self._fill(parts)
        self.fold.setVisible(bool(rows))
        self.fold.set_digest(said("{right} have the same {kind}, {title} {beside}, by chance {chance}",
                                  right=share(labels["precision"]), kind=said(_KINDS[labels["by"]]),
                                  title=said(beside["title"]), beside=share(beside["labels"]["precision"]),
                                  chance=share(labels["chance"]))
                             if labels["queries"] else "")
        self.show()

    def _fill(self, parts: list[list[list[str]]]) -> None:
        """Fill the table with parts, each of a head and its rows."""
        rows, heads = list[list[str]](), set[int]()
        for part in parts:
            heads.add(len(rows))
            rows += part
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells.clear()
        for place, cells in enumerate(rows):
            for column, text in enumerate(cells):
                cell = label(text, "caption" if place in heads else "", wrap=place in heads or column == 0)
                if column:
                    cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._grid.addWidget(cell, place, column)
                self._cells.append(cell)
        self._grid.setColumnStretch(0, 2)
        self._table.setAccessibleName("; ".join(", ".join(cells) for cells in rows))


def _rows(found: dict[str, Any], beside: dict[str, Any], *, every: str) -> list[list[str]]:
    if not found["queries"]:
        return []
    other = {one["name"]: one for one in beside["each"]}
    shown = [(breakable(one["name"]), one, other.get(one["name"], {})) for one in found["each"][:_SHOWN]]
    return [[name, number(one["queries"]), share(one["precision"]), share(against.get("precision")),
             share(one["chance"]), share(one["recall"]), share(against.get("recall"))]
            for name, one, against in [*shown, (every, found, beside)]]
