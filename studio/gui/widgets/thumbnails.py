"""Thumbnails of videos out of the cache, read in the background when a row is first painted."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from studio.engine.catalogue import Video
from studio.engine.project import Project
from studio.engine.video.footage import open_stored
from studio.engine.video.stored import StoredVideo
from studio.gui.background import Background
from studio.gui.session import Session
from studio.gui.widgets.pictures import Frames, pixmap

THUMBNAIL = (64, 48)
_KEPT = 2000
_MOST_PIXELS = 128


def open_cached(project: Project, video: Video) -> StoredVideo:
    """Open a video's cached frames without a look into the catalogue. Raises `VideoError` when they are missing."""
    return open_stored(project, video)


class Thumbnails(QObject):
    """Keeps the pictures read last; `came` brings the number of a video whose picture is there now."""

    came = Signal(int)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._pictures: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._background = Background(self)
        self._background.done.connect(self._take)
        session.project_changed.connect(self._background.forget)

    def picture(self, video: Video) -> QPixmap | None:
        """Give a video's picture, or ask for it."""
        project = self._session.project
        if not video.readable or project is None:
            return None
        if video.identity in self._pictures:
            self._pictures.move_to_end(video.identity)
            return self._pictures[video.identity]

        def read() -> Frames:
            cached = open_cached(project, video)
            frame_HW3 = cached.rgb([cached.frames // 2])[0]
            step = max(1, max(frame_HW3.shape[:2]) // _MOST_PIXELS)
            return np.ascontiguousarray(frame_HW3[::step, ::step])

        self._background.ask((video.id, video.identity), read)
        return None

    def _take(self, key: tuple[int, str], frame_HW3: Frames | None) -> None:
        number, identity = key
        self._pictures[identity] = None if frame_HW3 is None else pixmap(frame_HW3)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self.came.emit(number)
