"""Chooses a recipe from a paper or the studio's own, says where it comes from and how far it was changed."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.gui.blocks import button, label
from studio.gui.recipes import Values, settings_against, whole_preset
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.choice_cards import ChoiceCard, ChoiceCards
from studio.gui.widgets.editors import ChoiceBox
from studio.gui.widgets.fold import Fold
from studio.gui.widgets.task_drawing import Asked, TaskDrawing
from studio.gui.words import counted


class RecipeChange(QUndoCommand):
    """Takes over a whole recipe, and can take it back."""

    def __init__(self, session: Session, after: Values, text: str) -> None:
        super().__init__(text)
        self._session, self._before, self._after = session, session.recipe, after

    def redo(self) -> None:
        self._session.set_recipe(self._after)

    def undo(self) -> None:
        self._session.set_recipe(self._before)


class RecipeChoice(QWidget):
    """Edits which recipe the session works on. Choosing another can be undone."""

    def __init__(self, session: Session, *, page: str) -> None:
        super().__init__()
        self._session = session
        self.box = ChoiceBox()
        self.box.setObjectName(f"{page}.recipe")
        self.box.setAccessibleName(said("Recipe"))
        self.box.value_changed.connect(self._chosen)
        self._summary, self._paper = label("", "", wrap=True), label("", "caption", wrap=True)
        self._state = label("", "caption")
        self._back = button("Back to the recipe", name=f"{page}.recipe_reset", kind="link", clicked=self._go_back)
        self.cards = ChoiceCards(name=f"{page}.recipes", title="Recipes")
        self.cards.value_changed.connect(self.set_value)
        self.fold = Fold("All recipes as cards", self.cards, name=f"{page}.recipe_cards", shut=True)
        self.fold.value_changed.connect(lambda _open: self._show_cards())
        self._page = page
        caption = label("Recipe")
        caption.setBuddy(self.box)
        theme = current_theme()
        top = QHBoxLayout()
        top.setSpacing(theme.px(12))
        top.addWidget(caption)
        top.addWidget(self.box, 1)
        state = QHBoxLayout()
        state.setSpacing(theme.px(12))
        state.addWidget(self._paper, 1)
        state.addWidget(self._state)
        state.addWidget(self._back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        layout.addLayout(top)
        layout.addSpacing(theme.px(4))
        layout.addWidget(self._summary)
        layout.addLayout(state)
        layout.addWidget(self.fold)

    def value(self) -> str:
        """Give the name of the recipe."""
        return str(self.box.value() or "")

    def set_value(self, name: str) -> None:
        """Choose a recipe, as the person would."""
        if name != self.value():
            self.box.set_value(name)
            self._chosen(name)

    def refresh(self) -> None:
        """Show the session's recipe."""
        recipe, name = self._session.recipe, self._session.recipe.get("name", "")
        choices = [(one["name"], one["title"]) for one in self._described()]
        if name not in dict(choices):
            choices.append((name, recipe.get("title") or name))
        self.box.set_choices(choices)
        self.box.set_value(name)
        self._summary.setText(said(recipe.get("summary", "")))
        self._paper.setText(said(recipe.get("paper", "")) or said("The studio's own"))
        preset = whole_preset(self._session.description, name)
        changes = len(settings_against(recipe, preset)) if preset else 0
        self._state.setText(said("{options} changed", options=counted(changes, 'option')) if changes else "")
        self._back.setVisible(changes > 0)
        self.fold.setVisible(len(self._described()) > 1)
        self._show_cards()

    def _show_cards(self) -> None:
        """Make the cards when they are asked for, and mark the recipe in work."""
        described = self._described() if self.fold.value() else []
        tasks = {one["name"]: one for one in (self._session.description or {}).get("tasks", [])}
        networks = {one["name"]: one["title"] for one in (self._session.description or {}).get("backbones", [])}
        for one in described if not self.cards.names() else ():
            task = tasks.get(one["task"], {})
            card = ChoiceCard(TaskDrawing(one["title"], Asked.of(task, one["values"])), title=one["title"],
                              about=first_sentence(one["summary"]), source=one["paper"] or "The studio's own",
                              name=f"{self._page}.recipes.{one['name']}")
            self.cards.add(one["name"], card)
            self.cards.set_facts(one["name"], f"{said(task.get('title', one['task']))}\n"
                                              f"{said(networks.get(one['backbone'], one['backbone']))}")
        self.cards.set_value(self._session.recipe.get("name", ""))

    def _described(self) -> list[dict[str, Any]]:
        return list((self._session.description or {}).get("recipes", []))

    def _chosen(self, name: str) -> None:
        found = next((one for one in self._described() if one["name"] == name), None)
        if found and name != self._session.recipe.get("name"):
            words = said("the recipe {recipe}", recipe=said(found["title"]))
            self._session.undo.push(RecipeChange(self._session, found["values"], words))

    def _go_back(self) -> None:
        preset = whole_preset(self._session.description, self._session.recipe.get("name", ""))
        self._session.undo.push(RecipeChange(self._session, preset, said("back to the recipe")))


def first_sentence(text: str) -> str:
    """Give a text's first sentence."""
    return re.split(r"(?<=[.?!])\s", text.strip(), maxsplit=1)[0]
