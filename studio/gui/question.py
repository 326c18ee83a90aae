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

    `answered` brings the result and its pictures, `failed` the error, `progressed` the events before. A question that
    makes something lasting (features) is waited for, and the newest one is asked afterwards.
    """

    answered = Signal(object, object)
    failed = Signal(object)
    progressed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, session: Session, method: str, parent: QObject, *,
                 delay_milliseconds: int = _DELAY_MILLISECONDS) -> None:
        super().__init__(parent)
        self._session, self._method = session, method
        self._params: dict[str, Any] = {}
        self._number = 0
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

    def forget(self) -> None:
        """Drop the question: its answer is not wanted any more."""
        self._timer.stop()
        self._number += 1
        self._lasting = self._later = False
        self._set_busy(False)

    def _send(self) -> None:
        if self._lasting:
            self._later = True
            return
        self._number += 1
        number = self._number

        def answered(result: dict[str, Any], pictures: list[np.ndarray]) -> None:
            if self._over(number):
                self.answered.emit(result, pictures)

        def failed(error: dict[str, Any]) -> None:
            if self._over(number):
                self.failed.emit(error)

        self._session.ask(self._method, self._params, then=answered, failed=failed,
                          progress=lambda event: self._progress(number, event), supersedes=True)

    def _over(self, number: int) -> bool:
        """Take note that a question ended; tells whether anybody still wants its answer."""
        if not isValid(self) or number != self._number:
            return False
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
