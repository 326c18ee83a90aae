"""Says what was written and in which folder, and opens that folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QWidget

from studio.gui.blocks import button, column, label, row
from studio.gui.texts import said
from studio.gui.theme import set_kind
from studio.gui.words import breakable


class Written(QWidget):
    """Its value is the file that was written, None while there is none; it hides while there is nothing to say."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._file: Path | None = None
        self._words = label("", "caption", wrap=True)
        self.open = button("Open folder", name=f"{name}_folder", icon_name="folder", clicked=self._open_folder)
        layout = column(self._words)
        layout.addLayout(row(self.open, None))
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.set_value("")

    def value(self) -> Path | None:
        """Give the file that was written."""
        return self._file

    def words(self) -> str:
        """Give what is said."""
        return self._words.text().replace("\u200b", "")

    def set_value(self, words: str, *, file: Path | None = None) -> None:
        """Say what was written, and where; or why nothing is."""
        self._file = file
        self._words.setText(breakable(words))
        set_kind(self._words, "good" if file else "caption")
        self.open.setVisible(file is not None)
        self.setVisible(bool(words))

    def _open_folder(self) -> None:
        if self._file and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.parent))):
            self.set_value(said("No program opened the folder. It is {path}.", path=self._file.parent), file=self._file)


def show_reason(words: QLabel, reason: str) -> None:
    """Say why a button waits; the line hides when it does not."""
    words.setText(reason)
    words.setVisible(bool(reason))
