"""The clips that were taken on the map, as a list, and what can be done with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from studio.engine import files
from studio.engine.catalogue import Video, display_path
from studio.engine.errors import StudioError
from studio.gui.blocks import button, label
from studio.gui.file_choice import choose_place
from studio.gui.library_edits import exclude
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import TextBox, label_of
from studio.gui.widgets.flow import FlowLayout
from studio.gui.words import counted, number, seconds_text

_SHOWN = 1000
_LINES = 5


@dataclass(frozen=True)
class TakenClip:
    """A clip of the map: its point, its video, its number in the video, and the second of its middle."""

    point: int
    video_id: int
    clip: int
    at_seconds: float


class _Lines(QListView):
    """A list whose lines are as wide as it is: of a long name the start is left out, never the time behind it."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setGridSize(QSize(self.viewport().width(), self.fontMetrics().height() + current_theme().px(4)))


class ClipSelection(QWidget):
    """Lists clips; its value is those taken. It hides while there are none, and nothing to take back.

    Its `list` stands where its owner puts it.

    `ask_wanted` brings pairs (video's number, clip's number) to find the neighbours of, `pointed` the point of a clip
    that was chosen in the list, `cleared` tells that none shall be taken.
    """

    ask_wanted = Signal(object)
    pointed = Signal(int)
    cleared = Signal()

    def __init__(self, session: Session, *, name: str) -> None:
        super().__init__()
        self._session, self._clips = session, list[TakenClip]()
        self.setObjectName(name)
        self.setAccessibleName(said("Clips taken on the map"))
        theme = current_theme()
        self._head = label("", "strong", wrap=True)
        self._names = QStringListModel(self)
        self.list = _Lines(self)
        self.list.setObjectName(f"{name}.list")
        self.list.setAccessibleName(said("Clips taken on the map"))
        self.list.setModel(self._names)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedHeight(theme.px(22 * _LINES))
        self.list.selectionModel().currentChanged.connect(lambda index, _before: self._point(index.row()))
        self.label_box = TextBox()
        label_of(self.label_box, name=f"{name}.label", title=said("Label for these videos"),
                 about=said("The label that the label file gives to every video of these clips"))
        self.label_box.setPlaceholderText(said("Label"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(self._head)
        self._flow = FlowLayout(spacing=8)
        layout.addLayout(self._flow)
        for widget in self._make_buttons(name):
            self._flow.addWidget(widget)
        self.list.hide()
        self.hide()

    def value(self) -> list[TakenClip]:
        """Give the clips taken."""
        return list(self._clips)

    def set_value(self, clips: Sequence[TakenClip]) -> None:
        """List clips."""
        self._clips = list(clips)
        videos = self._videos()
        self._head.setText(said("{clips} of {videos} taken", clips=counted(len(clips), 'clip'),
                                videos=counted(len(videos), 'video')) if clips else
                           said("No clip is taken."))
        lines = [f"{display_path(videos[one.video_id].path) if one.video_id in videos else 'gone'}, "
                 f"{seconds_text(one.at_seconds)}" for one in clips[:_SHOWN]]
        if len(clips) > _SHOWN:
            lines.append(f"and {number(len(clips) - _SHOWN)} more")
        self._names.setStringList(lines)
        self.list.setVisible(bool(clips))
        self.setVisible(bool(clips) or self.undo.isEnabled())

    def exclude(self) -> None:
        """Leave the clips' videos out of the project; it can be taken back."""
        exclude(self._session, list(self._videos().values()), excluded=True)
        self.undo.setEnabled(self._session.undo.canUndo())

    def save_labels(self, path: Path) -> None:
        """Write a label file: the columns path and label, one line a video."""
        rows = [(f"{video.source}/{video.path}", self.label_box.value()) for video in self._videos().values()]
        self._write(path, ("path", "label"), rows)

    def save_list(self, path: Path) -> None:
        """Write the list: path, seconds, clip, group, label, one line a clip."""
        videos = self._videos()
        rows = [(f"{video.source}/{video.path}", f"{one.at_seconds:.4f}", f"{one.video_id}:{one.clip}", video.group,
                 video.label) for one in self._clips if (video := videos.get(one.video_id))]
        self._write(path, ("path", "seconds", "clip", "group", "label"), rows)

    def _make_buttons(self, name: str) -> list[QWidget]:
        self.undo = button("Undo", name=f"{name}.undo", icon_name="undo", kind="plain", clicked=self._take_back,
                           tip="Take the excluded videos in again")
        self.undo.setEnabled(False)
        return [
                button("Find their neighbours", name=f"{name}.ask", clicked=self._ask,
                       tip="Look for the clips most like the mean of these; their own videos are left out"),
                button("Exclude their videos", name=f"{name}.exclude", icon_name="eye-off", clicked=self.exclude,
                       tip="Leave these videos out of everything; their files stay"),
                self.undo, self.label_box,
                button("Write label file…", name=f"{name}.save_labels", icon_name="save",
                       clicked=lambda: self._choose("labels.csv", self.save_labels),
                       tip="A CSV file with the columns path,label for these videos"),
                button("Save list…", name=f"{name}.save_list", icon_name="save",
                       clicked=lambda: self._choose("clips.csv", self.save_list), tip="These clips as a CSV file"),
                button("Take none", name=f"{name}.clear", kind="plain", clicked=self.cleared.emit,
                       tip="Let go of the selection (Escape on the map)")]

    def _videos(self) -> dict[int, Video]:
        wanted: Mapping[int, None] = dict.fromkeys(one.video_id for one in self._clips)
        shelf = self._session.shelf
        return {video_id: video for video_id in wanted if (video := shelf.video(video_id))}

    def _ask(self) -> None:
        if self._clips:
            self.ask_wanted.emit([(one.video_id, one.clip) for one in self._clips])

    def _take_back(self) -> None:
        self.undo.setEnabled(False)
        self._session.undo.undo()

    def _point(self, row: int) -> None:
        if 0 <= row < min(len(self._clips), _SHOWN):
            self.pointed.emit(self._clips[row].point)

    def _choose(self, suggested: str, save: Callable[[Path], None]) -> None:
        choose_place(self, said("Save as a table"), save, start=Path.home() / suggested,
                     kinds=said("CSV files (*.csv);;All files (*)"))

    def _write(self, path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[display_path(part) for part in row] for row in rows])
        try:
            files.write_text(path, stream.getvalue())
        except StudioError as error:
            self._session.notify_error(error)
        except OSError as error:
            self._session.notify(said("{name} could not be written ({strerror}).", name=path.name,
                                      strerror=error.strerror),
                                 remedy=said("Choose another folder"), level="error")
        else:
            self._session.notify(said("{name} was written: {lines}.", name=path.name, lines=counted(len(rows), 'line')))
