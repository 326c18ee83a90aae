"""The table of videos: thumbnails, names and what is known of each. Its value is the videos selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from studio.engine.catalogue import Video, display_path
from studio.engine.masks import Mask, size_text
from studio.gui.shelf import Shelf
from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme
from studio.gui.widgets.thumbnails import THUMBNAIL, Thumbnails
from studio.gui.widgets.video_model import COLUMNS, HEALTH, NAME, VideoModel

_Index = QModelIndex | QPersistentModelIndex
_ROW = THUMBNAIL[1] + 8
_LEAST_NAME, _PADDING = 200, 20


class VideoTable(QTableView):
    """Shows and selects videos; only the rows that are seen cost anything."""

    value_changed = Signal()

    def __init__(self, thumbnails: Thumbnails, *, name: str) -> None:
        super().__init__()
        theme = current_theme()
        self.setObjectName(name)
        self.setAccessibleName(said("Videos"))
        self.rows = VideoModel(thumbnails.picture)
        thumbnails.came.connect(self.rows.picture_came)
        self.setModel(self.rows)
        self.masks: list[Mask] = []
        self.setItemDelegateForColumn(NAME, _NameDelegate(self))
        self.setItemDelegateForColumn(HEALTH, _HealthDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.px(_ROW))
        self._shape_columns(theme)
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.selectionModel().selectionChanged.connect(self.value_changed)
        self.rows.modelReset.connect(self.value_changed)

    def value(self) -> list[Video]:
        """Give the videos selected, as they lie in the table."""
        chosen = self.selectionModel().selection()
        ranges = [chosen.at(place) for place in range(chosen.count())]  # of a hundred thousand rows there may be one
        rows = {row for one in ranges for row in range(one.top(), one.bottom() + 1)}
        return [self.rows.video_at(row) for row in sorted(rows)]

    def current(self) -> Video | None:
        """Give the video that the keys are on, if it is selected; else the first selected."""
        index = self.currentIndex()
        if index.isValid() and self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            return self.rows.video_at(index.row())
        return next(iter(self.value()), None)

    def set_videos(self, shelf: Shelf) -> None:
        """Show other videos; those selected stay selected where they are still there."""
        selected = {video.id for video in self.value()}
        if self.rows.set_videos(shelf):
            self.select(selected)
        else:
            self.value_changed.emit()

    def set_masks(self, masks: Sequence[Mask]) -> None:
        """Say of the videos that these masks are about that they are masked."""
        if self.masks != list(masks):
            self.masks = list(masks)
            self.viewport().update()

    def set_filter(self, text: str, show: str) -> None:
        """Show only some (see `VideoModel.set_filter`); those selected stay selected where they are still shown."""
        selected = {video.id for video in self.value()}
        self.rows.set_filter(text, show)
        self.select(selected)

    def select(self, video_ids: set[int]) -> None:
        """Select these videos."""
        rows = sorted(row for row in map(self.rows.row_of, video_ids) if row is not None)
        if not rows:
            return
        self.setCurrentIndex(self.rows.index(rows[0], NAME))
        chosen, start = QItemSelection(), rows[0]
        for row, after in zip(rows, [*rows[1:], -1], strict=True):
            if after != row + 1:
                chosen.select(self.rows.index(start, NAME), self.rows.index(row, NAME))
                start = after
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(chosen, flags)

    def show_reasons(self, *, wide: bool) -> None:
        """Give the reason of a bad verdict the room of the columns that say nothing about it."""
        self.rows.set_reasons(shown=wide)
        for place in range(1, len(COLUMNS)):
            self.setColumnHidden(place, wide and place != HEALTH)
        self.setColumnWidth(HEALTH, self._health_width() * (4 if wide else 1))
        self._stretch_names()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stretch_names()

    def _shape_columns(self, theme: Theme) -> None:
        header = self.horizontalHeader()
        header.setMinimumSectionSize(theme.px(48))
        header.setHighlightSections(False)
        for place, column in enumerate(COLUMNS):
            if place != NAME:
                self.setColumnWidth(place, theme.px(column.width))
        self.setColumnWidth(HEALTH, self._health_width())
        self._stretch_names()

    def _health_width(self) -> int:
        """So wide that a verdict is read in whole, in any language."""
        theme = current_theme()
        words = QFontMetrics(theme.font(13)).horizontalAdvance(said("partly readable"))
        return max(theme.px(COLUMNS[HEALTH].width), words + theme.px(_PADDING))

    def _stretch_names(self) -> None:
        """Give the names what the other columns leave, but never so little that they cannot be read."""
        others = sum(self.columnWidth(place) for place in range(len(COLUMNS)) if place != NAME)
        self.setColumnWidth(NAME, max(current_theme().px(_LEAST_NAME), self.viewport().width() - others))


class _NameDelegate(QStyledItemDelegate):
    """Paints a thumbnail at its place from the start, the file's name, and the folder under it."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(current_theme().px(220), current_theme().px(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, video = current_theme(), index.data(Qt.ItemDataRole.UserRole)
        widget: QWidget = option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        gap, (width, height) = theme.px(8), (theme.px(THUMBNAIL[0]), theme.px(THUMBNAIL[1]))
        place = QRect(option.rect.left() + gap, option.rect.top() + theme.px(4), width, height)
        _paint_picture(painter, theme, place, index.data(Qt.ItemDataRole.DecorationRole), faded=video.excluded)
        words = option.rect.adjusted(width + 2 * gap + gap // 2, theme.px(6), -gap, -theme.px(6))
        folder, _, name = display_path(video.path).rpartition("/")
        under = folder or video.source
        if isinstance(widget, VideoTable) and any(mask.holds_for(
                source=video.source, path=video.path, group=video.group, size=size_text(video.width, video.height))
                for mask in widget.masks):
            under = said("masked · {folder}", folder=under)
        if video.excluded:
            under = said("excluded · {folder}", folder=under)
        _paint_line(painter, words, name, colour=theme.quiet if video.excluded else theme.text, pixels=13, upper=True)
        _paint_line(painter, words, under, colour=theme.quiet, pixels=11, upper=False)


class _HealthDelegate(QStyledItemDelegate):
    """Keeps the colour of a verdict where the row is selected."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        option.palette.setColor(QPalette.ColorRole.HighlightedText, index.data(Qt.ItemDataRole.ForegroundRole))


def _paint_picture(painter: QPainter, theme: Theme, place: QRect, picture: QPixmap | None, *, faded: bool) -> None:
    painter.fillRect(place, QColor(theme.raised))
    if picture is not None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(0.35 if faded else 1.0)
        target = QRect(place.topLeft(), picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio))
        target.moveCenter(place.center())
        painter.drawPixmap(target, picture)
        painter.restore()


def _paint_line(painter: QPainter, place: QRect, text: str, *, colour: str, pixels: int, upper: bool) -> None:
    font = current_theme().font(pixels)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    side = Qt.AlignmentFlag.AlignTop if upper else Qt.AlignmentFlag.AlignBottom
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
    painter.drawText(place, side | Qt.AlignmentFlag.AlignLeft, shown)
