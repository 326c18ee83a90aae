"""Ask where something lies or goes: one dialog for folders, files and places to save. The window goes on meanwhile.

`then` is called with what was chosen, and never when the person thinks better of it. Titles and kinds are given in the
language of the window.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

Then = Callable[[Path], object]


def choose_folder(parent: QWidget, title: str, then: Then, *, start: Path | None = None) -> None:
    """Ask for a folder that is there."""
    dialog = _dialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    _ask(dialog, then)


def choose_file(parent: QWidget, title: str, then: Then, *, start: Path | None = None, kinds: str = "") -> None:
    """Ask for a file that is there; `start` is a folder, or the file chosen before."""
    dialog = _dialog(parent, title, start, kinds=kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _ask(dialog, then)


def choose_place(parent: QWidget, title: str, then: Then, *, start: Path, kinds: str = "") -> None:
    """Ask where to save; the name gets the suffix of `start`. What is there already is only replaced when confirmed."""
    dialog = _dialog(parent, title, start, kinds=kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(start.suffix.removeprefix("."))

    def take(chosen: Path) -> None:
        if chosen.suffix.lower() == start.suffix.lower():
            then(chosen)
        elif (named := chosen.with_name(chosen.name + start.suffix)).exists():
            choose_place(parent, title, then, start=named, kinds=kinds)  # the dialog asked about another name
        else:
            then(named)

    _ask(dialog, take)


def _dialog(parent: QWidget, title: str, start: Path | None, *, kinds: str = "") -> QFileDialog:
    start = start or Path.home()
    folder = start if start.is_dir() else start.parent
    dialog = QFileDialog(parent, title, str(folder if folder.is_dir() else Path.home()), kinds)
    if start != folder:
        dialog.selectFile(start.name)
    return dialog


def _ask(dialog: QFileDialog, then: Then) -> None:
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
