"""What a scan of the open project would do: how many videos it would read, and what they would take in each tier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from studio.engine.errors import StudioError
from studio.engine.files import free_bytes
from studio.engine.video.estimate import videos_to_make
from studio.gui.background import Background, Pace
from studio.gui.session import Session


@dataclass(frozen=True)
class Plan:
    """What is known so far. `sizes` is the worker's answer to `estimate`, empty while it is not there.

    `missing` are the names of the sources whose folder is gone.
    """

    videos: int = 0
    missing: frozenset[str] = frozenset()
    free_bytes: int = 0
    sizes: dict[str, Any] = field(default_factory=dict)


class ScanPlan(QObject):
    """Looks into the project's folders in a thread; `changed` brings each `Plan`."""

    changed = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._plan = Plan()
        self._asked = 0
        self._background = Background(self, most=1)
        self._background.done.connect(self._take)

    def value(self) -> Plan:
        """Give what is known."""
        return self._plan

    def look(self) -> None:
        """Look into the folders anew, unless there are none or a scan is at it."""
        self._asked += 1
        session = self._session
        project, videos, asked = session.project, session.videos, self._asked
        if project is None or not project.settings.sources or session.running_job("scan"):
            self._tell(Plan())
            return
        if session.reader.reading:  # `videos_changed` comes again
            return
        rest = _Rest(lambda: asked == self._asked and session.project is project and isValid(self))

        def work() -> Plan:
            missing = [source.name for source in project.settings.sources
                       if not project.source_folder(source.name).is_dir()]
            return Plan(videos=len(videos_to_make(project, videos, rest=rest)), missing=frozenset(missing),
                        free_bytes=free_bytes(project.root))

        self._background.ask(asked, work)

    def forget(self) -> None:
        """Let go of what is being looked at."""
        self._asked += 1
        self._tell(Plan())

    def _take(self, asked: int, plan: Plan | None) -> None:
        if asked != self._asked or plan is None:
            return
        self._tell(plan)
        if plan.videos:
            self._session.ask("estimate", {}, then=lambda result, _pictures: self._take_sizes(asked, result),
                              failed=lambda _error: self._take_sizes(asked, {}), supersedes=True)

    def _take_sizes(self, asked: int, sizes: dict[str, Any]) -> None:
        if asked == self._asked:
            self._tell(replace(self._plan, sizes=sizes or {"videos": 0}))

    def _tell(self, plan: Plan) -> None:
        if plan != self._plan:
            self._plan = plan
            self.changed.emit(plan)


class _Rest:
    """What a long search calls at every step: it lets the window work, and ends once it is not wanted."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted, self._pace = wanted, Pace()

    def __call__(self) -> None:
        if not self._wanted():
            raise StudioError("a search", "it is not wanted any more", "Look again")
        self._pace()
