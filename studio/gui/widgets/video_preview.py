"""One video, playing: its frames out of the cache, and what is known of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import VideoError
from studio.engine.masks import Mask
from studio.engine.project import Project
from studio.engine.video.footage import masks_of
from studio.gui.background import Background
from studio.gui.blocks import button, label, set_icon
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.pictures import Frames
from studio.gui.widgets.thumbnails import open_cached
from studio.gui.widgets.video_model import health
from studio.gui.words import breakable, bytes_text, number, seconds_text

_MOST_FRAMES = 120
_TILE = (284, 176)
_MASKED = noted("A mask changed: scan to cover it")
_OTHERWISE = noted("Masks or settings changed: scan again")
_GONE = noted("The cached frames are missing: scan again")


class VideoPreview(QWidget):
    """Plays the video that it is given; a long one is shown in at most 120 frames over its whole length."""

    def __init__(self, session: Session, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self._session = session
        self._video: Video | None = None
        self._masks: list[Mask] = []
        self._missing = False
        self._step = 1
        self.view = FrameView(tile=_TILE)
        self.view.setObjectName(f"{prefix}.preview")
        self.view.setAccessibleName(said("Preview of the selected video"))
        self.view.player.playing_changed.connect(self._show_playing)
        self.view.value_changed.connect(self._show_time)
        self._play = button("", name=f"{prefix}.play", kind="plain", clicked=self.view.player.toggle)
        self._name, self._time = label("", "strong", wrap=True), label("", "caption")
        self._facts = label("", "caption", wrap=True)
        controls = QHBoxLayout()
        controls.addWidget(self._play)
        controls.addWidget(self._time, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        layout.addWidget(self.view)
        layout.addLayout(controls)
        layout.addWidget(self._name)
        layout.addWidget(self._facts)
        self._background = Background(self, most=1)
        self._background.done.connect(self._take)
        self._show_playing(playing=False)
        self.set_value(None)

    def value(self) -> Video | None:
        """Give the video shown."""
        return self._video

    def set_value(self, video: Video | None) -> None:
        """Show a video, or that none is selected."""
        project = self._session.project
        masks = list(project.settings.masks) if project else []
        if video is not None and video == self._video and masks == self._masks:
            if self._missing:  # a scan may have made them meanwhile
                self._ask()
            return
        self._video, self._masks, self._missing = video, masks, False
        self.view.player.stop()
        self.view.set_message(said("Select a video") if video is None else
                              "" if video.readable else said("No frame can be read"))
        self._play.setEnabled(False)
        self._time.setText("")
        self._name.setText(breakable(display_path(video.path)) if video else "")
        self._facts.setText(_facts(video) if video else "")
        if video is not None and video.readable:
            self._ask()

    def _ask(self) -> None:
        project, video = self._session.project, self._video
        if project is None or video is None:
            return
        step = max(1, -(-video.frames // _MOST_FRAMES))

        def read() -> tuple[int, Frames] | str:
            try:
                cached = open_cached(project, video)
            except VideoError:
                return _why_missing(project, video)
            return step, np.ascontiguousarray(cached.rgb(range(0, cached.frames, step)))

        self._background.ask(video.id, read)

    def _take(self, video_id: int, result: tuple[int, Frames] | str | None) -> None:
        if self._video is None or self._video.id != video_id:
            return
        self._missing = not isinstance(result, tuple)
        if not isinstance(result, tuple):
            self.view.set_message(said(result or _GONE))
            return
        self._step, frames_FHW3 = result
        self.view.player.set_position(0)
        self.view.player.set_rate(max(2.0, self._video.frames_per_second / self._step))
        self.view.set_frames(frames_FHW3)
        self._play.setEnabled(len(frames_FHW3) > 1)
        self._show_time(0)

    def _show_time(self, place: int) -> None:
        if self._video and self._video.frames_per_second:
            frame = place * self._step
            self._time.setText(said("{time}, frame {frame}", frame=frame,
                                    time=seconds_text(frame / self._video.frames_per_second)))

    def _show_playing(self, playing: bool) -> None:
        set_icon(self._play, "pause" if playing else "play")
        self._play.setAccessibleName(said("Pause the preview") if playing else said("Play the preview"))
        self._play.setToolTip(said("Pause (Space)") if playing else said("Play (Space)"))


def _why_missing(project: Project, video: Video) -> str:
    if masks_of(project, video):
        return _MASKED
    made = video.identity and any(project.cache_folder.glob(f"{video.identity[:2]}/{video.identity}-*"))
    return _OTHERWISE if made else _GONE


def _facts(video: Video) -> str:
    lines = [health(video)[:1].upper() + health(video)[1:]]
    if video.frames:
        lines.append(said("{frames} frames, {time} at {rate} frames a second", frames=number(video.frames),
                          time=seconds_text(video.seconds), rate=f"{video.frames_per_second:.4g}"))
    shape = f"{video.width} × {video.height}, " if video.width else ""
    codec = f"{video.codec}, " if video.codec else ""
    lines.append(f"{shape}{codec}{bytes_text(video.size)}")
    if video.label:
        lines.append(said("Label: {label}", label=video.label))
    return "\n".join(lines)
