"""The settings in which several runs differ, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import label
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.run_list import told_apart
from studio.gui.words import breakable

_LEFT_OUT = {"name", "title", "summary", "paper"}
_MOST = 12


def flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Give a recipe's options as `section.key`."""
    found: dict[str, Any] = {}
    for key, value in recipe.items():
        if isinstance(value, Mapping):
            found.update({f"{key}.{name}": one for name, one in value.items()})
        elif key not in _LEFT_OUT:
            found[key] = value
    return found


def differing(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """The options that are not the same in all runs, with each run's value in words."""
    recipes = [flat(run.recipe) for run in runs]
    keys = list(dict.fromkeys(key for recipe in recipes for key in recipe))
    rows = [(key, [_written(recipe.get(key)) for recipe in recipes]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def run_colour(place: int) -> str:
    """The colour of the `place`th of several runs: never that of the chance line."""
    theme = current_theme()
    colours = [colour for number in range(7) if (colour := theme.series(number)).lower() != theme.chance.lower()]
    return colours[place % len(colours)]


class Differences(QWidget):
    """Shows the options in which runs differ; its value is the runs."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._runs: list[Run] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        theme = current_theme()
        self._grid.setHorizontalSpacing(theme.px(24))
        self._grid.setVerticalSpacing(theme.px(4))

    def value(self) -> list[Run]:
        """Give the runs compared."""
        return list(self._runs)

    def set_value(self, runs: Sequence[Run]) -> None:
        """Compare runs; each has the colour of its place."""
        if list(runs) == self._runs:
            return
        self._runs = list(runs)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        rows, names = differing(runs), told_apart(runs)
        for column, run in enumerate(runs, 1):
            dot = f'<span style="color:{run_colour(column - 1)}">●</span>'
            head = label(f"{dot} {escape(names[run.name])}", "strong", wrap=True)
            head.setTextFormat(Qt.TextFormat.RichText)
            self._grid.addWidget(head, 0, column)
        for number, (key, values) in enumerate(rows[:_MOST], 1):
            self._grid.addWidget(label(breakable(key.replace("_", " ").replace(".", ", ")), "quiet", wrap=True), number,
                                 0)
            for column, value in enumerate(values, 1):
                self._grid.addWidget(label(breakable(value), wrap=True), number, column)
        if len(rows) > _MOST:
            self._grid.addWidget(label(said("and {count} more", count=len(rows) - _MOST), "caption"), _MOST + 1, 0)
        if not rows:
            self._grid.addWidget(label("These runs have the same settings.", "quiet", wrap=True), 1, 0, 1, -1)
        for column in range(1, len(runs) + 1):
            self._grid.setColumnStretch(column, 1)
        self.setAccessibleName(said("Settings that differ: ") + "; ".join(
            f"{key} {' against '.join(values)}" for key, values in rows[:_MOST]))


def _written(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value)
