"""Messages to the person: the newest as a bar above the page, all of them behind the bell."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from studio.gui.blocks import NoticeBar, button, fit, label
from studio.gui.report_text import Happened
from studio.gui.reporting import ReportDialog
from studio.gui.session import Notice, Session
from studio.gui.texts import said
from studio.gui.theme import current_theme

_KEPT = 50
_DOCTOR = "studio doctor"
"""The command that some remedies name; the window has a page for it."""


class Notices(QWidget):
    """Shows the newest message that has not been dismissed; a message that comes again is counted, not repeated.

    `unread_changed` brings how many came since the list of all was last read.
    """

    unread_changed = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._kept: list[Notice] = []
        self._times: dict[str, int] = {}
        self._unread: set[str] = set()
        self._root: Path | None = None
        self._layout = QVBoxLayout(self)
        theme = current_theme()
        self._layout.setContentsMargins(theme.px(24), theme.px(12), theme.px(24), 0)
        self._bar: NoticeBar | None = None
        session.project_changed.connect(self._leave_project)
        self.hide()

    def dress(self) -> None:
        """Take over the theme: the message shown is made anew."""
        self._layout.setContentsMargins(current_theme().px(24), current_theme().px(12), current_theme().px(24), 0)
        if self._bar and self._kept:
            self._show(self._kept[-1])

    def value(self) -> list[Notice]:
        """Give the messages so far, oldest first."""
        return list(self._kept)

    def add(self, notice: Notice, *, shown: bool = True) -> None:
        """Show a message, or only keep it behind the bell where something else shows it."""
        self._times[notice.message] = self._times.get(notice.message, 0) + 1
        self._kept = [*[kept for kept in self._kept if kept.message != notice.message][-_KEPT:], notice]
        self._unread.add(notice.message)
        self.unread_changed.emit(len(self._unread))
        if shown:
            self._show(notice)

    def clear(self) -> None:
        """Take the bar away; the messages stay behind the bell."""
        if self._bar:
            self._bar.hide()
            self._bar.deleteLater()
            self._bar = None
        self.hide()

    def show_all(self) -> None:
        """Open the list of all messages."""
        lines = [f"{time.strftime('%H:%M', time.localtime(notice.at))}  {self._text(notice)}\n{notice.remedy}".strip()
                 for notice in reversed(self._kept)]
        self._unread.clear()
        self.unread_changed.emit(0)
        show_text(self, said("Messages"), "\n\n".join(lines) or said("No messages yet."))

    def _leave_project(self) -> None:
        """A message about one project does not stay for the next."""
        project = self._session.project
        root = project.root if project else None
        if root != self._root:
            self._root = root
            self.clear()

    def _text(self, notice: Notice) -> str:
        times = self._times[notice.message]
        return notice.message + (said(" ({times} times)", times=times) if times > 1 else "")

    def _show(self, notice: Notice) -> None:
        self.clear()
        self._bar = NoticeBar(notice.level, closable=True, name="notice")
        self._bar.set_value(self._text(notice), notice.remedy)
        self._bar.closed.connect(self.clear)
        look = said("Check this machine"), partial(self._session.go_to, "doctor")
        if offer := notice.offer or (look if _DOCTOR in notice.remedy else None):
            words, act = offer
            self._bar.buttons.addWidget(button(words, name="notice.offer", clicked=act))
        if notice.details or notice.level == "error":
            self._bar.buttons.addWidget(button("Details", name="notice.details", kind="plain",
                                               clicked=self._details_of(notice)))
        self._layout.addWidget(self._bar)
        self.show()

    def _details_of(self, notice: Notice) -> Callable[[], None]:
        happened = Happened(message=notice.message, remedy=notice.remedy, details=notice.details)
        return lambda: ReportDialog(self, self._session, happened).open()


def show_text(parent: QWidget, title: str, text: str) -> None:
    """Open a window with a text that can be copied."""
    theme = current_theme()
    dialog = QDialog(parent.window())
    dialog.setWindowTitle(title)
    fit(dialog, 640, 400)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(theme.px(16), theme.px(16), theme.px(16), theme.px(16))
    layout.addWidget(label(title, "heading"))
    shown = QPlainTextEdit(text)
    shown.setReadOnly(True)
    shown.setAccessibleName(title)
    layout.addWidget(shown)
    buttons = QDialogButtonBox()
    copy = buttons.addButton(said("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    close = buttons.addButton(said("Close"), QDialogButtonBox.ButtonRole.RejectRole)
    close.clicked.connect(dialog.close)
    layout.addWidget(buttons)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
