"""The runs of a project as a list: state, key number beside chance, when and how long. Several can be chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QItemSelection,
    QItemSelectionModel,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio.engine.runs import Run
from studio.gui.icons import painted
from studio.gui.judgement import chance_share, right_share, right_words
from studio.gui.texts import noted, said
from studio.gui.theme import Theme, current_theme
from studio.gui.words import counted, duration, share

Index = QModelIndex | QPersistentModelIndex
_RUN = Qt.ItemDataRole.UserRole
_ROW_PIXELS, _ICON_PIXELS = 52, 20
GOING_ON = "going-on"
"""The state of a run that was asked to go on and does not yet."""
_LEAST_ROWS, _MOST_ROWS = 3, 6
_STATE = _RUN + 1
STATES = {"running": noted("training"), "paused": noted("paused"), "finished": noted("finished"),
          GOING_ON: noted("going on"), "stopped": noted("stopped"), "failed": noted("failed"),
          "interrupted": noted("interrupted")}
"""A run's state in words."""


def short_name(name: str) -> str:
    """Give a run's name without the date and time that its folder's name starts with."""
    return re.sub(r"^\d{4}-\d\d-\d\d-\d{4}-", "", name)


def run_label(run: Run) -> str:
    """Name a run so that it is told from others of the same recipe: its short name, and when it was started."""
    return f"{short_name(run.name)} · {started}" if (started := when(run)) else run.name


def told_apart(runs: Sequence[Run]) -> dict[str, str]:
    """Name runs that stand beside each other: shortly, and with their time where that is not enough."""
    short = [short_name(run.name) for run in runs]
    return {run.name: run_label(run) if short.count(name) > 1 else name for run, name in zip(runs, short, strict=True)}


def in_words(run: Run, state: str = "") -> str:
    """Say all that a row shows; `state` where it is not the run's own."""
    words = [short_name(run.name), said(STATES[state or run.shown_state]), when(run), counted(run.step, "step"),
             said("{time} of training", time=duration(run.seconds)) if run.seconds else ""]
    words.append(right_words(run))
    return ", ".join(word for word in words if word)


def when(run: Run) -> str:
    """Say when a run was started; nothing where that is not known."""
    started = QDateTime.fromSecsSinceEpoch(int(run.started_at))
    return QLocale().toString(started, "dd MMM HH:mm") if run.started_at else ""


class RunModel(QAbstractListModel):
    """The runs, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self.going_on = ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.runs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        run = self.runs[index.row()]
        state = GOING_ON if run.name == self.going_on and run.state != "running" else run.shown_state
        roles: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: short_name(run.name), _RUN: run, _STATE: state,
            Qt.ItemDataRole.AccessibleTextRole: in_words(run, state),
            Qt.ItemDataRole.ToolTipRole: f"{run.name}\n{said(run.title)}\n{in_words(run, state)}"}
        return roles.get(role)

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Show these runs, given oldest first; rows that stay keep their selection."""
        newest = list(reversed(runs))
        if [run.name for run in newest] == [run.name for run in self.runs]:
            self.runs = newest
            if newest:
                self.dataChanged.emit(self.index(0), self.index(len(newest) - 1))
            return
        self.beginResetModel()
        self.runs = newest
        self.endResetModel()


class RunList(QListView):
    """Its value is the names of the chosen runs; the first is the one that the pages look into."""

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Runs, newest first. Choose several to compare them"))
        self._runs = RunModel()
        self._runs.setParent(self)
        self.setModel(self._runs)
        self.setItemDelegate(_Row(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.selectionModel().selectionChanged.connect(lambda *_: self.value_changed.emit(self.value()))

    def value(self) -> list[str]:
        """Give the names of the chosen runs, the current one first."""
        chosen = [self._runs.runs[index.row()].name for index in self.selectionModel().selectedIndexes()]
        current = self.currentIndex()
        name = self._runs.runs[current.row()].name if current.isValid() else ""
        return sorted(chosen, key=lambda one: one != name)

    def set_value(self, names: Sequence[str]) -> None:
        """Choose runs; nobody is told."""
        if set(names) == set(self.value()):
            return
        rows = [row for row, run in enumerate(self._runs.runs) if run.name in names]
        chosen = QItemSelection()
        for row in rows:
            chosen.select(self._runs.index(row), self._runs.index(row))
        model = self.selectionModel()
        with QSignalBlocker(model):
            first = next((row for row, run in enumerate(self._runs.runs) if names and run.name == names[0]), None)
            if first is not None:
                model.setCurrentIndex(self._runs.index(first), QItemSelectionModel.SelectionFlag.NoUpdate)
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.viewport().update()

    def set_going_on(self, name: str) -> None:
        """Show that a run was asked to go on."""
        if name != self._runs.going_on:
            self._runs.going_on = name
            self.viewport().update()

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Show the runs of a project, given oldest first."""
        chosen = self.value()
        with QSignalBlocker(self.selectionModel()):
            self._runs.set_runs(runs)
        self.set_value([name for name in chosen if any(run.name == name for run in runs)])
        rows = min(max(len(runs), _LEAST_ROWS), _MOST_ROWS)
        self.setFixedHeight(current_theme().px(_ROW_PIXELS) * rows + 2 * self.frameWidth() + 2)


class _Row(QStyledItemDelegate):
    """Paints a run: its state, its name, and its right answers over chance."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(current_theme().px(200), current_theme().px(_ROW_PIXELS))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, run, state, place = current_theme(), index.data(_RUN), index.data(_STATE), option.rect
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(place, QColor("#24403F" if theme.dark else "#D5ECE8"))
        focused = option.state & QStyle.StateFlag.State_HasFocus
        if focused:
            painter.setPen(QColor(theme.accent))
            painter.drawRect(place.adjusted(0, 0, -1, -1))
        name, colour = _sign(state, theme)
        side = theme.px(_ICON_PIXELS)
        painter.drawPixmap(place.left() + theme.px(8), place.top() + (place.height() - side) // 2,
                           painted(name, colour=colour, pixels=side))
        inner = place.adjusted(theme.px(36), theme.px(6), -theme.px(10), -theme.px(6))
        _two_lines(painter, inner, run, state, theme)
        painter.restore()


def _two_lines(painter: QPainter, inner: QRect, run: Run, state: str, theme: Theme) -> None:
    half = inner.height() // 2
    upper, lower = QRect(inner.topLeft(), QSize(inner.width(), half)), inner.adjusted(0, half, 0, 0)
    known = run.accuracy is not None
    bold, small = theme.font(13, bold=True), theme.font(11)
    right = QRect(upper)
    taken = _write(painter, right, share(right_share(run)) if known else "", bold, theme.text, right=True)
    started = when(run)
    taken += QFontMetrics(small).horizontalAdvance(started)
    named = _write(painter, upper.adjusted(0, 0, -taken, 0), short_name(run.name), bold, theme.text)
    _write(painter, upper.adjusted(named, 0, 0, 0), started, small, theme.quiet)
    chance = said("chance {share}", share=share(chance_share(run))) if known else ""
    taken = _write(painter, lower, chance, small, theme.quiet, right=True)
    steps = counted(run.step, "step") if run.step else ""
    digest = " · ".join(filter(None, [said(STATES[state]), steps]))
    _write(painter, lower.adjusted(0, 0, -taken, 0), digest, small, theme.quiet)


def _write(painter: QPainter, place: QRect, words: str, font: QFont, colour: str, *, right: bool = False) -> int:
    """Write a line, shortened where it must be; the width that it takes."""
    metrics = QFontMetrics(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(place, int(side | Qt.AlignmentFlag.AlignVCenter), shown)
    return metrics.horizontalAdvance(shown) + (current_theme().px(8) if words else 0)


def _sign(state: str, theme: Theme) -> tuple[str, str]:
    return {"running": ("play", theme.accent), GOING_ON: ("play", theme.accent), "paused": ("pause", theme.accent),
            "finished": ("good", theme.good), "stopped": ("stop", theme.quiet), "failed": ("bad", theme.bad),
            "interrupted": ("warning", theme.warning)}[state]
