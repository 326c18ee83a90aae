"""What was mixed up with what: a grid of labels by answers, and the clips behind the cell that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.gui.blocks import label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns, place_text
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.player import Player
from studio.gui.words import counted

_MOST_CLIPS = 24
_CELL_PIXELS, _ROW_PIXELS = 72, 30


class ConfusionGrid(QWidget):
    """Shows an evaluation's `confusion`; its value is the chosen cell (label, answer), or None."""

    def __init__(self, session: Session, *, name: str) -> None:
        super().__init__()
        self._session, self._name = session, name
        self._found: Mapping[str, Any] = {}
        self._turns, self.player = Turns(self), Player(self)
        self.tiles: list[ClipTile] = []
        self.table = QTableWidget()
        self.table.setObjectName(f"{name}.confusion")
        self.table.setAccessibleName(said("Confusion: a row for each label, a column for each answer"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setItemDelegate(_Tinted(self.table))
        self.table.currentCellChanged.connect(self._choose)
        self._says = label("", "quiet", wrap=True)
        self._flow = FlowLayout(spacing=8)
        theme, layout = current_theme(), QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(label("What was mixed up with what", "heading"))
        layout.addWidget(label("A row is the right label, a column the answer of the trained network. Choose a cell to "
                               "see its videos.", "caption", wrap=True))
        layout.addWidget(self.table)
        layout.addWidget(self._says)
        layout.addLayout(self._flow)

    def value(self) -> tuple[int, int] | None:
        """Give the chosen cell."""
        row, column = self.table.currentRow(), self.table.currentColumn()
        return (row, column) if row >= 0 and column >= 0 else None

    def set_value(self, confusion: Mapping[str, Any] | None) -> None:
        """Show counts of answers by label; None hides all."""
        self.setVisible(bool(confusion))
        if not confusion or confusion == self._found:
            return
        self._found = confusion
        names, counts = list(confusion["labels"]), confusion["counts"]
        self.table.blockSignals(True)
        self.table.setRowCount(len(names))
        self.table.setColumnCount(len(names))
        self.table.setHorizontalHeaderLabels(names)
        self.table.setVerticalHeaderLabels(names)
        for row, line in enumerate(counts):
            total = max(1, sum(line))
            for column, count in enumerate(line):
                self.table.setItem(row, column, self._item(names, row, column, int(count), count / total))
        self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(False)
        self._fit()
        self._show_clips([])
        self._says.setText("")

    def _item(self, names: list[str], row: int, column: int, count: int, share: float) -> QTableWidgetItem:
        theme = current_theme()
        made = QTableWidgetItem(str(count) if count else "·")
        made.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        ground = QColor(theme.good if row == column else theme.bad)
        ground.setAlphaF(0.7 * share)
        made.setBackground(ground)
        made.setForeground(QColor(theme.text if count else theme.quiet))
        words = said("{right} answered as {answer}: {count}", right=names[row], answer=names[column], count=count)
        made.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        made.setToolTip(words)
        return made

    def _fit(self) -> None:
        theme, table = current_theme(), self.table
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.horizontalHeader().setHighlightSections(False)
        table.resizeColumnsToContents()
        for column in range(table.columnCount()):
            table.setColumnWidth(column, max(theme.px(_CELL_PIXELS), table.columnWidth(column) + theme.px(8)))
        for row in range(table.rowCount()):
            table.setRowHeight(row, theme.px(_ROW_PIXELS))
        header = table.horizontalHeader().sizeHint().height()
        rows = min(12, table.rowCount())
        table.setFixedHeight(header + theme.px(_ROW_PIXELS) * rows + 2 * table.frameWidth() + theme.px(12))

    def _choose(self, row: int, column: int, *_before: int) -> None:
        cell = next((cell for cell in self._found.get("cells", ())
                     if (cell["label"], cell["answer"]) == (row, column)), None)
        names = self._found.get("labels", [])
        if row < 0 or column < 0:
            return
        videos = list(cell["videos"]) if cell else []
        answer = said("rightly") if row == column else said("as {label}", label=names[column])
        shown = said(", the first {count} shown", count=_MOST_CLIPS) if len(videos) > _MOST_CLIPS else ""
        self._says.setText(said("{videos} of {label} answered {answer}{shown}.", videos=counted(len(videos), "video"),
                                label=names[row], answer=answer, shown=shown)
                           if videos else said("No video of {label} was answered {answer}.", label=names[row],
                                               answer=answer))
        self._show_clips(videos[:_MOST_CLIPS])

    def _show_clips(self, videos: list[int]) -> None:
        known = {number: video for number in videos if (video := self._session.shelf.video(number))}
        videos = [number for number in videos if number in known]
        while len(self.tiles) < len(videos):
            tile = ClipTile(self._session, self._turns, player=self.player, tile=(112, 84), caption_lines=3)
            tile.setObjectName(f"{self._name}.confusion_clip_{len(self.tiles) + 1}")
            self.tiles.append(tile)
            self._flow.addWidget(tile)
        for number, tile in enumerate(self.tiles):
            tile.setVisible(number < len(videos))
            if number < len(videos):
                video = known[videos[number]]
                tile.set_caption(f"{video.path.rpartition('/')[2]}\n{place_text(video, video.seconds / 2)}")
                tile.show_clip(video.id, video.seconds / 2, ClipShape())
        if videos and self._session.settings.clips_play:
            self.player.play()
        else:
            self.player.stop()
        self.updateGeometry()


class _Tinted(QStyledItemDelegate):
    """Paints a cell on its own ground, which the style sheet would leave out."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem,
              index: QModelIndex | QPersistentModelIndex) -> None:
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        if ground is not None:
            painter.fillRect(option.rect, ground)
        super().paint(painter, option, index)
