"""What outlives the window, project by project: the page, the run chosen, the recipe in work."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from studio.engine import runs
from studio.engine.project import Project
from studio.gui import projects
from studio.gui.recipes import preset_values
from studio.gui.service_client import ServiceClient
from studio.gui.session import Session
from studio.gui.settings import WindowSettings
from studio.gui.window import Window, dress
from tests.gui.conftest import SILENT_WORKER, settle

Starts = Callable[[], Window]


@pytest.fixture
def start(qapp: QApplication, home: Path) -> Iterator[Starts]:
    """Start the window, closing the one before: a restart, with nothing kept but what is on the disk."""
    opened: list[Window] = []

    def close() -> None:
        for window in opened:
            window.close()
            window.deleteLater()
            window.session.deleteLater()
        opened.clear()
        settle()

    def begin() -> Window:
        close()
        session = Session(service=ServiceClient(command=[sys.executable, "-c", SILENT_WORKER]))
        dress(session)
        opened.append(Window(session))
        opened[0].show()
        settle()
        return opened[0]

    yield begin
    close()


@pytest.fixture
def other(project: Path) -> Path:
    """A second project."""
    return Path(shutil.copytree(project, project.with_name("other")))


def add_run(root: Path, name: str, state: str = "finished") -> str:
    folder = Project.open(root).new_run_folder(name)
    (folder / runs.RECIPE).write_text('name = "quick"\n')
    (folder / runs.HEARTBEAT).write_text(json.dumps({"state": state, "at": time.time()}))
    return folder.name


def test_a_restart_comes_back_to_page_run_and_recipe(start: Starts, project: Path) -> None:
    first, second = add_run(project, "first"), add_run(project, "second")
    window = start()
    assert projects.open_project(window.session, project) and window.pages.name == "library"
    assert window.session.selected_run == second
    window.session.go_to("task")
    window.session.select_run(first)
    window.session.change_recipe("augmentation.grey", 0.35)
    window = start()
    assert window.session.recipe == preset_values("quick")
    assert projects.open_project(window.session, project) and window.pages.name == "task"
    assert window.session.selected_run == first
    assert window.session.recipe["augmentation"]["grey"] == 0.35


def test_a_recipe_in_work_belongs_to_its_project(start: Starts, project: Path, other: Path) -> None:
    window = start()
    session = window.session
    projects.open_project(session, project)
    session.go_to("sampling")
    session.change_recipe("augmentation.grey", 0.35)
    projects.open_project(session, other)
    assert session.recipe == preset_values("quick") and window.pages.name == "library"
    projects.open_project(session, project)
    assert session.recipe["augmentation"]["grey"] == 0.35 and window.pages.name == "sampling"


def test_a_run_that_is_gone_is_not_chosen(start: Starts, project: Path) -> None:
    gone, left = add_run(project, "gone"), add_run(project, "left")
    window = start()
    window.session.open_project(project)
    window.session.select_run(gone)
    window = start()
    shutil.rmtree(project / "runs" / gone)
    window.session.open_project(project)
    assert window.session.selected_run == left


def test_while_a_run_trains_its_page_is_opened(start: Starts, project: Path) -> None:
    window = start()
    projects.open_project(window.session, project)
    window.session.go_to("sampling")
    add_run(project, "now", state="running")
    window = start()
    projects.open_project(window.session, project)
    assert window.pages.name == "training"


def test_a_recipe_without_changes_is_noted_by_name(start: Starts, project: Path) -> None:
    window = start()
    window.session.open_project(project)
    window.session.change_recipe("augmentation.grey", 0.35)
    window.session.set_recipe(preset_values("quick"))
    assert WindowSettings().place(project.resolve())["recipe"] == "quick"


def test_settings_that_cannot_be_read_are_none(start: Starts, project: Path) -> None:
    window = start()
    window.session.settings._store.setValue("places", "no JSON")
    assert projects.open_project(window.session, project) and window.pages.name == "library"


def test_recent_projects_say_when_they_were_last_open(start: Starts, project: Path, other: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    window = start()
    window.session.open_project(other)
    monkeypatch.setattr("studio.gui.settings.time.time", lambda: time.mktime((2031, 5, 1, 8, 30, 0, 0, 0, -1)))
    window.session.open_project(project)
    monkeypatch.setattr("studio.gui.settings.time.time", lambda: time.mktime((2031, 5, 1, 9, 45, 0, 0, 0, -1)))
    window = start()
    recent = window.findChild(QPushButton, "start.recent.0")
    assert recent is not None
    assert f"last open 2031-05-01 09:45 · {project.parent}" in [one.text() for one in recent.findChildren(QLabel)]
