"""What the question before closing says of a queue, and of what is paused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QLabel, QPushButton

from studio.engine import queue, runs
from studio.engine.project import Project
from studio.gui.jobs import Job
from studio.gui.window import Window
from tests.gui.conftest import settle


@pytest.fixture
def job(window: Window, project: Path) -> Iterator[Job]:
    """A training that is known to the window, and does nothing."""
    window.session.open_project(project)
    made = Job("queue", [str(project), "--run"], title="Training", parent=window.session)
    window.session.jobs.append(made)
    yield made
    window.session.jobs.remove(made)


def asked(window: Window) -> str:
    window.close()
    assert window.findChild(QPushButton, "closing.keep").text() == "Keep training in the background"
    said = window.findChild(QLabel, "closing.more").text()
    window.findChild(QPushButton, "closing.cancel").click()
    settle()
    return said


def test_without_more_nothing_more_is_said(window: Window, job: Job) -> None:
    assert asked(window) == ""


def test_what_waits_is_said(window: Window, job: Job) -> None:
    project = window.session.project
    for name in "ab":
        queue.put(project, queue.new_entry(project, recipe={"name": "quick"}, name=name))
    assert "2 runs in the queue: kept going, training does them too" in asked(window)


def test_what_is_paused_is_said(window: Window, job: Job, project: Path) -> None:
    folder = Project.open(project).new_run_folder("waits")
    (folder / runs.RECIPE).write_text('name = "quick"')
    (folder / runs.HEARTBEAT).write_text(json.dumps({"state": "running", "at": time.time(), "paused": True}))
    window.session.reload_runs()
    assert "The run is paused, and stays so" in asked(window)
    job.request_pause()
    assert "goes on when the window is gone" in asked(window)


def working(window: Window, *operations: str) -> list[Job]:
    jobs = [Job(operation, [], title=operation.title(), parent=window.session) for operation in operations]
    window.session.jobs.extend(jobs)
    return jobs


def test_only_what_can_go_on_is_named(window: Window, job: Job) -> None:
    others = working(window, "preflight", "doctor")
    window.close()
    dialog = window.findChild(QDialog, "closing")
    words = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "Training can go on without the window" in words
    assert "Preflight" not in words and "Doctor" not in words
    assert not any(one._unwanted for one in others)
    window.findChild(QPushButton, "closing.stop").click()
    assert all(one._unwanted for one in others) and job.stopping and not job._unwanted
    for one in others:
        window.session.jobs.remove(one)


def test_what_is_for_the_window_alone_ends_with_it(window: Window) -> None:
    (job,) = working(window, "preflight")
    window.close()
    assert not window.isVisible() and job._unwanted
    assert window.findChild(QDialog, "closing") is None


def test_what_was_ended_is_no_failure(window: Window) -> None:
    (job,) = working(window, "doctor")
    job.end()
    assert job._verdict(-9) == (-9, "")
