"""The videos of a project as rows: sorted, filtered, with pictures that are read when a row is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress, count
from operator import attrgetter, is_not
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from studio.engine.catalogue import GOOD, PARTIAL, Video, display_path
from studio.gui.shelf import SORT_KEYS, Shelf, searched
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.words import seconds_text

ALL, PROBLEMS, EXCLUDED = "all", "problems", "excluded"
_ANY_INDEX = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


@dataclass(frozen=True)
class Column:
    """A column: its title, what it says of a video, what it is sorted by, and how wide it is at 100 % (0: the rest).

    A key is one of `SORT_KEYS`, or nothing: the order of the catalogue, source and path.
    """

    title: str
    text: Callable[[Video], str]
    key: str
    width: int
    right: bool = False


def health(video: Video) -> str:
    """Say how far a video can be read, and why no further."""
    if video.verdict == GOOD and not video.reason:
        return said("good")
    if video.verdict == GOOD:
        return said("good, {reason}", reason=video.reason)
    return f"{said('partly readable') if video.verdict == PARTIAL else said('unreadable')}: {video.reason}"


def group(video: Video) -> str:
    """Say which group a video is in."""
    return said("its own") if video.group in ("", f"{video.source}/{video.path}") else display_path(video.group)


def _size(video: Video) -> str:
    return f"{video.width} × {video.height}" if video.width else "–"


COLUMNS = (
    Column(noted("Video"), lambda video: display_path(video.path), "", 0),
    Column(noted("Length"), lambda video: seconds_text(video.seconds) if video.frames else "–",
           "seconds", 72, right=True),
    Column(noted("Rate"), lambda video: f"{video.frames_per_second:.4g} /s" if video.frames else "–",
           "rate", 72, right=True),
    Column(noted("Size"), _size, "size", 100, right=True),
    Column(noted("Health"), health, "health", 108),
    Column(noted("Group"), group, "group", 92),
    Column(noted("Motion"), lambda video: f"{video.motion:.2f}" if video.readable else "–",
           "motion", 68, right=True),
)
NAME, HEALTH = 0, 4
_TIPS = {2: noted("Frames a second"), 6: noted("Mean motion, in pixels a frame at the size of the cached frames"),
         5: noted("Videos of one group are never split between training and validation")}


class VideoModel(QAbstractTableModel):
    """Rows of videos; `picture` gives a row's thumbnail, or None while it is being read.

    Rows are places in the list of all videos, kept as arrays: a hundred thousand are sorted and filtered at once.
    """

    def __init__(self, picture: Callable[[Video], QPixmap | None]) -> None:
        super().__init__()
        self._picture = picture
        self._shelf = Shelf()
        self._videos: list[Video] = []
        self._sorted = self._rows = np.arange(0, dtype=np.int32)
        self._row_of = np.arange(0, dtype=np.int32)
        """By place; -1 where a video is not shown."""
        self._text, self._show = "", ALL
        self._reasons = False
        self._sorted_by, self._descending = 0, False

    def set_videos(self, shelf: Shelf) -> bool:
        """Take over the project's videos; tells whether the rows were arranged anew.

        Where most of them are the very objects that are shown, only the others are looked at.
        """
        before, self._videos, self._shelf = self._videos, shelf.videos, shelf
        if len(before) == len(shelf.videos):
            known, changed = shelf.changed
            if known is not before:
                changed = [*compress(count(), map(is_not, before, shelf.videos))]
            if len(changed) <= len(before) // 2 and all(self._stays(before[place], place) for place in changed):
                self._repaint(changed)
                return False
        self._order()
        return True

    def set_filter(self, text: str, show: str = ALL) -> None:
        """Keep the videos whose name, group or label holds `text`; `show` is all, problems or excluded."""
        if (text.casefold(), show) != (self._text, self._show):
            self._text, self._show = text.casefold(), show
            self._arrange()

    def set_reasons(self, *, shown: bool) -> None:
        """Say why a video has its verdict, or only the verdict."""
        self._reasons = shown

    def video_at(self, row: int) -> Video:
        """Give the video of a row."""
        return self._videos[self._rows[row]]

    def row_of(self, video_id: int) -> int | None:
        """Give the row of a video; None while it is filtered out."""
        place = self._shelf.place(video_id)
        row = -1 if place is None else int(self._row_of[place])
        return None if row < 0 else row

    def picture_came(self, video_id: int) -> None:
        """Paint a row's thumbnail."""
        if (row := self.row_of(video_id)) is not None:
            place = self.index(row, NAME)
            self.dataChanged.emit(place, place, [Qt.ItemDataRole.DecorationRole])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by, self._descending = max(0, column), order == Qt.SortOrder.DescendingOrder
        self._order()

    def rowCount(self, parent: _ANY_INDEX = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _ANY_INDEX = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return said(COLUMNS[section].title)
        if role == Qt.ItemDataRole.ToolTipRole:
            return said(_TIPS[section]) if section in _TIPS else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(right=COLUMNS[section].right)
        return None

    def data(self, index: _ANY_INDEX, role: int = 0) -> Any:
        video, column = self.video_at(index.row()), COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            short = index.column() == HEALTH and not self._reasons
            return column.text(video).partition(":")[0] if short else column.text(video)
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.text(video)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            return self._picture(video)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(right=column.right)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(_colour(video, index.column()))
        if role == Qt.ItemDataRole.UserRole:
            return video
        return None

    def _stays(self, before: Video, place: int) -> bool:
        """Whether a video that changed keeps its row."""
        video, key = self._videos[place], SORT_KEYS.get(COLUMNS[self._sorted_by].key, attrgetter("source", "path"))
        return video.id == before.id and key(video) == key(before) and self._fits(video) == self._fits(before)

    def _repaint(self, places: Sequence[int]) -> None:
        rows = self._row_of[np.array(places, np.int32)]
        if len(rows := rows[rows >= 0]):
            self.dataChanged.emit(self.index(int(rows.min()), 0), self.index(int(rows.max()), len(COLUMNS) - 1))

    def _fits(self, video: Video) -> bool:
        return _shown(video, self._show) and (not self._text or self._text in searched(video))

    def _order(self) -> None:
        """Sort all, so that a filter only leaves some out."""
        key = COLUMNS[self._sorted_by].key
        ranks = self._shelf.ranks(key) if key else np.arange(len(self._videos))
        self._sorted = np.argsort(-ranks if self._descending else ranks, kind="stable").astype(np.int32)
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self._rows = self._sorted
        if self._show != ALL or self._text:
            fits = np.array(self._shelf.holding(self._text), bool)
            if self._show != ALL:
                fits &= np.fromiter((_shown(video, self._show) for video in self._videos), bool, len(fits))
            self._rows = self._sorted[fits[self._sorted]]
        self._row_of = np.full(len(self._videos), -1, np.int32)
        self._row_of[self._rows] = np.arange(len(self._rows))
        self.endResetModel()


def _shown(video: Video, show: str) -> bool:
    return show == ALL or (video.excluded if show == EXCLUDED else video.verdict != GOOD)


def _colour(video: Video, column: int) -> str:
    theme = current_theme()
    if column == HEALTH and video.verdict != GOOD:
        return theme.warning if video.verdict == PARTIAL else theme.bad
    return theme.quiet if video.excluded or column != NAME else theme.text


def _alignment(*, right: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
