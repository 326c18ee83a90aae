"""Messages: a count that reading clears, a button that does what is to be done, nothing of one project in the next."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from studio.engine.project_lock import ProjectLock
from studio.gui import projects
from studio.gui.blocks import NoticeBar
from studio.gui.report_text import shareable, tokens
from studio.gui.reporting import names_of
from studio.gui.window import Window
from tests.gui.conftest import settle


def found(window: Window, name: str) -> QPushButton:
    made = window.findChild(QPushButton, name)
    assert made is not None, name
    return made


def shown(window: Window) -> str:
    bar = window.findChild(NoticeBar, "notice")
    return bar.value() if bar is not None and bar.isVisible() else ""


def test_the_bell_counts_what_was_not_read(window: Window) -> None:
    bell = found(window, "status.messages")
    for message in ("One.", "Two.", "Two."):
        window.session.notify(message)
    assert bell.text() == "2" and bell.toolTip() == "2 new messages"
    bell.click()
    for dialog in window.findChildren(QDialog):
        dialog.close()
    settle()
    assert bell.text() == "" and "none is new" in bell.toolTip()
    window.session.notify("Two.")
    assert bell.text() == "1" and len(window.notices.value()) == 2


def test_a_message_about_one_project_does_not_stay_for_the_next(window: Window, project: Path) -> None:
    other = Path(shutil.copytree(project, project.with_name("other")))
    window.session.open_project(project)
    window.session.notify("Something about this project.")
    window.session.project_changed.emit()  # something in it changed
    assert shown(window)
    window.session.open_project(other)
    settle()
    assert shown(window) == "" and len(window.notices.value()) == 1


def test_a_folder_that_is_no_project_can_become_one(window: Window, clips: Path) -> None:
    assert not projects.open_project(window.session, clips)
    assert "no project" in shown(window)
    offer = found(window, "notice.offer")
    assert offer.text() == "New project from this folder"
    offer.click()
    opened = window.session.project
    assert opened is not None and [opened.source_folder(one.name) for one in opened.settings.sources] == [clips]


def test_a_worker_that_ends_offers_a_look_at_the_machine(window: Window) -> None:
    window.session.service.died.emit("The preview worker ended.")
    found(window, "notice.offer").click()
    assert window.pages.name == "doctor"


def test_a_remedy_that_names_the_doctor_has_a_button_to_it(window: Window) -> None:
    window.session.notify("It failed.", remedy="See what to do about it with: studio doctor", level="error")
    found(window, "notice.offer").click()
    assert window.pages.name == "doctor"


def test_what_a_window_that_looks_on_refuses_is_said_in_one_box(window: Window, project: Path) -> None:
    lock = ProjectLock(project.resolve(), "window")
    assert lock.acquire() is None
    window.session.open_project(project)
    projects.start_scan(window.session)
    assert shown(window) == "" and len(window.notices.value()) == 1
    bars = [one for one in window.findChildren(NoticeBar) if one.isVisible() and "another window" in one.value()]
    assert len(bars) == 1 and bars[0].value().startswith("Nothing was changed. Only looking:")
    lock.release()
    window.session.notify("Something else.")
    assert shown(window) == "Something else."
    window.session.close_project()


@pytest.mark.parametrize("ending", [".mp4", ".avi", ".MOV", ".dcm"])
def test_a_report_keeps_the_endings_of_files(window: Window, project: Path, ending: str) -> None:
    window.session.open_project(project)
    known = tokens([*names_of(window.session), f"a{ending}"])
    assert shareable(f"kinds such as {ending}.", known).endswith(f"{ending}.")
    assert ending not in shareable(f"it is walk{ending}", known)


def test_the_notice_bar_has_no_offer_without_one(window: Window) -> None:
    window.session.notify("Only words.")
    assert window.findChild(QWidget, "notice.offer") is None
