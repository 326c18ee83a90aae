"""The folders that a project takes its videos from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.project import Project
from studio.gui.blocks import button, column, label
from studio.gui.texts import said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.elided import Elided
from studio.gui.words import breakable, counted


@dataclass(frozen=True)
class Folder:
    """A source as it is shown: its name in the project, where it lies, whether it is there."""

    name: str
    path: str
    found: bool = True


class SourceList(QWidget):
    """Lists folders; `remove_clicked` brings the name of the one to take out, `find_clicked` of a lost one to find."""

    remove_clicked = Signal(str)
    find_clicked = Signal(str)

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._shown: object = None
        self._folders: list[Folder] = []
        self._can_change = True
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(8))

    def value(self) -> list[Folder]:
        """Give the folders listed."""
        return list(self._folders)

    def show_project(self, project: Project, videos: Mapping[str, int] | None, *,
                     missing: Collection[str] = ()) -> None:
        """List a project's folders, each with how many videos it has (None: not known yet); the `missing` are gone."""
        folders = [Folder(source.name, str(project.source_folder(source.name)), found=source.name not in missing)
                   for source in project.settings.sources]
        self.set_value(folders, videos)

    def set_value(self, folders: Sequence[Folder], counts: Mapping[str, int] | None) -> None:
        """List folders, each with its number of videos."""
        wanted = [(folder, "" if counts is None else counted(counts[folder.name], "video") if counts.get(folder.name)
                   else said("not scanned yet")) for folder in folders]
        if wanted == self._shown:
            return
        had = QApplication.focusWidget()
        name = had.objectName() if had is not None and self.isAncestorOf(had) else ""
        self._shown, self._folders = wanted, list(folders)
        while item := self._layout.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for number, (folder, words) in enumerate(wanted):
            made = self._row(number, folder, words)
            self._layout.addWidget(made)
            if name and (again := made.findChild(QWidget, name)):
                again.setFocus()

    def set_can_change(self, can_change: bool) -> None:
        """Let folders be taken out and lost ones be looked for, or not now: a scan would bring their videos again."""
        self._can_change = can_change
        for made in self.findChildren(QPushButton):
            made.setEnabled(can_change)

    def _row(self, number: int, folder: Folder, words: str) -> QWidget:
        made = QWidget()
        name = label(f"{folder.name} · {words}" if words else folder.name)
        where: QLabel = Elided(Qt.TextElideMode.ElideMiddle)
        where.setText(folder.path)
        set_kind(where, "caption")
        if not folder.found:
            where = label(said("Not found: {path}", path=breakable(folder.path)), "bad", wrap=True)
        for one in (name, where):
            one.setSizePolicy(QSizePolicy.Policy.Ignored, one.sizePolicy().verticalPolicy())
            one.setToolTip(folder.path)
        remove = button("", name=f"{self._prefix}.remove.{number}", icon_name="trash", kind="plain",
                        tip="Take this folder out of the project; its files stay",
                        clicked=lambda: self.remove_clicked.emit(folder.name))
        remove.setAccessibleName(said("Take the folder {name} out of the project", name=folder.name))
        remove.setEnabled(self._can_change)
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(4))
        head = QHBoxLayout()
        if folder.found:
            head.addLayout(column(name, where, spacing=1), 1)
        else:
            head.addWidget(name, 1)
        head.addWidget(remove)
        layout.addLayout(head)
        if not folder.found:
            layout.addWidget(where)
            layout.addWidget(self._find_button(number, folder), 0, Qt.AlignmentFlag.AlignLeft)
        return made

    def _find_button(self, number: int, folder: Folder) -> QPushButton:
        made = button("Find it…", name=f"{self._prefix}.find.{number}", icon_name="search",
                      tip="Say where this folder lies now; its videos are known again by their content",
                      clicked=lambda: self.find_clicked.emit(folder.name))
        made.setAccessibleName(said("Find the folder {name}", name=folder.name))
        made.setEnabled(self._can_change)
        return made
