"""The window: pages behind locks, keys, theme and text size, dropping folders, closing while something runs."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from studio.engine import runs
from studio.engine.errors import UsageError
from studio.engine.events import Progress
from studio.engine.project import Project
from studio.gui import statusbar
from studio.gui.entries import ENTRIES
from studio.gui.locked import LockedView
from studio.gui.page_stack import NO_PROJECT
from studio.gui.pages.sampling import SamplingPage
from studio.gui.rail import Entry
from studio.gui.theme import current_theme
from studio.gui.widgets.probe_panel import ProbePanel
from studio.gui.widgets.video_choice import VideoChoice
from studio.gui.window import Window
from tests.gui.conftest import settle, wait_for


def _button(window: Window, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert found is not None, name
    return found


def _locked(window: Window) -> LockedView | None:
    shown = window.pages.currentWidget()
    return shown if isinstance(shown, LockedView) else None


def test_the_rail_has_the_seven_pages_in_working_order(window: Window) -> None:
    names = ["library", "sampling", "task", "train", "inspect", "neighbours", "evaluate"]
    assert [entry.object_key for entry in ENTRIES] == names
    for name in names:
        assert window.findChild(QToolButton, f"rail.{name}")


def test_the_rail_shows_the_name_of_the_sample_project_whole(window: Window) -> None:
    window.rail.set_project("Sample project")
    button = window.findChild(QToolButton, "rail.project")
    settle()
    assert button
    assert button.text() == "Sample project"  # not shortened here, and none of it shortened by Qt either
    assert button.width() >= button.sizeHint().width()
    window.rail.set_project("Echocardiography of the second hospital")
    assert button.text().endswith("…") and "second hospital" in button.toolTip()
    assert button.width() >= button.sizeHint().width()


def test_without_a_project_every_page_is_locked_and_leads_to_the_start(window: Window) -> None:
    for entry in ENTRIES:
        window.session.go_to(entry.name)
        locked = _locked(window)
        assert locked is not None and locked.value() == NO_PROJECT
        button = window.findChild(QToolButton, f"rail.{entry.object_key}")
        assert button and button.property("locked") and button.accessibleDescription() == NO_PROJECT
    _button(window, "locked.go").click()
    assert window.pages.name == "start"


def test_a_page_that_is_not_explained_yet_leads_nowhere(window: Window) -> None:
    view = LockedView()
    window.pages.addWidget(view)
    window.pages.setCurrentWidget(view)
    assert view.isVisible() and not view.findChild(QPushButton, "locked.go").isVisible()
    window.pages.removeWidget(view)
    view.deleteLater()


def test_a_page_opens_by_itself_when_what_it_waits_for_is_there(window: Window, project: Path) -> None:
    window.session.go_to("library")
    assert _locked(window)
    window.session.open_project(project)
    assert _locked(window) is None
    assert window.pages.currentWidget() is window.page("library")
    assert not window.rail.findChild(QToolButton, "rail.library").property("locked")


def test_the_pages_are_made_one_by_one_in_the_background(window: Window, project: Path) -> None:
    window.session.open_project(project)
    wait_for(lambda: len(window.pages.built()) == len(ENTRIES) + 1, seconds=30)


def test_a_page_that_is_missing_is_said_to_be(window: Window, project: Path) -> None:
    entry = Entry("gone", "Gone", "library", "no_such_page", "NoPage")
    other = Window(window.session, entries=[entry])
    other.show()
    window.session.open_project(project)
    other.show_page("gone")
    locked = _locked(other)
    assert locked and "cannot be loaded" in locked.value()
    other.pages.close_pages()
    other.status.close_timers()
    other.deleteLater()


def test_keys_change_pages_and_text_size(window: Window, project: Path, qtbot: QtBot) -> None:
    window.session.open_project(project)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.name == "sampling"
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.name == "library"
    QTest.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    wait_for(lambda: current_theme().scale == 1.25 == window.session.settings.text_scale)
    QTest.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    wait_for(lambda: current_theme().scale == 1.0)
    QTest.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(QDialog, "shortcuts")
    assert sheet and sheet.isVisible()
    sheet.close()


def test_theme_and_text_size_make_the_page_anew_where_it_was(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.session.go_to("library")
    before = window.page("library")
    window.findChild(QPushButton, "library.add_folder").setFocus()
    window.appearance.set_theme("light")
    assert window.page("library") is not before
    assert window.pages.name == "library" and window.pages.currentWidget() is window.page("library")
    assert current_theme().name == window.session.settings.theme
    focus = window.focusWidget()
    assert focus and focus.objectName() == "library.add_folder"
    for scale in (2.0, 1.0):
        window.set_text_scale(scale)
        assert window.width() <= 1280 and window.height() <= 800


def test_a_change_of_theme_takes_turns_and_what_is_chosen_meanwhile_is_shown(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.session.go_to("sampling")
    before = current_theme().name
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    assert current_theme().name == before and not window.updatesEnabled(), "nothing heavy was done in the click itself"
    assert window.cursor().shape() == Qt.CursorShape.BusyCursor
    settle()
    window.session.go_to("task")
    assert window.rail.value() == "task", "the click is acknowledged at once"
    wait_for(window.updatesEnabled)
    assert current_theme().name != before and window.cursor().shape() == Qt.CursorShape.ArrowCursor
    assert window.pages.currentWidget() is window.page("task")


def test_a_page_that_cannot_be_made_anew_leaves_the_window_alive(window: Window, project: Path, unforeseen: list[str],
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.open_project(project)
    window.session.go_to("sampling")
    monkeypatch.setattr(SamplingPage, "refresh", lambda page: 1 / 0)
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    wait_for(lambda: unforeseen)
    assert window.updatesEnabled() and "ZeroDivisionError" in unforeseen.pop()
    monkeypatch.undo()
    window.session.go_to("sampling")
    assert window.pages.currentWidget() is window.page("sampling")


def test_a_dropped_folder_is_added_and_a_dropped_project_opened(window: Window, clips: Path, project: Path) -> None:
    def drop(path: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(9, 9), actions, data, buttons, keys)
        window.dragEnterEvent(enter)
        assert enter.isAccepted() == path.is_dir()
        window.dropEvent(QDropEvent(QPointF(9, 9), actions, data, buttons, keys))

    drop(clips / "notes.mp4")
    assert window.session.project is None
    drop(clips)
    opened = window.session.project
    assert opened and opened.root.name == clips.name
    assert [opened.source_folder(source.name) for source in opened.settings.sources] == [clips]
    assert window.pages.name == "library"
    drop(project)
    assert window.session.project and window.session.project.root == project.resolve()


def test_an_error_nobody_foresaw_is_shown_with_its_details(window: Window, unforeseen: list[str]) -> None:
    hook = __import__("sys").excepthook
    try:
        raise KeyError("unforeseen thing")
    except KeyError as error:
        hook(KeyError, error, error.__traceback__)
    assert window.notices.value() == [], "not while a widget may be laying itself out: in a turn of its own"
    thread = threading.Thread(target=lambda: {}["in a thread"], name="unlucky")
    thread.start()
    thread.join()
    wait_for(lambda: len(window.notices.value()) == 2)
    assert "unforeseen thing" in window.notices.value()[0].message
    assert "Traceback" in window.notices.value()[1].details
    unforeseen.clear()
    _button(window, "notice.details").click()
    dialogs = [one for one in window.findChildren(QDialog) if one.isVisible()]
    assert len(dialogs) == 1
    dialogs[0].close()


def test_one_message_for_a_repeated_failure(window: Window) -> None:
    for _ in range(3):
        window.session.notify_error(UsageError("x", "this is wrong", "Mend it"))
    settle()
    assert len(window.notices.value()) == 1
    assert window.findChild(QWidget, "notice").value() == "x: this is wrong. (3 times)"


def test_closing_while_a_job_runs_asks_once_and_can_stop_it(window: Window, clips: Path) -> None:
    window.add_folder(clips)
    job = window.session.start_job("scan", [str(window.session.project.root), str(clips)], title="Scanning")
    window.close()
    window.close()
    assert window.isVisible()
    questions = window.findChildren(QDialog, "closing")
    assert len(questions) == 1
    _button(window, "closing.cancel").click()
    assert window.isVisible() and not job.stopping
    QCoreApplication.processEvents()
    window.close()
    _button(window, "closing.stop").click()
    assert job.stopping
    wait_for(lambda: not window.isVisible())
    assert not window.session.jobs


def test_closing_can_leave_the_job_at_work(window: Window, clips: Path) -> None:
    window.add_folder(clips)
    root = window.session.project.root
    window.session.start_job("scan", [str(root), str(clips)], title="Scanning")
    wait_for((root / "catalogue.sqlite").exists)
    window.close()
    _button(window, "closing.keep").click()
    wait_for(lambda: not window.isVisible())

    def all_rows() -> bool:
        with Project.open(root).catalogue() as catalogue:
            return len([video for video in catalogue.videos() if video.group]) == 10

    wait_for(all_rows, seconds=40)


def test_the_status_line_shows_work_and_says_when_nothing_is_heard(window: Window, clips: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    window.add_folder(clips)
    job = window.session.start_job("scan", [str(window.session.project.root), str(clips)], title="Scanning")
    job.progress = Progress(phase="ingest", done=3, total=10, unit="videos", seconds_left=70)
    window.status.dress()
    assert window.status.value() == "Scanning: reading videos · 3 of 10 videos · 1 min 10 s left"
    now = time.monotonic()
    monkeypatch.setattr(statusbar.time, "monotonic", lambda: now + 45)
    window.status.dress()
    assert window.status.value() == "Scanning: nothing heard for 45 s"
    monkeypatch.undo()
    _button(window, "status.stop").click()
    assert job.stopping and not _button(window, "status.stop").isEnabled()
    wait_for(lambda: not window.session.jobs)
    assert window.status.value() == ""


def test_shape_and_recent_projects_are_remembered(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.close()
    assert not window.session.settings.geometry.isEmpty()
    assert window.session.settings.recent_projects == [project.resolve()]


def test_a_training_that_another_window_started_is_shown_and_can_be_stopped(window: Window, project: Path) -> None:
    folder = Project.open(project).new_run_folder("elsewhere")
    (folder / runs.RECIPE).write_text('name = "quick"\n')
    beat = {"state": "running", "step": 3, "total_steps": 10, "at": time.time()}
    (folder / runs.HEARTBEAT).write_text(json.dumps(beat))
    window.session.open_project(project)
    assert window.status.value() == f"Training {folder.name}: step 3 of 10"
    _button(window, "status.stop").click()
    assert runs.stop_requested(folder)


def test_what_a_person_picked_outlives_a_change_of_theme(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    chosen = window.session.usable_videos[4].id
    box = window.findChild(VideoChoice, "sampling.video")
    box.restore(chosen)
    window.set_theme("light")
    again = window.findChild(VideoChoice, "sampling.video")
    assert again is not box and again.value() == chosen
    window.show_page("task")
    result = {"sentence": "It cannot.", "leak": False, "probes": []}
    panel = window.page("task").findChild(ProbePanel)
    panel.restore((result, panel._key()))
    window.show_page("sampling")
    window.set_text_scale(1.25)
    window.show_page("task")
    assert window.page("task").findChild(ProbePanel).value() == result
    window.session.open_project(project)  # another project's results are none of this one's
    assert window.page("task").findChild(ProbePanel).value() == {}
