"""Many videos: read in a thread while the window works, counted once, changed one by one."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer

from studio.engine.catalogue import Catalogue, Video
from studio.engine.errors import StudioError
from studio.engine.project import Project
from studio.gui import library_edits, library_facts, session, shelf
from studio.gui.pages.library import LibraryPage
from studio.gui.session import Session
from studio.gui.shelf import SORT_KEYS, Shelf, read_shelf
from studio.gui.window import Window
from tests.gui.conftest import wait_for

FEW = 4


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> int:
    """From how many videos on they are many: the ten of the test project are."""
    for module in (session, shelf):
        monkeypatch.setattr(module, "AT_ONCE", FEW)
    return FEW


def _videos(count: int, **values: Any) -> list[Video]:
    return [Video(**{"id": number + 1, "source": f"s{number % 3}", "path": f"{number:06}.mp4",
                     "verdict": ("good", "partial", "unreadable")[number % 3], "reason": "x" if number % 3 else "",
                     "group": f"g{number // 2}" if number % 5 else "", "seconds": float(number % 7),
                     "excluded": number % 4 == 0, **values}) for number in range(count)]


def _told(one: Shelf) -> tuple[object, ...]:
    totals = one.totals
    ranks = [list(one.ranks(name).argsort(kind="stable")) for name in SORT_KEYS]
    places = [one.place(video.id) for video in one.videos]
    found = [one.holding(text) for text in ("", "1", "000013", "new", "zebra")]
    return (one.videos, one.usable, one.names, found, places, ranks, totals.verdicts, totals.sources,
            totals.groups, totals.videos, totals.excluded, round(totals.seconds, 6), set(totals.bad))


@pytest.mark.parametrize("slice_", [100, 7])
def test_a_shelf_that_was_changed_is_as_one_made_anew(slice_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "_SLICE", slice_)
    videos = _videos(40)
    made, before = Shelf(videos), videos[7]
    for name in SORT_KEYS:
        made.ranks(name)
    listed = made.videos, made.usable
    anew = {8: replace(before, verdict="good", group="new", excluded=False, seconds=3.5),
            1: replace(videos[0], excluded=False), 13: replace(videos[12], verdict="unreadable", group="")}
    made.change(anew.values())
    assert _told(made) == _told(Shelf([anew.get(video.id, video) for video in videos]))
    assert made.videos is not listed[0] and made.usable is not listed[1] and listed[0] == videos
    assert made.videos[1] is videos[1] and made.video(8) is anew[8] and made.video(99) is None


def test_reading_again_keeps_the_objects_of_what_did_not_change(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "study")
    with project.catalogue() as catalogue:
        for video in _videos(350):
            catalogue.put(video)
    first = read_shelf(project)
    assert first and len(first.videos) == 350
    with project.catalogue() as catalogue:
        assert _told(first) == _told(Shelf(catalogue.videos()))
        catalogue.change([5], label="walk")
    again = read_shelf(project, before=first)
    assert again and [one.id for one, other in zip(again.videos, first.videos, strict=True) if one is not other] == [5]
    assert read_shelf(project, wanted=lambda: False) is None


def test_many_videos_come_in_a_thread_and_the_window_says_so(many: int, window: Window, project: Path) -> None:
    told: list[int] = []
    window.session.videos_changed.connect(lambda: told.append(len(window.session.videos)))
    window.session.open_project(project)
    page = cast("LibraryPage", window.page("library"))
    window.show_page("library")
    assert window.session.reader.reading == 10 and window.session.videos == []
    assert page.subtitle.text() == "Reading 10 videos…" and page.list.isVisible()
    assert window.pages.waits_for("sampling") == ("Reading 10 videos…", "library")
    wait_for(lambda: window.session.videos)
    assert told == [0, 10] and len(window.session.usable_videos) == 9 and not window.session.reader.reading
    assert page.subtitle.text().startswith("10 videos, 1 unreadable") and window.pages.waits_for("sampling") is None
    assert page.list.table.rows.rowCount() == 10 and len(page.list.value()) == 1


def test_a_change_while_videos_are_read_is_not_lost(many: int, session: Session, project: Path) -> None:
    session.open_project(project)
    wait_for(lambda: session.videos)
    session.reload_videos()
    library_edits.exclude(session, session.videos[:2], excluded=True)  # the rows were being read when it was made
    wait_for(lambda: not session.reader.reading)
    assert [video.excluded for video in session.videos[:3]] == [True, True, False]
    session.undo.undo()
    assert not any(video.excluded for video in session.videos)


def test_a_project_closed_while_it_is_read_stays_closed(many: int, session: Session, project: Path) -> None:
    told: list[bool] = []
    session.open_project(project)
    session.videos_changed.connect(lambda: told.append(True))
    session.close_project()
    wait_for(lambda: not any(thread.name == "studio-reading" for thread in threading.enumerate()))
    wait_for(lambda: True)
    assert session.videos == [] and told == [] and not session.reader.reading


def test_a_catalogue_that_breaks_while_it_is_read_is_told(many: int, session: Session, project: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    session.notified.connect(heard.append)
    session.open_project(project)
    wait_for(lambda: session.videos)

    def broken(_self: Catalogue, _videos: int) -> Any:
        raise StudioError("catalogue.sqlite", "it cannot be read", "Scan again")

    monkeypatch.setattr(Catalogue, "slices", broken)
    session.reload_videos()
    wait_for(lambda: heard)
    assert heard[0].message == "catalogue.sqlite: it cannot be read." and len(session.videos) == 10


def test_a_grouping_of_many_is_described_by_the_first(many: int, monkeypatch: pytest.MonkeyPatch,
                                                      project: Path) -> None:
    monkeypatch.setattr(library_facts, "AT_ONCE", many)
    opened = Project.open(project)
    words = library_facts.describe_grouping(opened, _videos(10), opened.settings.grouping)
    assert words == "4 groups in the first 4 videos"


def test_the_window_works_on_while_ten_thousand_videos_are_read(session: Session, tmp_path: Path) -> None:
    root = tmp_path / "study"
    with Project.create(root).catalogue() as catalogue:
        for video in _videos(10_000):
            catalogue.put(video)
    ticks, since = list[int](), QElapsedTimer()
    since.start()
    timer = QTimer(session, interval=5)
    timer.timeout.connect(lambda: ticks.append(since.restart()))
    session.open_project(root)
    timer.start()
    wait_for(lambda: session.videos)
    timer.stop()
    assert len(session.videos) == 10_000 and len(ticks) > 3
    assert max(ticks) < 1000, ticks  # generous: the figure itself is a benchmark, on a quiet machine
