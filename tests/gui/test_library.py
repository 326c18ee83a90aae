"""The Library page: what is listed, searched, left out, grouped, scanned."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QUndoCommand
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton

from studio.engine.catalogue import PARTIAL, Video
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Grouping, Project
from studio.gui import library_edits, library_facts
from studio.gui.blocks import NoticeBar
from studio.gui.pages.library import LibraryPage
from studio.gui.settings import WindowSettings
from studio.gui.shelf import Shelf
from studio.gui.theme import current_theme
from studio.gui.widgets.video_model import COLUMNS, HEALTH, NAME, VideoModel, health
from studio.gui.window import Window
from tests.gui.conftest import wait_for


@pytest.fixture
def page(window: Window, project: Path) -> LibraryPage:
    window.session.open_project(project)
    window.session.go_to("library")
    return cast("LibraryPage", window.page("library"))


def _button(page: LibraryPage, name: str) -> QPushButton:
    found = page.findChild(QPushButton, f"library.{name}")
    assert found is not None, name
    return found


def _shown(page: LibraryPage) -> list[str]:
    rows = page.list.table.rows
    return [rows.video_at(row).path for row in range(rows.rowCount())]


def _select(page: LibraryPage, *ends: str) -> None:
    page.list.table.select({video.id for video in page.session.videos if video.path.endswith(ends)})


def test_the_summary_counts_and_the_problem_is_named_with_its_reason(page: LibraryPage) -> None:
    assert page.subtitle.text().startswith("10 videos, 1 unreadable, ")
    problems = page.findChild(NoticeBar, "library.problems")
    assert problems and problems.isVisible() and problems.value() == "1 of 10 videos has a problem."
    assert problems.height() < 60
    _button(page, "show_problems").click()
    assert _shown(page) == ["notes.mp4"]
    cell = page.list.table.rows.index(0, HEALTH).data()
    assert cell == "unreadable: it holds text, not a video"


def test_search_and_sorting_keep_what_is_selected(page: LibraryPage) -> None:
    _select(page, "scene-02.mp4")
    chosen = {video.id for video in page.list.value()}
    assert chosen
    page.findChild(QLineEdit, "library.filter").setText("JUMP")
    assert all(path.startswith("jump/") for path in _shown(page)) and len(_shown(page)) == 3
    assert {video.id for video in page.list.value()} <= chosen
    page.list.search("")
    page.list.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    lengths = [page.list.table.rows.video_at(row).seconds for row in range(10)]
    assert lengths == sorted(lengths, reverse=True)


def test_excluding_is_kept_in_the_project_and_undone_by_ctrl_z(window: Window, page: LibraryPage) -> None:
    page.list.search("walk")
    page.list.table.selectAll()
    _button(page, "exclude").click()
    assert len(page.session.usable_videos) == 6
    with page.session.project.catalogue() as catalogue:
        assert sum(video.excluded for video in catalogue.videos()) == 3
    assert "3 excluded" in page.subtitle.text() and _button(page, "exclude").text() == "Include again"
    assert _button(page, "undo").isEnabled()
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(page.session.usable_videos) == 9
    QTest.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert len(page.session.usable_videos) == 6
    page.list.show_only("excluded")
    assert len(_shown(page)) == 3
    page.list.table.selectAll()
    _button(page, "exclude").click()
    assert len(page.session.usable_videos) == 9


def test_thumbnails_come_when_rows_are_seen_and_the_preview_plays(page: LibraryPage) -> None:
    rows = page.list.table.rows
    wait_for(lambda: rows.index(0, NAME).data(Qt.ItemDataRole.DecorationRole) is not None)
    wait_for(lambda: page.preview.view.frames > 1)
    page.preview.view.player.play()
    before = page.preview.view.value()
    wait_for(lambda: page.preview.view.value() != before)
    page.preview.view.player.stop()
    bad = next(video for video in page.session.videos if not video.readable)
    page.preview.set_value(bad)
    assert page.preview.view.frames == 0 and not _button(page, "play").isEnabled()


def test_groups_by_pattern_are_counted_live_and_applied_with_a_way_back(page: LibraryPage) -> None:
    before = {video.id: video.group for video in page.session.videos}
    way = page.findChild(QComboBox, "library.group_by")
    way.setCurrentIndex(way.findData("pattern"))
    way.activated.emit(way.currentIndex())
    pattern = page.findChild(QLineEdit, "library.group_pattern")
    QTest.keyClicks(pattern, r"(scene-\d+)")
    assert "groups in 10 videos" in page.grouping._count.text()
    QTest.keyClick(pattern, Qt.Key.Key_Return)
    assert Project.open(page.session.project.root).settings.grouping == Grouping(by="pattern", pattern=r"(scene-\d+)")
    groups = {video.path: video.group for video in page.session.videos}
    assert groups["jump/scene-01.mp4"] == groups["walk/scene-01.mp4"] == "scene-01"
    assert "--group-pattern" in page.command_line()
    page.session.undo.undo()
    assert {video.id: video.group for video in page.session.videos} == before
    assert Project.open(page.session.project.root).settings.grouping.by == "video"
    assert page.grouping.value().by == "video"


def test_one_folder_is_one_group_where_the_person_says_so(page: LibraryPage) -> None:
    way = page.findChild(QComboBox, "library.group_by")
    assert "folder" in {way.itemData(place) for place in range(way.count())} and page.grouping._folders.isHidden()
    way.setCurrentIndex(way.findData("folder"))
    way.activated.emit(way.currentIndex())
    assert not page.grouping._folders.isHidden() and "Not for folders that are labels" in page.grouping._folders.text()
    assert all(video.group == video.path.rpartition("/")[0] for video in page.session.videos if "/" in video.path)
    assert page.session.project.settings.grouping.by == "folder" and "--groups folders" in page.command_line()
    page.session.undo.undo()
    assert page.session.project.settings.grouping.by == "video" and page.grouping._folders.isHidden()


def test_a_pattern_that_is_of_no_use_is_said_and_not_applied(page: LibraryPage) -> None:
    for pattern, why in ((r"(scene", "no regular expression"), ("scene", "no brackets"), ("(zebra)", "fits no video")):
        page.grouping.set_value(Grouping(by="pattern", pattern=pattern))
        page.grouping._edited()
        assert why in page.grouping._count.text()
    assert page.session.project.settings.grouping.by == "video"


def test_groups_and_labels_from_a_csv(page: LibraryPage, clips: Path) -> None:
    page.grouping._way.setCurrentIndex(page.grouping._way.findData("csv"))
    page.grouping.choose_csv(clips / "labels.csv")
    labels = {video.path: (video.label, video.group) for video in page.session.videos}
    assert labels["echo-strong/patient-01.mp4"] == ("echo-strong", "patient-01")


def test_a_folder_is_taken_out_and_put_back(page: LibraryPage) -> None:
    name = page.sources.value()[0].name
    _button(page, "remove.0").click()
    assert page.session.videos == [] and page.session.project.settings.sources == []
    assert _button(page, "first_folder").isVisible()
    notice = page.notices.removed
    assert notice.isVisible() and notice.value() == f"The folder {name} is not part of the project any more."
    _button(page, "put_back").click()
    assert not notice.isVisible() and len(page.session.videos) == 10
    assert [source.name for source in Project.open(page.session.project.root).settings.sources] == [name]


def test_a_new_folder_is_estimated_scanned_and_listed(window: Window, clips: Path) -> None:
    window.add_folder(clips)
    page = cast("LibraryPage", window.page("library"))
    wait_for(lambda: _button(page, "scan").text() == "Scan 10 videos")
    first = _button(page, "first_scan")
    assert first.isVisible() and first.text() == "Scan 10 videos" and first.property("kind") == "primary"
    assert _button(page, "scan").property("kind") == ""
    first.click()
    assert not first.isVisible()
    assert not _button(page, "scan").isVisible() and _button(page, "stop").isVisible()
    wait_for(lambda: not window.session.jobs, seconds=40)
    assert len(_shown(page)) == 10 and not _button(page, "stop").isVisible()
    wait_for(lambda: _button(page, "scan").text() == "Scan again")
    assert _button(page, "next").isVisible() and _button(page, "next").property("kind") == "primary"


def test_a_missing_folder_is_said(page: LibraryPage, tmp_path: Path, window: Window) -> None:
    page.add_folder(tmp_path / "nowhere")
    assert "there is no such folder" in window.notices.value()[0].message


def test_the_space_of_a_scan_is_said_in_words() -> None:
    words = library_facts.space_words({"videos": 3, "cache_bytes": 4_000_000_000}, free_bytes=9_000_000_000)
    assert words == "A scan will take about 4.0 GB for small copies of the frames; 9.0 GB are free."
    tight = library_facts.space_words({"videos": 3, "cache_bytes": 4_000_000_000}, free_bytes=3_000_000_000)
    assert tight.endswith("That is not enough.")
    assert library_facts.space_words({"videos": 0, "cache_bytes": None}, free_bytes=1) == ""


def test_the_words_about_videos() -> None:
    good = Video(id=1, source="s", path="a.mp4", verdict="good", seconds=60, group="s/a.mp4")
    partly = replace(good, id=2, path="b.mp4", verdict=PARTIAL, reason="20 of 90 frames", group="b")
    assert library_facts.summary(Shelf([good, partly]).totals) == ("2 videos, 1 partly readable, 2 min in all; "
                                                                   "2 groups.")
    assert library_facts.problems(Shelf([good]).totals) == ""
    assert library_facts.problems(Shelf([good, partly]).totals) == "1 of 2 videos has a problem."
    assert library_facts.problems(Shelf([good, partly, replace(partly, id=3)]).totals) == "2 of 3 videos have problems."
    assert health(partly) == "partly readable: 20 of 90 frames"
    assert [COLUMNS[5].text(one) for one in (good, partly)] == ["its own", "b"]


def test_a_hundred_thousand_videos_filter_and_scroll_at_once(qapp: QApplication) -> None:
    asked: list[Any] = []
    model = VideoModel(asked.append)
    model.set_videos(Shelf([Video(id=number, source="s", path=f"folder/{number:06}.mp4", verdict="good",
                                  seconds=number % 97) for number in range(100_000)]))
    started = time.monotonic()
    model.set_filter("099")
    model.set_filter("")
    for row in range(0, 100_000, 5000):
        assert model.index(row, 1).data()
    elapsed = time.monotonic() - started
    assert model.rowCount() == 100_000 and asked == []
    assert elapsed < 5, f"{elapsed:.2f} s"  # generous: the figure itself is a benchmark, on a quiet machine


def test_leaving_out_a_few_reads_and_moves_only_their_rows(window: Window, project: Path) -> None:
    session = window.session
    session.open_project(project)
    window.show_page("library")
    table, before = window.page("library").list.table, list(session.videos)
    resets: list[bool] = []
    table.rows.modelReset.connect(lambda: resets.append(True))
    table.selectRow(3)
    chosen = table.value()
    library_edits.exclude(session, chosen, excluded=True)
    assert resets == [] and [video.id for video in table.value()] == [chosen[0].id] and table.value()[0].excluded
    assert sum(new is not old for new, old in zip(session.videos, before, strict=True)) == 1
    assert session.usable_videos == [video for video in session.videos if video.readable and not video.excluded]
    table.set_filter("", "excluded")
    resets.clear()
    session.undo.undo()  # what is listed changes: the table is arranged anew
    assert resets and table.rows.rowCount() == 0


def test_problems_that_were_put_away_come_back_only_with_others(window: Window, page: LibraryPage) -> None:
    session = window.session
    notice = page.notices.problems
    _button(page, "problems.close").click()
    assert not notice.isVisible() and not page.notices.isVisible()
    session.reload_videos()
    assert not notice.isVisible()
    root = session.project.root
    session.close_project()
    session.open_project(root)
    assert not notice.isVisible() and WindowSettings().put_away(root)
    with session.project.catalogue() as catalogue:
        catalogue.change([session.usable_videos[0].id], verdict=PARTIAL, reason="20 of 90 frames")
    session.reload_videos()
    assert notice.isVisible() and notice.value() == "2 of 10 videos have problems."


def test_a_video_is_left_out_while_a_real_scan_runs(window: Window, project: Path, clips: Path, tmp_path: Path) -> None:
    session = window.session
    session.open_project(project)
    session.go_to("library")
    page = cast("LibraryPage", window.page("library"))
    more = tmp_path / "more"
    shutil.copytree(clips / "walk", more / "a")
    page.add_folder(more)
    page.scan()
    job = session.running_job("scan")
    wait_for(lambda: session.project.catalogue(read_only=True).count() > 10, seconds=60)
    job.request_pause(wanted=True)
    page._ask_catalogue()
    wait_for(lambda: page.list.table.rows.rowCount() > 10, seconds=20)
    assert len(session.videos) == 10 and session.running_job("scan") is job
    assert not _button(page, "remove.0").isEnabled()  # the scan would bring its videos again
    rows = page.list.table.rows
    new = next(rows.video_at(row) for row in range(rows.rowCount()) if rows.video_at(row).source == "more")
    page.list.table.select({new.id})
    _button(page, "exclude").click()
    assert [video.id for video in page.list.value() if video.excluded] == [new.id]
    assert rows.rowCount() > 10 and _button(page, "undo").isEnabled() and window.notices.value() == []
    job.request_pause(wanted=False)
    wait_for(lambda: not session.jobs, seconds=60)
    assert [video.id for video in session.videos if video.excluded] == [new.id] and len(session.videos) == 13
    assert _button(page, "remove.0").isEnabled()
    session.undo.undo()
    assert not any(video.excluded for video in session.videos)


def test_a_grouping_that_is_not_applied_says_so(page: LibraryPage) -> None:
    way = page.findChild(QComboBox, "library.group_by")
    words = page.grouping._count
    for place, told in ((2, "Not applied yet: write a pattern."), (3, "Not applied yet: choose a file.")):
        way.setCurrentIndex(place)
        way.activated.emit(place)
        assert words.isVisible() and words.text() == told
    way.setCurrentIndex(2)
    QTest.keyClicks(page.findChild(QLineEdit, "library.group_pattern"), r"(scene-\d+)")
    assert words.text().endswith("Not applied yet: press Enter.") and words.text().startswith("7 groups in 10 videos")
    QTest.keyClick(page.findChild(QLineEdit, "library.group_pattern"), Qt.Key.Key_Return)
    assert "Not applied" not in words.text() and page.session.project.settings.grouping.by == "pattern"
    page.session.project.read_only = "a test looks at it"
    way.setCurrentIndex(0)
    way.activated.emit(0)
    assert page.session.project.settings.grouping.by == page.grouping.value().by == "pattern"


def test_what_was_searched_and_selected_outlives_a_change_of_theme(window: Window, page: LibraryPage) -> None:
    page.list.search("jump")
    page.list.table.selectRow(1)
    chosen = [video.id for video in page.list.value()]
    assert chosen
    window.set_text_scale(1.5)
    again = cast("LibraryPage", window.page("library"))
    assert again is not page and again.findChild(QLineEdit, "library.filter").text() == "jump"
    assert [video.id for video in again.list.value()] == chosen and len(_shown(again)) == 3
    again.list._clear.trigger()
    assert len(_shown(again)) == 10 and not again.list._clear.isVisible()
    window.session.undo.push(QUndoCommand())
    again.list.search("walk")
    window.session.reload_videos()
    assert len(_shown(again)) == 3  # it is the same project


def test_another_project_shows_all_of_its_videos_from_the_first(window: Window, page: LibraryPage, project: Path,
                                                               tmp_path: Path) -> None:
    page.list.search("walk")
    page.list.table.selectRow(1)
    shutil.copytree(project, tmp_path / "second")
    window.session.open_project(tmp_path / "second")
    assert len(_shown(page)) == 10 and [page.list.table.rows.row_of(one.id) for one in page.list.value()] == [0]


def test_a_verdict_is_read_in_whole_and_keeps_its_colour_when_selected(page: LibraryPage) -> None:
    table = page.list.table
    with page.session.project.catalogue() as catalogue:
        catalogue.change([page.session.usable_videos[0].id], verdict=PARTIAL, reason="20 of 90 frames")
    page.session.reload_videos()
    row = table.rows.row_of(page.session.usable_videos[0].id)
    words = table.rows.index(row, HEALTH).data()
    assert words == "partly readable"
    assert table.columnWidth(HEALTH) >= QFontMetrics(current_theme().font(13)).horizontalAdvance(words) + 12
    table.selectRow(row)
    place = table.visualRect(table.rows.index(row, HEALTH))
    picture = table.viewport().grab(place).toImage()
    wanted = QColor(current_theme().warning)
    colours = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    near = [one for one in colours if abs(one.red() - wanted.red()) + abs(one.blue() - wanted.blue()) < 60]
    assert near, "the verdict is painted in another colour"


def test_a_new_mask_is_seen_in_the_row_and_the_preview_says_what_follows(page: LibraryPage) -> None:
    session = page.session
    page.list.table.selectRow(0)
    wait_for(lambda: page.preview.view.frames > 1)
    before = page.list.table.viewport().grab().toImage()
    library_edits.set_masks(session, [Mask(name="clock", shapes=(Rectangle(x=0, y=0, width=0.1, height=0.1),))])
    wait_for(lambda: page.preview.view._message == "A mask changed: scan to cover it")
    assert page.list.table.masks == session.project.settings.masks
    assert page.list.table.viewport().grab().toImage() != before
    session.undo.undo()
    wait_for(lambda: page.preview.view.frames > 1)
    assert page.list.table.masks == []
