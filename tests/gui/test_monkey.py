"""A monkey for a moment: random clicks, keys and drags raise nothing. The long form is `tests.benchmarks.monkey`."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from studio.gui.window import Window
from tests.benchmarks.monkey import Monkey, calm, settle
from tests.gui.conftest import wait_for


def _let_loose(window: Window, unforeseen: list[str], *, seed: int, actions: int) -> Monkey:
    monkey = Monkey(window, seed=seed, starts_jobs=False)
    for _ in range(actions):
        monkey.act()
        settle()
        assert unforeseen == [] and window.isVisible(), f"seed {seed}: {monkey.last}"
    return monkey


def test_nothing_a_monkey_does_breaks_the_window(window: Window, project: Path, unforeseen: list[str]) -> None:
    window.session.open_project(project)
    monkey = _let_loose(window, unforeseen, seed=2, actions=60)
    assert len(monkey.done) >= 5
    calm(window)
    wait_for(lambda: not window.session.jobs, seconds=60)
    window.session.go_to("library")
    assert window.pages.name == "library"


def test_a_control_that_raises_would_be_found(window: Window, project: Path, unforeseen: list[str]) -> None:
    window.session.open_project(project)
    window.show_page("library")

    def broken() -> None:
        raise RuntimeError("a dead widget")

    for made in window.page("library").findChildren(QPushButton):
        made.clicked.connect(broken)
    with pytest.raises(AssertionError, match="seed 3"):
        _let_loose(window, unforeseen, seed=3, actions=400)
    assert "a dead widget" in unforeseen[0]
    unforeseen.clear()
    calm(window)
