"""The line of a job: its words, and which buttons it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from studio.engine.events import Progress
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.widgets.job_line import JobLine
from tests.gui.conftest import wait_for


@pytest.fixture
def line(qapp: QApplication) -> Iterator[JobLine]:
    made = JobLine(prefix="library")
    yield made
    made.hide()
    made.deleteLater()


def button(line: JobLine, name: str) -> QPushButton:
    found = line.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def test_a_scan_is_paused_and_goes_on_in_words(line: JobLine, session: Session, tmp_path: Path, clips: Path) -> None:
    job = session.start_job("scan", [str(tmp_path / "P"), str(clips), "--workers", "1"], title="Scanning")
    line.set_value(job)
    pause = button(line, "library.pause")
    assert pause.isVisible() and pause.text() == "Pause"
    wait_for(lambda: job.progress and job.progress.phase == "ingest", seconds=40)
    pause.click()
    assert job.pausing and pause.text() == pause.accessibleName() == "Go on"
    assert "pauses after the videos at hand" in line._words.text()
    wait_for(lambda: job.progress.phase == "paused", seconds=40)
    wait_for(lambda: line._words.text().startswith("Paused: "))
    pause.click()
    assert not job.pausing and pause.text() == "Pause"
    wait_for(lambda: not session.jobs, seconds=40)
    line.forget()


def test_only_what_can_wait_has_a_pause(line: JobLine, qapp: QApplication) -> None:
    job = Job("evaluate", [], title="Evaluating")
    job.progress = Progress(phase="features", done=1, total=2)
    line.set_value(job)
    assert not button(line, "library.pause").isVisible() and button(line, "library.stop").isVisible()
    line.forget()
