"""One measured step of the recipe in work: never beside other heavy work, whose figures it would show."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.engine.events import Event, Progress
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.texts import said

_HEAVY = ("train", "queue", "probe", "scan", "evaluate", "features")
"""Operations that leave a step no machine of its own."""


class StepMeasuring(QObject):
    """Measures for the open project: `going` brings a sign of life, `over` the failure in words, or nothing."""

    going = Signal(object)
    over = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        session.job_started.connect(self._hear_start)
        session.job_ended.connect(self._hear_end)
        session.runs_changed.connect(self._give_way)
        session.project_changed.connect(self._tell)

    def take_over(self) -> None:
        """Follow what is measured already."""
        for job in self._session.jobs:
            self._hear_start(job)

    def disturbed(self) -> str:
        """Say what a step measured now would be measured beside; nothing when the machine is free."""
        if any(run.state == "running" for run in self._session.runs):
            return said("A run is training: a step measured now would be too slow.")
        job = next((job for job in self._session.jobs if job.operation in _HEAVY), None)
        return said("This machine is at work ({work}): a step measured now would be too slow.",
                    work=job.title) if job else ""

    def start(self) -> None:
        """Measure one step."""
        session = self._session
        if session.project is not None and session.running_job("preflight") is None and not self.disturbed():
            session.start_job("preflight", [str(session.project.root), *session.recipe_arguments()],
                              title=said("Measuring a step"))

    def stop(self) -> None:
        """Measure no more."""
        if job := self._session.running_job("preflight"):
            job.request_stop()

    def _hear_start(self, job: Job) -> None:
        if job.operation == "preflight":
            job.told.connect(self._hear)
            self._tell()
        self._give_way()

    def _give_way(self) -> None:
        """What is measured beside other work is wrong, so it is not measured to the end."""
        if self.disturbed():
            for job in self._session.jobs:
                if job.operation == "preflight":
                    job.request_stop()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._tell()

    def _tell(self) -> None:
        if job := self._session.running_job("preflight"):
            self.going.emit(job.progress)

    def _hear_end(self, job: Job) -> None:
        project = self._session.project
        if job.operation != "preflight" or project is None or job.project != project.root:
            return
        if job.finished_event and job.finished_event.result and not job.stopping:
            self._session.preflight = (job.arguments[1:], job.finished_event.result)
        self.over.emit(job.failed_event.message if job.failed_event else "")
