"""A wheel that scrolls a page changes no value on it, on every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTabBar,
    QWidget,
)

from studio.gui.entries import ENTRIES, MACHINE, START
from studio.gui.widgets.quiet_wheel import QuietComboBox, QuietSlider, QuietTabBar
from studio.gui.window import Window
from tests.gui.conftest import settle

KINDS = (QAbstractSlider, QComboBox, QAbstractSpinBox, QTabBar)
PAGES = [START, *ENTRIES, MACHINE]
COUNTED = {"library": 2, "sampling": 8, "task": 2, "training": 1, "inspect": 6, "neighbours": 3, "evaluate": 3}
"""At least so many controls with a value are on these pages."""


def turned(control: QWidget) -> bool:
    """Whether a turn of the wheel over a control without the focus, either way, changes what it shows."""
    before, place = shown(control), QPointF(control.rect().center())
    for turn in (-120, 120):
        QApplication.sendEvent(control, QWheelEvent(
            place, control.mapToGlobal(place), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))
        if shown(control) != before:
            return True
    return control.focusPolicy() == Qt.FocusPolicy.WheelFocus  # Qt would give it the focus first


def shown(control: QWidget) -> object:
    if isinstance(control, QAbstractSlider):
        return control.value()
    if isinstance(control, QAbstractSpinBox):
        return control.text()
    assert isinstance(control, (QComboBox, QTabBar))
    return control.currentIndex()


def values_of(widget: QWidget) -> list[QWidget]:
    """Controls with a value that a person can meet."""
    found = [one for kind in KINDS for one in widget.findChildren(kind)]
    return [one for one in found if not isinstance(one, QScrollBar)]


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_no_value_of_a_page_turns_with_the_wheel(window: Window, project: Path, entry: object) -> None:
    window.session.open_project(project)
    window.show_page(entry.name)
    settle()
    page = window.page(entry.name)
    controls = values_of(page)
    assert len(controls) >= COUNTED.get(entry.name, 0), [one.objectName() for one in controls]
    window.setFocus()
    assert [one.objectName() for one in controls if turned(one)] == []


def filled(control: QWidget) -> QWidget:
    """The control with something to turn to."""
    if isinstance(control, QComboBox):
        control.addItems(["a", "b", "c"])
    elif isinstance(control, QTabBar):
        for name in "abc":
            control.addTab(name)
    control.resize(200, 30)
    control.show()
    return control


@pytest.mark.parametrize("kind", [QComboBox, QSlider, QTabBar, QSpinBox])
def test_a_control_as_qt_makes_it_would_be_found(qapp: QApplication, kind: type[QWidget]) -> None:
    assert turned(filled(kind()))


@pytest.mark.parametrize("kind", [QuietComboBox, QuietSlider, QuietTabBar])
def test_with_the_focus_the_wheel_changes_the_value(qapp: QApplication, kind: type[QWidget]) -> None:
    holder = QWidget()
    holder.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control = filled(kind())
    control.setParent(holder)
    control.show()
    holder.show()
    QTest.qWaitForWindowActive(holder)
    holder.setFocus()
    assert not turned(control)
    control.setFocus()
    assert control.hasFocus()
    assert turned(control)
    holder.close()
    holder.deleteLater()
