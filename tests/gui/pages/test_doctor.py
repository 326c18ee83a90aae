"""The page about this machine: it opens without a project, looks in a child process, and copies what it found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QToolButton

from studio.gui.entries import ENTRIES
from studio.gui.pages.doctor import DoctorPage
from studio.gui.window import Window
from tests.gui.conftest import wait_for

FOUND = [{"name": "Python", "state": "good", "sentence": "3.13.1 on Linux", "remedy": ""},
         {"name": "disk", "state": "bad", "sentence": f"0.1 GB free on the disk of {Path.home()}",
          "remedy": "Keep projects on another disk"},
         {"name": "GPU", "state": "warning", "sentence": "none is used", "remedy": "Train overnight"}]


def _page(window: Window) -> DoctorPage:
    page = window.page("doctor")
    assert isinstance(page, DoctorPage)
    return page


@pytest.fixture(autouse=True)
def _loaded(window: Window) -> None:
    """The pages' modules are loaded in a thread: it has come to its end."""
    wait_for(lambda: len(window.pages.built()) == len(ENTRIES) + 1, seconds=60)


def test_three_ways_lead_to_it_without_a_project(window: Window) -> None:
    for name, kind in (("rail.machine", QToolButton), ("status.device", QPushButton), ("start.machine", QPushButton)):
        window.show_page("start")
        way = window.findChild(kind, name)
        assert way is not None, name
        way.click()
        assert window.pages.name == "doctor" and window.pages.currentWidget() is _page(window)


def test_it_lists_the_worst_first_and_copies_it_without_names(window: Window) -> None:
    window.session.machine_checks = FOUND
    window.show_page("doctor")
    page = _page(window)
    assert page.subtitle.text() == "1 thing to mend, 1 thing to know; the rest works."
    texts = [page._rows.itemAtPosition(row, 1).widget().text() for row in range(3)]
    assert texts == ["disk", "GPU", "Python"]
    copy = page.findChild(QPushButton, "doctor.copy")
    assert copy
    copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "3.13.1 on Linux" in copied and "Keep projects on another disk" in copied and str(Path.home()) not in copied
    window.set_theme("light")
    assert _page(window) is not page and len(_page(window).value()) == 3


@pytest.mark.long
def test_a_real_look_is_a_job(window: Window) -> None:
    window.show_page("doctor")
    look = _page(window).findChild(QPushButton, "doctor.look")
    assert look
    look.click()
    look.click()
    assert [job.operation for job in window.session.jobs] == ["doctor"] and not look.isEnabled()
    wait_for(lambda: not window.session.jobs, seconds=90)
    names = [check["name"] for check in _page(window).value()]
    assert "Python" in names and "video decoding" in names and look.isEnabled() and look.text() == "Look again"
