"""A run waits while another trains, which pauses and goes on; what waits is trained when the person says so."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtWidgets import QLineEdit

from studio.engine.runs import read_run
from studio.gui.window import Window
from tests.e2e.driver import Step, click, control, play, write
from tests.e2e.test_runs import EVERY, LONG, chosen, drawn, small, started
from tests.gui.conftest import left_running

FEW = 4


def _paused_then_queued(told: dict) -> object:
    def story(window: Window) -> Step:
        session = window.session
        yield from started(window, steps=LONG)
        first = chosen(session)
        yield lambda: control(window, "train.pause").isVisible() and control(window, "train.pause").isEnabled()
        click(window, "train.pause")
        yield lambda: session.run(first.name).paused
        told["paused_at"] = session.run(first.name).step
        until = time.monotonic() + 1.5
        yield lambda: time.monotonic() > until
        told["after_a_while"] = session.run(first.name).step
        click(window, "train.pause")
        yield lambda: session.run(first.name).step > told["paused_at"]
        small(session, steps=FEW)
        control(window, "train.name", QLineEdit).clear()
        write(window, "train.name", "second")
        click(window, "train.queue_add")
        yield lambda: control(window, "train.queue").isVisible()
        told["waiting"] = [entry.title for entry in control(window, "train.queue").value()]
        click(window, "train.stop")
        yield lambda: session.run(first.name).state == "stopped"
        yield lambda: not session.jobs
        assert len(session.runs) == 1, "who stops wants nothing to begin"
        yield lambda: control(window, "train.queue_run").isVisible()
        click(window, "train.queue_run")
        yield lambda: len(session.runs) == 2 and session.runs[-1].state == "finished" and not session.jobs
        yield lambda: not control(window, "train.queue").isVisible()
        told["runs"] = [run.folder for run in session.runs]
        yield lambda: drawn(window) and drawn(window)[-1] == FEW

    return story


def test_a_run_pauses_and_the_next_one_waits_its_turn(project: Path) -> None:
    told: dict = {}
    assert play(["open", str(project)], _paused_then_queued(told), seconds=60) == 0
    assert told["paused_at"] == told["after_a_while"] > 0, "a paused run takes no step"
    assert len(told["waiting"]) == 1 and told["waiting"][0].endswith("second")
    first, second = (read_run(folder) for folder in told["runs"])
    assert (first.state, second.state) == ("stopped", "finished") and first.step > told["paused_at"]
    assert second.name.endswith("-second") and second.step == FEW and FEW % EVERY == 0
    assert left_running() == []
