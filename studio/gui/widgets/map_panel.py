"""Two maps of all clips, trained and random weights, that point at the same clip; the clip plays beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from studio.engine.catalogue import Video, display_path
from studio.gui.blocks import column, label, row
from studio.gui.session import Session
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.feature_map import FeatureMap
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.map_legend import COLOUR_BY, MapLegend, classes_by
from studio.gui.widgets.neighbour_grid import Entry
from studio.gui.widgets.player import Player
from studio.gui.words import seconds_text, share

_TILE = (196, 147)
_MAP_PIXELS = 300


class MapPanel(QWidget):
    """Shows the clips of a run. `chosen` tells which clip was clicked: video number and second."""

    chosen = Signal(int, float)

    def __init__(self, session: Session, turns: Turns, *, name: str) -> None:
        super().__init__()
        self._session = session
        self.run_shown = ""
        self._video_ids: list[int] = []
        self._times_VC: NDArray[np.float64] = np.zeros((0, 1))
        self._asked: tuple[Entry, list[Entry], list[Entry]] | None = None
        self.trained = FeatureMap(name=f"{name}.map", title="Map of all clips, trained weights")
        self.random = FeatureMap(name=f"{name}.random_map", title="Map of all clips, random weights")
        self._shares = {shown: label("drawn when the features are made", "caption", wrap=True)
                        for shown in (self.trained, self.random)}
        self.legend = MapLegend(name=f"{name}.legend")
        self.colour_box = self._make_colour_box(f"{name}.colour_by")
        self.player = Player(self)
        self.tile = ClipTile(session, turns, player=self.player, tile=_TILE, caption_lines=4)
        self.tile.setObjectName(f"{name}.hovered")
        self.tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()
        for one, other in ((self.trained, self.random), (self.random, self.trained)):
            one.setMinimumHeight(current_theme().px(_MAP_PIXELS))
            one.hovered.connect(self._look_at)
            one.hovered.connect(other.point_at)
            one.value_changed.connect(self._choose)
        self.legend.value_changed.connect(self._dim)
        self._look_at(-1)

    def set_value(self, run: str, result: dict[str, Any], trained_N2: NDArray[np.float32],
                  random_N2: NDArray[np.float32]) -> None:
        """Show a run's map: the worker's answer and its two arrays of places."""
        self.run_shown = run
        self._video_ids = [int(video_id) for video_id in result["video_ids"]]
        self._times_VC = np.asarray(result["times"], np.float64).reshape(len(self._video_ids), -1)
        for shown, xy_N2, shares in ((self.trained, trained_N2, result["shares"]),
                                     (self.random, random_N2, result["random_shares"])):
            shown.set_points(xy_N2)
            self._shares[shown].setText(f"shows {share(sum(shares))} of the spread")
        self._colour()
        if self._asked:
            self.set_query(*self._asked)

    def set_query(self, query: Entry, trained: list[Entry], random: list[Entry]) -> None:
        """Mark the clip asked about and its neighbours."""
        before = self._asked[0] if self._asked else None
        self._asked = query, trained, random
        if not self._video_ids:
            return
        if before is None or before["video_id"] != query["video_id"]:
            self._colour()
        for shown, entries in ((self.trained, trained), (self.random, random)):
            shown.set_value(self._clip_of(query))
            shown.set_near([self._clip_of(entry) for entry in entries])

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.stop()

    def _make_colour_box(self, name: str) -> ChoiceBox:
        box = ChoiceBox(list(COLOUR_BY.items()))
        label_of(box, name=name, title="Colour by", about="What the colours of the map mean")
        box.setMinimumContentsLength(14)
        box.set_value("label" if any(video.label for video in self._session.videos) else "folder")
        box.value_changed.connect(lambda _kind: self._colour())
        return box

    def _lay_out(self) -> None:
        theme = current_theme()
        maps, beside = QWidget(), QWidget()
        grid, right = QGridLayout(maps), QVBoxLayout(beside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(4))
        for place, (title, shown) in enumerate((("Trained weights", self.trained), ("Random weights", self.random))):
            grid.addLayout(self._head(title, self._shares[shown]), 0, place)
            grid.addWidget(shown, 1, place)
            grid.setColumnStretch(place, 1)
        grid.setRowStretch(1, 1)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.tile)
        right.addStretch(1)
        by = label("Colour by", "caption")
        by.setBuddy(self.colour_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addLayout(row(label("Map of all clips", "heading"), None, by, self.colour_box))
        layout.addWidget(label("A point is a clip; points near together are alike to the network. Ringed: the query "
                               "and its neighbours.", "quiet", wrap=True))
        layout.addWidget(self.legend)
        layout.addWidget(SideBySide(maps, beside, column_pixels=_TILE[0] + 4), 1)

    def _head(self, title: str, shares: QLabel) -> QVBoxLayout:
        return column(label(title, "strong"), shares, spacing=2)

    def _colour(self) -> None:
        if not self._video_ids:
            return
        videos = {video.id: video for video in self._session.videos}
        first = self._asked[0]["video_id"] if self._asked else None
        classes = classes_by(str(self.colour_box.value()), self._video_ids, self._times_VC.tolist(), videos,
                             first=first)
        self.legend.set_value(classes)
        for shown in (self.trained, self.random):
            shown.set_classes(classes.class_N, classes.colours)

    def _dim(self, classes: set[int]) -> None:
        for shown in (self.trained, self.random):
            shown.set_dimmed(classes)

    def _look_at(self, clip: int) -> None:
        if not 0 <= clip < self._times_VC.size:
            self.player.stop()
            if self.tile.place is None:
                self.tile.set_message("Point at the map to see a clip; click to find its neighbours.")
            return
        video_id, at_seconds = self._place_of(clip)
        video = next((video for video in self._session.videos if video.id == video_id), None)
        self.tile.set_caption(_caption(video, at_seconds))
        run = self._session.run(self.run_shown)
        self.tile.show_clip(video_id, at_seconds, ClipShape.of_recipe(run.recipe if run else {}))
        self.player.play()

    def _choose(self, clip: int) -> None:
        self.chosen.emit(*self._place_of(clip))

    def _place_of(self, clip: int) -> tuple[int, float]:
        video, number = divmod(clip, self._times_VC.shape[1])
        return self._video_ids[video], float(self._times_VC[video, number])

    def _clip_of(self, entry: Entry) -> int:
        """The clip on the map that is nearest to a video and second; -1 when the map lacks the video."""
        if entry["video_id"] not in self._video_ids:
            return -1
        video = self._video_ids.index(entry["video_id"])
        return video * self._times_VC.shape[1] + int(np.abs(self._times_VC[video] - entry["at_seconds"]).argmin())


def _caption(video: Video | None, at_seconds: float) -> str:
    if video is None:
        return seconds_text(at_seconds)
    named = [part for part in (video.label, video.group) if part and not part.endswith(video.path)]
    return "\n".join([display_path(video.path), " · ".join([seconds_text(at_seconds), *named])])
