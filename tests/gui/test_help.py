"""Help: every word of the design is explained, keys and words are one key away, the tour points at real controls."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from studio.gui import projects
from studio.gui.help import HelpDialog, glossary
from studio.gui.shortcuts import ELSEWHERE
from studio.gui.tour import STEPS
from studio.gui.window import Window
from tests.gui.conftest import settle

WORDS = ("video", "frame", "clip", "tuple", "window", "motion curve", "pretext task", "backbone", "head", "recipe",
         "run", "feature", "gallery", "query", "neighbour", "unit", "overlay", "mask", "group")


def _click(window: Window, name: str) -> None:
    settle()
    found = window.findChild(QPushButton, name)
    assert found is not None and found.isVisible(), name
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def test_every_word_is_explained_in_one_sentence() -> None:
    known = dict(glossary())
    assert set(WORDS) <= set(known)
    for word, meaning in known.items():
        assert meaning.endswith(".") and meaning.count(". ") == 0 and len(meaning) <= 120, word
        assert not {"sample", "model", "dataset"} & set(meaning.lower().rstrip(".").split()), word


def test_one_key_opens_keys_and_words(window: Window) -> None:
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(HelpDialog)
    assert sheet and sheet.isVisible()
    assert [sheet.tabs.tabText(place) for place in range(sheet.tabs.count())] == ["Keys", "Words"]
    assert sheet.shown_words() == [word for word, _ in glossary()]
    sheet.search("patient")
    assert sheet.shown_words() == ["group"]
    sheet.close()


def test_the_sheet_lists_the_keys_of_what_listens_itself(window: Window) -> None:
    window._show_shortcuts()
    sheet = window.findChild(HelpDialog)
    assert sheet
    shown = [one.text() for one in sheet.tabs.widget(0).findChildren(QLabel)]
    for one in ELSEWHERE:
        assert one.act is None and one.words in shown
    for keys in ("PgUp, PgDown", "Shift+Return", "+, -, 0", "Left, Right, Up, Down", "Esc"):
        assert any(text.replace("PgDn", "PgDown") == keys for text in shown), keys
    sheet.close()


def test_the_tour_points_at_real_controls_and_never_blocks(window: Window, project: Path) -> None:
    window.session.open_project(project)
    _open_help_and_start(window)
    for place, step in enumerate(STEPS):
        settle()
        assert window.tour.value() == place and window.pages.name == step.page
        window.tour._follow()
        target = window.tour.target()
        assert target is not None and target.objectName() in step.controls
        window.session.go_to("library")  # a person may go anywhere meanwhile
        assert window.pages.name == "library"
        _click(window, "tour.next")
    assert not window.tour.running and window.session.settings.tour_seen
    settle()
    assert window.findChild(QPushButton, "tour.next") is None


def _open_help_and_start(window: Window) -> None:
    window._show_shortcuts()
    sheet = window.findChild(HelpDialog)
    assert sheet
    tour = sheet.findChild(QPushButton, "help.tour")
    assert tour
    tour.click()


def test_the_tour_can_be_skipped_and_is_not_offered_again(window: Window) -> None:
    projects.open_sample(window.session)
    assert window.tour.running
    _click(window, "tour.skip")
    assert not window.tour.running and window.session.settings.tour_seen
    projects.open_sample(window.session)
    assert not window.tour.running
    for job in window.session.jobs:
        job.request_stop()


def test_the_tour_lives_through_a_change_of_theme(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.tour.start()
    window.set_theme("light")
    settle()
    window.tour._follow()
    assert window.tour.target() is not None
    window.tour.stop()
