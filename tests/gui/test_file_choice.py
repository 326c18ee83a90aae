"""Where to save is asked once, with the right suffix; nothing is replaced that was not confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from studio.gui.file_choice import choose_file, choose_folder, choose_place
from tests.gui.conftest import settle


@pytest.fixture
def parent(qapp: QApplication) -> Iterator[QWidget]:
    made = QWidget()
    made.show()
    yield made
    for dialog in made.findChildren(QFileDialog):
        dialog.close()
    made.close()
    made.deleteLater()
    settle()


def asked(parent: QWidget) -> QFileDialog:
    """The one dialog that is open."""
    settle()
    (dialog,) = [one for one in parent.findChildren(QFileDialog) if one.isVisible()]
    return dialog


def answer(dialog: QFileDialog, chosen: Path) -> None:
    dialog.fileSelected.emit(str(chosen))
    dialog.close()


@pytest.mark.parametrize(("typed", "saved"), [("map.png", "map.png"), ("MAP.PNG", "MAP.PNG"),
                                              ("patient.12", "patient.12.png"), ("map.jpg", "map.jpg.png")])
def test_a_name_keeps_what_was_typed_and_gets_the_suffix(parent: QWidget, tmp_path: Path, typed: str, saved: str
                                                         ) -> None:
    chosen: list[Path] = []
    choose_place(parent, "Save", chosen.append, start=tmp_path / "suggested.png")
    dialog = asked(parent)
    assert dialog.defaultSuffix() == "png" and dialog.directory().absolutePath() == str(tmp_path)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    answer(dialog, tmp_path / typed)
    assert chosen == [tmp_path / saved]


def test_a_file_that_nobody_was_asked_about_is_not_replaced(parent: QWidget, tmp_path: Path) -> None:
    (tmp_path / "map.jpg.png").write_bytes(b"kept")
    chosen: list[Path] = []
    choose_place(parent, "Save", chosen.append, start=tmp_path / "suggested.png")
    answer(asked(parent), tmp_path / "map.jpg")
    assert chosen == [] and "map.jpg.png" in asked(parent).selectedFiles()[0]
    answer(asked(parent), tmp_path / "map.jpg.png")  # confirmed by the dialog itself
    assert chosen == [tmp_path / "map.jpg.png"]


def test_a_dialog_begins_where_something_was_chosen_before_and_the_window_goes_on(parent: QWidget, tmp_path: Path
                                                                                  ) -> None:
    (tmp_path / "labels.csv").touch()
    chosen: list[Path] = []
    choose_file(parent, "Labels", chosen.append, start=tmp_path / "labels.csv", kinds="CSV files (*.csv)")
    dialog = asked(parent)
    assert dialog.directory().absolutePath() == str(tmp_path) and chosen == []
    dialog.reject()
    choose_file(parent, "Labels", chosen.append, start=tmp_path / "gone" / "labels.csv")
    assert asked(parent).directory().absolutePath() == str(Path.home()) and chosen == []
    asked(parent).reject()
    choose_folder(parent, "Folder", chosen.append, start=tmp_path)
    assert asked(parent).fileMode() is QFileDialog.FileMode.Directory
    answer(asked(parent), tmp_path)
    assert chosen == [tmp_path]
