"""What can be done to runs from the window, and what the jobs that do it say: start, go on, stop, measure a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.engine import runs as run_folders
from studio.engine.events import Event, Preview, Progress, Saved
from studio.engine.runs import Run
from studio.gui.jobs import Job
from studio.gui.session import Session

GOES_ON = ("stopped", "interrupted", "failed")
"""States from which a run can be resumed."""

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

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._has_run = True
        session.job_started.connect(self._hear_start)
        session.job_ended.connect(self._hear_end)

    def take_over(self) -> None:
        """Follow what runs already."""
        for job in self._session.jobs:
            self._hear_start(job)
            if job.operation == "train" and self.running() is not None:
                self._found_run()

    def running(self) -> Run | None:
        """The run that trains now: the one chosen, or another."""
        going = [run for run in self._session.runs if run.state == "running"]
        return next((run for run in going if run.name == self._session.selected_run), going[0] if going else None)

    def busy(self) -> str:
        """Say why nothing can be started now; nothing when it can."""
        if self._session.running_job("train") or self.running():
            return "A run is training. Stop it, or wait until it is done, and then start the next."
        return "" if self._session.usable_videos else "There are no videos to train on yet."

    def stoppable(self) -> bool:
        """Whether something trains that was not asked to stop yet."""
        return (self._session.running_job("train") or self.running()) is not None and not self.stopping()

    def stopping(self) -> bool:
        """Whether what trains was asked to stop."""
        job, run = self._session.running_job("train"), self.running()
        if job is not None:
            return job.stopping
        return run is not None and run_folders.stop_requested(run.folder)

    def start(self, arguments: list[str]) -> None:
        """Start a training, unless one runs."""
        project = self._session.project
        if project is not None and not self.busy():
            self._session.start_job("train", [str(project.root), *arguments], title="Training")

    def stop(self) -> None:
        """Ask what trains to stop after its present step; a run that another process started reads it in its folder."""
        job, run = self._session.running_job("train"), self.running()
        if job is not None:
            job.request_stop()
        elif run is not None:
            run_folders.request_stop(run.folder)
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

    def _hear_start(self, job: Job) -> None:
        if job.operation == "train":
            self._has_run = False
            job.told.connect(self._hear_training)
            self.starting.emit(job.progress or Progress(phase="start", done=0, total=0, detail="loading the network"))
        elif job.operation == "preflight":
            job.told.connect(self._hear_preflight)
            self.measuring.emit(job.progress)
        self.changed.emit()

    def _hear_end(self, job: Job) -> None:
        if job.operation == "train":
            self.starting.emit(None)
        elif job.operation == "preflight":
            if job.finished_event and job.finished_event.result:
                self._session.preflight = (job.arguments[1:], job.finished_event.result)
            self.measured.emit(job.failed_event.message if job.failed_event else "")
        self.changed.emit()

    def _hear_training(self, event: Event) -> None:
        if isinstance(event, Saved) and event.what == "run":
            self._session.reload_runs()
            self._session.select_run(event.path.rpartition("/")[2])
            self._found_run()
        elif isinstance(event, Progress):
            (self.progressed if self._has_run else self.starting).emit(event)
        elif isinstance(event, Preview):
            self.previewed.emit(event)

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
