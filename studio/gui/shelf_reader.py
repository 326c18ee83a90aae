"""Reads the videos of a project into a shelf: few at once, many in a thread."""

from __future__ import annotations

import linecache

from PySide6.QtCore import QObject, Signal

from studio.engine.errors import StudioError
from studio.engine.project import Project
from studio.gui.background import Background
from studio.gui.shelf import Shelf, read_shelf


class ShelfReader(QObject):
    """Reads one project at a time. `came` brings the shelf, or the `StudioError` that kept it from being read."""

    came = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.reading = 0
        """How many videos are being read, 0 while none are."""
        self._asked = 0
        self._background = Background(self, most=1)
        self._background.done.connect(self._take)

    def read(self, project: Project, *, videos: int, before: Shelf) -> None:
        """Read a project's videos, whose number is known; what was being read is let go."""
        self._asked += 1
        self.reading, asked = videos, self._asked
        linecache.clearcache()  # PySide left the text of every module there: room for the rows of some 20 000 videos

        def work() -> Shelf | StudioError | None:
            try:
                return read_shelf(project, before=before, wanted=lambda: asked == self._asked)
            except StudioError as error:
                return error

        self._background.ask(asked, work)

    def forget(self) -> None:
        """Let go of what is being read."""
        self._asked += 1
        self.reading = 0
        self._background.forget()

    def close(self) -> None:
        """Let the thread end."""
        self.forget()
        self._background.close()

    def _take(self, asked: int, result: Shelf | StudioError | None) -> None:
        if asked == self._asked:
            self.reading = 0
            if result is not None:
                self.came.emit(result)
