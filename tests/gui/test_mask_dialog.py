"""Masks are drawn over a frame, kept with the project, and taken back by undo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Project
from studio.gui import theme
from studio.gui.mask_dialog import MaskDialog
from studio.gui.session import Session
from tests.gui.conftest import settle, wait_for


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


@pytest.mark.parametrize("whole", [True, False])
def test_a_long_reason_is_read_in_whole(qapp: QApplication, dialog: MaskDialog, whole: bool) -> None:
    theme.apply(qapp, theme.DARK)  # whose boxes are larger than Qt's
    listed, option = dialog.list, QStyleOptionViewItem()
    if not whole:  # the broken twin
        listed.setItemDelegate(QStyledItemDelegate(listed))
    for words in range(4, 24):  # enough for a scroll bar, and for a last word on a line of its own
        dialog._add(Mask(name=f"clock-{words}", shapes=(Rectangle(x=0, y=0, width=0.1, height=0.1),)), on=False,
                    about="seen " * words)
    settle()
    margin = 1 + listed.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, listed)
    cut = []
    listed.initViewItemOption(option)
    for place in range(listed.count()):
        listed.itemDelegate().initStyleOption(option, listed.indexFromItem(listed.item(place)))
        option.rect = listed.visualItemRect(listed.item(place))
        room = listed.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, listed)
        needed = listed.fontMetrics().boundingRect(0, 0, room.width() - 2 * margin, 10_000, Qt.TextFlag.TextWordWrap,
                                                   option.text)
        if needed.height() > room.height():
            cut.append(option.text)
    assert bool(cut) is not whole, cut


def test_all_of_the_picture_cannot_be_hidden(dialog: MaskDialog) -> None:
    draw(dialog, (0.0, 0.0), (1.0, 1.0))
    assert not dialog._save.isEnabled() and "Nothing" in dialog._says.text()
    dialog._remove.click()
    assert dialog.value() == [] and dialog._save.isEnabled()


def test_suggestions_come_unticked(dialog: MaskDialog, session: Session) -> None:
    video = session.usable_videos[0]
    dialog.suggest.click()
    assert not dialog.suggest.isEnabled() and not dialog.suggest_all.isEnabled()
    (job,) = session.jobs
    assert job.arguments[1:] == ["--suggest", "--source", video.source, "--size", f"{video.width}x{video.height}"]
    assert not dialog._save.isEnabled() and "when this is done, or stopped" in dialog._says.text()
    wait_for(lambda: not session.jobs, seconds=90)
    assert dialog.suggest.isEnabled() and dialog.suggest_all.isEnabled() and dialog.value() == []
    assert dialog._save.isEnabled()
    said = dialog._says.text()
    assert said.startswith("No further overlay") or "suggestion" in said


def test_all_videos_are_looked_at_when_asked_until_the_dialog_is_left(dialog: MaskDialog, session: Session) -> None:
    dialog.suggest_all.click()
    (job,) = session.jobs
    assert job.arguments[1:] == ["--suggest"]
    dialog.reject()
    assert job.stopping
    wait_for(lambda: not session.jobs, seconds=90)


def test_without_a_mask_the_list_says_what_to_do(dialog: MaskDialog) -> None:
    assert dialog._none.isVisible() and dialog._none.text().startswith("No mask yet") and not dialog.list.isVisible()
    draw(dialog, (0.1, 0.1), (0.4, 0.4))
    assert dialog.list.isVisible() and not dialog._none.isVisible()
    dialog._remove.click()
    assert dialog._none.isVisible()


def test_a_mask_is_drawn_with_the_keys(dialog: MaskDialog) -> None:
    canvas = dialog.canvas
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus and canvas.accessibleDescription()
    QTest.keyClick(canvas, Qt.Key.Key_Right)  # it begins in the middle
    for key, times in ((Qt.Key.Key_Left, 30), (Qt.Key.Key_Up, 5)):
        for _ in range(times):
            QTest.keyClick(canvas, key)
    for key, times in ((Qt.Key.Key_Right, 60), (Qt.Key.Key_Up, 5)):
        for _ in range(times):
            QTest.keyClick(canvas, key, Qt.KeyboardModifier.ShiftModifier)
    assert dialog.value() == []
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    (mask,) = dialog.value()
    points = mask.shapes[0].points
    assert points[0] == pytest.approx((0, 0.3)) and points[2] == pytest.approx((1, 0.4))  # it stays in the frame
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert dialog.isVisible() and len(dialog.value()) == 1
    QTest.keyClick(canvas, Qt.Key.Key_Escape)  # no rectangle is being made: the dialog's own
    assert not dialog.isVisible()


def test_cancel_changes_nothing(dialog: MaskDialog, session: Session) -> None:
    draw(dialog, (0.1, 0.1), (0.4, 0.4))
    dialog.reject()
    assert session.project is not None and session.project.settings.masks == []
