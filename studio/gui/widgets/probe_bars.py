"""What the leak probe found, look by look: a bar of right answers with its interval, against the line of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import label, row
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.words import share

_TITLES = {"border": noted("Border"), "colour": noted("Colour"), "still": noted("Stillest region"),
           "grain": noted("Grain")}


class ProbeBar(QWidget):
    """One bar from 0 to `top`; its value is a share of right answers."""

    def __init__(self, entry: Mapping[str, Any], *, top: float) -> None:
        super().__init__()
        self._value, self._chance, self._leak = float(entry["accuracy"]), float(entry["chance"]), bool(entry["leak"])
        self._interval, self._top = entry["interval"], top
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(said("{right} right, guessing gives {chance}", right=share(self._value),
                                    chance=share(self._chance)))

    def value(self) -> float:
        """Give the share of right answers."""
        return self._value

    def sizeHint(self) -> QSize:
        return QSize(current_theme().px(120), current_theme().px(16))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, height = self.height() / 2, theme.px(8)
        painter.fillRect(QRectF(0, middle - height / 2, self.width(), height), QColor(theme.raised))
        painter.fillRect(QRectF(0, middle - height / 2, self._x(self._value), height),
                         QColor(theme.bad if self._leak else theme.random))
        painter.setPen(QPen(QColor(theme.text), theme.scale))
        low, high = (self._x(bound) for bound in self._interval)
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for end in (low, high):
            painter.drawLine(QPointF(end, middle - theme.px(3)), QPointF(end, middle + theme.px(3)))
        at = self._x(self._chance)
        for colour, width in ((theme.ground, 6), (theme.chance, 2)):
            painter.setPen(QPen(QColor(colour), width * theme.scale))
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))

    def _x(self, value: float) -> float:
        return min(1.0, value / self._top) * (self.width() - 1)


class ProbeBars(QWidget):
    """All looks under each other, each with its sentence. Its value is the list of what was found."""

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Mapping[str, Any]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(current_theme().px(4))

    def value(self) -> list[Mapping[str, Any]]:
        """Give what is shown."""
        return list(self._found)

    def set_value(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Show what was found."""
        self._found = list(found)
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        top = min(1.0, 1.15 * max([0.1, *(max(entry["interval"][1], entry["chance"]) for entry in found)]))
        for entry in found:
            self._column.addWidget(self._entry(entry, top=top))
        if found:
            self._column.addWidget(label(said("Upright line: guessing, {share}. Whiskers: the 95 % interval.",
                                              share=share(found[0]['chance'])), "caption", wrap=True))

    def _entry(self, entry: Mapping[str, Any], *, top: float) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, current_theme().px(8))
        column.setSpacing(current_theme().px(2))
        title = _TITLES.get(entry["name"], entry["name"])
        right = label(share(entry["accuracy"]), "bad" if entry["leak"] else "")
        column.addLayout(row(label(title, "strong"), None, right))
        column.addWidget(ProbeBar(entry, top=top))
        column.addWidget(label(unbroken(entry["sentence"]), "caption", wrap=True))
        return made


def unbroken(sentence: str) -> str:
    """Keep numbers and their percent signs on one line."""
    return sentence.replace(" %", "\u00a0%")
