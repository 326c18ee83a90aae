"""Picks a video by its name and a time in it, with the frame at that time, or the clip around it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.gui.blocks import column, label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns
from studio.gui.widgets.player import Player
from studio.gui.widgets.quiet_wheel import QuietSlider
from studio.gui.widgets.video_choice import VideoChoice
from studio.gui.words import seconds_text

_TICKS_PER_SECOND = 100
_CLIP_MILLISECONDS = 150


class VideoPicker(QWidget):
    """Edits a usable video of the session and a second in it: `value()` is (video number, seconds).

    With a `player` the picture is the clip around that second, once the time stands still.
    """

    value_changed = Signal(int, float)

    def __init__(self, session: Session, turns: Turns, *, name: str, tile: tuple[int, int] = (264, 176),
                 player: Player | None = None) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Video and time"))
        self._session, self._videos = session, dict[int, Video]()
        self._listed: list[Video] = []
        self.video_box = VideoChoice(name=f"{name}_video", all_words="")
        self.video_box.value_changed.connect(self._picked)
        self.time_slider = QuietSlider()
        self.time_slider.setObjectName(f"{name}_time")
        self.time_slider.setAccessibleName(said("Time in the video"))
        self.time_slider.valueChanged.connect(self._moved)
        self._time = label("", "caption")
        self._plays, self._shape = player is not None, ClipShape()
        self.preview = ClipTile(session, turns, player=player or Player(self), tile=tile)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.setAccessibleName(said("Frame at this time"))
        self._preview_soon = QTimer(self, singleShot=True, interval=0)
        self._preview_soon.timeout.connect(self._show_frame)
        self._clip_soon = QTimer(self, singleShot=True, interval=_CLIP_MILLISECONDS)
        self._clip_soon.timeout.connect(self._show_clip)
        self._lay_out()

    def value(self) -> tuple[int, float] | None:
        """Give the video's number and the second; None while there is no video."""
        video = self.video()
        return (video.id, self.time_slider.value() / _TICKS_PER_SECOND) if video else None

    def set_value(self, video_id: int, at_seconds: float) -> None:
        """Pick a video and a second, and tell; a video that is not there changes nothing."""
        before = self.value()
        if video_id in self._videos:
            self._set_quietly(video_id, at_seconds)
        if self.value() != before:
            self._tell()

    def kept(self) -> tuple[int, float] | None:
        """What outlives a change of theme."""
        return self.value()

    def restore(self, kept: tuple[int, float] | None) -> None:
        """Pick what was kept."""
        if kept:
            self.set_value(*kept)

    def video(self) -> Video | None:
        """Give the video picked."""
        return self._videos.get(self.video_box.value() or 0)

    def refresh(self) -> None:
        """Take over the session's videos; the one picked stays if it is still there."""
        videos = self._session.usable_videos
        if videos is self._listed:  # asked often, and there may be a hundred thousand
            return
        self._listed, usable = videos, {video.id: video for video in videos}
        if usable == self._videos:
            return
        before, self._videos = self.value(), usable
        self.video_box.set_videos(videos, self._session.shelf.names)
        if (video := self.video()) is not None:
            stays = before is not None and before[0] == video.id
            self._set_quietly(video.id, before[1] if before and stays else video.seconds / 2)
        if self.value() != before:
            self._tell()

    def set_shape(self, shape: ClipShape) -> None:
        """Say how long the clips are that play."""
        if shape != self._shape:
            self._shape = shape
            self._preview_soon.start()

    def _lay_out(self) -> None:
        theme = current_theme()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        head = label("Video", "caption")
        head.setBuddy(self.video_box)
        layout.addLayout(column(head, self.video_box))
        layout.addWidget(self.preview)
        times = QHBoxLayout()
        times.setSpacing(theme.px(8))
        times.addWidget(self.time_slider, 1)
        times.addWidget(self._time)
        layout.addLayout(times)

    def _set_quietly(self, video_id: int, at_seconds: float) -> None:
        video = self._videos[video_id]
        self.video_box.set_value(video_id)
        with QSignalBlocker(self.time_slider):
            self.time_slider.setRange(0, max(1, round(video.seconds * _TICKS_PER_SECOND)))
            self.time_slider.setSingleStep(max(1, round(_TICKS_PER_SECOND / max(1.0, video.frames_per_second))))
            self.time_slider.setPageStep(max(1, self.time_slider.maximum() // 10))
            self.time_slider.setValue(round(at_seconds * _TICKS_PER_SECOND))
        self._describe()

    def _picked(self, video_id: int) -> None:
        if video := self._videos.get(video_id):
            self._set_quietly(video_id, video.seconds / 2)
            self._tell()

    def _moved(self) -> None:
        self._describe()
        self._tell()

    def _describe(self) -> None:
        video, picked = self.video(), self.value()
        if video and picked:
            self._time.setText(said("{time} of {whole}", time=seconds_text(picked[1]),
                                    whole=seconds_text(video.seconds)))
            self._preview_soon.start()

    def _tell(self) -> None:
        if picked := self.value():
            self.value_changed.emit(*picked)

    def _show_frame(self) -> None:
        picked = self.value()
        cached = self._session.cached_video(picked[0]) if picked else None
        if picked is None or cached is None:
            self.preview.show_nothing(said("The frames of this video are missing. Scan its folder again."))
            return
        self.preview.show_frame(cached.rgb([cached.frame_at(picked[1])])[0])
        if self._plays:
            self._clip_soon.start()

    def _show_clip(self) -> None:
        picked = self.value()
        cached = self._session.cached_video(picked[0]) if picked else None
        if picked and cached:
            self.preview.player.set_rate(self._shape.frames_per_second(cached))
            self.preview.show_clip(*picked, self._shape)
