"""Chooses what a scan keeps of the frames: each way with what it takes and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme

TITLES = {"auto": noted("Chosen by itself"), "memory": noted("In memory"), "map": noted("Exact copies"),
          "jpeg": noted("Compressed copies"), "video": noted("No copies")}
"""Of the tiers, in plain words."""


class TierChoice(QWidget):
    """Its value is the name of a tier, or `auto`."""

    value_changed = Signal(str)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        theme = current_theme()
        self.setObjectName(name)
        self.setAccessibleName(said("What is kept of the frames"))
        self._group = QButtonGroup(self)
        self._ways: dict[str, QRadioButton] = {}
        self._words: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(2))
        for tier, title in TITLES.items():
            way, words = QRadioButton(said(title)), label("", "caption", wrap=True)
            way.setObjectName(f"{name}.{tier}")
            way.setAccessibleName(said(title))
            way.clicked.connect(lambda _checked=False, tier=tier: self.value_changed.emit(tier))
            words.setContentsMargins(theme.px(27), 0, 0, theme.px(6))
            self._group.addButton(way)
            self._ways[tier], self._words[tier] = way, words
            layout.addWidget(way)
            layout.addWidget(words)

    def value(self) -> str:
        """Give the way chosen."""
        return next((tier for tier, way in self._ways.items() if way.isChecked()), "auto")

    def set_value(self, tier: str) -> None:
        """Choose a way."""
        self._ways[tier].setChecked(True)

    def set_words(self, words: Mapping[str, str]) -> None:
        """Say under each way what it takes and what follows from it."""
        for tier, shown in self._words.items():
            shown.setText(words.get(tier, ""))
            self._ways[tier].setAccessibleDescription(words.get(tier, ""))
