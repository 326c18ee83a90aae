"""The window in which masks are drawn over overlays: clocks, rulers, traces. Nothing is changed in the originals."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import ValidationError
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.engine.catalogue import Video, display_path
from studio.engine.masks import Mask, Rectangle, masked_share, size_text
from studio.engine.video.footage import open_unmasked
from studio.engine.video.mask_edits import MOST_HIDDEN, free_name
from studio.gui.background import Background
from studio.gui.blocks import button, column, fit, label, row
from studio.gui.jobs import Job
from studio.gui.library_edits import set_masks
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.mask_canvas import Drawn, MaskCanvas
from studio.gui.words import counted, share

_ABOUT = noted("Draw a rectangle over what is burnt in: a network would read the clock, not the heart. Masks are black "
               "in the frames that training sees; your files stay as they are. A scan puts them on.")
_NONE = noted("No mask yet: draw one, or let the studio suggest.")


class MaskDialog(QDialog):
    """Edits the project's masks over a frame of one video; ticked masks are kept when it is saved."""

    def __init__(self, parent: QWidget, session: Session, video: Video) -> None:
        super().__init__(parent.window())
        theme = current_theme()
        self.setObjectName("masks")
        self.setWindowTitle(said("Masks"))
        fit(self, 940, 600)
        self._session, self._video = session, video
        self._job: Job | None = None
        self._reasons: dict[str, str] = {}
        self._masks: dict[str, Mask] = {}
        self.canvas = MaskCanvas(name="masks.frame")
        self.canvas.rectangle_drawn.connect(self._take_rectangle)
        self.list = QListWidget()
        self.list.setObjectName("masks.list")
        self.list.setAccessibleName(said("Masks: ticked ones are put on"))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSpacing(theme.px(2))
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setMinimumHeight(theme.px(96))
        self.list.setItemDelegate(_WholeWords(self.list))
        self.list.itemChanged.connect(lambda _item: self._show())
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.where = ChoiceBox(self._places())
        label_of(self.where, name="masks.where", title=said("New masks hold for"),
                 about=said("Overlays go with a machine's picture"))
        self._none = label(_NONE, "quiet", wrap=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.suggest = button("Suggest", name="masks.suggest", icon_name="search",
                              clicked=lambda: self._suggest("--source", video.source, "--size",
                                                            size_text(video.width, video.height)),
                              tip="Look for clocks, rulers, traces and the black surround in the videos of this size "
                                  "and folder")
        self.suggest_all = button("For all videos", name="masks.suggest_all", clicked=self._suggest,
                                  tip="Look at the videos of every size and folder; this may take minutes")
        self._save = button("Save", name="masks.save", kind="primary", clicked=self._keep)
        self._remove = button("Remove", name="masks.remove", icon_name="trash", clicked=self._take_away)
        self._says = label("", "quiet", wrap=True)
        self._progress = JobLine(prefix="masks", narrow=True)
        self._lay_out()
        session.job_ended.connect(self._heard)
        self._background = Background(self, most=1)
        self._background.done.connect(self._take_frame)
        for mask in session.project.settings.masks if session.project else []:
            self._add(mask, on=True)
        self._show()
        self._ask_frame()

    def value(self) -> list[Mask]:
        """Give the masks that are ticked."""
        return [self._masks[name] for name in self._names(ticked=True)]

    def _lay_out(self) -> None:
        theme = current_theme()
        side = QWidget()
        buttons = FlowLayout(spacing=8)
        for one in (self.suggest, self.suggest_all, self._remove):
            buttons.addWidget(one)
        layout = column(label("New masks hold for", "caption"), self.where, spacing=8)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._none, 1)
        layout.addLayout(buttons)
        layout.addWidget(self._progress)
        layout.addWidget(self._says)
        side.setLayout(layout)
        side.setProperty("kind", "page")
        scrolled = QScrollArea()
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scrolled.setWidgetResizable(True)
        scrolled.setFixedWidth(theme.px(300))
        scrolled.setWidget(side)
        body = row(self.canvas, scrolled, spacing=16)
        body.setStretch(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(16))
        whole.setSpacing(theme.px(12))
        whole.addWidget(label(_ABOUT, "quiet", wrap=True))
        whole.addLayout(body, 1)
        whole.addLayout(row(None, button("Cancel", name="masks.cancel", clicked=self.reject), self._save))

    def _places(self) -> list[tuple[str, str]]:
        video = self._video
        found = [("size", said("videos of {width} × {height} in {source}", width=video.width, height=video.height,
                               source=video.source)),
                 ("source", said("all videos of {source}", source=video.source)), ("all", noted("all videos"))]
        return found + ([("group", said("the group {group}", group=display_path(video.group)))] if video.group else [])

    def _ask_frame(self) -> None:
        project, video = self._session.project, self._video
        if project is None:
            return

        def read() -> np.ndarray:
            cached = open_unmasked(project, video)
            return np.asarray(cached.rgb([cached.frames // 2])[0])

        self._background.ask(video.id, read)

    def _take_frame(self, _key: object, frame_HW3: np.ndarray | None) -> None:
        self.canvas.set_picture(frame_HW3, said("The frames of this video are missing: scan again"))

    def _take_rectangle(self, x: float, y: float, width: float, height: float) -> None:
        video, where = self._video, self.where.value()
        chosen = {"source": video.source if where in ("size", "source") else "",
                  "size": size_text(video.width, video.height) if where == "size" else "",
                  "group": video.group if where == "group" else ""}
        try:
            mask = Mask(name=free_name("mask", set(self._masks)), **chosen,
                        shapes=(Rectangle(x=x, y=y, width=width, height=height),))
        except ValidationError as error:
            self._says.setText(str(error.errors()[0]["msg"]))
            return
        self._add(mask, on=True)
        self.list.setCurrentRow(self.list.count() - 1)

    def _add(self, mask: Mask, *, on: bool, about: str = "") -> None:
        self._masks[mask.name] = mask
        self._reasons[mask.name] = about
        self.list.blockSignals(True)
        item = QListWidgetItem(f"{mask.name}{f': {about}' if about else ''}")
        item.setData(Qt.ItemDataRole.UserRole, mask.name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        item.setToolTip(about or mask.name)
        self.list.addItem(item)
        self.list.blockSignals(False)
        self._show()

    def _names(self, *, ticked: bool) -> list[str]:
        items = [self.list.item(place) for place in range(self.list.count())]
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in items
                if not ticked or item.checkState() == Qt.CheckState.Checked]

    def _show(self) -> None:
        place = self.list.currentRow()
        chosen = "" if place < 0 else str(self.list.item(place).data(Qt.ItemDataRole.UserRole))
        video, ticked = self._video, set(self._names(ticked=True))
        here = [mask for mask in self._masks.values() if mask.holds_for(
            source=video.source, path=video.path, group=video.group, size=size_text(video.width, video.height))]
        self.canvas.set_value([Drawn(mask, mask.name in ticked, mask.name == chosen) for mask in here])
        hidden = masked_share([mask for mask in here if mask.name in ticked])
        self._remove.setEnabled(bool(chosen))
        self._save.setEnabled(hidden <= MOST_HIDDEN and self._job is None)
        self.list.setVisible(bool(self._masks))
        self._none.setVisible(not self._masks)
        self._says.setText(said("{share} of this video's picture is hidden.",
                                share=share(hidden)) if hidden <= MOST_HIDDEN else
                           said("Nothing of the picture would be left: untick a mask."))

    def _take_away(self) -> None:
        if (place := self.list.currentRow()) >= 0:
            item = self.list.takeItem(place)
            self._masks.pop(str(item.data(Qt.ItemDataRole.UserRole)), None)
            self._show()

    def done(self, result: int) -> None:
        if self._job is not None:  # nobody would see what it finds
            self._job.request_stop()
        super().done(result)

    def _suggest(self, *only: str) -> None:
        project = self._session.project
        if project is not None and self._job is None:
            self._job = self._session.start_job("mask", [str(project.root), "--suggest", *only],
                                                title=said("Looking for overlays"))
            self._progress.set_value(self._job)
            self._show_looking()
            self._says.setText(said("Masks can be saved when this is done, or stopped."))

    def _show_looking(self) -> None:
        for one in (self.suggest, self.suggest_all):
            one.setEnabled(self._job is None)
        self._show()

    def _heard(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        self._progress.forget()
        self._show_looking()
        result: dict[str, Any] = job.finished_event.result if job.finished_event else {}
        known = Mask.model_fields
        found = [one for one in result.get("suggestions", ()) if one["name"] not in self._masks]
        for one in found:
            self._add(Mask.model_validate({key: one[key] for key in known if key in one}), on=False,
                      about=one["reason"])  # it is named after its kind
        self._says.setText(said("{suggestions}: tick what to hide.",
                                suggestions=counted(len(found), 'suggestion')) if found else
                           said("No further overlay was found in what videos of one size and folder share: draw it.")
                           if job.finished_event and not job.finished_event.stopped else said("Nothing was suggested."))

    def _keep(self) -> None:
        set_masks(self._session, self.value())
        self.accept()


class _WholeWords(QStyledItemDelegate):
    """Makes rows as high as their words are: Qt leaves the box before them out of its sum."""

    def __init__(self, of: QListWidget) -> None:
        super().__init__(of)
        self._list = of

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        style, theme = self._list.style(), current_theme()
        room = self._list.viewport().width() - 2 * self._list.spacing() - 2 * theme.px(4)
        room -= style.pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, option, self._list) + theme.px(16)
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        needed = option.fontMetrics.boundingRect(0, 0, max(room, 1), 1 << 16, Qt.TextFlag.TextWordWrap, words)
        return QSize(room, max(super().sizeHint(option, index).height(), needed.height() + theme.px(8)))
