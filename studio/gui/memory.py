"""Where a person was in each project: the page, the run chosen, the recipe in work. A restart comes back there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from studio.gui import recipes
from studio.gui.session import Session

_FIRST_RECIPE = "quick"


class Memory(QObject):
    """Notes what is chosen in the open project, and gives it back when the project is opened again.

    It is kept with the window's settings, so that a project that is only looked at needs nothing written into it.
    """

    def __init__(self, session: Session, parent: QObject, *, pages: Collection[str]) -> None:
        super().__init__(parent)
        self._session, self._pages = session, pages
        self._root: Path | None = None
        self._place: dict[str, Any] = {}
        session.project_changed.connect(self._come_back)
        session.page_wanted.connect(self._note_page)
        session.runs_changed.connect(self._note_run)
        session.recipe_changed.connect(self._note_recipe)

    def leave(self) -> None:
        """Note that the project was in use until now."""
        if self._root is not None:
            self._session.settings.set_place(self._root, self._place)
        self._root = None

    def _come_back(self) -> None:
        """Take the recipe and the run of the project that was opened; its page is asked for by who opens it."""
        session = self._session
        root = session.project.root if session.project else None
        if root == self._root:
            return
        self.leave()  # what changes now is no choice of a person
        if root is not None:
            self._place = session.settings.place(root)
            session.selected_run = str(self._place.get("run", ""))
            session.set_recipe(self._kept_recipe())
        self._root = root

    def _kept_recipe(self) -> recipes.Values:
        kept = self._place.get("recipe", _FIRST_RECIPE)
        if isinstance(kept, dict):
            return kept
        description = self._session.description
        return recipes.whole_preset(description, str(kept)) or recipes.whole_preset(description, _FIRST_RECIPE)

    def _note_page(self, name: str) -> None:
        if name in self._pages:
            self._note("page", name)

    def _note_run(self) -> None:
        self._note("run", self._session.selected_run)

    def _note_recipe(self) -> None:
        """A recipe without changes is noted by its name: the studio may get a better one of that name."""
        recipe, arguments = self._session.recipe, self._session.recipe_arguments()
        self._note("recipe", recipe if "--set" in arguments else recipe.get("name", _FIRST_RECIPE))

    def _note(self, key: str, value: object) -> None:
        if self._root is not None and self._place.get(key) != value:
            self._place[key] = value
            self._session.settings.set_place(self._root, self._place)
