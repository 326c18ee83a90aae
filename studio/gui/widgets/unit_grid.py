"""What the units of a layer look for: the most selective ones as tiles, and the clips that excite the chosen one.

Legend: F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import place_text
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.pictures import Frames, outlined
from studio.gui.widgets.player import Player
from studio.gui.words import counted

_OUTER, _INNER = "#4CC2B0", "#F2B84B"
_UNIT_TILE, _CLIP_TILE = (80, 80), (112, 112)


class UnitGrid(QWidget):
    """Edits the chosen unit; `place_chosen` tells of a clip that was clicked (video, second)."""

    value_changed = Signal(int)
    place_chosen = Signal(int, float)

    def __init__(self, session: Session, *, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}.units")
        self.setAccessibleName(said("Units"))
        self._name, self._unit, self._units = name, -1, list[int]()
        self._session = session
        self.player = Player(self)
        self.tiles: list[FrameView] = []
        self.clips: list[FrameView] = []
        self._summary, self._about = label("", "quiet", wrap=True), label("", "quiet", wrap=True)
        self._heading = label("", "heading")
        self._flow, self._clip_flow = FlowLayout(spacing=8), FlowLayout(spacing=12)
        theme, layout = current_theme(), QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(self._summary)
        layout.addLayout(self._flow)
        layout.addSpacing(theme.px(8))
        layout.addWidget(self._heading)
        layout.addWidget(self._about)
        layout.addLayout(self._clip_flow)
        layout.addStretch(1)

    def value(self) -> int:
        """Give the chosen unit, -1 for none."""
        return self._unit

    def set_units(self, result: dict[str, Any], pictures: Sequence[Frames]) -> None:
        """Show a layer's most selective units, each by the frame at its strongest place."""
        silent, field, used = int(result["silent"]), result["field"], result["effective_field"]
        self._summary.setText(said(
            "The most selective of {units}: each shows the place that excites it most. A unit of this layer sees "
            "{frames} frames and {height} × {width} pixels (outer box), and mostly uses {fewer} and {low} × {narrow} "
            "of them (inner box).", units=counted(result["units"], "unit"), frames=field[0], height=field[1],
            width=field[2], fewer=used[0], low=used[1], narrow=used[2])
            + (" " + said("{units} answer nothing here.", units=counted(silent, "unit")) if silent else ""))
        self._units = [int(entry["unit"]) for entry in result["ranked"]]
        self._fit(self.tiles, len(self._units), _UNIT_TILE, self._flow, "unit")
        for tile, entry, picture_HW3 in zip(self.tiles, result["ranked"], pictures, strict=False):
            tile.set_frames(_boxed(picture_HW3[None], entry["clips"][0]))
            tile.set_caption(said("unit {unit}", unit=entry["unit"]) + "\n"
                             + said("{selectivity} selective", selectivity=f"{entry['selectivity']:.2f}") + "\n"
                             + self._place(entry["clips"][0]))
        self._unit = -1
        self._show_chosen()
        if self._units:
            self._choose(self._units[0])

    def set_clips(self, result: dict[str, Any], pictures: Sequence[Frames]) -> None:
        """Show the clips that excite the chosen unit, with its receptive field."""
        entry = result["ranked"][0]
        if int(entry["unit"]) != self._unit:
            return
        self._heading.setText(said("Unit {unit}", unit=self._unit))
        self._about.setText(said("The clips that excite it most, one of each video. Selectivity {selectivity}: 1 "
                                 "answers a single clip, 0 all alike.", selectivity=f"{entry['selectivity']:.2f}"))
        self._fit(self.clips, len(pictures), _CLIP_TILE, self._clip_flow, "clip")
        for tile, clip, clip_FHW3 in zip(self.clips, entry["clips"], pictures, strict=False):
            tile.set_frames(_boxed(clip_FHW3, clip))
            tile.set_caption(said("answer {value}", value=f"{clip['value']:.2f}") + "\n" + self._place(clip))
            tile.setProperty("place", [int(clip["video_id"]), float(clip["at_seconds"])])
        if self._session.settings.clips_play:
            self.player.play()

    def _place(self, clip: dict[str, Any]) -> str:
        return place_text(self._session.shelf.video(int(clip["video_id"])), float(clip["at_seconds"]))

    def set_message(self, text: str) -> None:
        """Say in place of the units why there are none."""
        self._summary.setText(text)
        self._heading.setText("")
        self._about.setText("")
        self._units, self._unit = [], -1
        for tiles in (self.tiles, self.clips):
            for tile in tiles:
                tile.hide()
        self.player.stop()

    def _fit(self, tiles: list[FrameView], count: int, size: tuple[int, int], flow: FlowLayout, kind: str) -> None:
        while len(tiles) < count:
            number = len(tiles)
            tile = FrameView(self, tile=size, caption_lines=3, selectable=True,
                             player=self.player if kind == "clip" else None)
            tile.setObjectName(f"{self._name}.{kind}_{number + 1}")
            if kind == "unit":
                tile.clicked.connect(lambda number=number: self._choose(self._units[number]))
            else:
                tile.clicked.connect(lambda tile=tile: self._tell_place(tile))
                tile.setToolTip(said("Click: look at this clip"))
            tiles.append(tile)
            flow.addWidget(tile)
        for number, tile in enumerate(tiles):
            tile.setVisible(number < count)
        self.updateGeometry()

    def _tell_place(self, tile: FrameView) -> None:
        video_id, at_seconds = tile.property("place")
        self.place_chosen.emit(int(video_id), float(at_seconds))

    def _choose(self, unit: int) -> None:
        if unit != self._unit:
            self._unit = unit
            self._show_chosen()
            self.value_changed.emit(unit)

    def _show_chosen(self) -> None:
        for number, tile in enumerate(self.tiles):
            tile.set_selected(number < len(self._units) and self._units[number] == self._unit)


def _boxed(frames_FHW3: Frames, clip: dict[str, Any]) -> Frames:
    """Draw what the unit can see, and within it what it mostly uses; on pictures, which no theme changes."""
    whole_FHW3 = outlined(frames_FHW3, _flat(clip["box"]), colour=_OUTER)
    return outlined(whole_FHW3, _flat(clip["inner"]), colour=_INNER)


def _flat(box: Sequence[Sequence[int]]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The box along height and width."""
    (top, bottom), (left, right) = box[1:]
    return (top, bottom), (left, right)
