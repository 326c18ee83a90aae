"""What the pages share: the open project, its videos and runs, the recipe in work, questions and jobs.

Pages meet here and never in each other. What changes is told by signals, in the window's thread.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack
from shiboken6 import isValid

from studio.engine.catalogue import Video
from studio.engine.errors import StudioError
from studio.engine.events import Event
from studio.engine.project import Project
from studio.engine.runs import Run, list_runs
from studio.engine.video.footage import Footage, open_footage, open_stored
from studio.engine.video.stored import StoredVideo
from studio.engine.video.tiers.tier import Shared
from studio.gui import recipes
from studio.gui.changes import Changes
from studio.gui.jobs import Job
from studio.gui.service_client import ServiceClient
from studio.gui.settings import WindowSettings
from studio.gui.shelf import AT_ONCE, Shelf
from studio.gui.shelf_reader import ShelfReader
from studio.gui.texts import said
from studio.gui.writing import CHANGES, Writing

Level = Literal["info", "warning", "error"]
Offer = tuple[str, Callable[[], object]]
_POLL_MILLISECONDS = 1000
_REMEMBERED_EVENTS = 20


@dataclass(frozen=True)
class Notice:
    """Something the person should read: one sentence, what to do about it, and details for a report.

    An `offer` is a button that does what is to be done: its words, and the doing.
    """

    message: str
    remedy: str = ""
    details: str = ""
    level: Level = "info"
    offer: Offer | None = None
    at: float = field(default_factory=time.time)


class Session(QObject):
    """The state of one window. See the module's text."""

    project_changed = Signal()
    videos_changed = Signal()
    runs_changed = Signal()
    recipe_changed = Signal()
    description_changed = Signal()
    notified = Signal(object)
    page_wanted = Signal(str)
    sample_opened = Signal()
    job_started = Signal(object)
    job_ended = Signal(object)

    def __init__(self, parent: QObject | None = None, *, service: ServiceClient | None = None) -> None:
        super().__init__(parent)
        self.settings = WindowSettings()
        self.project: Project | None = None
        self.shelf = Shelf()
        self.videos: list[Video] = []
        self.usable_videos: list[Video] = []
        """Those that are readable and not excluded."""
        self.reader = ShelfReader(self)
        self.reader.came.connect(self._take_shelf)
        self.runs: list[Run] = []
        self.recipe: recipes.Values = recipes.preset_values("quick")
        self.description: dict[str, Any] | None = None
        self.selected_run = ""
        self.preflight: tuple[list[str], dict[str, Any]] | None = None
        self.machine_checks: list[dict[str, str]] = []
        self.undo = QUndoStack(self)
        self.jobs: list[Job] = []
        self.last_events: deque[Event] = deque(maxlen=_REMEMBERED_EVENTS)
        self.changes = Changes(self)
        self.writing = Writing(self, at_work=lambda: self.changes.at_work)
        self.writing.refused.connect(lambda sentence, remedy: self.notify(sentence, remedy=remedy, level="warning"))
        self.service = service or ServiceClient(self)
        self.service.died.connect(lambda sentence: self.notify(
            sentence, level="warning", offer=(said("Check this machine"), partial(self.go_to, "doctor"))))
        self.service.ready.connect(partial(self.service.ask, "describe", {}, then=self._take_description,
                                           failed=self._notify_refusal))
        self._footage: Footage | None = None
        self._cached: dict[int, StoredVideo] = {}
        self._shared = Shared()
        self._seen: object = None
        self._poll = QTimer(self, interval=_POLL_MILLISECONDS)
        self._poll.timeout.connect(self.reload_runs)

    def open_project(self, path: Path | str, *, create: bool = False) -> None:
        """Open the project in a folder (or make it). A failure is told to the person and raised as `StudioError`."""
        root = Path(path).resolve()
        try:
            project = Project.open_or_create(root) if create else Project.open(root)
            with project.catalogue(read_only=not os.access(root, os.W_OK)):
                pass
        except StudioError as error:
            self.notify_error(error)
            raise
        self.close_project()
        self.writing.open(project)
        self.project = project
        self.settings.remember_project(root)
        self.project_changed.emit()
        self.reload_videos()
        self.reload_runs()
        self._poll.start()

    def close_project(self) -> None:
        """Let go of the project when its changes are made; its jobs go on."""
        self.changes.finish()
        self._poll.stop()
        self.writing.close()
        self.reader.forget()
        self.project, self.runs, self.selected_run = None, [], ""
        self.preflight = None
        self._put_shelf(Shelf())
        self._seen = None
        self.undo.clear()
        self.project_changed.emit()

    def set_recipe(self, values: recipes.Values) -> None:
        """Take over a whole recipe."""
        if values != self.recipe:
            self.recipe = values
            self.recipe_changed.emit()

    def change_recipe(self, key: str, value: Any) -> None:
        """Change one option, `section.key` or `key`."""
        self.set_recipe(recipes.changed(self.recipe, key, value))

    def recipe_arguments(self) -> list[str]:
        """The options that make the recipe in work on a command line."""
        return recipes.recipe_arguments(
            self.recipe, recipes.whole_preset(self.description, self.recipe.get("name", "quick")))

    def reload_videos(self, only: Collection[int] | None = None) -> None:
        """Read the catalogue anew, or `only` the rows with these numbers: the others stay the objects that they are.

        All are read where a scan has brought others meanwhile.
        Many rows are read in a thread: `videos_changed` tells now, with `reader.reading`, and again when they came.
        Nothing is read while a long change is being made: whoever makes it reads when it is done.
        """
        if self.project is None or self.changes.at_work:
            return
        shelf = self.shelf
        try:
            with self.project.catalogue(read_only=bool(self.project.read_only)) as catalogue:
                count, few = catalogue.count(), only is not None and len(only) <= AT_ONCE
                if only is not None and few and not self.reader.reading and shelf.holds(only, of=count):
                    shelf.change(catalogue.some(only))
                elif count <= AT_ONCE:
                    self.reader.forget()
                    shelf = Shelf(catalogue.videos())
                else:
                    self.reader.read(self.project, videos=count, before=shelf)
        except StudioError as error:
            self.notify_error(error)
        self._put_shelf(shelf)
        self.videos_changed.emit()

    def reload_runs(self) -> None:
        """Look at the run folders; `runs_changed` is told when something in them changed."""
        if self.project is None:
            return
        state = _runs_state(self.project)
        active = any(run.state == "running" for run in self.runs)
        if state == self._seen and not active:
            return
        self._seen = state
        runs = list_runs(self.project)
        if runs != self.runs:
            self.runs = runs
            if self.selected_run not in {run.name for run in runs}:
                self.selected_run = runs[-1].name if runs else ""
            self.runs_changed.emit()

    def select_run(self, name: str) -> None:
        """Choose the run that the pages look into."""
        if name != self.selected_run:
            self.selected_run = name
            self.runs_changed.emit()

    def run(self, name: str = "") -> Run | None:
        """Give a run by its name (the chosen one if none is given)."""
        wanted = name or self.selected_run
        return next((run for run in self.runs if run.name == wanted), None)

    def footage(self) -> Footage:
        """Open the cached frames of the usable videos. Raises `StudioError` when there are none."""
        if self.project is None:
            raise StudioError("no project", "no project is open", "Open one on the Library page")
        if self._footage is None:
            self._footage = open_footage(self.project)
        return self._footage

    def cached_video(self, video_id: int) -> StoredVideo | None:
        """Open one video's cached frames; None where they are missing."""
        if self.project is None:
            return None
        video = self.shelf.video(video_id)
        if video_id not in self._cached and video:
            with suppress(StudioError):
                self._cached[video_id] = open_stored(self.project, video, shared=self._shared)
        return self._cached.get(video_id)

    def ask(self, method: str, params: dict[str, Any], *, then: Callable[[dict[str, Any], list[np.ndarray]], None],
            failed: Callable[[dict[str, Any]], None] | None = None,
            progress: Callable[[dict[str, Any]], None] | None = None, supersedes: bool = False) -> int:
        """Ask the warm worker; the project's folder is filled in, and answers for another project are dropped.

        Returns the question's number, which `service.cancel` takes.
        """
        project = self.project
        filled = {"project": str(project.root), **params} if project else dict(params)

        def still_wanted() -> bool:
            return self.project is project

        def answered(result: dict[str, Any], pictures: list[np.ndarray]) -> None:
            if _alive(then) and (still_wanted() or "project" not in filled):
                then(result, pictures)

        def refused(error: dict[str, Any]) -> None:
            if _alive(failed or then) and still_wanted():
                (failed or self._notify_refusal)(error)

        def heard(event: dict[str, Any]) -> None:
            if progress and _alive(progress):
                progress(event)

        return self.service.ask(method, filled, then=answered, failed=refused, progress=heard, supersedes=supersedes)

    def start_job(self, operation: str, arguments: Sequence[str], *, title: str) -> Job:
        """Start a long operation in a child process of its own.

        One that would change a project that is only looked at is refused: the person is told, and it never starts.
        """
        root = self.project.root if self.project and arguments[:1] == [str(self.project.root)] else None
        job = Job(operation, list(arguments), title=title, project=root, parent=self)
        if operation in CHANGES and not self.writing.may_write():
            return job
        self.jobs.append(job)
        job.told.connect(self.last_events.append)
        job.ended.connect(lambda _code, sentence: self._job_over(job, sentence))
        job.start()
        self.job_started.emit(job)
        return job

    def running_job(self, operation: str) -> Job | None:
        """Give the job of this operation that this window runs for the open project, if there is one."""
        return next((job for job in self.jobs_here() if job.operation == operation), None)

    def jobs_here(self) -> list[Job]:
        """The jobs of this window that are about the open project or about none; those of others go on unseen."""
        root = self.project.root if self.project else None
        return [job for job in self.jobs if job.project in (None, root)]

    def notify(self, message: str, *, remedy: str = "", details: str = "", level: Level = "info",
               offer: Offer | None = None) -> None:
        """Tell the person something; repeated messages are shown once."""
        self.notified.emit(Notice(message, remedy, details, level, offer))

    def notify_error(self, error: StudioError) -> None:
        """Tell the person about a failure that was foreseen."""
        self.notify(f"{error.value}: {error.rule}.", remedy=error.remedy, level="error")

    def go_to(self, page: str) -> None:
        """Show another page."""
        self.page_wanted.emit(page)

    def close(self) -> None:
        """End the worker, forget running jobs (they go on) and write the settings."""
        self._poll.stop()
        self.changes.finish()
        self.reader.close()
        self.writing.close()
        for job in self.jobs:
            job.detach()
            job.wait()
        self.jobs.clear()
        self.service.close()
        self.settings.write()

    def _job_over(self, job: Job, sentence: str) -> None:
        job.wait()
        self.jobs.remove(job)
        failed = job.failed_event
        if failed and failed.value and failed.rule:
            sentence = f"{failed.value}: {failed.rule}."  # its message repeats the remedy
        if job.project is not None and job.project != (self.project and self.project.root):
            sentence = sentence and f"{job.project.name}: {sentence}"
        if job.operation == "scan":
            self.reload_videos()
        self.reload_runs()
        self.job_ended.emit(job)
        if sentence and not job.failure_is_shown:
            self.notify(sentence, remedy=failed.remedy if failed else "", details=job.details, level="error")
        job.deleteLater()

    def _take_description(self, description: dict[str, Any], _pictures: list[np.ndarray]) -> None:
        self.description = description
        self.description_changed.emit()
        whole = {one["name"]: one["values"] for one in description.get("recipes", [])}
        name = self.recipe.get("name", "")
        if name in whole and self.recipe == recipes.preset_values(name):
            self.set_recipe(whole[name])

    def _notify_refusal(self, error: dict[str, Any]) -> None:
        self.notify(error.get("message", said("The preview worker could not answer.")), remedy=error.get("remedy", ""),
                    level="error")

    def _take_shelf(self, result: Shelf | StudioError) -> None:
        if isinstance(result, Shelf):
            self._put_shelf(result)
        else:
            self.notify_error(result)
        self.videos_changed.emit()

    def _put_shelf(self, shelf: Shelf) -> None:
        self.shelf, self.videos, self.usable_videos = shelf, shelf.videos, shelf.usable
        self._footage = None
        self._cached.clear()
        self._shared = Shared()


def _alive(callback: Callable[..., None]) -> bool:
    """Whether the widgets that a callback belongs to still exist: a page is made anew when the theme changes."""
    held = [getattr(callback, "__self__", None)]
    for cell in getattr(callback, "__closure__", None) or ():
        with suppress(ValueError):  # a cell that is still empty
            held.append(cell.cell_contents)
    return all(isValid(one) for one in held if isinstance(one, QObject))


def _runs_state(project: Project) -> object:
    """Something that changes when a run appears, goes or writes."""
    state = []
    for folder in project.run_folders():
        for name in ("events.jsonl", "heartbeat", "recipe.toml"):
            with suppress(OSError):
                status = (folder / name).stat()
                state.append((folder.name, name, status.st_size, status.st_mtime_ns))
    return state
