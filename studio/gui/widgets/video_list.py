"""The table of videos with the line of tools above it: search, which ones, leave out, take in, undo."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QUndoStack
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.gui.blocks import button
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, icon
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.quiet_wheel import QuietComboBox
from studio.gui.widgets.thumbnails import Thumbnails
from studio.gui.widgets.video_model import ALL, EXCLUDED, PROBLEMS
from studio.gui.widgets.video_table import VideoTable
from studio.gui.widgets.waiting import Waiting

_SHOWS = ((noted("All videos"), ALL), (noted("With problems"), PROBLEMS), (noted("Excluded"), EXCLUDED))


class VideoList(QWidget):
    """Lists and selects videos; `exclude_clicked` brings whether the selected ones shall be left out."""

    exclude_clicked = Signal(bool)
    value_changed = Signal()

    def __init__(self, thumbnails: Thumbnails, undo: QUndoStack, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self.setObjectName(f"{prefix}.list")
        self._prefix = prefix
        self._undo_stack = undo
        self._wide = False
        self.table = VideoTable(thumbnails, name=f"{prefix}.table")
        self.table.setMinimumHeight(theme.px(240))
        self.table.value_changed.connect(self._show_selection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        self._waiting = Waiting(name=f"{prefix}.reading")
        self._waiting.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout.addWidget(self._make_tools())
        layout.addWidget(self._waiting)
        layout.addWidget(self.table, 1)
        undo.indexChanged.connect(self._show_undo)
        self._show_undo()
        self._show_selection()

    def value(self) -> list[Video]:
        """Give the videos selected."""
        return self.table.value()

    def show_only(self, show: str) -> None:
        """Filter: all, problems or excluded."""
        self._show.setCurrentIndex([key for _words, key in _SHOWS].index(show))

    def forget(self) -> None:
        """Show all, and select none: these are the videos of another project."""
        self.search("")
        self.show_only(ALL)
        self.table.clearSelection()

    def kept(self) -> tuple[str, str, set[int]]:
        """What outlives a change of theme: the search, which ones are listed, which are selected."""
        return self._filter.text(), self._show.currentData(), {video.id for video in self.value()}

    def restore(self, kept: tuple[str, str, set[int]]) -> None:
        """Search, list and select what was kept."""
        text, show, selected = kept
        self.search(text)
        self.show_only(show)
        self.table.select(selected)

    def set_waiting(self, words: str) -> None:
        """Say what is waited for; nothing when it is done."""
        if words:
            self._waiting.start(words)
        else:
            self._waiting.stop()

    def search(self, text: str) -> None:
        """Filter by a part of the name, group or label."""
        self._filter.setText(text)

    def _make_tools(self) -> QWidget:
        self._filter = QLineEdit()
        self._filter.setObjectName(f"{self._prefix}.filter")
        self._filter.setAccessibleName(said("Search in names, groups and labels"))
        self._filter.setPlaceholderText(said("Search"))
        self._filter.setFixedWidth(current_theme().px(180))
        self._clear = QAction(icon("close", current_theme().quiet), said("Clear the search"), self._filter)
        self._filter.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setVisible(False)
        self._clear.triggered.connect(self._filter.clear)
        self._filter.textChanged.connect(self._filter_now)
        self._show = QuietComboBox()
        self._show.setObjectName(f"{self._prefix}.show")
        self._show.setAccessibleName(said("Which videos are listed"))
        for words, key in _SHOWS:
            self._show.addItem(said(words), key)
        self._show.currentIndexChanged.connect(self._filter_now)
        self._exclude = button("Exclude", name=f"{self._prefix}.exclude", icon_name="eye-off", kind="plain",
                               clicked=lambda: self.exclude_clicked.emit(self._will_exclude()))
        self._undo = button("Undo", name=f"{self._prefix}.undo", icon_name="undo", kind="plain",
                            clicked=self._undo_stack.undo)
        tools = QWidget()
        flow = FlowLayout(tools, spacing=8)
        for one in (self._filter, self._show, self._exclude, self._undo):
            flow.addWidget(one)
        return tools

    def _filter_now(self) -> None:
        show = self._show.currentData()
        self._clear.setVisible(bool(self._filter.text()))
        self.table.set_filter(self._filter.text(), show)
        if self._wide != (show == PROBLEMS):
            self._wide = show == PROBLEMS
            self.table.show_reasons(wide=self._wide)

    def _will_exclude(self) -> bool:
        return not all(video.excluded for video in self.value())

    def _show_selection(self) -> None:
        chosen = bool(self.value())
        leaves_out = not chosen or self._will_exclude()
        words = said("Exclude") if leaves_out else said("Include again")
        self._exclude.setEnabled(chosen)
        self._exclude.setText(words)
        self._exclude.setAccessibleName(words)
        self._exclude.setToolTip(said("Leave the selected videos out of everything; nothing is deleted")
                                 if leaves_out else said("Take the selected videos in again"))
        self.value_changed.emit()

    def _show_undo(self) -> None:
        words = self._undo_stack.undoText()
        self._undo.setEnabled(self._undo_stack.canUndo())
        self._undo.setToolTip(said("Undo: {change} (Ctrl+Z)", change=words) if words else said("Nothing to undo"))
        self._undo.setAccessibleName(said("Undo: {change}", change=words) if words else said("Undo"))
