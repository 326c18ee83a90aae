"""The start page: the sample project in one click, a project of a folder, recent projects."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtWidgets import QPushButton

from studio.gui.pages.start import StartPage
from studio.gui.projects import SAMPLE_NAME
from studio.gui.window import Window
from tests.gui.conftest import wait_for


def _page(window: Window) -> StartPage:
    return cast("StartPage", window.page("start"))


def _buttons(window: Window) -> list[QPushButton]:
    return [one for one in _page(window).findChildren(QPushButton) if one.isVisible()]


def test_the_sample_project_is_the_first_and_the_only_primary_button(window: Window) -> None:
    buttons = _buttons(window)
    assert buttons[0].objectName() == "start.sample" and buttons[0].text() == "Try the sample project"
    assert [one.objectName() for one in buttons if one.property("kind") == "primary"] == ["start.sample"]
    assert window.focusWidget() is buttons[0]


def test_one_click_makes_and_scans_the_sample_project(window: Window, home: Path) -> None:
    _buttons(window)[0].click()
    project = window.session.project
    assert project and project.root == (home / SAMPLE_NAME).resolve()
    assert window.pages.name == "library"
    job = window.session.running_job("scan")
    assert job
    wait_for(lambda: job.progress and job.progress.total == 72)
    job.request_stop()
    wait_for(lambda: not window.session.jobs)
    assert window.session.project.settings.grouping.by == "csv"
    window.session.close_project()
    window.session.go_to("start")
    _buttons(window)[0].click()
    assert window.session.project and window.session.project.root == (home / SAMPLE_NAME).resolve()
    wait_for(lambda: window.session.jobs or window.session.videos)


def test_a_folder_becomes_a_project_with_a_name_of_its_own(window: Window, clips: Path, home: Path) -> None:
    for name in (clips.name, f"{clips.name} 2"):
        assert _page(window).new_project(clips)
        assert window.session.project and window.session.project.root == (home / name).resolve()
        assert window.pages.name == "library"
    assert not list(clips.glob("project.toml"))


def test_recent_projects_open_by_a_click_and_vanish_with_their_folder(window: Window, project: Path) -> None:
    assert _page(window).open_project(project)
    window.session.close_project()
    window.session.go_to("start")
    recent = window.findChild(QPushButton, "start.recent.0")
    assert recent and str(project) in recent.accessibleName()
    recent.click()
    assert window.session.project
    window.session.close_project()
    (project / "project.toml").unlink()
    window.session.go_to("start")
    assert not [one for one in _buttons(window) if one.objectName().startswith("start.recent")]


def test_what_is_no_project_is_said_in_the_window(window: Window, tmp_path: Path) -> None:
    assert not _page(window).open_project(tmp_path)
    assert window.pages.name == "start"
    assert "no project" in window.notices.value()[0].message
