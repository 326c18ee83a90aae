"""Edits how videos form groups, and says at once how many groups that makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.engine.project import Grouping
from studio.gui.blocks import button, label
from studio.gui.file_choice import choose_file
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.quiet_wheel import QuietComboBox

_WAYS = (("video", noted("Every video by itself")), ("folder", noted("Each folder by itself")),
         ("pattern", noted("Part of the file name")), ("csv", noted("A CSV file")))
_FOLDERS = noted("All videos of one folder are one group (one folder a patient). Not for folders that are labels.")
_WAITS = noted("Not applied yet: press Enter.")
EXAMPLE = r"(patient-\d+)"


class GroupingEditor(QWidget):
    """Its value is a `Grouping`; `describe` says in words what one makes of the videos, or raises `ValueError`.

    `value_changed` tells only of groupings that `describe` accepts.
    """

    value_changed = Signal(object)

    def __init__(self, describe: Callable[[Grouping], str], *, prefix: str) -> None:
        super().__init__()
        self._describe, self._csv = describe, ""
        self._way = QuietComboBox()
        self._way.setObjectName(f"{prefix}.group_by")
        self._way.setAccessibleName(said("How videos form groups"))
        for way, words in _WAYS:
            self._way.addItem(said(words), way)
        self._pattern = QLineEdit()
        self._pattern.setObjectName(f"{prefix}.group_pattern")
        self._pattern.setAccessibleName(said("Regular expression on the path; its first bracket is the group"))
        self._pattern.setToolTip(said("A regular expression on the path; its first bracket is the group"))
        self._pattern.setPlaceholderText(said("for example {pattern}", pattern=EXAMPLE))
        self._file = button("Choose a CSV file", name=f"{prefix}.group_csv", clicked=self._choose)
        self._folders = label(_FOLDERS, "caption", wrap=True)
        self._count = label("", "caption", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(6))
        for widget in (self._way, self._folders, self._pattern, self._file, self._count):
            layout.addWidget(widget)
        self._way.activated.connect(self._edited)
        self._pattern.textEdited.connect(self._show)
        self._pattern.editingFinished.connect(self._edited)
        self._told = Grouping()
        self.set_value(self._told)

    def value(self) -> Grouping:
        """Give the grouping as it is being edited."""
        way = self._way.currentData()
        return Grouping(by=way, pattern=self._pattern.text() if way == "pattern" else "",
                        csv=self._csv if way == "csv" else "")

    def set_value(self, grouping: Grouping) -> None:
        """Show a grouping."""
        self._told = grouping
        self._way.setCurrentIndex([way for way, _words in _WAYS].index(grouping.by))
        if grouping.pattern:
            self._pattern.setText(grouping.pattern)
        self.set_csv(grouping.csv or self._csv)

    def set_csv(self, path: str) -> None:
        """Name the file that says the groups."""
        self._csv = path
        self._file.setText(Path(path).name if path else said("Choose a CSV file"))
        self._file.setToolTip(path or said("With the columns path, label and group"))
        self._show()

    def choose_csv(self, path: Path) -> None:
        """Take the groups from this file (what choosing one in the dialog does)."""
        self.set_csv(str(path))
        self._edited()

    def _edited(self) -> None:
        grouping = self.value()
        if self._show() and grouping != self._told:
            self._told = grouping
            self._show()
            self.value_changed.emit(grouping)

    def _show(self) -> bool:
        grouping = self.value()
        self._folders.setVisible(grouping.by == "folder")
        self._pattern.setVisible(grouping.by == "pattern")
        self._file.setVisible(grouping.by == "csv")
        if grouping.by == "pattern" and not grouping.pattern:
            self._say(said("Not applied yet: write a pattern."), good=False)
            return False
        if grouping.by == "csv" and not grouping.csv:
            self._say(said("Not applied yet: choose a file."), good=False)
            return False
        try:
            words = self._describe(grouping)
        except ValueError as error:
            self._say(said("Not applied. {why}", why=error), good=False)
            return False
        waits = grouping != self._told
        if waits:
            words = f"{words}. {said(_WAITS)}" if words else said(_WAITS)
        self._say(words, good=True)
        return True

    def _say(self, words: str, *, good: bool) -> None:
        self._count.setText(words)
        self._count.setVisible(bool(words))
        wanted = "caption" if good else "bad"
        if self._count.property("kind") != wanted:
            set_kind(self._count, wanted)

    def _choose(self) -> None:
        choose_file(self, said("Choose a CSV file with the columns path, label and group"), self.choose_csv,
                    start=Path(self._csv) if self._csv else None, kinds=said("CSV files (*.csv);;All files (*)"))
