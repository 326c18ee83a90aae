"""What waits to be trained, as the window sees and changes it: each change has its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.engine import queue
from studio.engine.errors import StudioError
from studio.engine.project import Project
from studio.engine.project_lock import ProjectLock
from studio.engine.queue import Entry
from studio.gui.background import Background
from studio.gui.edits import Edit
from studio.gui.session import Session
from studio.gui.texts import said

_LOOK_MILLISECONDS = 1000


class Queueing(QObject):
    """Follows the queue of the open project between `follow` and `rest`; `changed` tells of another content.

    `worked` says whether some process trains the queue right now, also between two runs.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._project: Project | None = None
        self._lock: ProjectLock | None = None
        self._looks = 0
        self.entries: tuple[Entry, ...] = ()
        self.worked = False
        self._background = Background(self, most=1)
        self._background.done.connect(self._came)
        self._timer = QTimer(self, interval=_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._look_soon)
        session.project_changed.connect(self.look)
        session.runs_changed.connect(self._look_soon)

    def follow(self) -> None:
        """Look now, and again every second."""
        self.look()
        self._timer.start()

    def rest(self) -> None:
        """Look no more."""
        self._timer.stop()

    def look(self) -> None:
        """Read what waits, now."""
        project = self._session.project
        if project is not self._project:
            self._project, self._lock = project, ProjectLock(project.root, "queue") if project else None
            self._tidy()
        self._looks += 1
        if self._project and self._lock:
            try:
                self._take(*_read(self._project, self._lock))
            except OSError:  # the drive is away; what was there is shown until it is back
                return
        else:
            self._take(queue.Queue(), False)

    def add(self, *, recipe: Mapping[str, Any] | None = None, name: str = "", resume: str = "",
            settings: Sequence[str] = ()) -> None:
        """Let a recipe wait, or a run to go on with."""
        project = self._session.project
        if project is None or not self._session.writing.may_write():
            return
        entry = queue.new_entry(project, recipe=recipe, name=name, resume=resume, settings=settings)

        def take_back() -> None:
            if not queue.waits(project, entry.id):
                self._session.notify(said("{run} has begun already, so it waits no longer.", run=entry.title),
                                     remedy=said("Stop it on the Train page; what it learned is kept."))
            queue.remove(project, entry.id)

        self._push(said("Add {run} to the queue", run=entry.title), do=lambda: queue.put(project, entry),
                   undo=take_back)

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        if project := self._session.project:
            self._push(said("Take {run} out of the queue", run=entry.title), do=lambda: queue.remove(project, entry.id),
                       undo=lambda: queue.put(project, entry))

    def move_up(self, entry: Entry) -> None:
        """Let an entry be trained one earlier."""
        if project := self._session.project:
            self._push(said("Train {run} earlier", run=entry.title), do=lambda: queue.move_up(project, entry.id),
                       undo=lambda: queue.move_down(project, entry.id))

    def _push(self, text: str, *, do: Callable[[], None], undo: Callable[[], None]) -> None:
        self._session.undo.push(Edit(self._session, text, do=do, undo=undo))
        self.look()

    def _look_soon(self) -> None:
        """Read in a thread what waits; an answer that comes after a change of our own is none."""
        if self._session.project is not self._project:
            self.look()
        elif self._project and self._lock:
            self._background.ask(self._looks, partial(_read, self._project, self._lock))

    def _came(self, looks: object, found: object) -> None:
        if looks == self._looks and isinstance(found, tuple):
            self._take(*found)

    def _take(self, found: queue.Queue, worked: bool) -> None:
        if found.damaged:
            self._tidy()
        if (found.entries, worked) != (self.entries, self.worked):
            self.entries, self.worked = found.entries, worked
            self.changed.emit()

    def _tidy(self) -> None:
        """Put aside what is damaged, and forget what began before a crash; who only looks on leaves that alone."""
        if self._project is None or self._project.read_only:
            return
        try:
            warned = queue.tidy(self._project)
        except (StudioError, OSError):
            return
        if warned:
            self._session.notify(warned.message, remedy=warned.remedy, level="warning")


def _read(project: Project, lock: ProjectLock) -> tuple[queue.Queue, bool]:
    """Read what waits, and whether somebody trains it. Raises `OSError`."""
    return queue.look(project), lock.holder_now() is not None
