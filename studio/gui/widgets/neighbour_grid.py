"""The neighbours of a clip, as trained and as random weights rank them, all playing together with the query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.player import Player
from studio.gui.words import ordinal, seconds_text

Entry = dict[str, Any]
"""A clip as the worker tells it: `video_id`, `video`, `at_seconds`, `group`, `label`; a neighbour has `similarity`."""

_TILE = (120, 90)
_CAPTION_LINES = 3


class NeighbourGrid(QWidget):
    """Shows ranked clips under trained weights, and below them under random weights or what else stands beside.

    `chosen` tells of a click.

    All tiles follow `player`, which is the query's too; it rests while the grid is hidden.
    """

    chosen = Signal(int, float)

    def __init__(self, session: Session, turns: Turns, player: Player, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Neighbours"))
        self.player, self._play_again = player, False
        self.trained = Ranking(session, turns, player, title="Trained weights", name=f"{name}_trained")
        self.random = Ranking(session, turns, player, title="Random weights", name=f"{name}_random")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(16))
        for ranking in (self.trained, self.random):
            ranking.chosen.connect(self.chosen)
            layout.addWidget(ranking)

    def value(self) -> tuple[list[Entry], list[Entry]]:
        """Give the entries shown: trained, random."""
        return self.trained.value(), self.random.value()

    def set_value(self, trained: Sequence[Entry], random: Sequence[Entry], shape: ClipShape) -> None:
        """Show ranked neighbours of a query; tiles that stay the same keep their picture."""
        self.trained.set_value(trained, shape)
        self.random.set_value(random, shape)

    def set_places(self, count: int) -> None:
        """Make room for that many neighbours before they are known."""
        for ranking in (self.trained, self.random):
            ranking.set_places(count)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._play_again = self._play_again or self.player.playing
        self.player.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._play_again:
            self._play_again = False
            self.player.play()


class Ranking(QWidget):
    """A heading with one line of words, and tiles in the order of their rank."""

    chosen = Signal(int, float)

    def __init__(self, session: Session, turns: Turns, player: Player, *, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said(title))
        self._session, self._turns, self._player, self._title = session, turns, player, said(title)
        self._entries: list[Entry] = []
        self._tiles: list[ClipTile] = []
        theme = current_theme()
        self._words = label("", "quiet", wrap=True)
        self._flow = FlowLayout(spacing=12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        head = QVBoxLayout()
        head.setSpacing(theme.px(2))
        self._heading = label(title, "heading")
        head.addWidget(self._heading)
        head.addWidget(self._words)
        layout.addLayout(head)
        layout.addLayout(self._flow)

    @property
    def tiles(self) -> list[ClipTile]:
        """The tiles that are shown, by rank."""
        return [tile for tile in self._tiles if not tile.isHidden()]

    def value(self) -> list[Entry]:
        """Give the entries, best first."""
        return list(self._entries)

    def words(self) -> str:
        """Give the line under the heading."""
        return self._words.text()

    def set_title(self, title: str) -> None:
        """Name the ranking anew."""
        self._title = said(title)
        self._heading.setText(self._title)
        self.setAccessibleName(self._title)

    def set_words(self, text: str) -> None:
        """Write the line under the heading."""
        self._words.setText(text)

    def set_value(self, entries: Sequence[Entry], shape: ClipShape) -> None:
        """Show clips, best first."""
        self._entries = list(entries)
        self.set_places(len(entries))
        for rank, (tile, entry) in enumerate(zip(self._tiles, entries, strict=False), 1):
            tile.set_caption(caption(entry))
            tile.setAccessibleName(said("{place} under {weights}: {clip}", place=ordinal(rank),
                                        weights=self._title.lower(), clip=spoken(entry)))
            tile.setToolTip(said("{video}\nClick: look for this clip's neighbours", video=entry['video']))
            tile.show_clip(entry["video_id"], entry["at_seconds"], shape)

    def set_places(self, count: int) -> None:
        """Show that many tiles, empty ones where nothing is known."""
        while len(self._tiles) < count:
            self._tiles.append(self._make_tile())
        for place, tile in enumerate(self._tiles):
            if place >= count:
                tile.show_nothing()
                tile.set_caption("")
            tile.setVisible(place < count)
        self.updateGeometry()

    def _make_tile(self) -> ClipTile:
        tile = ClipTile(self._session, self._turns, player=self._player, tile=_TILE, caption_lines=_CAPTION_LINES,
                        selectable=True)
        tile.setObjectName(f"{self.objectName()}_{len(self._tiles) + 1}")
        tile.clicked.connect(lambda: self.chosen.emit(*tile.place) if tile.place else None)
        self._flow.addWidget(tile)
        return tile


def caption(entry: Entry) -> str:
    """Write what stands under a tile: how alike and when, its label or folder, its group or the video's own name."""
    alike = said("similarity {share}", share=f"{entry['similarity']:.3f}") if "similarity" in entry else ""
    if entry.get("hub"):
        alike += said(" · hub")
    path = PurePosixPath(str(entry["video"]).replace("\\", "/"))
    group = entry.get("group") or ""
    own_name = path.stem if not group or group.endswith(str(path)) else group
    place = " · ".join(filter(None, [seconds_text(entry["at_seconds"]), entry.get("label") or folder_of(entry)]))
    return "\n".join(filter(None, [alike, place, own_name]))


def folder_of(entry: Entry) -> str:
    """The folder that an entry's video lies in, inside its source; nothing at the top."""
    path = str(entry["video"]).replace("\\", "/")
    return path.rpartition("/")[0] or path[:path.startswith("/")]  # of a hundred thousand: a `Path` is ten times slower


def spoken(entry: Entry) -> str:
    """Say an entry in one sentence, for somebody who cannot see it."""
    parts = [str(entry["video"]), said("at {time}", time=seconds_text(entry['at_seconds']))]
    if entry.get("label"):
        parts.append(said("label {label}", label=entry["label"]))
    if entry.get("group") and not str(entry["group"]).endswith(str(entry["video"])):
        parts.append(said("group {group}", group=entry["group"]))
    if "similarity" in entry:
        parts.append(said("similarity {share}", share=f"{entry['similarity']:.3f}"))
    if entry.get("hub"):
        parts.append(said("a neighbour of very many"))
    return ", ".join(parts)
