"""What can be done to runs from the window, and what the jobs that do it say: start, pause, stop, measure a step.

A training that the window starts goes on with what waits in the queue, in the same child process: it needs no window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.engine import runs as run_folders
from studio.engine.errors import StudioError
from studio.engine.events import Event, Preview, Progress, Saved
from studio.engine.runs import Run
from studio.gui.jobs import Job
from studio.gui.queueing import Queueing
from studio.gui.session import Session
from studio.gui.texts import said

THEN = ("--then-queue",)
"""What the window adds to a training: what waits comes after it."""
GOES_ON = ("stopped", "interrupted", "failed")
"""States from which a run can be resumed."""

_TRAINS = ("train", "queue")
"""Operations that train."""
_NEXT_RUN = "next-run"
"""The phase between two runs of the queue."""
_LIMITS = ("max_steps", "max_epochs", "max_minutes")


class TrainingJobs(QObject):
    """Starts and stops; follows the jobs of this window, also those that run already when it is made.

    `starting` tells of a training that has no run yet (with None: it has one, or ended), `progressed` and `previewed`
    of the run that trains, `measuring` of a preflight at work, `measured` of its end and its failure in words.
    """

    changed = Signal()
    starting = Signal(object)
    progressed = Signal(object)
    previewed = Signal(object)
    measuring = Signal(object)
    measured = Signal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._page = session, parent
        self._has_run = True
        self._last_run = ""
        self.queue = Queueing(session, self)
        self.queue.changed.connect(self.changed)
        session.job_started.connect(self._hear_start)
        session.job_ended.connect(self._hear_end)

    def take_over(self) -> None:
        """Follow what runs already."""
        for job in self._session.jobs:
            self._hear_start(job)
            if job.operation in _TRAINS and (run := self.running()) is not None:
                self._last_run = run.name
                self._found_run()

    def running(self) -> Run | None:
        """The run that trains now: the one chosen, or another."""
        going = [run for run in self._session.runs if run.state == "running"]
        return next((run for run in going if run.name == self._session.selected_run), going[0] if going else None)

    def trains(self) -> bool:
        """Whether something trains in this project: a job of this window, another process, or the queue."""
        return self._job() is not None or self.running() is not None or self.queue.worked

    def busy(self) -> str:
        """Say why nothing can be started now; nothing when it can."""
        if self.trains():
            return said("A run is training. Stop it, or wait until it is done, and then start the next.")
        return "" if self._session.usable_videos else said("There are no videos to train on yet.")

    def stoppable(self) -> bool:
        """Whether something trains that was not asked to stop yet."""
        return (self._job() or self.running()) is not None and not self.stopping()

    def stopping(self) -> bool:
        """Whether what trains was asked to stop."""
        job, run = self._job(), self.running()
        if job is not None:
            return job.stopping
        return run is not None and run_folders.stop_requested(run.folder)

    def pausable(self) -> bool:
        """Whether a run trains, and not merely begins or ends."""
        return self.running() is not None and not self.stopping()

    def pausing(self) -> bool:
        """Whether the run that trains was asked to wait."""
        run = self.running()
        return run is not None and run_folders.pause_requested(run.folder)

    def start(self, arguments: list[str]) -> None:
        """Start a training, and what waits after it, unless one runs."""
        project = self._session.project
        if project is not None and not self.busy():
            self._session.start_job("train", [str(project.root), *arguments, *THEN], title="Training")

    def train_queue(self) -> None:
        """Train what waits, unless something trains."""
        project = self._session.project
        if project is not None and not self.busy():
            self._session.start_job("queue", [str(project.root), "--run"], title="Training")

    def stop(self) -> None:
        """Ask what trains to stop after its present step; a run that another process started reads it in its folder."""
        job, run = self._job(), self.running()
        if job is not None:
            job.request_stop()
        elif run is not None:
            self._ask(run_folders.request_stop, run)
        self.changed.emit()

    def pause_or_go_on(self) -> None:
        """Ask the run that trains to wait after its present step, or to go on: it reads it in its folder."""
        run = self.running()
        if run is not None:
            self._ask(run_folders.forget_pause if self.pausing() else run_folders.request_pause, run)
        self.changed.emit()

    def measure(self) -> None:
        """Measure one step of the recipe in work."""
        project = self._session.project
        if project is not None and self._session.running_job("preflight") is None:
            self._session.start_job("preflight", [str(project.root), *self._session.recipe_arguments()],
                                    title="Measuring a step")

    def stop_measuring(self) -> None:
        """Measure no more."""
        if job := self._session.running_job("preflight"):
            job.request_stop()

    def _job(self) -> Job | None:
        """The job of this window that trains."""
        return next((job for job in self._session.jobs if job.operation in _TRAINS), None)

    def _ask(self, wish: Callable[[Path], None], run: Run) -> None:
        try:
            wish(run.folder)
        except (OSError, StudioError):
            self._session.notify(said("{run} cannot be told: its folder cannot be written to.", run=run.name),
                                 remedy=said("Make that folder writable, then try again."), level="error")

    def _hear_start(self, job: Job) -> None:
        if job.operation in _TRAINS:
            self._has_run, self._last_run = False, ""
            job.told.connect(self._hear_training)
            self.starting.emit(job.progress or Progress(phase="start", done=0, total=0, detail="loading the network"))
        elif job.operation == "preflight":
            job.told.connect(self._hear_preflight)
            self.measuring.emit(job.progress)
        self.changed.emit()

    def _hear_end(self, job: Job) -> None:
        if job.operation in _TRAINS:
            self.starting.emit(None)
            self.queue.look()
        elif job.operation == "preflight":
            if job.finished_event and job.finished_event.result:
                self._session.preflight = (job.arguments[1:], job.finished_event.result)
            self.measured.emit(job.failed_event.message if job.failed_event else "")
        self.changed.emit()

    def _hear_training(self, event: Event) -> None:
        if isinstance(event, Saved) and event.what == "run":
            self._session.reload_runs()
            self._follow_run(event.path.rpartition("/")[2])
            self._found_run()
        elif isinstance(event, Progress):
            self._has_run = self._has_run and event.phase != _NEXT_RUN
            (self.progressed if self._has_run else self.starting).emit(event)
        elif isinstance(event, Preview):
            self.previewed.emit(event)

    def _follow_run(self, name: str) -> None:
        """Choose the run that begins: the first of a job, and of those that waited when the one before is looked at."""
        looked_at = self._session.selected_run == self._last_run and self._page.isVisible()
        if looked_at or not self._last_run:
            self._session.select_run(name)
        self._last_run = name

    def _found_run(self) -> None:
        self._has_run = True
        self.starting.emit(None)

    def _hear_preflight(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.measuring.emit(event)


def longer_settings(recipe: Mapping[str, Any]) -> list[str]:
    """The options that let a run take twice as long: each of its limits doubled."""
    training = recipe.get("training") or {}
    found: list[str] = []
    for limit in _LIMITS:
        if value := training.get(limit):
            found += ["--set", f"training.{limit}={2 * value:g}"]
    return found
