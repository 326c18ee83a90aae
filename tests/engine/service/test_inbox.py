"""Questions wait in order, and newer ones push older ones out."""

from __future__ import annotations

import json
import os
import threading
from io import FileIO

from studio.engine.service.inbox import Inbox, Question, read_into


def _names(inbox: Inbox) -> list[int]:
    found = []
    while (question := inbox.next_of({"tuples", "map"})) is not None:
        found.append(question.id)
    return found


def test_a_newer_question_pushes_out_waiting_ones_of_its_method() -> None:
    inbox = Inbox()
    asked = ((1, "tuples", True), (2, "map", True), (3, "tuples", False), (4, "tuples", True))
    for number, method, supersedes in asked:
        inbox.put(Question(number, method, {}, supersedes))
    assert _names(inbox) == [2, 3, 4]


def test_without_the_wish_nothing_is_pushed_out() -> None:
    inbox = Inbox()
    for number in (1, 2):
        inbox.put(Question(number, "tuples"))
    assert _names(inbox) == [1, 2]


def test_lines_are_read_in_pieces_and_broken_ones_left_out() -> None:
    reading, writing = os.pipe()
    inbox, released = Inbox(), list[str]()
    with FileIO(reading) as stream:
        reader = threading.Thread(target=read_into, args=(inbox, stream), kwargs={"release": released.extend})
        reader.start()
        whole = json.dumps({"id": 7, "method": "map", "params": {"a": 1}, "supersedes": True}).encode()
        os.write(writing, b"no json\n" + whole[:10])
        os.write(writing, whole[10:] + b"\n" + b'{"id": 8}\n' + b'{"release": ["x", "y"]}\n')
        question = inbox.next()
        os.close(writing)
        reader.join()
    assert question == Question(7, "map", {"a": 1}, True)
    assert released == ["x", "y"]
    assert inbox.closed
    assert inbox.next() is None


def test_the_end_drops_what_waits() -> None:
    inbox = Inbox()
    inbox.put(Question(1, "map"))
    inbox.close()
    assert inbox.next() is None
