"""What neighbours are looked for: a clip of the project, a file outside of it, or clips taken on the map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.catalogue import display_path
from studio.gui.blocks import button, column, label
from studio.gui.file_choice import choose_file
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, SteadyView, Turns
from studio.gui.widgets.editors import NumberBox, label_of
from studio.gui.widgets.neighbour_grid import Entry
from studio.gui.widgets.player import Player
from studio.gui.widgets.video_picker import VideoPicker
from studio.gui.words import breakable, seconds_text

_REMEMBERED = 50
_LONGEST_SECONDS = 86_400.0


class QueryPanel(QWidget):
    """Edits what is asked about: `value()` are the worker's parameters, empty while there is nothing to ask about."""

    value_changed = Signal()

    def __init__(self, session: Session, turns: Turns, player: Player, *, name: str, tile: tuple[int, int]) -> None:
        super().__init__()
        self._file: Path | None = None
        self._clips: list[tuple[int, int]] = []
        self._history = list[tuple[int, float]]()
        page = name.partition(".")[0]
        self.picker = VideoPicker(session, turns, name=name, tile=tile, player=player)
        self.tile = SteadyView(tile=tile, player=player)
        self.tile.setObjectName(f"{page}.asked")
        self._words = label("", "caption", wrap=True)
        self.seconds_box = NumberBox(minimum=0.0, maximum=_LONGEST_SECONDS, step=0.5, unit="s")
        label_of(self.seconds_box, name=f"{page}.file_seconds", title=said("Second of the file"),
                 about=said("The middle of the clip that is asked about"))
        self.seconds_box.value_changed.connect(lambda _seconds: self.value_changed.emit())
        self.open_button = button("Ask about a file…", name=f"{page}.open_file", icon_name="open",
                                  clicked=self._choose_file, tip="A video that is not in the project, and will not be")
        self.back_button = button("Back to the project", name=f"{page}.inside", icon_name="undo",
                                  kind="plain", clicked=self.set_inside)
        self.picker.value_changed.connect(lambda _video, _seconds: self.value_changed.emit())
        self._other = QWidget()
        other = column(self.tile, self._words, self.seconds_box, self.back_button, spacing=8)
        other.setContentsMargins(0, 0, 0, 0)
        self._other.setLayout(other)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        for part in (self.picker, self._other, self.open_button):
            layout.addWidget(part)
        self._show_kind()

    def value(self) -> dict[str, Any]:
        """Give the parameters of the question."""
        if self._file is not None:
            return {"file": str(self._file), "at_seconds": self.seconds_box.value()}
        if self._clips:
            return {"clips": [list(clip) for clip in self._clips]}
        picked = self.picker.value()
        return {"video_id": picked[0], "at_seconds": picked[1]} if picked else {}

    def arguments(self) -> list[str]:
        """What the command line is given to ask the same."""
        if self._file is not None:
            return ["--file", str(self._file), "--at", f"{self.seconds_box.value():.2f}"]
        if self._clips:
            return ["--clips", ",".join(f"{video}:{clip}" for video, clip in self._clips)]
        picked, video = self.picker.value(), self.picker.video()
        return ["--video", f"{video.source}/{video.path}", "--at", f"{picked[1]:.2f}"] if picked and video else []

    def set_clip(self, video_id: int, at_seconds: float) -> None:
        """Ask about a clip of the project."""
        was_inside = self._file is None and not self._clips
        before = self.picker.value()
        self._file, self._clips = None, []
        self._show_kind()
        self.picker.set_value(video_id, at_seconds)
        if not was_inside and self.picker.value() == before:
            self.value_changed.emit()

    def set_file(self, path: Path) -> None:
        """Ask about a file outside of the project, from its start."""
        self._file, self._clips = path, []
        self.seconds_box.set_value(0.0)
        self._words.setText(breakable(display_path(path.name)))
        self._show_kind()
        self.value_changed.emit()

    def set_clips(self, clips: Sequence[tuple[int, int]]) -> None:
        """Ask about the mean of several clips: numbers of videos and of their clips."""
        self._file, self._clips = None, list(clips)
        self._words.setText("")
        self._show_kind()
        self.value_changed.emit()

    def set_inside(self) -> None:
        """Ask about the clip of the project that was picked before."""
        if (picked := self.picker.value()) is not None:
            self.set_clip(*picked)

    def set_shape(self, shape: ClipShape) -> None:
        """Say how long the clips are that play."""
        self.picker.set_shape(shape)

    def take(self, query: Entry, pictures: Sequence[np.ndarray]) -> None:
        """Show what was asked about, as the worker tells it; and remember a clip of the project."""
        if self._file is not None:
            reason = said(" Partly readable: {reason}.", reason=query["reason"]) if query.get("reason") else ""
            self._words.setText(said("{video}\n{time} of {whole}.{reason}", video=breakable(query["video"]),
                                     time=seconds_text(query["at_seconds"]),
                                     whole=seconds_text(query.get("seconds", 0.0)), reason=reason))
            self.tile.set_frames(pictures[0] if pictures else None)
        elif self._clips:
            self._words.setText(said("The mean of {video}. Their videos are left out.", video=query['video']))
        elif (picked := self.picker.value()) and self._history[-1:] != [picked]:
            self._history = [*self._history[-_REMEMBERED:], picked]

    @property
    def can_go_back(self) -> bool:
        """Whether another clip was asked about before this one."""
        return len(self._history) > 1

    def go_back(self) -> None:
        """Ask about the clip before this one again."""
        if self.can_go_back:
            self._history.pop()
            self.set_clip(*self._history.pop())

    def forget(self) -> None:
        """Another project: nothing of the last one is asked about."""
        self._file, self._clips, self._history = None, [], []
        self._show_kind()

    def _show_kind(self) -> None:
        outside = self._file is not None
        self.picker.setVisible(not outside and not self._clips)
        self._other.setVisible(outside or bool(self._clips))
        self.tile.setVisible(outside)
        self.seconds_box.setVisible(outside)
        if not outside:
            self.tile.set_frames(None)

    def _choose_file(self) -> None:
        choose_file(self, said("Ask about a file"), self.set_file, start=self._file)
