"""Every control can be found, named and reached by keyboard, on every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from studio.gui.entries import ENTRIES, MACHINE, START
from studio.gui.help import HelpDialog
from studio.gui.report_text import Happened
from studio.gui.reporting import ReportDialog
from studio.gui.window import Window

CONTROLS = (QPushButton, QToolButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractSlider, QCheckBox, QRadioButton,
            QAbstractItemView, QPlainTextEdit)
FIXED = {
    "library": ["library.add_folder", "library.scan", "library.table"],
    "sampling": ["sampling.video", "sampling.curve", "sampling.deal", "sampling.tuples"],
    "task": ["task.recipe", "task.backbone"],
    "training": ["train.start", "train.stop", "train.curves", "train.runs"],
    "inspect": ["inspect.layer", "inspect.view"],
    "neighbours": ["neighbours.query", "neighbours.grid", "neighbours.map"],
    "evaluate": ["evaluate.run", "evaluate.table", "evaluate.export"],
}
PAGES = [START, *ENTRIES, MACHINE]


def _inner(control: QWidget) -> bool:
    """Whether a control is only a part of another (the field of a spin box, the list of a choice)."""
    if isinstance(control, QScrollBar) or control.objectName().startswith("qt_"):
        return True
    parent = control.parentWidget()
    while parent is not None:
        if isinstance(parent, (QAbstractSpinBox, QComboBox, QAbstractItemView, QTabBar)):
            return True
        if isinstance(parent, QLineEdit) and isinstance(control, QToolButton):
            return True
        parent = parent.parentWidget()
    return False


def controls_of(widget: QWidget) -> list[QWidget]:
    """The controls that a person can meet."""
    found: list[QWidget] = []
    for kind in CONTROLS:
        found += [one for one in widget.findChildren(kind) if not _inner(one) and one not in found]
    return found


def spoken(control: QWidget) -> str:
    """The name that a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(control)
    return interface.text(QAccessible.Text.Name).strip() if interface else ""


@pytest.fixture
def opened(window: Window, project: Path) -> Window:
    window.session.open_project(project)
    return window


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_every_control_has_its_names(opened: Window, entry: object) -> None:
    page = opened.page(entry.name)  # type: ignore[attr-defined]
    assert page is not None
    prefix = f"{entry.object_key}."  # type: ignore[attr-defined]
    controls = controls_of(page)
    assert controls
    unnamed = [f"{type(one).__name__} {one.objectName()!r} {spoken(one)!r}" for one in controls
               if not spoken(one) or not one.objectName().startswith(prefix)]
    assert unnamed == []
    names = [one.objectName() for one in controls]
    assert sorted(names) == sorted(set(names))
    for name in FIXED.get(page.name, []):
        assert page.findChild(QWidget, name) is not None, name


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_the_tab_key_reaches_every_control_that_is_shown(opened: Window, entry: object) -> None:
    opened.show_page(entry.name)  # type: ignore[attr-defined]
    page = opened.page(entry.name)  # type: ignore[attr-defined]
    assert page is not None
    chain, widget = set[QWidget](), page.nextInFocusChain()
    while widget is not None and widget is not page and len(chain) < 5000:
        chain.add(widget)
        widget = widget.nextInFocusChain()
    missed = [one.objectName() for one in controls_of(page)
              if one.isVisibleTo(page) and one.isEnabled()
              and not (one in chain and one.focusPolicy() & Qt.FocusPolicy.TabFocus)]
    assert missed == []


def test_the_windows_own_controls_have_names(opened: Window) -> None:
    for part in (opened.rail, opened.status):
        for one in controls_of(part):
            assert spoken(one) and "." in one.objectName(), one


def test_dialogs_and_notes_have_names_and_are_reached_by_keyboard(opened: Window) -> None:
    opened.tour.start()
    note = opened.findChild(QWidget, "tour.note")
    report = ReportDialog(opened, opened.session, Happened(message="x: it is wrong."))
    sheet = HelpDialog(opened, opened.shortcuts, show_around=opened.tour.start)
    for part in (note, report, sheet):
        assert part is not None
        controls = controls_of(part)
        assert controls
        for one in controls:
            assert spoken(one) and "." in one.objectName(), one
            assert one.focusPolicy() & Qt.FocusPolicy.TabFocus, one
    opened.tour.stop()
    for dialog in (report, sheet):
        dialog.close()
        dialog.deleteLater()


def test_a_control_without_a_name_would_be_noticed(opened: Window) -> None:
    page = opened.page("start")
    assert page is not None
    nameless = QPushButton(page)
    assert nameless in controls_of(page) and not spoken(nameless)
