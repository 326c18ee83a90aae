"""Pages are got ready before they are seen: made in parts, laid out once, and whole again after a change of theme."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.engine.events import Progress
from studio.gui import garbage, page_stack
from studio.gui.blocks import fill, label
from studio.gui.entries import ENTRIES
from studio.gui.jobs import Job
from studio.gui.locked import LockedView
from studio.gui.pages.sampling import SamplingPage
from studio.gui.pages.task import TaskPage
from studio.gui.theme import current_theme
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.tuple_view import Dealt
from studio.gui.window import Window
from tests.gui.conftest import settle, wait_for

RESULT = {"question": "In which order?", "classes": 6, "chance": 1 / 6, "balanced_chance": 1 / 6, "span_frames": 24}


def _dealt(video_id: int) -> Dealt:
    return Dealt(video_id=video_id, video="walk/scene-01.mp4", answer="3 1 2", frames=[[0], [8], [16]],
                 times=[[0.0], [0.3], [0.6]], order=[2, 0, 1], window_seconds=(0.0, 1.0), span_seconds=1.0, motion=1.0,
                 flip=False, channel=[-1, -1, -1], pictures_EFHW3=np.zeros((3, 1, 8, 8, 3), np.uint8))


def test_a_page_is_filled_before_it_is_shown(window: Window, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.open_project(project)
    seen: list[bool] = []
    monkeypatch.setattr(SamplingPage, "refresh", lambda page: seen.append(page.isVisible()))
    window.show_page("sampling")
    page = window.page("sampling")
    assert seen == [False] and page and page.isVisible() and page.in_view
    window.show_page("task")
    assert not page.in_view


def test_a_chosen_video_stays_however_often_the_text_grows(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    page = window.page("sampling")
    assert isinstance(page, SamplingPage)
    chosen = window.session.usable_videos[3].id
    page.videos.set_value(chosen)
    window.show_page("library")
    for scale in (1.25, 1.5):  # the page is made anew each time, though nobody looks at it
        window.set_text_scale(scale)
        window.page("sampling")
    window.show_page("sampling")
    assert page is not window.page("sampling")
    assert isinstance(anew := window.page("sampling"), SamplingPage) and anew.videos.value() == chosen


def test_a_page_nobody_was_on_opens_as_the_first_time(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.page("sampling")
    window.set_text_scale(1.25)
    window.show_page("sampling")
    page = window.page("sampling")
    assert isinstance(page, SamplingPage) and page.videos.value() == window.session.usable_videos[0].id


def test_after_a_change_of_theme_the_old_picture_stays_until_the_page_is_whole(
        window: Window, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    whole: list[bool] = []
    monkeypatch.setattr(SamplingPage, "is_whole", lambda _page: bool(whole))
    monkeypatch.setattr(page_stack, "_WHOLE_WITHIN_SECONDS", 10)
    old = window.page("sampling")
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    wait_for(lambda: old not in window.pages.built() and window.pages.currentWidget() in window.pages.built())
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        settle()
        assert not window.updatesEnabled() and len(window.pages.built()) == 1, "nor are other pages made meanwhile"
    whole.append(True)
    started = time.monotonic()
    wait_for(window.updatesEnabled)
    assert time.monotonic() - started < 5
    wait_for(lambda: len(window.pages.built()) > 1)


def test_a_page_that_never_becomes_whole_is_shown_all_the_same(window: Window, project: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    monkeypatch.setattr(SamplingPage, "is_whole", lambda _page: False)
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    wait_for(window.updatesEnabled, seconds=10)
    monkeypatch.setattr(page_stack, "_WHOLE_WITHIN_SECONDS", 60)
    started = time.monotonic()
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    settle()
    window.pages.finish_dressing()
    assert window.updatesEnabled() and time.monotonic() - started < 30, "whoever is in a hurry does not wait"


def test_a_window_closed_while_its_dress_is_changed_is_let_go(window: Window, project: Path, unforeseen: list[str],
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    old = window.page("sampling")
    monkeypatch.setattr(SamplingPage, "is_whole", lambda _page: False)
    window.appearance.set_theme("light" if current_theme().dark else "dark")
    wait_for(lambda: old not in window.pages.built() and window.pages.currentWidget() in window.pages.built())
    window.close()
    assert window.updatesEnabled() and unforeseen == []


def test_a_page_is_not_whole_while_it_waits(window: Window, project: Path) -> None:
    window.session.open_project(project)
    page = window.page("sampling")
    assert page and page.is_whole()
    window.show_page("sampling")
    assert not page.is_whole(), "its tuples are asked for"


def test_the_tuples_outlive_a_change_of_theme(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("sampling")
    page = window.page("sampling")
    assert isinstance(page, SamplingPage)
    page.dealing.forget()
    page._take([_dealt(window.session.usable_videos[0].id)], RESULT)
    line = page.command_line()
    window.set_theme("light")
    again = window.page("sampling")
    assert isinstance(again, SamplingPage) and again is not page
    assert [one.answer for one in again.tuples.tuples] == ["3 1 2"] and not again.dealing.waiting
    assert again.command_line() == line, "with the same seed"
    window.show_page("task")
    window.set_theme("dark")
    window.session.change_recipe("sampling.tuple_length", 4)
    window.show_page("sampling")
    last = window.page("sampling")
    assert isinstance(last, SamplingPage) and last.tuples.tuples == [] and last.dealing.waiting, "of another recipe"


def test_what_the_worker_describes_is_made_a_part_a_turn(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("task")
    page = window.page("task")
    assert isinstance(page, TaskPage) and page._content.isHidden()
    window.session.description = {"tasks": [], "backbones": [], "terms": [], "recipes": [],
                                  "schema": {"training": {"properties": {}}}}
    window.session.description_changed.emit()
    assert page._content.isHidden() and not page.options.forms
    wait_for(lambda: not page._content.isHidden(), seconds=5)
    assert set(page.options.forms) == {"task_options", "training"}


def test_what_is_loaded_is_no_longer_looked_through_for_garbage(window: Window, project: Path, qtbot: QtBot) -> None:
    window.session.open_project(project)
    wait_for(lambda: len(window.pages.built()) == len(ENTRIES) + 1, seconds=60)
    window.pages._loader = None
    with qtbot.waitSignal(window.pages.loaded, timeout=30_000):
        window.pages.build_in_background()
    gc.unfreeze()  # what was spared for the tests
    before = gc.get_freeze_count()
    try:
        garbage.spare()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_a_bar_is_painted_with_everything_else(qapp: QApplication) -> None:
    holder, bar, beside = QWidget(), QProgressBar(), QWidget()
    layout = QVBoxLayout(holder)
    layout.addWidget(bar)
    layout.addWidget(beside)
    holder.resize(200, 200)
    holder.show()
    settle()
    paints = Paints()
    beside.installEventFilter(paints)
    beside.update()
    fill(bar, 40)
    assert bar.value() == 40 and paints.count == 0
    settle()
    assert paints.count == 1
    beside.update()
    bar.setValue(60)
    assert paints.count == 2, "Qt's own way paints what waits at once"
    holder.close()
    holder.deleteLater()


def test_tiles_are_measured_once_until_one_of_them_changes(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = QWidget()
    flow, words = FlowLayout(holder), [label("one"), label("two")]
    for one in words:
        flow.addWidget(one)
    holder.resize(300, 200)
    holder.show()
    settle()
    low = flow.heightForWidth(300)
    measured: list[int] = []
    place = FlowLayout._place

    def watched(made: FlowLayout, inside: QRect, *, move: bool) -> int:
        measured.append(inside.width())
        return place(made, inside, move=move)

    monkeypatch.setattr(FlowLayout, "_place", watched)
    assert flow.heightForWidth(300) == low and measured == []
    words[0].setText("one\nand another line\nand one more")
    assert flow.heightForWidth(300) > low and measured
    least = flow.minimumSize()
    words[1].setMinimumWidth(least.width() + 50)
    assert flow.minimumSize().width() == least.width() + 50
    holder.close()
    holder.deleteLater()


def test_a_page_that_waits_for_a_scan_shows_how_far_it_is(window: Window, tmp_path: Path) -> None:
    session = window.session
    session.open_project(tmp_path / "new", create=True)
    session.go_to("sampling")
    before = window.pages.currentWidget()
    assert isinstance(before, LockedView) and "none that can be read yet" in before.value()
    job = Job("scan", [], title="Scanning", project=session.project.root, parent=session)
    session.jobs.append(job)
    session.job_started.emit(job)
    assert before.value() == "The videos are being read; this page opens when that is done."
    job.told.emit(Progress(phase="ingest", done=24, total=72, unit="videos", seconds_left=22))
    line = before.findChild(JobLine)
    assert line.isVisible() and any(
        one.text() == "Reading videos: 24 of 72 videos, 22 s left" for one in line.findChildren(QLabel))
    session.jobs.remove(job)
    session.job_ended.emit(job)
    assert line.isHidden() and line.value() is None and "none that can be read yet" in before.value()
