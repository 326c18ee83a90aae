"""The Library page's folders and what is kept of the frames: lost folders are found again, tiers are chosen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton, QRadioButton

from studio.engine.project import Project
from studio.gui import library_facts
from studio.gui.blocks import NoticeBar
from studio.gui.pages.library import LibraryPage
from studio.gui.widgets.tier_choice import TITLES
from studio.gui.window import Window
from tests.gui.conftest import wait_for

SIZES = {"videos": 3, "cache_bytes": 3_100_000_000, "tier": "map", "auto": "map", "budget_bytes": 120_000_000_000,
         "tier_bytes": {"map": 3_100_000_000, "jpeg": 620_000_000, "video": 40_000_000}}


@pytest.fixture
def own_clips(clips: Path, project: Path, tmp_path: Path) -> Path:
    """The clips of the test project, where they can be moved."""
    moved = Path(shutil.copytree(clips, tmp_path / "disk" / "clips"))
    opened = Project.open(project)
    opened.move_source(opened.settings.sources[0].name, moved)
    return moved


@pytest.fixture
def page(window: Window, own_clips: Path, project: Path) -> LibraryPage:
    window.session.open_project(project)
    window.session.go_to("library")
    return cast("LibraryPage", window.page("library"))


def _button(page: LibraryPage, name: str) -> QPushButton | None:
    return next((one for one in page.findChildren(QPushButton, f"library.{name}") if one.isVisible()), None)


def _lost(page: LibraryPage, own_clips: Path) -> Path:
    """Take the folder away, and look again."""
    elsewhere = own_clips.rename(own_clips.parent / "elsewhere")
    page.refresh()
    wait_for(lambda: _button(page, "find.0"))
    return elsewhere


def test_a_folder_that_is_gone_is_said_found_by_keyboard_and_its_videos_stay(page: LibraryPage,
                                                                           own_clips: Path) -> None:
    session = page.session
    before = [video.id for video in session.videos]
    elsewhere = _lost(page, own_clips)
    (elsewhere / "walk" / "scene-01.mp4").unlink()
    notice = page.findChild(NoticeBar, "library.missing")
    assert notice and notice.isVisible() and notice.value() == "The folder Clips of a day is not there."
    assert not page.sources.value()[0].found and [video.id for video in session.videos] == before
    assert str(own_clips) not in page.command_line()  # a scan would refuse a folder that is not there
    find = _button(page, "find.0")
    assert find and "Clips of a day" in find.accessibleName()
    find.setFocus()
    QTest.keyClick(find, Qt.Key.Key_Space)
    dialog = page.findChild(QFileDialog)
    assert dialog and dialog.isVisible() and "Clips of a day" in dialog.windowTitle()
    assert dialog.directory().absolutePath() == str(own_clips.parent)
    dialog.fileSelected.emit(str(elsewhere.parent))  # the folder above will do
    dialog.close()
    job = session.running_job("relink")
    assert job and page._job_line.isVisible() and not find.isEnabled()
    wait_for(lambda: not session.jobs)
    relinked = page.notices.relinked
    assert relinked.value() == "Clips of a day is found: 9 of 10 videos lie in elsewhere."
    assert "Not there: walk/scene-01.mp4" in relinked._remedy.text()
    assert page.sources.value()[0].found and page.sources.value()[0].path == str(elsewhere)
    assert Project.open(session.project.root).source_folder("Clips of a day") == elsewhere
    assert [video.id for video in session.videos] == before
    wait_for(lambda: _button(page, "find.0") is None)
    assert not notice.isVisible()
    assert session.undo.undoText() == "Find the folder Clips of a day"
    session.undo.undo()
    assert Project.open(session.project.root).source_folder("Clips of a day") == own_clips
    session.undo.redo()
    assert Project.open(session.project.root).source_folder("Clips of a day") == elsewhere


def test_a_wrong_folder_is_refused_and_nothing_changes(page: LibraryPage, own_clips: Path, tmp_path: Path,
                                                       window: Window) -> None:
    _lost(page, own_clips)
    settings = (page.session.project.root / "project.toml").read_bytes()
    (tmp_path / "holiday").mkdir()
    page.find_folder("Clips of a day", tmp_path / "holiday")
    wait_for(lambda: not page.session.jobs)
    told = window.notices.value()[0]
    assert "none of the 10 videos of Clips of a day lies in it" in told.message and told.remedy
    assert (page.session.project.root / "project.toml").read_bytes() == settings
    assert len(page.session.videos) == 10 and _button(page, "find.0") and not page.notices.relinked.value()


def test_a_scan_with_a_folder_gone_looks_at_the_others(page: LibraryPage, own_clips: Path, clips: Path) -> None:
    _lost(page, own_clips)
    page.add_folder(clips / "walk")
    page.scan()
    assert page.session.jobs[0].arguments == [str(page.session.project.root)]
    wait_for(lambda: not page.session.jobs, seconds=40)
    assert {video.source for video in page.session.videos} == {"Clips of a day", "walk"}


def test_the_tier_is_kept_shown_and_taken_back(page: LibraryPage) -> None:
    session = page.session
    page._storage.set_value(True)
    way = page.findChild(QRadioButton, "library.tier.jpeg")
    assert way and page.tiers.value() == "auto" and "--tier" not in page.command_line()
    way.setFocus()
    QTest.keyClick(way, Qt.Key.Key_Space)
    assert Project.open(session.project.root).settings.tier == "jpeg" and "--tier jpeg" in page.command_line()
    wait_for(lambda: page._scan.text() == "Scan 9 videos")  # whose frames are kept in another way
    session.undo.undo()
    assert Project.open(session.project.root).settings.tier == "auto" and page.tiers.value() == "auto"
    assert "--tier" not in page.command_line()
    wait_for(lambda: page._scan.text() == "Scan again")


def test_large_frames_are_made_besides(page: LibraryPage) -> None:
    page._storage.set_value(True)
    page._large.click()
    assert page.command_line().endswith("--short-side 256")
    page.scan()
    assert page.session.jobs[0].arguments[-2:] == ["--short-side", "256"]
    wait_for(lambda: not page.session.jobs, seconds=60)
    assert any(page.session.project.cache_folder.glob("*/*-256*")), list(page.session.project.cache_folder.iterdir())


def test_the_tiers_say_what_they_take_and_why_one_is_chosen() -> None:
    words = library_facts.tier_words(SIZES)
    assert set(words) == set(TITLES)
    assert words["auto"] == "Now exact copies: 3.1 GB fit into the 120 GB that may be used"
    assert words["map"] == "3.1 GB. Exact frames: quick"
    assert words["jpeg"] == "620 MB. A fifth of the space, frames slightly changed"
    assert words["video"].startswith("40 MB. Frames are read from your videos each time")
    tight: dict[str, Any] = {**SIZES, "auto": "jpeg", "budget_bytes": 1_000_000_000}
    assert library_facts.tier_words(tight)["auto"] == ("Now compressed copies: exact ones would take 3.1 GB, and "
                                                      "1.0 GB may be used")
    assert library_facts.tier_words({})["auto"] == "The best that fits on the disk"
    assert library_facts.tier_words({})["jpeg"] == "Much less space, frames slightly changed"
    small = {**SIZES, "tier_bytes": {"map": 100_000_000, "jpeg": 8_000_000}}
    assert library_facts.tier_words(small)["jpeg"].startswith("8.0 MB. Less than a tenth of the space")


def test_what_was_found_of_a_folder_is_said() -> None:
    result = {"source": "ward", "folder": "disk", "videos": 5, "there": 5, "checked": 5, "fit": 5, "missing": 0,
              "missing_paths": []}
    message, remedy = library_facts.relinked_words(result)
    assert message == "ward is found: 5 of 5 videos lie in disk."
    assert remedy == "To make sure 5 files had to be read: the content is the same."
    result |= {"there": 2, "fit": 1, "checked": 2, "missing": 3, "missing_paths": ["a.mp4", "b.mp4", "c.mp4"]}
    assert library_facts.relinked_words(result)[1] == (
        "To make sure 2 files had to be read: 1 differ. Scan to read them. Not there: a.mp4, b.mp4, and 1 more. What "
        "was read of them is kept.")
