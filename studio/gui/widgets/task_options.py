"""The options of the task and of the training, under headings that open and shut. They edit the session's recipe."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.forms import Form, value_text
from studio.gui.recipes import section_of, whole_preset
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.fold import Fold

_FIELD_PIXELS = 360
_DIGEST = ("max_steps", "max_epochs", "max_minutes", "batch_size", "optimiser", "learning_rate")


class TaskPageOptions(QWidget):
    """Two forms made of what the worker describes; that of the task is made anew for another task."""

    def __init__(self, session: Session, *, page: str) -> None:
        super().__init__()
        self._session, self._page, self._task = session, page, ""
        self.forms: dict[str, Form] = {}
        self.folds: dict[str, Fold] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(20))

    def refresh(self) -> None:
        """Show the recipe as it is now."""
        description, recipe = self._session.description, self._session.recipe
        if description is None:
            return
        self._make_forms(description, recipe.get("task", ""))
        preset = whole_preset(description, recipe.get("name", ""))
        for section, form in self.forms.items():
            other_task = section == "task_options" and preset.get("task") != recipe.get("task")
            form.set_defaults({} if other_task else section_of(preset, section))
            form.set_value(section_of(recipe, section))
            self._tell_digest(section)

    def set_error(self, place: str, rule: str) -> None:
        """Mark the option at a place, `section.key` or `section.key = value`, with the rule it breaks."""
        section, _dot, key = place.partition(" ")[0].partition(".")
        for name, form in self.forms.items():
            found = name == section and form.has(key)
            form.set_errors({key: rule[:1].upper() + rule[1:] + "."} if found else {})
            if found:
                self.folds[name].set_value(True)

    def _make_forms(self, description: dict[str, Any], task: str) -> None:
        if task != self._task:
            self._task = task
            found = next((one for one in description["tasks"] if one["name"] == task), None)
            self._put("task_options", said("Options of {task}", task=said(found["title"]).lower())
                      if found else said("Options of the task"),
                      found["options"] if found else {}, place=0)

    def make_training(self) -> None:
        """Make the form of the training, in a turn of its own: each takes a while to make."""
        description = self._session.description
        if description and "training" not in self.forms:
            self._put("training", said("Training"), description["schema"]["training"], place=1)
            self.refresh()

    def _put(self, section: str, title: str, schema: dict[str, Any], *, place: int) -> None:
        if section in self.folds:
            old = self.folds.pop(section)
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        form = Form(schema, page=self._page, field_pixels=_FIELD_PIXELS)
        form.value_changed.connect(lambda key, value: self._session.change_recipe(f"{section}.{key}", value))
        self.forms[section] = form
        self.folds[section] = Fold(title, form if form.value() else label("It has none.", "quiet"),
                                   name=f"{self._page}.{section}")
        self._layout.insertWidget(place, self.folds[section])

    def _tell_digest(self, section: str) -> None:
        form = self.forms[section]
        words = [f"{form.field(key).title.lower()} {value_text(form.field(key).value())}" for key in _DIGEST
                 if form.has(key) and form.field(key).value()]
        self.folds[section].set_digest(", ".join(words))
