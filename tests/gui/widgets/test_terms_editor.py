"""Terms beside the task: ticked, edited, unticked, and written as settings that make the same recipe again."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from studio.engine.recipe import load_recipe
from studio.gui.recipes import recipe_arguments, settings_against
from studio.gui.widgets.terms_editor import TermsEditor

CONTRAST = {"name": "contrast", "title": "Contrast", "learns": "What is different", "paper": "A paper", "options": {
    "properties": {"weight": {"type": "number", "minimum": 0, "maximum": 100, "default": 0.5, "title": "Weight"},
                   "temperature": {"type": "number", "exclusiveMinimum": 0, "maximum": 2, "default": 0.1,
                                   "title": "Temperature"}}}}
PACE = {"name": "pace", "title": "Pace", "learns": "How fast", "paper": "Another", "options": {
    "properties": {"weight": {"type": "number", "minimum": 0, "maximum": 100, "default": 1.0, "title": "Weight"}}}}


@pytest.fixture
def editor(qapp: QApplication) -> Iterator[TermsEditor]:
    made = TermsEditor(page="task")
    made.set_described([CONTRAST, PACE])
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def test_a_term_is_ticked_edited_and_unticked(editor: TermsEditor) -> None:
    told: list[Any] = []
    editor.value_changed.connect(told.append)
    contrast = editor.editors["contrast"]
    assert editor.value() == {} and not contrast.form.isVisible()
    contrast.tick.click()
    assert told[-1] == {"contrast": {"weight": 0.5, "temperature": 0.1}} and contrast.form.isVisible()
    temperature = editor.findChild(QWidget, "task.term.contrast.temperature")
    assert temperature is not None and temperature.accessibleName() == "Temperature"
    temperature.setValue(0.3)
    assert told[-1] == {"contrast": {"weight": 0.5, "temperature": 0.3}}
    contrast.tick.click()
    assert told[-1] == {} and not contrast.form.isVisible()


def test_what_a_recipe_has_is_shown_and_tells_nobody(editor: TermsEditor) -> None:
    told: list[Any] = []
    editor.value_changed.connect(told.append)
    editor.set_value({"pace": {"weight": 0.2}})
    assert editor.value() == {"pace": {"weight": 0.2}} and editor.editors["pace"].tick.isChecked()
    editor.set_value({})
    assert editor.value() == {} and told == []


def test_a_wrong_option_is_marked_at_its_own_term(editor: TermsEditor) -> None:
    editor.set_value({"contrast": {"weight": 0.5}, "pace": {"weight": 1.0}})
    editor.set_error("terms.pace.weight = 900", "it should be at most 100")
    assert editor.editors["pace"].form.field("weight").about == "It should be at most 100."
    assert "at most" not in editor.editors["contrast"].form.field("weight").about
    editor.set_error("", "")
    assert "at most" not in editor.editors["pace"].form.field("weight").about


@pytest.mark.parametrize(("preset", "wanted"), [
    ({}, {"contrast": {"weight": 0.5}}),
    ({"contrast": {"weight": 0.5, "temperature": 0.1}}, {"contrast": {"weight": 0.25, "temperature": 0.1}}),
    ({"contrast": {"weight": 0.5}}, {}),
    ({"contrast": {"weight": 0.5}, "pace": {"weight": 2.0}}, {"contrast": {"weight": 0.5}}),
    ({}, {"contrast": {}})])
def test_settings_make_the_same_terms_again(preset: dict[str, Any], wanted: dict[str, Any]) -> None:
    paced = ["sampling.paces=[1, 2]"]
    start = load_recipe("quick", [*paced, *settings_against({"terms": preset}, {})])
    made = load_recipe("quick", [*paced, *settings_against({"terms": start.terms}, {}),
                                 *settings_against({"terms": wanted}, {"terms": start.terms})])
    assert set(made.terms) == set(wanted)
    for name, options in wanted.items():
        assert options.items() <= made.terms[name].items()


def test_the_command_line_names_a_terms_options() -> None:
    values = {"name": "quick", "terms": {"contrast": {"weight": 0.5}}}
    assert recipe_arguments(values, {"name": "quick"}) == ["--recipe", "quick", "--set", "terms.contrast.weight=0.5"]
