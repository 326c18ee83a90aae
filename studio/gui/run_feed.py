"""Follows a run by its folder: what its `events.jsonl` holds, and what is appended to it.

A run that another window or a terminal started, or that ended long ago, is read the same way. A long file is read in
pieces between which the window answers.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.engine.events import Event, Finished, Metric, Preview, Saved, Warned
from studio.engine.runs import EVENTS, read_events
from studio.gui.measured import Measured

POLL_MILLISECONDS = 250
_PIECE_BYTES = 64_000
_CATCHING_UP_MILLISECONDS = 5


class RunFeed(QObject):
    """Reads one run's events as they come. `changed` tells that `measured` grew, the others bring single events."""

    changed = Signal()
    started_over = Signal()
    previewed = Signal(object)
    warned = Signal(object)
    saved = Signal(object)
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.measured = Measured()
        self.warnings: dict[str, Warned] = {}
        self.preview: Preview | None = None
        self._offset = 0
        self._live = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    @property
    def caught_up(self) -> bool:
        """Whether everything that is written so far was read."""
        return self.folder is None or self._offset >= _size(self.folder / EVENTS)

    def follow(self, folder: Path | None, *, live: bool) -> None:
        """Follow the run in a folder from its first event on; `live` goes on looking after the last."""
        if folder != self.folder:
            self.folder = folder
            self._start_over()
        self.set_live(live)

    def set_live(self, live: bool) -> None:
        """Say whether the run still writes."""
        self._live = live
        if self.folder is not None:
            self._timer.start(_CATCHING_UP_MILLISECONDS)

    def pause(self) -> None:
        """Stop looking until `set_live` or `follow`."""
        self._timer.stop()

    def look(self) -> None:
        """Read the next piece."""
        if self.folder is None:
            self._timer.stop()
            return
        if self._offset > _size(self.folder / EVENTS):
            self._start_over()
        try:
            events, self._offset = read_events(self.folder, self._offset, at_most_bytes=_PIECE_BYTES)
        except OSError:
            events = []  # the drive may come back; the window says elsewhere that the run cannot be read
        for event in events:
            self._take(event)
        if any(isinstance(event, Metric) for event in events):
            self.changed.emit()
        if events:
            self._timer.start(_CATCHING_UP_MILLISECONDS if not self.caught_up else POLL_MILLISECONDS)
        elif self._live:
            self._timer.start(POLL_MILLISECONDS)
        else:
            self._timer.stop()

    def _take(self, event: Event) -> None:
        if isinstance(event, Metric):
            self.measured.add(event)
        elif isinstance(event, Warned):
            self.warnings[event.code] = event
            self.warned.emit(event)
        elif isinstance(event, Preview):
            self.preview = event
            self.previewed.emit(event)
        elif isinstance(event, Saved):
            self.saved.emit(event)
        elif isinstance(event, Finished):
            self.finished.emit(event)

    def _start_over(self) -> None:
        self._offset, self.measured, self.warnings, self.preview = 0, Measured(), {}, None
        self.started_over.emit()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
