"""Questions that wait: read in a thread, answered one after the other; a newer one may push an older one out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from typing import Any

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Question:
    """A question of the window. One that `supersedes` pushes out waiting ones of its method that do so too."""

    id: int
    method: str
    params: dict[str, Any] = field(default_factory=dict)
    supersedes: bool = False


class Inbox:
    """Questions in the order in which they came. `closed` when the input has ended and nothing more will come."""

    def __init__(self) -> None:
        self._waiting: list[Question] = []
        self._changed = threading.Condition()
        self._unwanted = set[int]()
        self.closed = False

    def put(self, question: Question) -> None:
        """Add a question; it may push out older ones."""
        with self._changed:
            if question.supersedes:
                self._waiting = [older for older in self._waiting
                                 if not (older.supersedes and older.method == question.method)]
            self._waiting.append(question)
            self._changed.notify_all()

    def cancel(self, number: int) -> bool:
        """Nobody wants the answer to this question any more; tells whether it was still waiting."""
        with self._changed:
            waiting = [question for question in self._waiting if question.id != number]
            found = len(waiting) < len(self._waiting)
            self._waiting = waiting
            if not found:
                self._unwanted.add(number)
            return found

    def unwanted(self, number: int) -> bool:
        """Whether a question that is being answered was cancelled, or nobody reads answers any more."""
        return self.closed or number in self._unwanted

    def answered(self, number: int) -> None:
        """Forget about a question."""
        self._unwanted.discard(number)

    def close(self) -> None:
        """Say that nothing more will come; what waits is dropped, nobody reads the answers."""
        with self._changed:
            self.closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def next(self) -> Question | None:
        """Wait for the next question; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.closed)
            return self._waiting.pop(0) if self._waiting else None

    def next_of(self, methods: Container[str]) -> Question | None:
        """Take the first waiting question of these methods, without waiting for one."""
        with self._changed:
            for place, question in enumerate(self._waiting):
                if question.method in methods:
                    return self._waiting.pop(place)
        return None


def read_into(inbox: Inbox, stream: FileIO, *, release: Callable[[list[str]], None]) -> None:
    """Read the stream to its end, then close the inbox. Lines that are no question are left out."""
    try:
        with suppress(OSError):
            for line in _lines(stream):
                with suppress(ValueError, KeyError, TypeError):
                    message = json.loads(line)
                    if "release" in message:
                        release([str(name) for name in message["release"]])
                    elif "cancel" in message:
                        inbox.cancel(int(message["cancel"]))
                    else:
                        inbox.put(Question(int(message["id"]), str(message["method"]),
                                           dict(message.get("params") or {}), bool(message.get("supersedes"))))
    finally:
        inbox.close()


def _lines(stream: FileIO) -> Iterator[bytes]:
    """Whole lines as they come. Unbuffered: a thread inside a buffered reader holds a lock that ends Python badly."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
