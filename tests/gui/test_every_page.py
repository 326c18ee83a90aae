"""Every page, full of real things: nothing is cut at any size of text, and every text can be translated.

It takes a minute: the worker is real, and each size and language makes all pages anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import texts
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.engine.catalogue import PARTIAL, UNREADABLE
from studio.engine.events import Progress
from studio.engine.files import resource
from studio.engine.project import Project
from studio.gui import theme
from studio.gui.app import make_application
from studio.gui.entries import ENTRIES, MACHINE, START
from studio.gui.jobs import Job
from studio.gui.judgement import judged
from studio.gui.pages.inspect import InspectPage
from studio.gui.pages.library import LibraryPage
from studio.gui.pages.page import Page
from studio.gui.session import Session
from studio.gui.widgets.fold import Fold
from studio.gui.widgets.run_view import RunView
from studio.gui.window import Window, dress
from studio.gui.words import breakable
from tests.gui.conftest import left_running, settle, wait_for
from tests.gui.fitting import cut_off, scrolls_sideways
from tests.gui.pseudo import Longer, bare, untranslated

CLASSES = {path.name for path in resource("sample").iterdir() if path.is_dir()}
CALM = {START.name, MACHINE.name, "neighbours", "evaluate"}
"""Pages whose texts change seldom: theirs are looked at in the long run only."""
PAGES = [START.name, *(entry.name for entry in ENTRIES), MACHINE.name]
_DATA = re.compile(r"studio \w+ .*|studio doctor|[\w-]+/[\w/ -]+\.(mp4|avi)|[\w-]*\d{4}[\w-]*|[\d.]+ GMAC"
                   r"|/[\w/. -]+|Tiny|tiny|\d\d [A-Z][a-z]{2} \d\d:\d\d|\bconv\d\b|shown as [\d, ]+|in order")
"""Command lines, names of videos and runs, folders, figures with their units, a recipe of the tests, the day of a run,
layers, and the answers of clip order.
"""
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
        session.open_project(damaged(shutil.copytree(tiny_run.parents[1], place / "project", ignore=_JUDGED)))
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
def longer(full: Window) -> Iterator[Longer]:
    made = Longer()
    QCoreApplication.installTranslator(made)
    full.pages.make_anew()
    full.pages.finish_dressing()
    yield made
    QCoreApplication.removeTranslator(made)
    full.pages.make_anew()
    full.pages.finish_dressing()


def damaged(root: Path) -> Path:
    """A project of whose videos one can be read in part and one not at all."""
    with Project.open(root).catalogue() as catalogue:
        partly, unreadable, *_others = catalogue.videos()
        catalogue.change([partly.id], verdict=PARTIAL, reason="30 of its 40 frames")
        catalogue.change([unreadable.id], verdict=UNREADABLE, reason="the file ends too early")
    return root


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The texts that a translator is given."""
    return set(texts.collect())


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


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0], ids="{:.0%}".format)
def test_a_scan_fits_and_can_be_stopped_at_any_size_of_text(full: Window, scale: float) -> None:
    full.set_text_scale(scale)
    page = shown(full, "library")
    assert isinstance(page, LibraryPage) and page.notices.problems.isVisible()
    job = Job("scan", [], title="Scanning")
    job.progress = Progress(phase="ingest", done=19, total=2000, unit="videos", seconds_left=3700,
                            detail="a folder/with a very long name/patient-01 of the second ward/2026-11-29-1755.mp4")
    page._job_line.set_value(job)
    settle()
    stop = page.findChild(QPushButton, "library.stop")
    fits, seen = misplaced(page), stop is not None and stop.visibleRegion().boundingRect() == stop.rect()
    page._job_line.forget()
    assert fits == [] and seen
    full.set_text_scale(1.0)


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


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in CALM else [])
                                  for name in PAGES])
def test_every_text_goes_through_the_translation_and_has_room_when_longer(
        full: Window, longer: Longer, collected: set[str], name: str) -> None:
    page = shown(full, name)
    for fold in page.findChildren(Fold):
        fold.set_value(True)
    found: dict[str, list[str]] = {}
    views = page.views if isinstance(page, InspectPage) else None
    for place in range(views.count() if views else 1):
        if views:
            views.setCurrentIndex(place)
        page = shown(full, name)
        data = Data(full)
        found[f"never said {place}"] = untranslated(page, data=data)
        found[f"no room {place}"] = misplaced(page)
        found[f"never collected {place}"] = [text for text in longer.asked
                                             if text not in collected and not data(text)]
    assert {problem: those for problem, those in found.items() if those} == {}


class Data:
    """Tells what nobody translates: names, values of options, and the very sentences that the engine gave."""

    def __init__(self, window: Window) -> None:
        session = window.session
        project, described, run = session.project, session.description, session.run()
        assert project is not None and described is not None
        options = [*described["schema"].values(), *(task["options"] for task in described["tasks"])]
        parts = [part for option in options for part in option["properties"].values()]
        self.whole = {project.root.name, *(one["name"] for one in described["recipes"]),
                      *(video.source for video in session.videos),
                      *(value for part in parts for value in part.get("enum", ()))}
        """Words that are data only where nothing stands beside them."""
        inside = {*CLASSES, described["device"]["title"], described["device"]["reason"],
                  *(one["name"] for one in described["backbones"])}
        for video in session.videos:
            inside |= {video.group, f"{video.source} · ", Path(video.path).name, video.reason}
        for view in window.findChildren(RunView):
            inside |= {judged(view.feed.measured, run)[0].replace(" %", "\u00a0%")} if run is not None else set()
            inside |= {one for warned in view.warnings.values() for one in (warned.message, warned.remedy)}
        inside |= {breakable(one) for one in inside}
        self.inside = sorted(filter(None, inside), key=len, reverse=True)

    def __call__(self, text: str) -> bool:
        for one in self.inside:
            text = text.replace(one, "")
        return text in self.whole or not re.search(r"[A-Za-z]{3,}", _DATA.sub("", bare(text)))


def test_what_is_cut_or_not_translated_would_be_found(full: Window, longer: Longer) -> None:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.addWidget(QLabel("[Said ~~~~] 4.5 s"))
    spoken = QLabel("Never said")
    layout.addWidget(spoken)
    choices, views, table = QComboBox(), QTabBar(), QTableWidget(1, 1)
    choices.addItems(["[Said]", "Never chosen"])
    views.addTab("Never seen")
    table.setHorizontalHeaderLabels(["Never read"])
    table.setItem(0, 0, QTableWidgetItem("Never counted"))
    for one in (choices, views, table):
        layout.addWidget(one)
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
    assert {line.partition(":")[0].strip() for line in untranslated(holder)} == {
        "text of QLabel", "text of a row of QComboBox", "tab of QTabBar", "text of a column of QTableWidget",
        "text of a row of QTableWidget"}
    found = cut_off(holder)
    assert len(found) == 3 and any("beyond" in line for line in found), found
    assert len(scrolls_sideways(holder)) == 1
    holder.close()
    holder.deleteLater()
    QCoreApplication.sendPostedEvents(holder, QEvent.Type.DeferredDelete.value)
