"""The notes that show one around: they fit what happens, cover nothing that counts, stay put, and obey the keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from studio.gui.jobs import Job
from studio.gui.tour import STEPS
from studio.gui.window import Window
from tests.gui.conftest import settle


def note(window: Window) -> QWidget:
    return window.findChild(QWidget, "tour.note")


def words(window: Window) -> str:
    return " ".join(one.text() for one in note(window).findChildren(QLabel))


def place(widget: QWidget, window: Window) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def works(window: Window, operation: str) -> Job:
    session = window.session
    job = Job(operation, [], title=operation, project=session.project.root, parent=session)
    session.jobs.append(job)
    return job


def test_the_note_says_what_happens_now(window: Window, project: Path) -> None:
    window.session.open_project(project)
    works(window, "scan")
    window.tour.start()
    assert "is being read" in words(window)
    window.session.jobs.clear()
    window.tour._follow()
    assert "was read once" in words(window)
    window.tour._show([step.page for step in STEPS].index("training"))
    settle()
    assert "Start here" in words(window)
    works(window, "train")
    window.tour._follow()
    assert "Start here" not in words(window) and "It trains" in words(window)
    window.session.jobs.clear()
    window.tour.stop()


@pytest.mark.parametrize("step", range(len(STEPS)), ids=[step.page for step in STEPS])
def test_the_note_covers_neither_its_control_nor_the_next_action(window: Window, project: Path, step: int) -> None:
    window.session.open_project(project)
    window.tour._show(step)
    settle()
    window.tour._follow()
    here = place(note(window), window)
    page = window.pages.currentWidget()
    primary = [one for one in page.findChildren(QPushButton) if one.property("kind") == "primary" and one.isVisible()]
    for one in primary:
        assert not here.intersects(place(one, window)), one.objectName()
    frame = window.findChild(QWidget, "tour.frame")
    if STEPS[step].page != "neighbours":  # its grid leaves no room
        assert not here.intersects(place(window.tour.target(), window) & place(page, window))
    assert place(window.pages, window).contains(here)
    low = place(window.pages, window).bottom()
    assert place(frame, window).bottom() <= low + 4, "it ends where its page ends"
    window.tour.stop()


def test_the_note_stays_where_it_is_when_its_control_comes(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.tour.start()
    table = window.findChild(QWidget, "library.table")
    table.hide()
    settle()
    window.tour._follow()
    before = note(window).pos()
    table.show()
    settle()
    window.tour._follow()
    assert note(window).pos() == before
    window.tour.stop()


def test_focus_stays_in_the_note_and_escape_ends_it(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.activateWindow()
    window.tour.start()
    for _ in range(2):
        settle()
        focus = window.focusWidget()
        assert focus is not None and focus.objectName() == "tour.next"
        QTest.keyClick(focus, Qt.Key.Key_Space)
    assert window.tour.value() == 2
    settle()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not window.tour.running
    settle()
    window.tour.start()
    window.rail.text_button.setFocus()
    QTest.keyClick(window.rail.text_button, Qt.Key.Key_Escape)
    assert not window.tour.running


def test_the_first_size_fits_a_small_screen(window: Window) -> None:
    screen = window.screen().availableSize()
    assert screen.width() < 1280, "the screen of the tests is small"
    assert window.width() == 1280
    window.hide()
    window.fit_screen()
    window.show()
    settle()
    frame = window.frameGeometry()
    assert frame.width() <= screen.width() + 4 and frame.height() <= screen.height() + 4
    assert window.isMaximized()
