"""Other languages: texts go through Qt's translation, longer words fit, and decimal commas are understood."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.engine.augmentation import Augmentation
from studio.engine.recipe import Training
from studio.engine.sampling import Sampling
from studio.gui.blocks import button, label
from studio.gui.widgets.editors import NumberBox, WholeNumberBox, WholeNumbersBox, editor_of, limits, read_number
from tests.gui.pseudo import Longer
from tests.gui.warm import put_away


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


@pytest.mark.parametrize("typed", ["0,25", "0.25"])
def test_a_number_is_understood_with_a_comma_and_with_a_point(qapp: QApplication, locale: QLocale, typed: str) -> None:
    box = NumberBox(minimum=0, maximum=10)
    box.show()
    box.selectAll()
    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 0.25
    put_away(box)


@pytest.mark.parametrize(("typed", "value"), [("1,5", 1.5), ("1.5 s", 1.5), ("1,5 s", 1.5), (",5", 0.5),
                                              ("0,0005", 0.0005), ("−2", -2.0), ("1e-3", 0.001), ("2,5e-1", 0.25)])
def test_numbers_with_units_signs_and_powers(qapp: QApplication, locale: QLocale, typed: str, value: float) -> None:
    box = NumberBox(minimum=-10, maximum=10, unit="s")
    box.show()
    box.lineEdit().selectAll()
    box.lineEdit().insert(typed)  # as if it was pasted: what the field refuses does not come in
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == pytest.approx(value)
    assert "," not in box.text(), "numbers are written one way everywhere"
    put_away(box)


@pytest.mark.parametrize("typed", ["1.2.3", "1,2,3", "abc", "1_000"])
def test_what_is_no_number_changes_nothing(qapp: QApplication, locale: QLocale, typed: str) -> None:
    assert read_number(typed) is None
    box = NumberBox(minimum=0, maximum=5000)
    box.set_value(7)
    box.lineEdit().setText(typed)
    box.interpretText()
    assert box.value() == 7
    put_away(box)


def options() -> list[tuple[str, dict[str, Any]]]:
    """Every option of a recipe that is a number or a list of numbers."""
    found = []
    for model in (Sampling, Augmentation, Training):
        for key, part in model.model_json_schema()["properties"].items():
            if part.get("type") in ("integer", "number", "array"):
                found.append((f"{model.__name__}.{key}", part))
    return found


def test_every_option_shows_and_takes_its_numbers_in_every_language(qapp: QApplication, locale: QLocale) -> None:
    kinds = set()
    for name, part in options():
        editor = editor_of(part)
        kinds.add(type(editor))
        default = part.get("default")
        editor.set_value(default)
        assert editor.value() == default, name
        if isinstance(editor, NumberBox):
            low, high = limits(part)
            wanted = round(((low or 0) + min(high if high is not None else 9, 9)) / 2 + 0.03, 2)
            editor.lineEdit().setText(f"{wanted}".replace(".", ","))
            editor.interpretText()
            assert editor.value() == wanted, name
        elif isinstance(editor, WholeNumbersBox):
            editor.clear()
            QTest.keyClicks(editor, "3, 12;100")
            assert editor.value() == [3, 12, 100], name
        elif isinstance(editor, WholeNumberBox):
            low, _high = limits(part)
            editor.lineEdit().setText(f"{math.ceil(low or 0) + 1}")
            editor.interpretText()
            assert editor.value() == math.ceil(low or 0) + 1, name
        put_away(editor)
    assert kinds >= {NumberBox, WholeNumberBox, WholeNumbersBox}


def test_large_whole_numbers_are_read_with_and_without_gaps(qapp: QApplication, locale: QLocale) -> None:
    box = WholeNumberBox(minimum=0, maximum=10**6, unit="steps")
    box.show()
    for typed in ("12000", "12000 steps"):
        box.set_value(1)
        box.selectAll()
        QTest.keyClicks(box, typed)
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == 12_000, typed
    assert box.text().replace("\u00a0", " ") == "12000 steps", "no thousands separator that could be a decimal comma"
    put_away(box)


def test_labels_and_buttons_are_translated(longer: Longer) -> None:
    made, pressed = label("Folders"), button("Scan", name="x", tip="Read them")
    assert made.text() == "[Folders ~~~~]" and pressed.text() == "[Scan]" == pressed.accessibleName()
    assert pressed.toolTip() == "[Read them ~~~~]" and label("").text() == ""
    for one in (made, pressed):
        one.deleteLater()
