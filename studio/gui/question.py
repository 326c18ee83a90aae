"""One kind of question to the warm worker, asked again and again as a person turns the controls."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from studio.gui.session import Session

_DELAY_MILLISECONDS = 120


class Question(QObject):
    """Asks one method of the worker, a moment after the last change; only the newest question is answered.

    `answered` brings the result and its pictures, `failed` the error, `progressed` the events before, `stopped` tells
    that the person did not want to wait. A question that makes something lasting (features) is waited for, and the
    newest one is asked afterwards; one about another run stops it.
    """

    answered = Signal(object, object)
    failed = Signal(object)
    progressed = Signal(object)
    busy_changed = Signal(bool)
    stopped = Signal()

    def __init__(self, session: Session, method: str, parent: QObject, *,
                 delay_milliseconds: int = _DELAY_MILLISECONDS) -> None:
        super().__init__(parent)
        self._session, self._method = session, method
        self._params: dict[str, Any] = {}
        self._number = self._asked = 0
        self._asked_params: dict[str, Any] = {}
        self._busy = self._lasting = self._later = False
        self._timer = QTimer(self, singleShot=True, interval=delay_milliseconds)
        self._timer.timeout.connect(self._send)

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._busy

    def value(self) -> dict[str, Any]:
        """Give what was asked last."""
        return dict(self._params)

    def ask(self, params: dict[str, Any], *, now: bool = False) -> None:
        """Ask soon, or at once."""
        self._params = dict(params)
        self._set_busy(True)
        if now:
            self._timer.stop()
            self._send()
        else:
            self._timer.start()

    def again(self) -> None:
        """Ask the same once more, at once."""
        if self._params:
            self.ask(self._params, now=True)

    def stop(self) -> None:
        """Stop what is asked, because the person does not want to wait."""
        if self._busy:
            self.forget()
            self.stopped.emit()

    def forget(self) -> None:
        """Drop the question: its answer is not wanted any more, and the worker need not go on."""
        self._timer.stop()
        self._cancel()
        self._number += 1
        self._lasting = self._later = False
        self._set_busy(False)

    def _send(self) -> None:
        if self._lasting and self._params.get("run") == self._asked_params.get("run"):
            self._later = True
            return
        self._cancel()
        self._lasting = self._later = False
        self._number += 1
        number = self._number

        def answered(result: dict[str, Any], pictures: list[np.ndarray]) -> None:
            if self._over(number):
                self.answered.emit(result, pictures)

        def failed(error: dict[str, Any]) -> None:
            if self._over(number):
                self.failed.emit(error)

        self._asked_params = self._params
        self._asked = self._session.ask(self._method, self._params, then=answered, failed=failed,
                                        progress=lambda event: self._progress(number, event), supersedes=True)

    def _cancel(self) -> None:
        if self._asked:
            self._session.service.cancel(self._asked)
            self._asked = 0

    def _over(self, number: int) -> bool:
        """Take note that a question ended; tells whether anybody still wants its answer."""
        if not isValid(self) or number != self._number:
            return False
        self._asked = 0
        later, self._lasting, self._later = self._later, False, False
        if later:
            self._send()
        elif not self._timer.isActive():
            self._set_busy(False)
        return not later

    def _progress(self, number: int, event: dict[str, Any]) -> None:
        if isValid(self) and number == self._number:
            self._lasting = self._lasting or event.get("phase") == "features"
            self.progressed.emit(event)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
