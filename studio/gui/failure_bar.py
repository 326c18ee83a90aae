"""A page's bar for what went wrong: one sentence, the remedy, and the report that can be copied behind a button."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QPushButton

from studio.gui.blocks import NoticeBar, button
from studio.gui.dealing import sentence_of
from studio.gui.report_text import Happened
from studio.gui.reporting import ReportDialog
from studio.gui.session import Session
from studio.gui.texts import said


class FailureBar(NoticeBar):
    """Hides until something is told; `again` is a button to try once more."""

    def __init__(self, session: Session, *, name: str, again: QPushButton | None = None) -> None:
        super().__init__("bad", name=name)
        self._session, self._happened = session, Happened(message="")
        self.details = button("Details", name=f"{name}_details", kind="plain", clicked=self._show_report)
        for one in (again, self.details):
            if one is not None:
                self.buttons.addWidget(one)
        self.hide()

    def tell(self, message: str, remedy: str = "", details: str = "") -> None:
        """Say what went wrong; `details` is a trace or the end of a log."""
        self._happened = Happened(message=message, remedy=remedy, details=details)
        self.details.show()
        self.set_value(message, remedy, level="bad")

    def tell_refusal(self, error: dict[str, Any]) -> None:
        """Say why the worker gave no answer."""
        message, remedy = sentence_of(error)
        self.tell(message or said("The preview worker could not answer."), remedy)

    def tell_stopped(self) -> None:
        """Say that nothing more comes because the person stopped it."""
        self.details.hide()
        self.set_value(said("Stopped."), said("Nothing is lost: it can be asked again."), level="info")

    def _show_report(self) -> None:
        ReportDialog(self, self._session, self._happened).open()
