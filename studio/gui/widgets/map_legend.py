"""What the colours of a feature map mean: the classes of its clips, and chips that name them.

Legend: N clips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from studio.engine.catalogue import Video, display_path
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.flow import FlowLayout
from studio.gui.words import breakable, number

COLOUR_BY = {"folder": noted("Folder"), "label": noted("Label"), "group": noted("Group"),
             "time": noted("Time in the video"), "motion": noted("Motion"), "run": noted("Part in the run")}
_PARTS = (noted("start"), noted("a quarter in"), noted("middle"), noted("three quarters in"), noted("end"))
_NAMED = 7


@dataclass(frozen=True)
class Classes:
    """The class of N clips, and each class's name, colour and number of clips."""

    class_N: NDArray[np.intp]
    names: list[str]
    colours: list[str]
    counts: list[int]


def classes_by(kind: str, video_ids: Sequence[int], times: Sequence[Sequence[float]], videos: Mapping[int, Video], *,
               first: int | None = None, motion: Sequence[Sequence[float]] = (),
               parts: Sequence[str] = ()) -> Classes:
    """Sort clips into classes to colour them by (`COLOUR_BY`); `motion` is each clip's, in pixels a frame, `parts` say
    what each video was to the run (learned from, held out).

    The class of the video `first` comes first, then the largest; what is over the seventh is one class of others. A
    class has the same colour whatever run is shown and whatever is asked about, as long as it is one of the largest.
    """
    if kind == "time":
        return _by_time(video_ids, times, videos)
    if kind == "motion":
        return _by_motion(motion or [[0.0] * len(moments) for moments in times])
    if kind == "run":
        shares = [said(part) for part in parts] or [said("no longer known")] * len(video_ids)
        name_of = dict(zip(video_ids, shares, strict=True))
    else:
        name_of = {video_id: _name(kind, videos.get(video_id)) for video_id in video_ids}
    names_N = [name for video_id, moments in zip(video_ids, times, strict=True)
               for name in [name_of[video_id]] * len(moments)]
    front = None if kind == "run" else _name(kind, videos[first]) if first is not None and first in videos else None
    largest = sorted(Counter(names_N).items(), key=lambda item: (-item[1], item[0]))
    ranked = sorted(largest, key=lambda item: item[0] != front)
    theme = current_theme()
    named = [name for name, _ in ranked[:_NAMED]]
    standing = [name for name, _ in largest[:_NAMED] if name in named]
    standing += [name for name in named if name not in standing]
    colours = [theme.series(standing.index(name)) for name in named]
    places = {name: place for place, name in enumerate(named)}
    if len(ranked) > _NAMED:
        named.append(said("{count} others", count=number(len(ranked) - _NAMED)))
        colours.append(theme.quiet)
    class_N = np.array([places.get(name, _NAMED) for name in names_N], np.intp)
    return _counted(class_N, named, colours)


def _by_time(video_ids: Sequence[int], times: Sequence[Sequence[float]], videos: Mapping[int, Video]) -> Classes:
    shares = [moment / max(1e-6, videos[video_id].seconds if video_id in videos else max(moments, default=1.0))
              for video_id, moments in zip(video_ids, times, strict=True) for moment in moments]
    class_N = np.clip(np.array(shares, np.float64) * len(_PARTS), 0, len(_PARTS) - 1).astype(np.intp)
    return _counted(class_N, [said(part) for part in _PARTS], _shades())


def _by_motion(motion: Sequence[Sequence[float]]) -> Classes:
    """Fifths of the clips by their motion, which belongs to the videos and not to a run."""
    motion_N = np.array([value for row in motion for value in row], np.float64)
    edges = np.quantile(motion_N, np.linspace(0, 1, len(_PARTS) + 1)) if len(motion_N) else np.zeros(len(_PARTS) + 1)
    class_N = np.searchsorted(edges[1:-1], motion_N, side="right").astype(np.intp)
    names = [said("{low} to {high} pixels a frame", low=f"{low:.2f}", high=f"{high:.2f}")
             for low, high in pairwise(edges)]
    return _counted(class_N, names, _shades())


def _shades() -> list[str]:
    shades, (low, high) = pg.colormap.get("viridis"), (0.25, 1.0) if current_theme().dark else (0.0, 0.8)
    return [shades.map(place, mode="qcolor").name() for place in np.linspace(low, high, len(_PARTS))]


def _counted(class_N: NDArray[np.intp], names: list[str], colours: list[str]) -> Classes:
    return Classes(class_N, names, colours, np.bincount(class_N, minlength=len(names)).tolist())


def _name(kind: str, video: Video | None) -> str:
    if video is None:
        return said("no longer in the project")
    if kind == "label":
        return video.label or said("no label")
    if kind == "group":
        return video.group or said("no group")
    folder = PurePosixPath(display_path(video.path)).parent
    return display_path(video.source) if str(folder) == "." else str(folder)


class MapLegend(QWidget):
    """Chips that name the classes; choosing some lets the others step back. Its value is the set that steps back."""

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("What the colours mean"))
        self._chips: list[QToolButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._flow = FlowLayout(spacing=4)
        layout.addLayout(self._flow)

    @property
    def chips(self) -> list[QToolButton]:
        """The chips, in the order of the classes."""
        return list(self._chips)

    def value(self) -> set[int]:
        """Give the classes that step back: those not chosen, when any is."""
        chosen = {place for place, chip in enumerate(self._chips) if chip.isChecked()}
        return set(range(len(self._chips))) - chosen if chosen else set()

    def set_value(self, classes: Classes) -> None:
        """Name classes anew; none is chosen."""
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self._chips = [self._chip(*described) for described in
                       zip(classes.names, classes.colours, classes.counts, strict=True)]
        for chip in self._chips:
            self._flow.addWidget(chip)
        self.updateGeometry()

    def _chip(self, name: str, colour: str, count: int) -> QToolButton:
        chip = QToolButton()
        chip.setText(breakable(name) if len(name) <= 28 else f"…{name[-27:]}")
        chip.setIcon(_dot(colour))
        chip.setIconSize(QSize(current_theme().px(10), current_theme().px(10)))
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setCheckable(True)
        chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        chip.setToolTip(said("{name}: {count} clips. Click: let the others step back", name=name, count=number(count)))
        chip.setAccessibleName(said("{name}, {count} clips", name=name, count=number(count)))
        chip.setProperty("kind", "chip")
        chip.toggled.connect(lambda _on: self.value_changed.emit(self.value()))
        return chip


def _dot(colour: str) -> QIcon:
    side = 4 * current_theme().px(10)
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(picture.rect())
    painter.end()
    return QIcon(picture)
