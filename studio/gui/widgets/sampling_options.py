"""The options of sampling and augmentation at the side of the Sampling page. They edit the session's recipe."""

from __future__ import annotations

from pydantic import BaseModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Sampling
from studio.gui.blocks import button, label, row
from studio.gui.forms import Form
from studio.gui.recipes import section_of, whole_preset
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.fold import Fold
from studio.gui.words import counted


class SamplingOptions(QWidget):
    """Two forms, made of the very models that the engine checks a recipe with."""

    def __init__(self, session: Session, *, page: str) -> None:
        super().__init__()
        self._session = session
        theme = current_theme()
        self._title, self._state = label("", "strong", wrap=True), label("", "caption", wrap=True)
        self._back = button("Back to the recipe", name=f"{page}.options_reset", kind="link",
                            clicked=self._go_back)
        self.forms: dict[str, Form] = {}
        self._page = page
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        for widget in (label("Recipe", "caption"), self._title):
            layout.addWidget(widget)
        state = row()
        state.addWidget(self._state, 1)
        state.addWidget(self._back)
        layout.addLayout(state)
        keep = self._back.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._back.setSizePolicy(keep)
        self._put("sampling", noted("Tuples"), Sampling)

    def refresh(self) -> None:
        """Show the recipe as it is now."""
        recipe = self._session.recipe
        preset = whole_preset(self._session.description, recipe.get("name", ""))
        for section, form in self.forms.items():
            form.set_defaults(section_of(preset, section))
            form.set_value(section_of(recipe, section))
        changes = sum(form.changes() for form in self.forms.values())
        self._title.setText(said(recipe.get("title", "")) or recipe.get("name", ""))
        self._state.setText(said("{options} here changed",
                                 options=counted(changes, 'option')) if changes else said("As in the recipe"))
        self._back.setVisible(changes > 0)

    def make_augmentation(self) -> None:
        """Make the form of the augmentation, in a turn of its own: each takes a while to make."""
        self._put("augmentation", noted("Crop and colours"), Augmentation)

    def _put(self, section: str, title: str, model: type[BaseModel]) -> None:
        form = Form(model.model_json_schema(), page=self._page)
        form.value_changed.connect(lambda key, value: self._session.change_recipe(f"{section}.{key}", value))
        self.forms[section] = form
        self._layout.addSpacing(current_theme().px(12))
        self._layout.addWidget(Fold(title, form, name=f"{self._page}.{section}"))
        self.refresh()

    def _go_back(self) -> None:
        preset = whole_preset(self._session.description, self._session.recipe.get("name", ""))
        self._session.set_recipe({**self._session.recipe, **{section: section_of(preset, section)
                                                             for section in ("sampling", "augmentation")}})
