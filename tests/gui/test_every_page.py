"""Every page, full of real things: nothing is cut at any size of text, and every text can be translated.

It takes a minute: the worker is real, and each size and language makes all pages anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from studio.engine.files import resource
from studio.gui import theme
from studio.gui.app import make_application
from studio.gui.entries import ENTRIES, MACHINE, START
from studio.gui.pages.page import Page
from studio.gui.session import Session
from studio.gui.window import Window, dress
from tests.gui.conftest import left_running, settle, wait_for
from tests.gui.fitting import cut_off, scrolls_sideways
from tests.gui.pseudo import Longer, bare, untranslated

CLASSES = {path.name for path in resource("sample").iterdir() if path.is_dir()}
PAGES = [START.name, *(entry.name for entry in ENTRIES), MACHINE.name]
TRANSLATED = ["start", "sampling", "task", "neighbours", "evaluate", "doctor"]
_DATA = re.compile(r"studio \w+ .*|studio doctor|[\w-]+/[\w/ -]+\.(mp4|avi)|[\w-]*\d{4}[\w-]*|[\d.]+ GMAC"
                   r"|/[\w/. -]+|Tiny|tiny")
"""Command lines, names of videos and runs, folders, figures with their units, a recipe of the tests."""
_JUDGED = shutil.ignore_patterns("evaluation", "probes")
"""What other tests may have asked of the run: sentences of the engine, which nobody translates."""


@pytest.fixture(scope="module")
def made(qapp: QApplication, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A window of the size of a small screen, on a project with a run, whose worker has described what there is."""
    place = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(place / "home"))
        make_application()
        session = Session()
        session.settings.theme = "dark"
        dress(session)
        window = Window(session)
        window.resize(1280, 720)
        session.service.start()
        session.open_project(shutil.copytree(tiny_run.parents[1], place / "project", ignore=_JUDGED))
        wait_for(lambda: session.description, seconds=60)
        yield window
        window.close()
        window.deleteLater()
        session.deleteLater()
        settle()
    theme.apply(qapp, theme.DARK)
    assert left_running() == []


@pytest.fixture
def full(made: Window) -> Iterator[Window]:
    made.show()
    yield made
    made.hide()


@pytest.fixture
def longer(full: Window) -> Iterator[None]:
    made = Longer()
    QCoreApplication.installTranslator(made)
    full.pages.make_anew()
    full.pages.finish_dressing()
    yield
    QCoreApplication.removeTranslator(made)
    full.pages.make_anew()
    full.pages.finish_dressing()


def shown(window: Window, name: str) -> Page:
    """A page with everything on it that the worker has to say."""
    window.show_page(name)
    page = window.page(name)
    assert page is not None and window.pages.currentWidget() is page, f"{name} is open"
    for _ in range(2):  # an answer may ask for more
        settle()
        wait_for(lambda: not window.session.service.busy, seconds=60)
    settle()
    return page


def misplaced(page: QWidget) -> list[str]:
    """What does not fit, when the page has come to rest: what it holds takes its place over several turns."""
    for _ in range(20):
        if not (found := cut_off(page) + (scrolls_sideways(page) if isinstance(page, Page) else [])):
            break
        QTest.qWait(100)
    return found


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0], ids="{:.0%}".format)
def test_nothing_is_cut_at_any_size_of_text(full: Window, scale: float) -> None:
    full.set_text_scale(scale)
    found = {name: misplaced(shown(full, name)) for name in PAGES}
    found["rail"], found["status"] = misplaced(full.rail), misplaced(full.status)
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert (full.width(), full.height()) == (1280, 720)


class LayoutRequests(QObject):
    """Counts how often anything asks to be laid out."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_page_comes_to_rest(full: Window, qapp: QApplication) -> None:
    """A layout that asks for the next one takes a whole core for ever: nobody sees it, and training is the slower."""
    asked = {}
    for name in PAGES:
        shown(full, name)  # so that none is still being made when the others are watched
    for name in PAGES:
        misplaced(shown(full, name))
        QTest.qWait(300)
        requests = LayoutRequests()
        qapp.installEventFilter(requests)
        QTest.qWait(300)
        qapp.removeEventFilter(requests)
        asked[name] = requests.count
    assert max(asked.values()) < 100, asked


def test_with_large_text_the_title_scrolls_away_and_the_page_has_room(full: Window) -> None:
    full.set_text_scale(1.0)
    page = shown(full, "training")
    start = page.findChild(QPushButton, "train.start")
    assert start is not None and not page.scroll.isAncestorOf(start), "it stays in sight where there is room"
    full.set_text_scale(2.0)
    page = shown(full, "training")
    start = page.findChild(QPushButton, "train.start")
    assert start is not None and page.scroll.isAncestorOf(start)
    assert page.scroll.height() > 0.7 * page.height()
    full.resize(1280, 1200)
    settle()
    assert not page.scroll.isAncestorOf(start)
    full.resize(1280, 720)
    full.set_text_scale(1.0)


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_text_goes_through_the_translation_and_has_room_when_longer(full: Window, longer: None,
                                                                          name: str) -> None:
    page = shown(full, name)
    names = {*CLASSES, *(video.group for video in full.session.videos), "processor, 2 cores"}

    def data(text: str) -> bool:
        for known in sorted(names, key=len, reverse=True):
            text = text.replace(known, "")
        return not re.search(r"[A-Za-z]{3,}", _DATA.sub("", bare(text)))

    assert untranslated(page, data=data) == []
    if name != "evaluate":
        assert misplaced(page) == []


def test_what_is_cut_or_not_translated_would_be_found(full: Window, longer: None) -> None:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.addWidget(QLabel("[Said ~~~~] 4.5 s"))
    spoken = QLabel("Never said")
    layout.addWidget(spoken)
    narrow = QLabel("[much too long for its room]", holder)
    narrow.setFixedWidth(10)
    low = QLabel("[a line\nand another one]", holder)
    low.setWordWrap(True)
    low.setFixedHeight(8)
    beyond = QPushButton("[x]", holder)
    beyond.move(5000, 0)
    area = QScrollArea(holder)
    wide = QLabel("[wide]")
    wide.setMinimumWidth(3000)
    area.setWidget(wide)
    layout.addWidget(area)
    holder.resize(300, 300)
    holder.show()
    settle()
    assert [line.partition(":")[0] for line in untranslated(holder)] == ["text of QLabel "]
    found = cut_off(holder)
    assert len(found) == 3 and any("beyond" in line for line in found), found
    assert len(scrolls_sideways(holder)) == 1
    holder.close()
    holder.deleteLater()
    QCoreApplication.sendPostedEvents(holder, QEvent.Type.DeferredDelete.value)
