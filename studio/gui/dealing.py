"""Asks the warm worker for tuples of the recipe in work. Only the answer to the last question is ever told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.gui.session import Session
from studio.gui.widgets.pictures import Frames
from studio.gui.widgets.tuple_view import Dealt

_DEBOUNCE_MILLISECONDS, _PATIENCE_MILLISECONDS = 150, 600
_LONGEST_VALUE = 120

Receiver = Callable[[list[Dealt], dict[str, Any]], None]


class Dealing(QObject):
    """`asked` when a question was put, `slow` when its answer takes a while, `refused` with the worker's error."""

    asked = Signal()
    slow = Signal()
    answered = Signal()
    refused = Signal(dict)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._number = 0
        self._params: dict[str, Any] = {}
        self._then: Receiver | None = None
        self._soon = QTimer(self, singleShot=True, interval=_DEBOUNCE_MILLISECONDS)
        self._soon.timeout.connect(self._ask)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self._patience.timeout.connect(self.slow)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._then is not None

    def ask(self, *, count: int, seed: int, video_id: int | None, then: Receiver) -> None:
        """Ask for `count` tuples in a moment; what was asked before is forgotten."""
        self._number += 1
        self._params = {"recipe": self._session.recipe, "count": count, "seed": seed, "video_id": video_id}
        self._then = then
        self._soon.start()
        self._patience.start()
        self.asked.emit()

    def forget(self) -> None:
        """Want no answer any more."""
        self._number += 1
        self._over()

    def _ask(self) -> None:
        number = self._number
        self._session.ask("tuples", self._params, supersedes=True,
                          then=lambda result, pictures: self._take(number, result, pictures),
                          failed=lambda error: self._refuse(number, error))

    def _take(self, number: int, result: dict[str, Any], pictures: list[Frames]) -> None:
        if number != self._number or self._then is None:
            return
        then = self._then
        self._over()
        videos = {number: self._session.shelf.video(number) for number in {one["video_id"] for one in result["tuples"]}}
        usual = {number: video.motion for number, video in videos.items() if video}
        groups = {number: video.group for number, video in videos.items() if video}
        then([Dealt.of(record, picture, usual_motion=usual.get(record["video_id"]),
                       picks_element=bool(result.get("picks_element")), choices=result.get("choices") or (),
                       asked=result.get("asked_elements"), group=groups.get(record["video_id"], ""))
              for record, picture in zip(result["tuples"], pictures, strict=True)], result)

    def _refuse(self, number: int, error: dict[str, Any]) -> None:
        if number == self._number:
            self._over()
            self.refused.emit(error)

    def _over(self) -> None:
        self._then = None
        self._soon.stop()
        self._patience.stop()
        self.answered.emit()


def sentence_of(error: dict[str, Any]) -> tuple[str, str]:
    """Write the worker's refusal as one sentence and what to do about it."""
    value = str(error.get("value", ""))
    if len(value) > _LONGEST_VALUE:  # a whole section of a recipe: its name says enough
        value = value.partition(" = ")[0]
    told = f"{value}: {error['rule']}." if value and error.get("rule") else ""
    return told or str(error.get("message", "")), str(error.get("remedy", ""))
