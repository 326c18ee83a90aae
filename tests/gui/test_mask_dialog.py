"""Masks are drawn over a frame, kept with the project, and taken back by undo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from studio.engine.project import Project
from studio.gui.mask_dialog import MaskDialog
from studio.gui.session import Session
from tests.gui.conftest import wait_for


@pytest.fixture
def dialog(session: Session, sample_project: Path, tmp_path: Path) -> Iterator[MaskDialog]:
    root = Path(shutil.copytree(sample_project, tmp_path / "study"))
    session.open_project(root)
    parent = QWidget()
    made = MaskDialog(parent, session, session.usable_videos[0])
    made.show()
    wait_for(lambda: made.canvas._picture is not None)
    yield made
    made.close()
    made.deleteLater()
    parent.deleteLater()


def draw(dialog: MaskDialog, first: tuple[float, float], last: tuple[float, float]) -> None:
    place = dialog.canvas.place()
    ends = [QPoint(round(place.x() + x * place.width()), round(place.y() + y * place.height()))
            for x, y in (first, last)]
    QTest.mousePress(dialog.canvas, Qt.MouseButton.LeftButton, pos=ends[0])
    QTest.mouseMove(dialog.canvas, ends[1])
    QTest.mouseRelease(dialog.canvas, Qt.MouseButton.LeftButton, pos=ends[1])


def test_a_rectangle_becomes_a_mask_and_undo_takes_it_back(dialog: MaskDialog, session: Session) -> None:
    assert dialog.value() == []
    draw(dialog, (0.0, 0.8), (1.0, 1.0))
    (mask,) = dialog.value()
    (shape,) = mask.shapes
    assert shape.points[0] == pytest.approx((0, 0.8), abs=0.02) and shape.points[2] == pytest.approx((1, 1), abs=0.02)
    assert mask.size and mask.source and "20 %" in dialog._says.text().replace("\u202f", " ").replace("\xa0", " ")
    dialog._save.click()
    assert session.project is not None and Project.open(session.project.root).settings.masks == [mask]
    session.undo.undo()
    assert Project.open(session.project.root).settings.masks == []


def test_all_of_the_picture_cannot_be_hidden(dialog: MaskDialog) -> None:
    draw(dialog, (0.0, 0.0), (1.0, 1.0))
    assert not dialog._save.isEnabled() and "Nothing" in dialog._says.text()
    dialog._remove.click()
    assert dialog.value() == [] and dialog._save.isEnabled()


def test_suggestions_come_unticked(dialog: MaskDialog, session: Session) -> None:
    dialog.suggest.click()
    assert not dialog.suggest.isEnabled()
    wait_for(lambda: not session.jobs, seconds=90)
    assert dialog.suggest.isEnabled() and dialog.value() == []
    said = dialog._says.text()
    assert said.startswith("No further overlay") or "suggestion" in said


def test_cancel_changes_nothing(dialog: MaskDialog, session: Session) -> None:
    draw(dialog, (0.1, 0.1), (0.4, 0.4))
    dialog.reject()
    assert session.project is not None and session.project.settings.masks == []
