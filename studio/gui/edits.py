"""A change of the open project that can be taken back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand
from shiboken6 import isValid

from studio.engine.errors import StudioError
from studio.gui.changes import Failure
from studio.gui.session import Session
from studio.gui.texts import said


class Edit(QUndoCommand):
    """A change that is made at once and can be taken back. A failure is told to the person.

    Of a long one `words` say what is done: it is made in a thread, and those after it wait (see `Changes`).
    """

    def __init__(self, session: Session, text: str, *, do: Callable[[], object], undo: Callable[[], object],
                 after: Callable[[], object] = lambda: None, words: Callable[[], str] = str) -> None:
        """`after` is called when it was tried, either way."""
        super().__init__(text)
        self._session, self._do, self._undo, self._after, self._words = session, do, undo, after, words

    def redo(self) -> None:
        self._try(self._do, self._done)

    def undo(self) -> None:
        if not self.isObsolete():
            self._try(self._undo, self._over)

    def _try(self, act: Callable[[], object], over: Callable[[Failure | None], None]) -> None:
        if self._session.writing.may_write(waits=True):
            self._session.changes.make(act, over=over, words=self._words())
        else:
            self.setObsolete(True)

    def _done(self, failed: Failure | None) -> None:
        self._over(failed)
        if failed and isValid(self):  # what was never made is nothing to take back
            self.setObsolete(True)
            stack = self._session.undo
            if stack.index() and stack.command(stack.index() - 1) is self:
                stack.undo()

    def _over(self, failed: Failure | None) -> None:
        if isinstance(failed, StudioError):
            self._session.notify_error(failed)
        elif failed:
            self._session.notify(said("The project cannot be changed ({why}).", why=failed.strerror or failed),
                                 remedy=said("Look at the project's folder, then try again."), level="error")
        self._after()
