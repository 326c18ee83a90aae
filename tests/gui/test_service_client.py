"""The window's end of the warm worker: questions, answers, pictures in shared memory, and a worker that dies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.gui.service_client import ServiceClient, copy_shared
from tests.gui.conftest import left_running, wait_for

SPEAKER = '''
import json, sys
from multiprocessing.shared_memory import SharedMemory
import numpy as np
blocks, cancelled = {}, []
def tell(**message):
    print(json.dumps(message), flush=True)
tell(ready=True)
for line in sys.stdin:
    asked = json.loads(line)
    for name in asked.get("release", []):
        blocks.pop(name).unlink()
        tell(id=0, note="released")
    method = asked.get("method")
    if "cancel" in asked:
        cancelled.append(asked["cancel"])
        tell(id=asked["cancel"], stopped=True)
    elif method == "cancelled":
        tell(id=asked["id"], result={"numbers": cancelled})
    elif method == "give up":
        tell(id=asked["id"], stopped=True)
    elif method == "echo":
        tell(id=asked["id"], event={"kind": "progress", "done": 1})
        tell(id=asked["id"], result=asked["params"])
    elif method == "count":
        tell(id=asked["id"], result={"blocks": len(blocks)})
    elif method == "picture":
        block = SharedMemory(create=True, size=24)
        np.ndarray((2, 3), "float32", block.buf)[:] = np.arange(6).reshape(2, 3)
        blocks[block.name] = block
        tell(id=asked["id"], result={}, pictures=[{"name": block.name, "shape": [2, 3], "dtype": "float32"}])
    elif method == "refuse":
        tell(id=asked["id"], error={"message": "no", "value": "v", "rule": "r", "remedy": "m"})
    elif method == "noise":
        print("not json", flush=True)
        tell(id=asked["id"], result={})
    elif method == "die":
        print("it hurt", file=sys.stderr)
        sys.exit(3)
'''


class Answers:
    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.pictures: list[np.ndarray] = []
        self.errors: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def then(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        self.results.append(result)
        self.pictures += pictures

    @property
    def count(self) -> int:
        return len(self.results) + len(self.errors)


@pytest.fixture
def client(qapp: QApplication, tmp_path: Path) -> Iterator[ServiceClient]:
    program = tmp_path / "speaker.py"
    program.write_text(SPEAKER)
    made = ServiceClient(command=[sys.executable, str(program)])
    yield made
    made.close()
    assert left_running() == []


@pytest.fixture
def answers() -> Answers:
    return Answers()


def _ask(client: ServiceClient, answers: Answers, method: str, *, supersedes: bool = False, **params: Any) -> None:
    client.ask(method, params, then=answers.then, failed=answers.errors.append, progress=answers.events.append,
               supersedes=supersedes)


def test_questions_asked_before_the_worker_is_ready_are_answered(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "echo", value=1)
    _ask(client, answers, "echo", value=2)
    assert client.busy
    wait_for(lambda: answers.count == 2)
    assert answers.results == [{"value": 1}, {"value": 2}]
    assert len(answers.events) == 2 and not client.busy


def test_pictures_are_copied_and_given_back(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "picture")
    wait_for(lambda: answers.pictures)
    assert np.array_equal(answers.pictures[0], np.arange(6, dtype=np.float32).reshape(2, 3))
    answers.pictures[0][0, 0] = 9  # it is the window's own
    _ask(client, answers, "count")
    wait_for(lambda: answers.count == 2)
    assert answers.results[-1] == {"blocks": 0}


def test_a_picture_that_is_gone_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="is gone"):
        copy_shared("studio_no_such_block", shape=[2], dtype="uint8")


def test_an_error_is_told_to_the_one_who_asked(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "refuse")
    wait_for(lambda: answers.errors)
    assert answers.errors == [{"message": "no", "value": "v", "rule": "r", "remedy": "m"}]


def test_a_line_that_is_no_answer_is_passed_over(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "noise")
    wait_for(lambda: answers.results)


def test_only_the_newest_of_superseding_questions_is_answered(client: ServiceClient, answers: Answers) -> None:
    for value in range(5):
        _ask(client, answers, "echo", supersedes=True, value=value)
    _ask(client, answers, "echo", value="other")
    wait_for(lambda: answers.count == 2)
    assert answers.results == [{"value": 4}, {"value": "other"}]


def test_a_cancelled_question_is_told_to_the_worker_and_never_answered(client: ServiceClient,
                                                                       answers: Answers) -> None:
    number = client.ask("never", {}, then=answers.then, failed=answers.errors.append)
    assert client.cancel(number) and not client.cancel(number) and not client.busy
    _ask(client, answers, "cancelled")
    wait_for(lambda: answers.count)
    assert answers.results == [{"numbers": [number]}] and answers.errors == []


def test_a_long_question_that_is_superseded_is_cancelled(client: ServiceClient, answers: Answers) -> None:
    first = client.ask("never", {"of": 1}, then=answers.then, failed=answers.errors.append, supersedes=True)
    client.ask("never", {"of": 2}, then=answers.then, failed=answers.errors.append)
    client.ask("never", {"of": 3}, then=answers.then, failed=answers.errors.append, supersedes=True)
    _ask(client, answers, "cancelled")
    wait_for(lambda: answers.count)
    assert answers.results == [{"numbers": [first]}]


def test_an_answer_that_the_worker_gave_up_is_a_failure_and_no_answer(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "give up")
    wait_for(lambda: answers.count)
    assert answers.results == [] and answers.errors[0]["remedy"] == "Try again"


def test_a_worker_that_dies_is_told_and_started_again(client: ServiceClient, answers: Answers) -> None:
    said: list[str] = []
    client.died.connect(said.append)
    _ask(client, answers, "die")
    wait_for(lambda: answers.errors)
    assert "it hurt" in said[0] and "exit code 3" in said[0] and "started again" in said[0]
    assert answers.errors[0]["remedy"] == "Try again"
    _ask(client, answers, "echo", value=1)
    wait_for(lambda: answers.results)


def test_a_worker_that_dies_again_and_again_is_left_off(client: ServiceClient, answers: Answers) -> None:
    said: list[str] = []
    client.died.connect(said.append)
    for number in range(3):
        _ask(client, answers, "die")
        wait_for(lambda count=number: len(said) == count + 1)
    assert "left off" in said[-1]
    assert not client.running


def test_closing_drops_what_waits(client: ServiceClient, answers: Answers) -> None:
    _ask(client, answers, "echo", value=1)
    client.close()
    assert not client.busy and answers.count == 0


@pytest.mark.long
def test_the_real_worker_describes_the_studio(qapp: QApplication, answers: Answers) -> None:
    client, ready = ServiceClient(), []
    client.ready.connect(lambda: ready.append(True))
    _ask(client, answers, "describe")
    wait_for(lambda: answers.count, seconds=90)
    client.close()
    assert ready and not answers.errors
    assert {"tasks", "backbones", "recipes", "schema", "device", "versions"} <= set(answers.results[0])
    assert left_running() == []
