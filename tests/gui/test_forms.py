"""Forms and their editors: an option appears with its unit, range, help and way back, whatever the locale."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QStyleOptionComboBox

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Sampling
from studio.gui.forms import Field, Form, range_text, value_text
from studio.gui.widgets.editors import (
    CheckBox,
    ChoiceBox,
    NumberBox,
    TextBox,
    WholeNumberBox,
    WholeNumbersBox,
    editor_of,
    number_text,
    read_number,
)

RATE = {"type": "number", "exclusiveMinimum": 0, "maximum": 10, "default": 0.001, "title": "Learning rate"}


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(("text", "number"), [
    ("0.5", 0.5), ("0,5", 0.5), (" 12 ", 12.0), ("1e-3", 0.001), ("−2", -2.0), ("", None), ("abc", None),
    ("nan", None), ("inf", None), ("1_000", None), ("1.2.3", None)])
def test_a_number_is_read_with_a_point_or_a_comma(text: str, number: float | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(("number", "text"), [
    (0.0005, "0.0005"), (1.0, "1"), (0.25, "0.25"), (1e-5, "0.00001"), (170000.0, "170000"), (0.1 + 0.2, "0.3")])
def test_a_number_is_written_without_needless_digits(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize(("part", "text"), [
    ({"type": "integer", "minimum": 2, "maximum": 6}, "2 to 6"),
    ({"type": "integer", "minimum": 0}, "0 or more"),
    (RATE, "More than 0, up to 10"),
    ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "0, below 1"),
    ({"type": "number", "exclusiveMinimum": 0}, "More than 0"),
    ({"type": "number", "minimum": 0, "maximum": 2, "unit": "of the video's mean"}, "0 to 2 of the video's mean"),
    ({"type": "string"}, "")])
def test_a_range_is_said_in_words(part: dict[str, object], text: str) -> None:
    assert range_text(part) == text


def test_values_are_said_in_words() -> None:
    assert [value_text(value) for value in (True, False, 0.5, 3, [1, 2], [], "sgd", "")] == [
        "on", "off", "0.5", "3", "1, 2", "none", "sgd", "nothing"]


def test_each_kind_of_option_gets_its_editor(qapp: QApplication) -> None:
    kinds = {"enum": ({"type": "string", "enum": ["a", "b"]}, ChoiceBox), "yes": ({"type": "boolean"}, CheckBox),
             "whole": ({"type": "integer"}, WholeNumberBox), "number": (RATE, NumberBox),
             "list": ({"type": "array", "items": {"type": "integer"}}, WholeNumbersBox),
             "text": ({"type": "string"}, TextBox)}
    for part, cls in kinds.values():
        assert type(editor_of(part)) is cls


def test_typing_a_decimal_comma_in_a_german_system(german: None) -> None:
    box = NumberBox(minimum=0, maximum=10)
    heard: list[float] = []
    box.value_changed.connect(heard.append)
    box.set_value(0.001)
    assert box.text() == "0.001" and not heard, "set_value tells nobody"
    box.selectAll()
    QTest.keyClicks(box, "0,02")
    assert box.value() == 0.02 and heard[-1] == 0.02
    assert box.validate("0,", 2)[0] == QValidator.State.Acceptable
    assert box.validate("11", 2)[0] == QValidator.State.Intermediate
    assert box.validate("x", 1)[0] == QValidator.State.Invalid


@pytest.mark.parametrize(("part", "typed", "value", "words"), [
    ({"type": "integer", "minimum": 1, "maximum": 64, "unit": "frames"}, "99", 64, "At most 64."),
    ({"type": "integer", "minimum": 2, "maximum": 64}, "1", 2, "At least 2."),
    ({"type": "integer", "minimum": 1, "maximum": 64}, "1,5", 2, "Whole numbers only: 2 was taken."),
    ({"type": "integer", "minimum": 1, "maximum": 64}, "12.25", 12, "Whole numbers only: 12 was taken."),
    ({"type": "number", "minimum": 0, "maximum": 10}, "10,5", 10, "At most 10."),
    ({"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.5}, "2", 0.9999, "Less than 1."),
    (RATE, "0", 1e-4, "More than 0."),
    (RATE, "0,5", 0.5, "")])
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
def test_a_number_that_cannot_be_taken_becomes_the_nearest_and_that_is_said(
        german: None, part: dict[str, object], typed: str, value: float, words: str, key: Qt.Key) -> None:
    form, heard = Form({"properties": {"key": {"default": 5, **part}, "next": {"type": "string"}}}, page="page"), []
    form.value_changed.connect(lambda _key, given: heard.append(given))
    field = form.field("key")
    form.show()
    QTest.qWaitForWindowExposed(form)
    field.editor.setFocus()
    field.editor.selectAll()
    QTest.keyClicks(field.editor, typed)
    assert field.editor.text().startswith(typed), "every key is shown"
    QTest.keyClick(field.editor, key)
    assert field.value() == pytest.approx(value) == heard[-1]
    assert field.about.startswith(words) and field._about.property("kind") == ("warning" if words else "caption")
    field.set_error("")
    assert field.about.startswith(words), "the check of the recipe does not take it away"
    field.editor.stepBy(-1 if words.startswith(("At most", "Less")) else 1)
    assert field._about.property("kind") == "caption", "the next edit does"
    form.close()


def test_small_numbers_go_up_and_down_in_ones_twos_and_fives(qapp: QApplication) -> None:
    box = NumberBox(minimum=0, maximum=10, fine=True)
    box.set_value(0.001)
    up = []
    for _ in range(4):
        box.stepBy(1)
        up.append(box.value())
    assert up == [0.002, 0.005, 0.01, 0.02]
    down = []
    for _ in range(4):
        box.stepBy(-1)
        down.append(box.value())
    assert down == [0.01, 0.005, 0.002, 0.001]
    box.set_value(0.003)
    box.stepBy(-1)
    assert box.value() == 0.002
    box.set_value(0)
    box.stepBy(1)
    assert box.value() == 0.0001


def test_a_bound_outside_the_range_is_not_stepped_to(qapp: QApplication) -> None:
    momentum = editor_of({"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9})
    momentum.set_value(0.95)
    momentum.stepBy(1)
    assert momentum.value() == 0.95
    dropout = editor_of({"type": "number", "minimum": 0, "maximum": 0.9, "default": 0.5})
    dropout.set_value(0.88)
    dropout.stepBy(1)
    assert dropout.value() == 0.9


def test_a_wheel_that_scrolls_the_page_changes_nothing(qapp: QApplication) -> None:
    for box in (WholeNumberBox(minimum=0, maximum=9), NumberBox(minimum=0, maximum=9),
                ChoiceBox([(0, "a"), (1, "b")])):
        before = box.value()
        event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(0, 120), QPoint(0, -120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
        box.wheelEvent(event)
        assert box.value() == before and not event.isAccepted()


def test_of_a_long_choice_the_middle_is_left_out(qapp: QApplication) -> None:
    box = ChoiceBox([(name, f"weights of a run of the day · 29 Nov 17:{name}") for name in ("28", "30")])
    box.resize(200, 30)
    for chosen in ("28", "30"):
        box.set_value(chosen)
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        assert option.currentText.startswith("weights") and "…" in option.currentText
        assert option.currentText.endswith(f"17:{chosen}"), "names of runs differ at their ends"
    box.resize(900, 30)
    box.initStyleOption(option)
    assert option.currentText == box.currentText()


def test_one_frame_and_two_frames(qapp: QApplication) -> None:
    box = WholeNumberBox(minimum=0, maximum=99, unit="frames")
    box.set_value(1)
    assert box.text() == "1\u00a0frame"
    box.selectAll()
    QTest.keyClicks(box, "12")
    assert box.value() == 12 and box.text() == "12\u00a0frames"


def test_a_list_of_whole_numbers_takes_commas_and_spaces_and_marks_what_is_none(qapp: QApplication) -> None:
    box, heard = WholeNumbersBox(), []
    box.value_changed.connect(heard.append)
    box.set_value([130000])
    QTest.keyClicks(box, "; 170000")
    assert box.value() == [130000, 170000] and heard[-1] == [130000, 170000] and box.valid
    QTest.keyClicks(box, "x")
    assert box.value() == [130000, 170000] and not box.valid
    box.set_value([])
    assert box.text() == "" and box.valid


def test_a_text_that_breaks_its_pattern_is_not_told(qapp: QApplication) -> None:
    box, heard = TextBox(pattern=r"^(auto|cpu|cuda(:\d+)?)$"), []
    box.value_changed.connect(heard.append)
    box.set_value("auto")
    box.selectAll()
    QTest.keyClicks(box, "cuda:1")
    assert heard == ["cuda", "cuda:1"] and box.value() == "cuda:1"


def test_a_field_says_everything_and_goes_back_to_the_recipe(qapp: QApplication) -> None:
    field = Field("interval_frames", Sampling.model_json_schema()["properties"]["interval_frames"], page="sampling")
    field.set_default(5)
    field.set_value(5)
    field.show()
    assert "Frames left out" in field.about and "0 to 240. In the recipe: 5." in field.about
    assert field.editor.objectName() == "sampling.interval_frames"
    assert field.editor.accessibleName() == "Gap between elements" and field.editor.accessibleDescription()
    assert field.findChild(QLabel).buddy() is field.editor
    heard: list[object] = []
    field.value_changed.connect(heard.append)
    back = field.findChild(QPushButton, "sampling.interval_frames.reset")
    assert back.isHidden()
    field.editor.stepBy(1)
    assert heard == [6] and not back.isHidden() and "5" in back.accessibleName()
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert field.value() == 5 and heard == [6, 5] and back.isHidden()
    field.close()


def test_a_form_holds_what_the_engine_declares(qapp: QApplication) -> None:
    for model in (Sampling, Augmentation):
        form = Form(model.model_json_schema(), page="page")
        assert form.value() == model().model_dump(), "a form shows the defaults"
        assert type(model.model_validate(form.value())) is model


def test_a_form_tells_which_option_was_edited_and_counts_the_changes(qapp: QApplication) -> None:
    form, heard = Form(Sampling.model_json_schema(), page="page"), []
    form.value_changed.connect(lambda key, value: heard.append((key, value)))
    form.set_defaults({"tuple_length": 4})
    form.set_value({"clip_frames": 1})
    assert form.value()["tuple_length"] == 4, "what is left out is the recipe's"
    assert heard == [] and form.changes() == 1
    form.field("tuple_length").editor.stepBy(-1)
    assert heard == [("tuple_length", 3)] and form.changes() == 2
    form.set_errors({"clip_frames": "It is too short."})
    assert form.field("clip_frames").about == "It is too short."
    form.set_errors({})
    assert "still frames" in form.field("clip_frames").about
