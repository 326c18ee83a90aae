"""The folders that a project takes its videos from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.project import Project
from studio.gui.blocks import button, column, label
from studio.gui.texts import said
from studio.gui.theme import current_theme
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
        self._can_find = True
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

    def set_can_find(self, can_find: bool) -> None:
        """Let a lost folder be looked for, or not now."""
        self._can_find = can_find
        for made in self.findChildren(QPushButton):
            if made.objectName().startswith(f"{self._prefix}.find."):
                made.setEnabled(can_find)

    def _row(self, number: int, folder: Folder, words: str) -> QWidget:
        made = QWidget()
        name = label(f"{folder.name} · {words}" if words else folder.name)
        where = label(folder.path if folder.found else said("Not found: {path}", path=breakable(folder.path)),
                      "caption" if folder.found else "bad", wrap=not folder.found)
        for one in (name, where):
            one.setSizePolicy(QSizePolicy.Policy.Ignored, one.sizePolicy().verticalPolicy())
            one.setToolTip(folder.path)
        remove = button("", name=f"{self._prefix}.remove.{number}", icon_name="trash", kind="plain",
                        tip="Take this folder out of the project; its files stay",
                        clicked=lambda: self.remove_clicked.emit(folder.name))
        remove.setAccessibleName(said("Take the folder {name} out of the project", name=folder.name))
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
        made.setEnabled(self._can_find)
        return made
