"""A change of the open project that can be taken back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from studio.engine.errors import StudioError
from studio.gui.session import Session
from studio.gui.texts import said


class Edit(QUndoCommand):
    """A change that is made at once and can be taken back. A failure is told to the person."""

    def __init__(self, session: Session, text: str, *, do: Callable[[], object], undo: Callable[[], object],
                 after: Callable[[], object] = lambda: None) -> None:
        """`after` is called when it was tried, either way."""
        super().__init__(text)
        self._session, self._do, self._undo, self._after = session, do, undo, after

    def redo(self) -> None:
        self._try(self._do)

    def undo(self) -> None:
        self._try(self._undo)

    def _try(self, act: Callable[[], object]) -> None:
        if not self._session.writing.may_write():
            self.setObsolete(True)
            return
        try:
            act()
        except StudioError as error:
            self._session.notify_error(error)
        except OSError as error:
            self._session.notify(said("The project cannot be changed ({why}).", why=error.strerror or error),
                                 remedy=said("Look at the project's folder, then try again."), level="error")
        self._after()
