"""Two maps of all clips, trained weights and what stands beside, that point at the same clip, which plays beside them.

Legend: V videos, C clips of a video, N = V x C clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from studio.engine import files
from studio.engine.catalogue import Video, display_path
from studio.engine.errors import StudioError
from studio.gui.blocks import button, column, label
from studio.gui.file_choice import choose_place
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_selection import ClipSelection, TakenClip
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns, place_text
from studio.gui.widgets.feature_map import FeatureMap
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.in_sight import bring_into_sight, share_in_sight
from studio.gui.widgets.map_controls import MapControls
from studio.gui.widgets.map_legend import MapLegend, classes_by
from studio.gui.widgets.neighbour_grid import Entry
from studio.gui.widgets.player import Player
from studio.gui.widgets.waiting import Waiting
from studio.gui.words import share

_TILE = (196, 147)
_MAP_PIXELS = 300


class MapPanel(QWidget):
    """Shows the clips of a run. `chosen` tells which clip was clicked: video number and second.

    `selection` has the clips that were taken; `method_changed` tells that the map shall be drawn in another way.
    `answers` is what shows a clip's neighbours: after a click a button leads there where it is out of sight.
    """

    chosen = Signal(int, float)
    method_changed = Signal(str)

    def __init__(self, session: Session, turns: Turns, *, name: str, answers: QWidget) -> None:
        super().__init__()
        self._session, self._answers = session, answers
        self.run_shown = self._beside_shown = ""
        self.method_shown = "directions"
        self._video_ids: list[int] = []
        self._times_VC: NDArray[np.float64] = np.zeros((0, 1))
        self._motion: Sequence[Sequence[float]] = ()
        self._parts: Sequence[str] = ()
        self._asked: tuple[Entry, list[Entry], list[Entry]] | None = None
        self._shown: tuple[str, dict[str, Any], NDArray[np.float32], NDArray[np.float32]] | None = None
        self._settling = False
        self.trained = FeatureMap(name=f"{name}.map", title="Map of all clips, trained weights")
        self.random = FeatureMap(name=f"{name}.random_map", title="Map of all clips, random weights")
        self._shares = {shown: label("drawn when the features are made", "caption", wrap=True)
                        for shown in (self.trained, self.random)}
        self.legend = MapLegend(name=f"{name}.legend")
        self.controls = MapControls(name=name, by_label=any(video.label for video in session.videos))
        self.selection = ClipSelection(session, name=f"{name}.taken")
        self.waiting = Waiting(name=f"{name}.map_waiting", can_stop=True)
        self.player = Player(self)
        self.tile = ClipTile(session, turns, player=self.player, tile=_TILE, caption_lines=4)
        self.tile.setObjectName(f"{name}.hovered")
        self.tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.to_answers = button("See its neighbours", name=f"{name}.see", clicked=self._show_answers)
        self._lay_out()
        self._connect()
        self._look_at(-1)

    def _connect(self) -> None:
        for one, other in ((self.trained, self.random), (self.random, self.trained)):
            one.setMinimumHeight(current_theme().px(_MAP_PIXELS))
            one.hovered.connect(self._look_at)
            one.hovered.connect(other.point_at)
            one.value_changed.connect(self._choose)
            one.taken.connect(self._take)
            one.taken.connect(self._show_taken)
            self.controls.tool_changed.connect(one.set_tool)
            self.controls.whole_wanted.connect(one.show_all)
        self.legend.value_changed.connect(self._dim)
        self.controls.method_changed.connect(self.method_changed)
        self.controls.colour_changed.connect(lambda _kind: self._colour())
        self.controls.joined_changed.connect(lambda _on: self._join(-1))
        self.controls.save_wanted.connect(self._choose_file)
        self.selection.pointed.connect(self._show_point)
        self.selection.cleared.connect(lambda: self._take([]))

    def set_value(self, run: str, result: dict[str, Any], trained_N2: NDArray[np.float32],
                  random_N2: NDArray[np.float32]) -> None:
        """Show a run's map: the worker's answer and its two arrays of places."""
        settled, self._settling, self._shown = self._settling, False, (run, result, trained_N2, random_N2)
        taken = {(one.video_id, one.clip) for one in self.selection.value()}
        self.run_shown, self._beside_shown = run, str(result["beside"]["name"])
        self.method_shown, self._motion = str(result["method"]), result["motion"]
        self._parts = result.get("parts", [])
        self._beside.setText(_capital(said(result["beside"]["title"])))
        self._video_ids = [int(video_id) for video_id in result["video_ids"]]
        self._times_VC = np.asarray(result["times"], np.float64).reshape(len(self._video_ids), -1)
        for shown, xy_N2, shares in ((self.trained, trained_N2, result["shares"]),
                                     (self.random, random_N2, result["random_shares"])):
            if settled and len(xy_N2) == shown.count:
                shown.move_points(xy_N2)  # it was seen on its way here
            else:
                shown.set_points(xy_N2)
            self._shares[shown].setText(said("keeps neighbours together; distances between clusters say nothing")
                                        if self.method_shown == "neighbours" else
                                        said("shows {share} of how the clips differ", share=share(sum(shares))))
        self._colour()
        clips = self._times_VC.shape[1]
        self._take([video * clips + clip for video, video_id in enumerate(self._video_ids) for clip in range(clips)
                    if (video_id, clip) in taken])
        if self._asked:
            self.set_query(*self._asked)

    def take_event(self, event: dict[str, Any]) -> None:
        """Show where the points of a map are that still settles: an event of the worker that brings them."""
        if not event.get("pictures") or not self._video_ids:
            return
        shown, xy_N2 = (self.trained, self.random)[int(event["side"])], event["pictures"][0]
        if len(xy_N2) == shown.count:
            self._settling = True
            shown.move_points(xy_N2)
            self._shares[shown].setText(said("still settling"))

    def show_again(self) -> None:
        """Show the last whole map in place of one that did not settle to its end."""
        if self._settling and self._shown is not None:
            self.set_value(*self._shown)

    def shows(self, run: str, beside: str, method: str = "") -> bool:
        """Whether this is what is shown; without a method, drawn in whatever way."""
        return (self.run_shown, self._beside_shown) == (run, beside) and method in ("", self.method_shown)

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
        self._join(-1)

    def save(self, path: Path) -> None:
        """Write both maps with their legend as a PNG; the person is told when it is there."""
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self._pictured.grab().save(buffer, "PNG")
        try:
            files.write_bytes(path, bytes(content.data()))
        except (StudioError, OSError) as error:
            self._session.notify(said("{name} could not be written ({error}).",
                                      name=path.name, error=error), remedy=said("Choose another folder"),
                                 level="error")
        else:
            self._session.notify(said("The picture {name} was saved.", name=path.name))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.stop()

    def _lay_out(self) -> None:
        theme = current_theme()
        maps, beside = QWidget(), QWidget()
        grid, right = QGridLayout(maps), QVBoxLayout(beside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(4))
        self._beside = label("Random weights", "strong")
        for place, (title, shown) in enumerate(((label("Trained weights", "strong"), self.trained),
                                                (self._beside, self.random))):
            grid.addLayout(column(title, self._shares[shown], spacing=2), 0, place)
            grid.addWidget(shown, 1, place)
            grid.setColumnStretch(place, 1)
        grid.setRowStretch(1, 1)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(theme.px(8))
        for part in (self.tile, self.to_answers, self.selection.list):
            right.addWidget(part)
        right.addStretch(1)
        stays = self.to_answers.sizePolicy()
        stays.setRetainSizeWhenHidden(True)
        self.to_answers.setSizePolicy(stays)
        self.to_answers.hide()
        self._pictured = QWidget()
        pictured = column(self.legend, maps, spacing=8)
        pictured.setContentsMargins(0, 0, 0, 0)
        pictured.setStretch(1, 1)
        self._pictured.setLayout(pictured)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(label("Map of all clips", "heading"))
        layout.addWidget(label("A point is a clip; points near together are alike to the network. Ringed: the query "
                               "and its neighbours.", "quiet", wrap=True))
        layout.addWidget(self.controls)
        layout.addWidget(self.waiting)
        layout.addWidget(SideBySide(self._pictured, beside, column_pixels=_TILE[0] + 4), 1)
        layout.addWidget(self.selection)

    def _colour(self) -> None:
        if not self._video_ids:
            return
        first, shelf = self._asked[0]["video_id"] if self._asked else None, self._session.shelf
        videos = {video.id: video for number in (*self._video_ids, first) if (video := shelf.video(number))}
        classes = classes_by(str(self.controls.colour_box.value()), self._video_ids, self._times_VC.tolist(), videos,
                             first=first, motion=self._motion, parts=self._parts)
        self.legend.set_value(classes)
        for shown in (self.trained, self.random):
            shown.set_classes(classes.class_N, classes.colours)

    def _dim(self, classes: set[int]) -> None:
        for shown in (self.trained, self.random):
            shown.set_dimmed(classes)

    def _take(self, clips: Sequence[int]) -> None:
        """List the clips taken, and show them on both maps."""
        for shown in (self.trained, self.random):
            shown.set_taken(clips)
        self.selection.set_value([TakenClip(clip, self._video_ids[video], number, float(self._times_VC[video, number]))
                                  for clip in clips for video, number in [divmod(clip, self._times_VC.shape[1])]])

    def _show_taken(self, clips: Sequence[int]) -> None:
        if clips:
            bring_into_sight(self.selection)

    def _show_point(self, clip: int) -> None:
        for shown in (self.trained, self.random):
            shown.point_at(clip)
        self._look_at(clip)

    def _join(self, clip: int) -> None:
        """Draw a line through the clips of the video of a clip, or of the query, in time."""
        clip = clip if clip >= 0 else self.trained.value()
        clips = self._times_VC.shape[1]
        joined = self.controls.joined.value() and 0 <= clip < self._times_VC.size
        path = [clip // clips * clips + number for number in range(clips)] if joined else []
        for shown in (self.trained, self.random):
            shown.set_path(path)

    def _choose_file(self) -> None:
        choose_place(self, said("Save the map"), self.save, start=Path.home() / "map.png",
                     kinds=said("Pictures (*.png)"))

    def _look_at(self, clip: int) -> None:
        self._join(clip)
        if not 0 <= clip < self._times_VC.size:
            self.player.stop()
            if self.tile.place is None:
                self.tile.set_message(said("Point at the map to see a clip; click to find its neighbours."))
            return
        video_id, at_seconds = self._place_of(clip)
        video = self._session.shelf.video(video_id)
        self.tile.set_caption(_caption(video, at_seconds))
        run = self._session.run(self.run_shown)
        self.tile.show_clip(video_id, at_seconds, ClipShape.of_recipe(run.recipe if run else {}))
        self.player.play()

    def _choose(self, clip: int) -> None:
        self.to_answers.setVisible(share_in_sight(self._answers) < 0.5)
        self.chosen.emit(*self._place_of(clip))

    def _show_answers(self) -> None:
        self.to_answers.hide()
        bring_into_sight(self._answers)

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
    return "\n".join([*([display_path(video.path)] if video else []), place_text(video, at_seconds, label=True)])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
