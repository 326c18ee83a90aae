"""Asking the worker as a person turns the controls: only the newest question counts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from studio.gui.question import Question
from tests.gui.conftest import wait_for


class Asked:
    """Stands where the session is, and lets a test give the answers when it wants."""

    def __init__(self) -> None:
        self.questions: list[tuple[dict[str, Any], dict[str, Callable[..., None]]]] = []
        self.cancelled: list[int] = []
        self.service = self

    def ask(self, method: str, params: dict[str, Any], *, supersedes: bool, **callbacks: Callable[..., None]) -> int:
        assert method == "neighbours" and supersedes
        self.questions.append((params, callbacks))
        return len(self.questions)

    def cancel(self, number: int) -> bool:
        self.cancelled.append(number)
        return True


@pytest.fixture
def asked(qapp: QApplication) -> Asked:
    return Asked()


@pytest.fixture
def question(asked: Asked) -> Iterator[Question]:
    owner = QObject()
    yield Question(asked, "neighbours", owner, delay_milliseconds=1)  # type: ignore[arg-type]
    owner.deleteLater()


@pytest.fixture
def answers(question: Question) -> list[dict[str, Any]]:
    """What was answered so far."""
    found: list[dict[str, Any]] = []
    question.answered.connect(lambda result, _pictures: found.append(result))
    return found


def test_quick_changes_become_one_question(asked: Asked, question: Question) -> None:
    for second in range(5):
        question.ask({"at_seconds": second})
    assert question.busy
    wait_for(lambda: asked.questions)
    assert [params for params, _ in asked.questions] == [{"at_seconds": 4}]


def test_an_old_answer_is_dropped(
        asked: Asked, question: Question, answers: list[dict[str, Any]]) -> None:
    question.ask({"at_seconds": 1}, now=True)
    question.ask({"at_seconds": 2}, now=True)
    first, second = (callbacks for _, callbacks in asked.questions)
    second["then"]({"of": 2}, [])
    first["then"]({"of": 1}, [])
    assert answers == [{"of": 2}]
    assert not question.busy


def test_a_lasting_question_is_waited_for_and_the_newest_asked_afterwards(
        asked: Asked, question: Question, answers: list[dict[str, Any]]) -> None:
    question.ask({"at_seconds": 1}, now=True)
    asked.questions[0][1]["progress"]({"kind": "progress", "phase": "features"})
    question.ask({"at_seconds": 2}, now=True)
    question.ask({"at_seconds": 3}, now=True)
    assert len(asked.questions) == 1
    asked.questions[0][1]["then"]({"of": 1}, [])
    assert [params["at_seconds"] for params, _ in asked.questions] == [1, 3]
    assert question.busy and answers == []
    asked.questions[1][1]["then"]({"of": 3}, [])
    assert answers == [{"of": 3}] and not question.busy


def test_a_refusal_is_told_and_the_same_can_be_asked_again(asked: Asked, question: Question) -> None:
    errors: list[dict[str, Any]] = []
    question.failed.connect(errors.append)
    question.ask({"at_seconds": 1}, now=True)
    asked.questions[0][1]["failed"]({"message": "gone"})
    assert errors == [{"message": "gone"}] and not question.busy
    question.again()
    assert [params for params, _ in asked.questions] == [{"at_seconds": 1}] * 2


def test_what_is_forgotten_is_not_answered(
        asked: Asked, question: Question, answers: list[dict[str, Any]]) -> None:
    question.ask({"at_seconds": 1}, now=True)
    question.forget()
    asked.questions[0][1]["then"]({"of": 1}, [])
    assert answers == [] and not question.busy


def test_a_person_can_stop_what_is_asked(asked: Asked, question: Question, answers: list[dict[str, Any]]) -> None:
    stopped: list[bool] = []
    question.stopped.connect(lambda: stopped.append(True))
    question.stop()
    assert stopped == [] and asked.cancelled == []
    question.ask({"at_seconds": 1}, now=True)
    question.stop()
    assert stopped == [True] and asked.cancelled == [1] and not question.busy
    asked.questions[0][1]["then"]({"of": 1}, [])
    assert answers == []
    question.again()
    asked.questions[1][1]["then"]({"of": 1}, [])
    assert answers == [{"of": 1}] and asked.cancelled == [1]


def test_a_lasting_question_about_another_run_is_cancelled(
        asked: Asked, question: Question, answers: list[dict[str, Any]]) -> None:
    question.ask({"run": "first"}, now=True)
    asked.questions[0][1]["progress"]({"kind": "progress", "phase": "features"})
    question.ask({"run": "second"}, now=True)
    assert asked.cancelled == [1] and len(asked.questions) == 2
    asked.questions[0][1]["failed"]({"message": "stopped"})
    asked.questions[1][1]["then"]({"of": "second"}, [])
    assert answers == [{"of": "second"}] and not question.busy
