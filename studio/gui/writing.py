"""Whether this window may change its project: one window writes, the others look on and say who writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from studio.engine.errors import StudioError
from studio.engine.project import Project
from studio.engine.project_lock import BEAT_SECONDS, ProjectLock
from studio.gui.background import Background
from studio.gui.texts import noted, said

CHANGES = frozenset({"scan", "relink", "train", "queue", "evaluate", "report"})
"""Operations that write into a project; the others may run while it is only looked at."""

REFUSED = noted("This project can only be looked at here: {reason}.")
"""What is said when something would have changed such a project."""


class Writing(QObject):
    """Holds the project for this window, or watches who does. `changed` tells of both; disks are asked in a thread.

    `refused` brings a sentence and what to do about it when something would have changed a project that is only looked
    at, or while `at_work` says that a long change is being made.
    `can_take_over` says whether nobody holds it any more, so that `take_over` will work.
    """

    changed = Signal()
    refused = Signal(str, str)

    def __init__(self, parent: QObject, *, at_work: Callable[[], str] = lambda: "",
                 beat_seconds: float = BEAT_SECONDS) -> None:
        super().__init__(parent)
        self._at_work = at_work
        self._project: Project | None = None
        self._lock: ProjectLock | None = None
        self.can_take_over = self.elsewhere = False
        self._background = Background(self, most=1)
        self._background.done.connect(self._heard)
        self._timer = QTimer(self, interval=round(1000 * beat_seconds))
        self._timer.timeout.connect(self._look)

    @property
    def reason(self) -> str:
        """Why nothing may be changed, in words; empty when everything may."""
        return self._project.read_only if self._project else ""

    def may_write(self, *, waits: bool = False) -> bool:
        """Whether the project may be changed; if not, the person is told why. What `waits` follows a long change."""
        if self.reason:
            self.refused.emit(said(REFUSED, reason=self.reason),
                              said("Make the change where the project is open, or close it there."))
            return False
        if not waits and (words := self._at_work()):
            self.refused.emit(said("The project is being changed: {words}", words=words),
                              said("Try again when that is done."))
            return False
        return True

    def open(self, project: Project) -> None:
        """Become the one who writes into a project, or find out who is."""
        self.close()
        self._project, self._lock = project, ProjectLock(project.root, "window")
        self._try()
        self._timer.start()

    def take_over(self) -> bool:
        """Become the one who writes, where nobody else does any more; tells whether it worked."""
        self._try()
        return not self.reason

    def close(self) -> None:
        """Let go of the project."""
        self._timer.stop()
        self._background.close()
        if self._lock:
            self._lock.release()
        self._project = self._lock = None
        self.can_take_over = False

    def look(self) -> None:
        """Tell that this window lives, or look who has the project; the answer comes with `changed`."""
        self._look()

    def _try(self) -> None:
        if self._project is None or self._lock is None:
            return
        try:
            holder = self._lock.acquire()
            reason = _taken(holder.words()) if holder else ""
            self.can_take_over, self.elsewhere = False, bool(holder)
        except (OSError, StudioError) as error:
            why = error.strerror if isinstance(error, OSError) else error.args[0]
            reason = said("its folder cannot be written to ({why})", why=why)
            self.can_take_over, self.elsewhere = True, False
        self._project.read_only = reason
        self.changed.emit()

    def _look(self) -> None:
        if self._lock:
            self._background.ask("lock", partial(_state, self._lock))

    def _heard(self, _key: object, found: object) -> None:
        """Take in what a look at the lock brought: whether it is ours, and who has it (nothing: nobody)."""
        if self._project is None or not isinstance(found, tuple):
            return
        ours, who = found
        if ours:
            return
        before = self.reason, self.can_take_over
        self.can_take_over = not who
        if who:
            self._project.read_only, self.elsewhere = _taken(who), True
        if (self.reason, self.can_take_over) != before:
            self.changed.emit()


def _taken(who: str) -> str:
    return said("it is open in another window ({who})", who=who)


def _state(lock: ProjectLock) -> tuple[bool, str]:
    """Say whether the lock is ours, and if not who has it; with the beat that tells others that we live."""
    if lock.held and lock.beat():
        return True, ""
    holder = lock.holder_now()
    return False, holder.words() if holder else ""
