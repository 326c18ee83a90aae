"""The left rail: the seven pages in working order, and the few things that concern the whole window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, icon, icon_size, theme_watch
from studio.gui.words import share

_WIDTH, _NARROW = 172, 152
"""Width in pixels; the narrow one leaves a small screen's pages their room under large text."""
_LARGE = 1.6


@dataclass(frozen=True)
class Entry:
    """A page as the rail and the window know it; `module` and `cls` are loaded when the page is first needed."""

    name: str
    title: str
    icon: str
    module: str
    cls: str
    key: str = ""
    """How its object names start, where that is not `name`."""
    always: bool = False
    """Whether it opens without a project; such a page is made when it is asked for."""

    @property
    def object_key(self) -> str:
        """Start of its object names."""
        return self.key or self.name


class Rail(QWidget):
    """One button a page. `value` is the name of the page chosen."""

    value_changed = Signal(str)
    project_clicked = Signal()
    theme_clicked = Signal()
    text_size_clicked = Signal()
    shortcuts_clicked = Signal()
    machine_clicked = Signal()

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAccessibleName(said("Pages"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._entries = {entry.name: entry for entry in entries}
        self._buttons: dict[str, QToolButton] = {}
        self._locked: set[str] = set()
        self._project = ""
        self._layout = QVBoxLayout(self)
        self._project_button = self._make(noted("Projects"), "rail.project")
        self._project_button.clicked.connect(self.project_clicked)
        self._group = group = QButtonGroup(self)
        for number, entry in enumerate(entries, 1):
            made = self._make(entry.title, f"rail.{entry.object_key}")
            made.setCheckable(True)
            made.setToolTip(said("{title} (Ctrl+{number})", title=said(entry.title), number=number))
            made.clicked.connect(lambda _checked=False, name=entry.name: self.value_changed.emit(name))
            group.addButton(made)
            self._buttons[entry.name] = made
        self._layout.addStretch(1)
        self._small = QHBoxLayout()
        self._layout.addLayout(self._small)
        self.theme_button = self._make_small(noted("Theme and motion"), "rail.theme")
        self.theme_button.setToolTip(said("Theme and motion"))
        self.theme_button.clicked.connect(self.theme_clicked)
        self.text_button = self._make_small(noted("Text size"), "rail.text_size")
        self.text_button.clicked.connect(self.text_size_clicked)
        self._machine_button = self._make_small("This machine", "rail.machine")
        self._machine_button.setToolTip(said("What works on this machine"))
        self._machine_button.clicked.connect(self.machine_clicked)
        self._help_button = self._make_small(noted("Help: keys and words"), "rail.shortcuts")
        self._help_button.setToolTip(said("Help: keys and words (F1)"))
        self._help_button.clicked.connect(self.shortcuts_clicked)
        theme_watch().changed.connect(self.dress)
        self.dress()

    def value(self) -> str:
        """Name of the page chosen."""
        return next((name for name, made in self._buttons.items() if made.isChecked()), "")

    def set_value(self, name: str) -> None:
        """Mark a page as chosen; a name that is no page of the rail marks none."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)
        elif chosen := self._group.checkedButton():
            self._group.setExclusive(False)
            chosen.setChecked(False)
            self._group.setExclusive(True)
        self._paint_icons()

    def set_project(self, name: str) -> None:
        """Name the open project at the top; without one the button leads to the start page all the same."""
        self._project = name
        self._write_project()

    def set_locked(self, name: str, reason: str) -> None:
        """Mark a page as waiting (a reason) or open (no reason)."""
        made, entry = self._buttons[name], self._entries[name]
        (self._locked.add if reason else self._locked.discard)(name)
        made.setToolTip(reason or said(entry.title))
        made.setAccessibleDescription(reason)
        if made.property("locked") != bool(reason):
            made.setProperty("locked", bool(reason))
            made.style().unpolish(made)
            made.style().polish(made)
        self._paint_icons()

    def dress(self) -> None:
        """Take over the theme's sizes and colours."""
        theme = current_theme()
        high = theme.px(16) if theme.scale < _LARGE else theme.px(4)  # a small screen holds all seven pages even so
        self._layout.setContentsMargins(theme.px(8), high, theme.px(8), min(high, theme.px(8)))
        self._layout.setSpacing(theme.px(2))
        self._small.setSpacing(theme.px(2))
        for made in self.findChildren(QToolButton):
            made.setIconSize(icon_size(beside_text=bool(made.text())))
        self.theme_button.setIcon(icon("sun" if theme.dark else "moon", theme.quiet))
        self.text_button.setIcon(icon("text-size", theme.quiet))
        self.text_button.setToolTip(said("Text size: {scale} (Ctrl++, Ctrl+-)", scale=share(theme.scale)))
        self._machine_button.setIcon(icon("chip", theme.quiet))
        self._help_button.setIcon(icon("help", theme.quiet))
        self._project_button.setIcon(icon("folder", theme.quiet, beside_text=True))
        self.setFixedWidth(theme.px(self._wide()))
        self._write_project()
        self._paint_icons()

    def _wide(self) -> int:
        return _WIDTH if current_theme().scale < _LARGE else _NARROW

    def _write_project(self) -> None:
        words = said("Project {project}: open another", project=self._project) if self._project else said("Projects")
        self._project_button.setAccessibleName(words)
        self._project_button.setToolTip(words)
        metrics = self._project_button.fontMetrics()
        space = current_theme().px(self._wide() - 74)
        self._project_button.setText(
            metrics.elidedText(self._project or said("Projects"), Qt.TextElideMode.ElideRight, space))

    def _make(self, text: str, name: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(name)
        made.setText(said(text))
        made.setAccessibleName(said(text))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        self._layout.addWidget(made)
        return made

    def _make_small(self, words: str, name: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(name)
        made.setAccessibleName(said(words))
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        self._small.addWidget(made)
        return made

    def _paint_icons(self) -> None:
        theme = current_theme()
        for name, made in self._buttons.items():
            colour = theme.accent if made.isChecked() else theme.quiet if name in self._locked else theme.text
            made.setIcon(icon(self._entries[name].icon, colour, beside_text=True))
