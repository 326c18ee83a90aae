"""The videos of a project as rows: sorted, filtered, with pictures that are read when a row is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from studio.engine.catalogue import GOOD, PARTIAL, Video, display_path
from studio.gui.theme import current_theme
from studio.gui.words import seconds_text

ALL, PROBLEMS, EXCLUDED = "all", "problems", "excluded"
_ANY_INDEX = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


@dataclass(frozen=True)
class Column:
    """A column: its title, what it says of a video, what it is sorted by, and how wide it is at 100 % (0: the rest)."""

    title: str
    text: Callable[[Video], str]
    key: Callable[[Video], Any]
    width: int
    right: bool = False


def health(video: Video) -> str:
    """Say how far a video can be read, and why no further."""
    if video.verdict == GOOD and not video.reason:
        return "good"
    if video.verdict == GOOD:
        return f"good, {video.reason}"
    return f"{'partly readable' if video.verdict == PARTIAL else 'unreadable'}: {video.reason}"


def group(video: Video) -> str:
    """Say which group a video is in."""
    return "its own" if video.group in ("", f"{video.source}/{video.path}") else display_path(video.group)


def _size(video: Video) -> str:
    return f"{video.width} × {video.height}" if video.width else "–"


COLUMNS = (
    Column("Video", lambda video: display_path(video.path), lambda video: (video.source, video.path), 0),
    Column("Length", lambda video: seconds_text(video.seconds) if video.frames else "–",
           lambda video: video.seconds, 72, right=True),
    Column("Rate", lambda video: f"{video.frames_per_second:.4g} /s" if video.frames else "–",
           lambda video: video.frames_per_second, 72, right=True),
    Column("Size", _size, lambda video: video.width * video.height, 100, right=True),
    Column("Health", health, lambda video: (video.verdict != GOOD, video.verdict, video.reason), 108),
    Column("Group", group, lambda video: video.group, 92),
    Column("Motion", lambda video: f"{video.motion:.2f}" if video.readable else "–",
           lambda video: video.motion, 68, right=True),
)
NAME, HEALTH, GROUP = 0, 4, 5
_TIPS = {2: "Frames a second", 6: "Mean motion, in pixels a frame at the size of the cached frames",
         5: "Videos of one group are never split between training and validation"}


class VideoModel(QAbstractTableModel):
    """Rows of videos; `picture` gives a row's thumbnail, or None while it is being read."""

    def __init__(self, picture: Callable[[Video], QPixmap | None]) -> None:
        super().__init__()
        self._picture = picture
        self._named: list[tuple[Video, str]] = []
        """All videos, each with what a filter looks at; `_sorted` in the order of the table."""
        self._sorted: list[tuple[Video, str]] = []
        self._rows: list[Video] = []
        self._row_of: dict[int, int] = {}
        self._text, self._show = "", ALL
        self._reasons = False
        self._sorted_by, self._descending = 0, False

    def set_videos(self, videos: Sequence[Video]) -> bool:
        """Take over the project's videos; tells whether the rows were arranged anew.

        Where most of them are the very objects that are shown, only the others are looked at.
        """
        if len(videos) == len(self._named):
            places = [place for place, (video, (before, _)) in enumerate(zip(videos, self._named, strict=True))
                      if video is not before]
            if len(places) <= len(videos) // 2 and self._put({videos[place].id: videos[place] for place in places}):
                for place in places:
                    self._named[place] = _named(videos[place])
                return False
        self._named = [_named(video) for video in videos]
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
        return self._rows[row]

    def row_of(self, video_id: int) -> int | None:
        """Give the row of a video; None while it is filtered out."""
        return self._row_of.get(video_id)

    def picture_came(self, video_id: int) -> None:
        """Paint a row's thumbnail."""
        if (row := self._row_of.get(video_id)) is not None:
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
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(right=COLUMNS[section].right)
        return None

    def data(self, index: _ANY_INDEX, role: int = 0) -> Any:
        video, column = self._rows[index.row()], COLUMNS[index.column()]
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

    def _put(self, changed: dict[int, Video]) -> bool:
        """Put other videos into their rows; tells whether each of them could keep its row."""
        key = COLUMNS[self._sorted_by].key
        places = [place for place, (video, _) in enumerate(self._sorted) if video.id in changed]
        named = [_named(changed[self._sorted[place][0].id]) for place in places]
        for place, (video, name) in zip(places, named, strict=True):
            before = self._sorted[place][0]
            stays = self._fits(video, name) == self._fits(*self._sorted[place]) and key(video) == key(before)
            if not stays:
                return False
        if len(places) != len(changed):
            return False
        for place, one in zip(places, named, strict=True):
            self._sorted[place] = one
        rows = [(row, video) for video, _ in named if (row := self._row_of.get(video.id)) is not None]
        for row, video in rows:
            self._rows[row] = video
        if rows:
            self.dataChanged.emit(self.index(min(rows, key=lambda one: one[0])[0], 0),
                                  self.index(max(rows, key=lambda one: one[0])[0], len(COLUMNS) - 1))
        return True

    def _fits(self, video: Video, name: str) -> bool:
        return self._text in name and _shown(video, self._show)

    def _order(self) -> None:
        """Sort all, so that a filter only leaves some out: of a hundred thousand that is quick at every letter."""
        key = COLUMNS[self._sorted_by].key
        self._sorted = sorted(self._named, key=lambda one: key(one[0]), reverse=self._descending)
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        rows = [video for video, name in self._sorted if self._text in name and _shown(video, self._show)]
        self._rows, self._row_of = rows, {video.id: row for row, video in enumerate(rows)}
        self.endResetModel()


def _named(video: Video) -> tuple[Video, str]:
    """A video with what a filter looks at."""
    return video, f"{display_path(video.path)} {video.group} {video.label}".casefold()


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
