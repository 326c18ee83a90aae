"""Chooses a usable video of the project by its name, or perhaps all of them; typing searches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter

from studio.engine.catalogue import Video, display_path
from studio.gui.texts import noted, said
from studio.gui.widgets.quiet_wheel import QuietWheel

ALL_VIDEOS = noted("All videos, as in training")


class VideoChoice(QuietWheel, QComboBox):
    """Its value is the number of a video, or None for all. The model is one list of names: many videos cost little.

    Without `all_words` only single videos can be chosen, and None means that there is none.
    """

    value_changed = Signal(object)

    def __init__(self, *, name: str, all_words: str = ALL_VIDEOS) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Video (type to search)"))
        self._first = [said(all_words)] if all_words else []
        self._ids: list[int | None] = [None for _ in self._first]
        self._videos: Sequence[Video] | None = None
        self._names = QStringListModel(self._first, self)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setModel(self._names)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(16)
        completer, line = self.completer(), self.lineEdit()
        assert completer
        assert line
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        line.editingFinished.connect(self._spell_again)
        self.currentIndexChanged.connect(self._chosen)

    def showPopup(self) -> None:
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        super().showPopup()

    def value(self) -> int | None:
        """Give the number of the video chosen, None for all."""
        index = self.currentIndex()
        return self._ids[index] if 0 <= index < len(self._ids) else None

    def set_value(self, video_id: int | None) -> None:
        """Choose a video; one that is not there chooses all."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self._ids.index(video_id) if video_id in self._ids else 0)
        self._spell_again()

    def kept(self) -> int | None:
        """What outlives a change of theme."""
        return self.value()

    def restore(self, kept: int | None) -> None:
        """Choose what was kept, and tell."""
        if kept != self.value():
            self.set_value(kept)
            self.value_changed.emit(self.value())

    def set_videos(self, videos: Sequence[Video], names: Sequence[str] = ()) -> None:
        """Offer other videos; the chosen one stays chosen, and the first is chosen when there was none before.

        Their `names` are made of their paths where none are given.
        """
        if videos is self._videos:  # asked at every turn of a control, and there may be a hundred thousand
            return
        self._videos = videos
        ids = [*(None for _ in self._first), *(video.id for video in videos)]
        if ids == self._ids:
            return
        before, first_time = self.value(), len(self._ids) == len(self._first)
        with QSignalBlocker(self):
            self._ids = ids
            self._names.setStringList([*self._first, *(names or (display_path(video.path) for video in videos))])
        self.set_value(videos[0].id if first_time and videos else before)

    def _chosen(self) -> None:
        self._spell_again()
        self.value_changed.emit(self.value())

    def _spell_again(self) -> None:
        """A name that was typed only in part goes back to what is chosen."""
        text = self.itemText(max(0, self.currentIndex())) if self._ids else ""
        self.setEditText(text)
        self.setToolTip(text)
        if line := self.lineEdit():
            line.setCursorPosition(len(text))  # long names of a project differ at their ends
