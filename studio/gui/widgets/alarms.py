"""What a person should know of a run or a machine, in words: one message a code."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import NoticeBar
from studio.gui.theme import current_theme

_BAD = {"loss-not-finite", "rolled-back", "features-collapsed", "disk-too-small", "checkpoint-damaged"}


class Alarms(QWidget):
    """Shows messages with their remedies; its value maps a code to (message, remedy)."""

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._bars: dict[str, NoticeBar] = {}
        self._shown: dict[str, tuple[str, str]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(8))
        self.hide()

    def value(self) -> dict[str, tuple[str, str]]:
        """Give the messages shown."""
        return dict(self._shown)

    def set_value(self, alarms: Mapping[str, tuple[str, str]]) -> None:
        """Show these messages and no others."""
        if dict(alarms) == self._shown:
            return
        self._shown = dict(alarms)
        for code in set(self._bars) - set(alarms):
            bar = self._bars.pop(code)
            self._layout.removeWidget(bar)
            bar.setObjectName("")
            bar.hide()
            bar.deleteLater()
        for code, (message, remedy) in alarms.items():
            if code not in self._bars:
                self._bars[code] = NoticeBar("bad" if code in _BAD else "warning", name=f"{self._prefix}.{code}")
                self._layout.addWidget(self._bars[code])
            self._bars[code].set_value(message, f"{remedy}." if remedy else "")
        self.setVisible(bool(alarms))
