"""What can be done to runs from the window, and what the jobs that do it say: start, pause, stop.

A training that the window starts goes on with what waits in the queue, in the same child process: it needs no window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.engine import queue
from studio.engine import runs as run_folders
from studio.engine.events import Event, Preview, Progress, Saved
from studio.engine.project import Project
from studio.engine.runs import Run
from studio.gui.jobs import Job
from studio.gui.queueing import Queueing
from studio.gui.run_wishes import ask, ask_to_stop
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


@dataclass
class _Followed:
    """What is known of a job that trains: whether it has a run now, its last one, the one that it is about to begin."""

    has_run: bool = False
    last_run: str = ""
    next_run: str = ""


class TrainingJobs(QObject):
    """Starts and stops; follows the jobs of this window, also those that run already when it is made.

    Only those of the open project are told of: `starting` of a training that has no run yet (with None: it has one, or
    ended), `progressed` and `previewed` of the run that trains.
    """

    changed = Signal()
    starting = Signal(object)
    progressed = Signal(object)
    previewed = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._page = session, parent
        self._followed: dict[Job, _Followed] = {}
        self.queue = Queueing(session, self)
        self.queue.changed.connect(self.changed)
        session.job_started.connect(self._hear_start)
        session.job_ended.connect(self._hear_end)
        session.project_changed.connect(self._tell_starting)

    def take_over(self) -> None:
        """Follow what runs already."""
        for job in self._session.jobs:
            self._hear_start(job)
        here, run = self._job(), self.running()
        if here is not None and run is not None:
            self._followed[here] = _Followed(has_run=True, last_run=run.name)
        self._tell_starting()

    def running(self) -> Run | None:
        """The run that trains now: the one chosen, or another."""
        going = [run for run in self._session.runs if run.state == "running"]
        return next((run for run in going if run.name == self._session.selected_run), going[0] if going else None)

    def going_on(self) -> str:
        """The name of the run that is about to go on, until it does."""
        followed = self._followed.get(job) if (job := self._job()) else None
        return followed.next_run if followed and not followed.has_run else ""

    def elsewhere(self) -> str:
        """The name of another project that this window trains in; nothing when there is none."""
        return next((job.project.name for job in self._session.jobs
                     if job.operation in _TRAINS and job.project and not self._is_here(job)), "")

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
        return self.trains() and not self.stopping()

    def stopping(self) -> bool:
        """Whether what trains was asked to stop."""
        job, run, worked = self._job(), self.running(), self._worked_elsewhere()
        if job is not None:
            return job.stopping
        return (run is not None and run_folders.stop_requested(run.folder)) or (
            worked is not None and queue.stop_requested(worked))

    def between_runs(self) -> bool:
        """Whether another process trains the queue, and none of its runs in this moment."""
        return self._worked_elsewhere() is not None and self.running() is None

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
            self._session.start_job("train", [str(project.root), *arguments, *THEN], title=said("Training"))

    def train_queue(self) -> None:
        """Train what waits, unless something trains."""
        project = self._session.project
        if project is not None and not self.busy():
            self._session.start_job("queue", [str(project.root), "--run"], title=said("Training"))

    def stop(self) -> None:
        """Ask what trains to stop after its present step; what another process trains reads it in its folder.

        Its queue is asked too: between two runs, or while one ends, no run reads it.
        """
        if job := self._job():
            job.request_stop()
        else:
            ask_to_stop(self._session, self.running())
        self.changed.emit()

    def pause_or_go_on(self) -> None:
        """Ask the run that trains to wait after its present step, or to go on: it reads it in its folder."""
        run = self.running()
        if run is not None:
            wish = run_folders.forget_pause if self.pausing() else run_folders.request_pause
            ask(self._session, lambda: wish(run.folder), name=run.name)
        self.changed.emit()

    def _job(self) -> Job | None:
        """The job of this window that trains in the open project."""
        return next((job for job in self._session.jobs if job.operation in _TRAINS and self._is_here(job)), None)

    def _is_here(self, job: Job) -> bool:
        project = self._session.project
        return project is not None and job.project == project.root

    def _worked_elsewhere(self) -> Project | None:
        """The project whose queue another process trains, if one does."""
        return self._session.project if self._job() is None and self.queue.worked else None

    def _hear_start(self, job: Job) -> None:
        if job.operation in _TRAINS:
            resumed = job.arguments[job.arguments.index("--resume") + 1] if "--resume" in job.arguments else ""
            self._followed[job] = _Followed(next_run=resumed)
            job.told.connect(self._hear_training)
        self._tell_starting()

    def _hear_end(self, job: Job) -> None:
        if self._followed.pop(job, None) is not None:
            self.queue.look()
        self._tell_starting()

    def _tell_starting(self) -> None:
        """Tell whether a training here has no run yet, and that something changed."""
        job = self._job()
        followed = self._followed.get(job) if job else None
        if job is None or followed is None or followed.has_run:
            self.starting.emit(None)
        else:
            self.starting.emit(job.progress or Progress(phase="starting", done=0, total=0))
        self.changed.emit()

    def _hear_training(self, event: Event) -> None:
        job = self.sender()
        if not isinstance(job, Job) or (followed := self._followed.get(job)) is None:
            return
        here = self._is_here(job)
        if isinstance(event, Saved) and event.what == "run":
            followed.has_run = True
            if here:
                self._session.reload_runs()
                self._follow_run(event.path.rpartition("/")[2], after=followed.last_run)
                self.starting.emit(None)
            followed.last_run = event.path.rpartition("/")[2]
        elif isinstance(event, Progress):
            if event.phase == _NEXT_RUN:
                followed.has_run, followed.next_run = False, event.detail
            if here:
                (self.progressed if followed.has_run else self.starting).emit(event)
        elif isinstance(event, Preview) and here:
            self.previewed.emit(event)

    def _follow_run(self, name: str, *, after: str) -> None:
        """Choose the run that begins: the first of a job, and of those that waited when the one before is looked at."""
        if not after or (self._session.selected_run == after and self._page.isVisible()):
            self._session.select_run(name)


def longer_settings(recipe: Mapping[str, Any]) -> list[str]:
    """The options that let a run take twice as long: each of its limits doubled."""
    training = recipe.get("training") or {}
    found: list[str] = []
    for limit in _LIMITS:
        if value := training.get(limit):
            found += ["--set", f"training.{limit}={2 * value:g}"]
    return found
