"""The keyboard stays on the page when the control that had it goes away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.gui.window import Window
from tests.gui.conftest import settle

Leaves = Callable[[QPushButton], object]


@pytest.fixture
def page(window: Window, project: Path, qtbot: QtBot) -> QWidget:
    """The Library, with two buttons at its foot: the last controls of the window."""
    window.session.open_project(project)
    window.show_page("library")
    made = window.page("library")
    for name in ("before", "last"):
        button = QPushButton(name)
        button.setObjectName(name)
        made.layout().addWidget(button)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    settle()
    return made


def delete(button: QPushButton) -> None:
    button.hide()
    button.deleteLater()


@pytest.mark.parametrize("leaves", [lambda button: button.setEnabled(False), lambda button: button.hide(), delete],
                         ids=["disabled", "hidden", "deleted"])
def test_focus_goes_to_the_nearest_control_of_the_page(window: Window, page: QWidget, leaves: Leaves) -> None:
    last = page.findChild(QPushButton, "last")
    last.setFocus()
    assert QApplication.focusWidget() is last
    leaves(last)
    settle()
    focus = QApplication.focusWidget()
    assert focus is not None and focus.objectName() == "before"


def test_focus_that_a_person_takes_to_the_rail_stays_there(window: Window, page: QWidget) -> None:
    page.findChild(QPushButton, "last").setFocus()
    window.rail.text_button.setFocus()
    page.findChild(QPushButton, "last").hide()
    settle()
    assert QApplication.focusWidget() is window.rail.text_button


def test_focus_comes_along_to_another_page(window: Window, page: QWidget) -> None:
    page.findChild(QPushButton, "last").setFocus()
    window.session.go_to("task")
    settle()
    focus = QApplication.focusWidget()
    assert focus is not None and window.page("task").isAncestorOf(focus)


def test_a_key_pressed_twice_does_not_stop_what_it_started(window: Window, page: QWidget) -> None:
    before, last = page.findChild(QPushButton, "before"), page.findChild(QPushButton, "last")
    before.setObjectName("some.stop")
    last.setFocus()
    last.hide()
    settle()
    focus = QApplication.focusWidget()
    assert focus is not None and focus is not before and page.isAncestorOf(focus)
