"""The loop of the worker: one question after the other; short ones are answered while a long one is at work."""

from __future__ import annotations

import json
import os
import threading
import time
from io import FileIO
from typing import Any, BinaryIO

from studio.engine.errors import StudioError
from studio.engine.events import Event, Progress, Saved
from studio.engine.faults import FAULTS, in_words
from studio.engine.service.answers import Answer, Answers
from studio.engine.service.inbox import Inbox, Question, read_into
from studio.engine.service.pictures import Glimpse, Pictures

QUICK = frozenset({"describe", "recipe", "tuples", "activations", "attribution"})
"""Methods that take a moment: they need not wait while features of a whole project are made."""
_GRACE_SECONDS = 3.0


class Worker:
    """Answers the questions of a stream until it ends, in the thread that calls `run`; another thread only reads."""

    def __init__(self, requests: FileIO, answers: BinaryIO) -> None:
        self._requests, self._output = requests, answers
        self._inbox, self._pictures = Inbox(), Pictures()
        self._at_work: list[int] = []
        self._answers = Answers(self._unwanted)
        self._over = threading.Event()

    def run(self) -> None:
        """Say that everything is loaded, then answer until the input ends."""
        reader = threading.Thread(target=self._read, name="questions", daemon=True)
        try:
            self._write({"ready": True})
            reader.start()
            while (question := self._inbox.next()) is not None:
                self._answer(question)
        except BrokenPipeError:
            pass  # the window is gone
        finally:
            self._over.set()
            self._answers.close()
            self._pictures.close()

    def _read(self) -> None:
        """Read the questions. The process never outlives the window: work that does not end soon is cut off."""
        read_into(self._inbox, self._requests, release=self._pictures.release)
        if not self._over.wait(_GRACE_SECONDS):
            self._answers.close()
            self._pictures.close()
            os._exit(0)

    def _unwanted(self) -> bool:
        """Whether the question that is being answered is of no interest any more."""
        return self._inbox.unwanted(self._at_work[-1] if self._at_work else 0)

    def _answer(self, question: Question) -> None:
        self._at_work.append(question.id)
        try:
            self._work(question)
        except StudioError as error:
            self._refuse(question, error)
        except BrokenPipeError:
            raise
        except (*FAULTS, RuntimeError) as error:
            self._answers.forget()
            self._refuse(question, in_words(error))
        except (KeyError, ValueError, TypeError, IndexError, AssertionError) as error:
            self._refuse(question, StudioError(
                f"the question {question.method!r}", f"it could not be answered ({type(error).__name__}: {error})",
                "Try again, and report it if that does not help"))
        finally:
            self._at_work.pop()
            self._inbox.answered(question.id)

    def _work(self, question: Question) -> None:
        working = self._answers(question.method, question.params)
        heard = time.monotonic()
        while True:
            try:
                event = next(working)
            except StopIteration as end:
                if isinstance(end.value, Answer):
                    self._give(question, end.value)
                else:
                    self._write({"id": question.id, "stopped": True})
                return
            if question.method not in QUICK:
                heard = self._tell(question, event, heard)
                while (other := self._inbox.next_of(_meanwhile(event))) is not None:
                    self._answer(other)

    def _tell(self, question: Question, event: Event | Glimpse, heard: float) -> float:
        """Pass an event on, at most ten a second; returns when the last one was passed on."""
        now = time.monotonic()
        if isinstance(event, Glimpse) and now - heard >= 0.1:
            self._write({"id": question.id, "event": json.loads(event.event.to_json()) | event.about,
                         "pictures": [self._pictures.share(picture) for picture in event.pictures]})
            return now
        event = event.event if isinstance(event, Glimpse) else event
        if now - heard < 0.1 and not isinstance(event, Saved):
            return heard
        self._write({"id": question.id, "event": json.loads(event.to_json())})
        return now

    def _give(self, question: Question, answer: Answer) -> None:
        shared = [self._pictures.share(picture) for picture in answer.pictures]
        self._write({"id": question.id, "result": answer.result, "pictures": shared})

    def _refuse(self, question: Question, error: StudioError) -> None:
        self._write({"id": question.id, "error": {"message": str(error), "value": error.value, "rule": error.rule,
                                                  "remedy": error.remedy}})

    def _write(self, message: dict[str, Any]) -> None:
        self._output.write(json.dumps(message, default=_plain).encode() + b"\n")
        self._output.flush()


def _meanwhile(event: Event | Glimpse) -> frozenset[str]:
    """What need not wait. A map settles for minutes, and by then the features that neighbours need are there."""
    event = event.event if isinstance(event, Glimpse) else event
    return QUICK | {"neighbours"} if isinstance(event, Progress) and event.phase == "map" else QUICK


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
