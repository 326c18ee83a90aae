"""Changes of many videos: only the rows that change are touched, and a long change never holds the window up."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer

from studio.engine.catalogue import Catalogue, Video
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Grouping, Project
from studio.gui import library_edits, projects, shelf
from studio.gui import session as session_module
from studio.gui.pages.library import LibraryPage
from studio.gui.session import Session
from studio.gui.window import Window
from tests.gui.conftest import wait_for

BY_PATIENT = Grouping(by="pattern", pattern=r"(patient-\d+)")


def _made(root: Path, videos: int) -> Path:
    with Project.create(root).catalogue() as catalogue:
        for number in range(videos):
            catalogue.put(Video(source="s", path=f"patient-{number // 7:05}/{number:06}.mp4", verdict="good",
                                identity=f"{number:064x}", group=f"s/patient-{number // 7:05}/{number:06}.mp4",
                                label="echo", seconds=2.0, motion=number / 7))
    return root


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few videos are many."""
    for module in (session_module, shelf, library_edits):
        monkeypatch.setattr(module, "AT_ONCE", 4)


@pytest.fixture
def opened(session: Session, many: None, tmp_path: Path) -> Session:
    """A session with 70 videos, which are many."""
    session.open_project(_made(tmp_path / "study", 70))
    wait_for(lambda: session.videos)
    return session


def _kept(session: Session) -> tuple[str, set[str]]:
    """The grouping and the groups as they lie on the disk."""
    assert session.project
    project = Project.open(session.project.root)
    with project.catalogue(read_only=True) as catalogue:
        return project.settings.grouping.by, {group for group, in catalogue.rows("group")}


def _settled(session: Session) -> None:
    wait_for(lambda: not session.changes.at_work and not session.reader.reading)


def test_leaving_out_many_looks_at_no_other_row(session: Session, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    session.open_project(_made(tmp_path / "study", 500))
    before, statements, looked_at = session.videos, list[str](), list[int]()
    opened, usable, searched = Catalogue.__enter__, shelf.usable, shelf.searched

    def traced(self: Catalogue) -> Catalogue:
        self._db.set_trace_callback(statements.append)
        return opened(self)

    monkeypatch.setattr(Catalogue, "__enter__", traced)
    monkeypatch.setattr(shelf, "usable", lambda video: looked_at.append(video.id) or usable(video))
    monkeypatch.setattr(shelf, "searched", lambda video: looked_at.append(video.id) or searched(video))
    chosen = before[::5]
    library_edits.exclude(session, chosen, excluded=True)
    assert [new.id for new, old in zip(session.videos, before, strict=True) if new is not old] == [
        video.id for video in chosen]
    assert set(looked_at) == {video.id for video in chosen}
    assert len(statements) == 5, statements  # begin, change, commit; count, read
    assert len(session.usable_videos) == 400 and session.shelf.totals.excluded == 100
    looked_at.clear()
    session.undo.undo()
    assert set(looked_at) == {video.id for video in chosen}
    assert session.videos == before and len(session.usable_videos) == 500


def _scanned(session: Session, videos: int) -> None:
    """Put more videos into the catalogue, as a scan does that still runs."""
    assert session.project
    with session.project.catalogue() as catalogue:
        for number in range(videos):
            catalogue.put(Video(source="t", path=f"{number}.mp4", verdict="good", identity=f"{number}"))


@pytest.mark.parametrize("which", ["a new one", "an old one"])
def test_what_a_scan_brought_meanwhile_is_seen_after_a_change(session: Session, tmp_path: Path, which: str) -> None:
    session.open_project(_made(tmp_path / "study", 10))
    _scanned(session, 3)
    with session.project.catalogue(read_only=True) as catalogue:
        chosen = catalogue.find("2.mp4") if which == "a new one" else session.videos[0]
    library_edits.exclude(session, [chosen], excluded=True)
    assert [video.id for video in session.videos if video.excluded] == [chosen.id] and len(session.videos) == 13
    session.undo.undo()
    assert not any(video.excluded for video in session.videos) and len(session.usable_videos) == 13
    _scanned(session, 4)
    library_edits.set_masks(session, [Mask(name="clock", shapes=(Rectangle(x=0, y=0, width=0.1, height=0.1),))])
    assert len(session.videos) == 14


def test_a_folder_that_is_put_back_has_its_old_numbers(session: Session, tmp_path: Path) -> None:
    session.open_project(_made(tmp_path / "study", 10))
    _scanned(session, 3)
    session.reload_videos()
    for name in "st":
        (tmp_path / name).mkdir()
        library_edits.add_source(session, tmp_path / name)
    first = session.videos[-1]
    library_edits.exclude(session, [first], excluded=True)
    library_edits.remove_source(session, "s")
    library_edits.remove_source(session, "t")
    assert session.videos == []
    session.undo.undo()
    session.undo.undo()
    assert [video.id for video in session.videos if video.excluded] == [first.id] and len(session.videos) == 13
    session.undo.undo()  # of the exclusion: it means the same video
    assert not any(video.excluded for video in session.videos)


def test_a_folder_that_was_added_is_taken_away_with_its_videos_and_comes_back(session: Session, tmp_path: Path) -> None:
    session.open_project(_made(tmp_path / "study", 10))
    (tmp_path / "t").mkdir()
    assert projects.add_folder(session, tmp_path / "t") and session.undo.undoText() == "Add the folder t"
    assert projects.add_folder(session, tmp_path / "t") and session.undo.count() == 1  # it is there already
    _scanned(session, 3)
    session.undo.undo()
    assert session.project and session.project.settings.sources == [] and len(session.videos) == 10
    assert Project.open(session.project.root).settings.sources == []
    session.undo.redo()
    assert [one.name for one in session.project.settings.sources] == ["t"] and len(session.videos) == 13


def test_leaving_out_many_and_taking_out_their_folder_are_made_in_the_thread(opened: Session, tmp_path: Path) -> None:
    assert opened.project
    (tmp_path / "s").mkdir()
    library_edits.add_source(opened, tmp_path / "s")
    threads: list[str] = []
    opened.changes.changed.connect(lambda: threads.append(opened.changes.at_work))
    library_edits.exclude(opened, opened.videos[:50], excluded=True)
    assert opened.changes.at_work == "Changing 50 videos…"
    _settled(opened)
    assert opened.shelf.totals.excluded == 50
    library_edits.remove_source(opened, "s")
    assert opened.changes.at_work == "Changing 70 videos…"
    _settled(opened)
    assert opened.videos == [] and opened.project.settings.sources == []
    opened.undo.undo()
    _settled(opened)
    assert len(opened.videos) == 70 and opened.shelf.totals.excluded == 50
    assert threads == ["Changing 50 videos…", "", "Changing 70 videos…", "", "Changing 70 videos…", ""]


def test_a_failed_write_is_told_and_the_truth_is_shown(session: Session, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    session.notified.connect(heard.append)
    session.open_project(_made(tmp_path / "study", 70))
    monkeypatch.setattr("studio.engine.catalogue._AMONG", "id IN (SELECT value FROM nowhere, json_each(?))")
    library_edits.exclude(session, session.videos[:5], excluded=True)
    monkeypatch.undo()
    assert "no such table: nowhere" in heard[0].message and session.undo.count() == 0
    session.reload_videos()
    assert len(session.usable_videos) == 70
    library_edits.exclude(session, session.videos[:5], excluded=True)
    assert len(session.usable_videos) == 65


def test_the_window_works_on_while_twenty_thousand_videos_are_grouped(session: Session, tmp_path: Path) -> None:
    session.open_project(_made(tmp_path / "study", 20_000))
    wait_for(lambda: session.videos)
    gaps, since, whole = list[int](), QElapsedTimer(), QElapsedTimer()
    timer = QTimer(session, interval=5)
    timer.timeout.connect(lambda: gaps.append(since.restart()))
    timer.start()
    for act, groups in ((lambda: library_edits.set_grouping(session, BY_PATIENT), 2858), (session.undo.undo, 20_000)):
        gaps.clear()
        since.start()
        whole.start()
        act()
        assert session.changes.at_work.startswith("Grouping 20")
        wait_for(lambda: not session.changes.at_work)
        took, longest = whole.elapsed(), max([*gaps, since.elapsed()])
        assert longest < max(took / 2, 200), (gaps, took)  # in the window's thread it would be one gap
        _settled(session)
        assert len(session.shelf.totals.groups) == groups
    timer.stop()


def test_a_page_says_that_many_are_grouped_and_shows_them_when_it_is_done(window: Window, many: None,
                                                                          tmp_path: Path) -> None:
    session = window.session
    session.open_project(_made(tmp_path / "study", 70))
    wait_for(lambda: session.videos)
    page = cast("LibraryPage", window.page("library"))
    page.grouping.set_value(BY_PATIENT)
    page.grouping._told = Grouping()
    page.grouping._edited()
    assert page.list._waiting.value() == "Grouping 70 videos…" and not page.grouping.isEnabled()
    _settled(session)
    assert page.grouping.isEnabled() and page.grouping.value() == BY_PATIENT and not page.list._waiting.isVisible()
    assert "; 10 groups." in page.subtitle.text()


def test_what_is_asked_while_many_are_grouped_follows_it(opened: Session) -> None:
    before = opened.videos
    library_edits.set_grouping(opened, BY_PATIENT)
    library_edits.exclude(opened, before[:3], excluded=True)
    opened.reload_videos()
    assert not opened.reader.reading and len(opened.usable_videos) == 70
    _settled(opened)
    assert len(opened.shelf.totals.groups) == 10 and len(opened.usable_videos) == 67
    library_edits.set_grouping(opened, Grouping())
    opened.undo.undo()
    opened.undo.undo()
    opened.undo.undo()
    opened.undo.redo()
    _settled(opened)
    assert _kept(opened)[0] == "pattern" and len(_kept(opened)[1]) == 10 and len(opened.usable_videos) == 70
    opened.undo.undo()
    _settled(opened)
    assert opened.videos == before and _kept(opened) == ("video", {video.group for video in before})


def test_other_work_on_the_project_waits_until_many_are_grouped(opened: Session, tmp_path: Path) -> None:
    heard: list[Any] = []
    opened.notified.connect(heard.append)
    library_edits.set_grouping(opened, BY_PATIENT)
    assert not projects.add_folder(opened, tmp_path)
    job = opened.start_job("train", [], title="Training")
    assert opened.jobs == [] and "Grouping 70 videos…" in heard[0].message and "Try again" in heard[0].remedy
    job.deleteLater()
    _settled(opened)
    assert projects.add_folder(opened, tmp_path)


@pytest.mark.parametrize("ending", ["close_project", "close"])
def test_a_grouping_is_finished_before_its_project_is_closed(opened: Session, ending: str,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    root, go_on = opened.project.root, threading.Event()
    put = Catalogue.put_groups
    monkeypatch.setattr(Catalogue, "put_groups", lambda self, groups: (go_on.wait(5), put(self, groups)))
    library_edits.set_grouping(opened, BY_PATIENT)
    library_edits.exclude(opened, opened.videos[:3], excluded=True)
    threading.Timer(0.1, go_on.set).start()
    getattr(opened, ending)()
    project = Project.open(root)
    with project.catalogue(read_only=True) as catalogue:
        assert project.settings.grouping == BY_PATIENT and len({group for group, in catalogue.rows("group")}) == 10
        assert catalogue.counts()["excluded"] == 3
    assert not any(thread.name == "studio-writing" for thread in threading.enumerate())


def test_a_grouping_that_cannot_be_written_leaves_all_as_it_was(opened: Session,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    heard, before, put = list[Any](), _kept(opened), Catalogue.put_groups

    def full(self: Catalogue, groups: Any) -> None:
        put(self, groups)
        raise sqlite3.OperationalError("database or disk is full")

    opened.notified.connect(heard.append)
    monkeypatch.setattr(Catalogue, "put_groups", full)
    library_edits.set_grouping(opened, BY_PATIENT)
    library_edits.exclude(opened, opened.videos[:1], excluded=True)
    _settled(opened)
    assert "disk is full" in heard[0].message and _kept(opened) == before
    assert opened.project.settings.grouping == Grouping() and len(opened.usable_videos) == 69
    monkeypatch.undo()
    library_edits.set_grouping(opened, Grouping(by="pattern", pattern="(zebra)"))
    _settled(opened)
    assert "fits no video" in heard[1].message and opened.undo.count() == 2 and _kept(opened) == before
    opened.undo.undo()
    _settled(opened)
    assert len(opened.usable_videos) == 70
