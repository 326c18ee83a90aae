"""The folders that a project takes its videos from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.project import Project
from studio.gui.blocks import button, column, label
from studio.gui.theme import current_theme
from studio.gui.words import counted


@dataclass(frozen=True)
class Folder:
    """A source as it is shown: its name in the project, where it lies, whether it is there."""

    name: str
    path: str
    found: bool = True


class SourceList(QWidget):
    """Lists folders; `remove_clicked` brings the name of the one to take out."""

    remove_clicked = Signal(str)

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._shown: object = None
        self._folders: list[Folder] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(4))

    def value(self) -> list[Folder]:
        """Give the folders listed."""
        return list(self._folders)

    def show_project(self, project: Project, videos: Sequence[Video]) -> None:
        """List a project's folders, each with how many of these videos lie in it."""
        folders = [Folder(source.name, str(project.source_folder(source.name))) for source in project.settings.sources]
        self.set_value(folders, Counter(video.source for video in videos))

    def set_value(self, folders: Sequence[Folder], counts: Mapping[str, int]) -> None:
        """List folders, each with its number of videos."""
        wanted = [(folder, counts.get(folder.name)) for folder in folders]
        if wanted == self._shown:
            return
        self._shown, self._folders = wanted, list(folders)
        while item := self._layout.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for number, (folder, count) in enumerate(wanted):
            self._layout.addWidget(self._row(number, folder, count))

    def _row(self, number: int, folder: Folder, count: int | None) -> QWidget:
        made = QWidget()
        words = "not scanned yet" if count is None else counted(count, "video")
        name = label(f"{folder.name} · {words}")
        where = label(folder.path if folder.found else f"not found: {folder.path}",
                      "caption" if folder.found else "bad")
        for one in (name, where):
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            one.setToolTip(folder.path)
        remove = button("", name=f"{self._prefix}.remove.{number}", icon_name="trash", kind="plain",
                        tip="Take this folder out of the project; its files stay",
                        clicked=lambda: self.remove_clicked.emit(folder.name))
        remove.setAccessibleName(f"Take the folder {folder.name} out of the project")
        layout = QHBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(column(name, where, spacing=1), 1)
        layout.addWidget(remove)
        return made
