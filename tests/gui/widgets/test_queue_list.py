"""What a line of the queue says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from studio.engine.queue import Entry
from studio.gui.widgets.queue_list import QueueList, in_words

RECIPE = {"name": "quick", "title": "Quick look", "backbone": "r3d_small",
          "training": {"max_steps": 0, "max_minutes": 2}}


def entry(name: str = "a", **values: Any) -> Entry:
    return Entry(**{"id": name, "place": 1, "added_at": 0.0, "name": name, "recipe": RECIPE, **values})


@pytest.fixture
def shown(qapp: QApplication) -> Iterator[QueueList]:
    made = QueueList(prefix="train")
    yield made
    made.hide()
    made.deleteLater()


@pytest.mark.parametrize(("given", "words"), [
    (entry(), "Quick look · r3d_small · 2 minutes"),
    (entry(recipe={"name": "mine"}), "mine"), (entry(recipe={"name": "mine", "training": [1]}), "mine"),
    (entry(recipe={}, resume="2030-01-01-0000-x"), "goes on"),
    (entry(recipe={}, resume="x", settings=("training.max_steps=9",)), "goes on, longer")])
def test_an_entry_in_words(given: Entry, words: str) -> None:
    assert in_words(given) == words


def test_it_is_there_only_while_something_waits(shown: QueueList) -> None:
    shown.set_value([entry("a"), entry("b", problem="no room")], trains=False)
    assert shown.isVisible() and shown.accessibleName() == "2 runs waiting to be trained"
    assert "no room" in shown.findChild(QPushButton, "train.queue_remove.2").parentWidget().accessibleName()
    assert not shown.findChild(QPushButton, "train.queue_up.1").isVisible(), "the first is first"
    shown.set_value([], trains=False)
    assert not shown.isVisible() and shown.value() == ()


def test_each_button_brings_the_entry_that_stands_there_now(shown: QueueList) -> None:
    told: list[str] = []
    shown.up_clicked.connect(lambda one: told.append(f"up {one.name}"))
    shown.remove_clicked.connect(lambda one: told.append(f"out {one.name}"))
    shown.set_value([entry("a"), entry("b")], trains=True)
    up, out = (shown.findChild(QPushButton, f"train.queue_{name}.2") for name in ("up", "remove"))
    up.click()
    shown.set_value([entry("b"), entry("a")], trains=True)
    out.click()
    assert told == ["up b", "out a"] and up.accessibleName() == "Train a earlier"
