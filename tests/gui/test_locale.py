"""Other languages: texts go through Qt's translation, longer words fit, and decimal commas are understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt, QTranslator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSizePolicy, QWidget

from studio.gui.blocks import button, label
from studio.gui.widgets.editors import NumberBox
from studio.gui.window import Window
from tests.gui.conftest import settle

PAGES = ("start", "library", "training", "doctor")


class Longer(QTranslator):
    """A language whose words are 40 % longer."""

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        if context != "studio" or not source:
            return ""
        return f"[{source}{'~' * round(0.4 * len(source))}]"

    def isEmpty(self) -> bool:
        return False


@pytest.fixture
def longer(qapp: QApplication) -> Iterator[Longer]:
    made = Longer()
    assert QCoreApplication.installTranslator(made)
    yield made
    QCoreApplication.removeTranslator(made)


@pytest.fixture(params=["de_DE", "fr_FR", "en_US"])
def locale(request: pytest.FixtureRequest) -> Iterator[QLocale]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale()
    QLocale.setDefault(before)


def cut_off(root: QWidget) -> list[str]:
    """The labels and buttons that are shown with less room than their words need."""
    found = []
    for kind in (QLabel, QPushButton):
        for one in root.findChildren(kind):
            shown = one.isVisible() and one.text() and not (isinstance(one, QLabel) and one.wordWrap())
            may_be_cut = one.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
            if shown and not may_be_cut and one.width() < one.minimumSizeHint().width():
                found.append(f"{one.objectName()} {one.text()!r}: {one.width()} of {one.minimumSizeHint().width()}")
    return found


@pytest.mark.parametrize("typed", ["0,25", "0.25"])
def test_a_number_is_understood_with_a_comma_and_with_a_point(qapp: QApplication, locale: QLocale, typed: str) -> None:
    box = NumberBox(minimum=0, maximum=10)
    box.show()
    box.selectAll()
    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 0.25
    box.close()
    box.deleteLater()


def test_labels_and_buttons_are_translated(longer: Longer) -> None:
    made, pressed = label("Folders"), button("Scan", name="x", tip="Read them")
    assert made.text() == "[Folders~~~]" and pressed.text() == "[Scan~~]" == pressed.accessibleName()
    assert pressed.toolTip() == "[Read them~~~~]" and label("").text() == ""
    for one in (made, pressed):
        one.deleteLater()


def test_longer_words_are_not_cut_off(longer: Longer, window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.pages.drop()
    window.pages.rebuild()  # the start page was made before the language was chosen
    for scale in (1.0, 1.25):
        window.set_text_scale(scale)
        for name in PAGES:
            window.show_page(name)
            settle()
            page = window.page(name)
            assert page is not None
            assert cut_off(page) == [], f"{name} at {scale:.0%}"
            assert any("~" in one.text() for one in page.findChildren(QLabel)), "the page is in the longer language"


def test_a_label_that_is_cut_off_would_be_found(window: Window) -> None:
    window.show_page("start")
    page = window.page("start")
    assert page is not None
    narrow = QLabel("much too long for its room", page)
    narrow.setFixedWidth(10)
    narrow.show()
    assert len(cut_off(page)) == 1
