"""The bar that says that a project is only looked at, who has it, and how to become the one who writes."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui import projects
from studio.gui.blocks import NoticeBar, button
from studio.gui.session import Notice, Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, theme_watch
from studio.gui.writing import REFUSED

_WAITS = noted("Everything can be looked at. Changes are made where it is open; close it there to work here.")
_FREE = noted("Nobody has it open any more.")
_NO_LOCK = noted("Everything can be looked at. Make the folder writable, or copy the project, then try again.")


class LookingOn(QWidget):
    """Shown while this window may not write; its value is the reason."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._layout = QVBoxLayout(self)
        self._bar: NoticeBar | None = None
        session.writing.changed.connect(self._show)
        session.project_changed.connect(self._show)
        theme_watch().changed.connect(self._show)
        self.hide()

    def value(self) -> str:
        """Why nothing can be changed; empty when everything can."""
        return self._session.writing.reason

    def takes(self, notice: Notice) -> bool:
        """Say in this bar that nothing was changed, when that is what a message says; tells whether it did."""
        reason = self.value()
        if self._bar is None or not reason or said(REFUSED, reason=reason) != notice.message:
            return False
        self._bar.set_value(said("Nothing was changed. Only looking: {reason}.", reason=reason), notice.remedy,
                            level="bad")
        return True

    def _show(self) -> None:
        if self._bar:
            self._bar.hide()
            self._bar.deleteLater()
            self._bar = None
        writing, theme = self._session.writing, current_theme()
        self._layout.setContentsMargins(theme.px(24), theme.px(12), theme.px(24), 0)
        self.setVisible(bool(writing.reason))
        if not writing.reason:
            return
        self._bar = NoticeBar("warning", name="looking_on")
        left = writing.can_take_over and writing.elsewhere
        remedy = _FREE if left else _NO_LOCK if writing.can_take_over else _WAITS
        self._bar.set_value(said("This project can be changed here now.") if left
                            else said("Only looking: {reason}.", reason=writing.reason),
                            said(remedy))
        if writing.can_take_over:
            self._bar.buttons.addWidget(button(said("Take over") if left else said("Try again"),
                                               name="looking_on.take_over", clicked=self._take_over))
        self._layout.addWidget(self._bar)

    def _take_over(self) -> None:
        if self._session.writing.take_over():
            projects.reread_settings(self._session)
            self._session.project_changed.emit()
            self._session.reload_videos()
            self._session.reload_runs()
