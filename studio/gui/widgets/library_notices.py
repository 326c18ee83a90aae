"""What the Library page has to say above its videos: folders lost, found and taken out, videos with problems."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui import library_facts
from studio.gui.blocks import NoticeBar, button
from studio.gui.session import Session
from studio.gui.shelf import Totals
from studio.gui.texts import said
from studio.gui.theme import current_theme


class LibraryNotices(QWidget):
    """Messages of the Library page, hidden while there are none. Each can be put away, but for a folder that is lost.

    Problems that were put away are shown again when others come.
    """

    find_clicked = Signal()
    show_clicked = Signal()

    def __init__(self, session: Session, *, prefix: str) -> None:
        super().__init__()
        self._session = session
        self.missing = NoticeBar("warning", name=f"{prefix}.missing")
        self.relinked = NoticeBar("good", closable=True, name=f"{prefix}.relinked")
        self.removed = NoticeBar("good", closable=True, name=f"{prefix}.removed")
        self.problems = NoticeBar("warning", closable=True, name=f"{prefix}.problems")
        self.find_button = button("Find it…", name=f"{prefix}.find_folder", clicked=self.find_clicked.emit)
        self.missing.buttons.addWidget(self.find_button)
        self.removed.buttons.addWidget(button("Undo", name=f"{prefix}.put_back", icon_name="undo", kind="plain",
                                              clicked=session.undo.undo))
        self.problems.buttons.addWidget(button("Show them", name=f"{prefix}.show_problems", kind="plain",
                                               clicked=self.show_clicked.emit))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(12))
        for bar in self._bars():
            layout.addWidget(bar)
            bar.set_value("")
            bar.closed.connect(self._arrange)
        self.problems.closed.connect(self._put_away)
        session.undo.indexChanged.connect(self.forget_removed)
        self._put_away_now = ""
        self._arrange()

    def show_missing(self, sources: Collection[str], *, can_find: bool) -> None:
        """Say which folders are gone; one can be looked for now, or not."""
        self.find_button.setEnabled(can_find)
        self.missing.set_value(*library_facts.missing_words(sources))
        self._arrange()

    def show_relinked(self, result: Mapping[str, Any] | None) -> None:
        """Say what was found of a folder that was looked for."""
        if result is None:
            self.relinked.set_value("")
        else:
            sure = not result["missing"] and result["fit"] == result["checked"]
            self.relinked.set_value(*library_facts.relinked_words(result), level="good" if sure else "warning")
        self._arrange()

    def show_removed(self, name: str) -> None:
        """Say that a folder was taken out, with the way back, until something else is changed."""
        self.removed.set_value(said("The folder {name} is not part of the project any more.", name=name),
                               said("Its files and the frames kept of them stay."))
        self._arrange()

    def forget_removed(self) -> None:
        """Say nothing more of a folder that was taken out."""
        self.removed.set_value("")
        self._arrange()

    def show_problems(self, totals: Totals) -> None:
        """Say how many videos have a problem, unless just that was put away."""
        project = self._session.project
        self._put_away_now = library_facts.problems_key(totals)
        seen = self._session.settings.put_away(project.root) if project else ""
        self.problems.set_value(library_facts.problems(totals) if self._put_away_now != seen else "")
        self._arrange()

    def _put_away(self) -> None:
        if self._session.project:
            self._session.settings.set_put_away(self._session.project.root, self._put_away_now)

    def _bars(self) -> tuple[NoticeBar, ...]:
        return self.missing, self.relinked, self.removed, self.problems

    def _arrange(self) -> None:
        self.setVisible(any(not bar.isHidden() for bar in self._bars()))
