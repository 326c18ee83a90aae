"""Where a layer answers, as heat over a clip: trained weights beside random weights, scrubbed and played together.

Legend: F frames, H height, W width, 3 colours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import button, label, row, set_icon
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import SteadyView
from studio.gui.widgets.player import Player, clip_rate
from studio.gui.widgets.quiet_wheel import QuietSlider
from studio.gui.words import seconds_text

Pictures = NDArray[np.uint8]
_OPACITY_PERCENT = 60
_LEAST_PIXELS = 150


class LargeView(SteadyView):
    """A view that takes the room that there is."""

    def __init__(self, *, name: str, title: str, player: Player) -> None:
        super().__init__(player=player)
        self.setObjectName(name)
        self.setAccessibleName(said(title))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._aspect = 1.0

    def set_frames(self, frames_FHW3: Pictures | None, heat_FHW: Pictures | None = None) -> None:
        super().set_frames(frames_FHW3, heat_FHW)
        if frames_FHW3 is not None and (aspect := frames_FHW3.shape[1] / frames_FHW3.shape[2]) != self._aspect:
            self._aspect = aspect
            self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(width * self._aspect)

    def sizeHint(self) -> QSize:
        side = current_theme().px(320)
        return QSize(side, self.heightForWidth(side))

    def minimumSizeHint(self) -> QSize:
        side = current_theme().px(_LEAST_PIXELS)
        return QSize(side, self.heightForWidth(side))


class HeatPair(QWidget):
    """Two views of one clip with their heats; its value is the frame shown, counted from 0."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._frames: list[int] = []
        self._times: list[float] = []
        self._elements = 0
        self.player = Player(self)
        self.trained = LargeView(name=f"{name}.view", title="Heat of the trained weights", player=self.player)
        self.random = LargeView(name=f"{name}.random_view", title="Heat of random weights", player=self.player)
        self.frame_slider = self._slider(f"{name}.frame", noted("Frame of the clip"))
        self.opacity_slider = self._slider(f"{name}.opacity", noted("Strength of the heat"))
        self.opacity_slider.setRange(0, 100)
        self.play_button = button("", name=f"{name}.play", icon_name="play", clicked=self.player.toggle)
        self._moment, self._beside = label("", "caption"), label("Random weights", "heading")
        self._agreement = label("", wrap=True)
        self._agreement.setObjectName(f"{name}.agreement")
        self._meaning = label("", "quiet", wrap=True)
        self._scale = label("Yellow is where the layer answers most. Each picture has its own scale, from the weakest "
                            "to the strongest place of this clip.", "caption", wrap=True)
        self.player.position_changed.connect(self._follow)
        self.player.playing_changed.connect(self._show_playing)
        self.frame_slider.valueChanged.connect(self._scrub)
        self.opacity_slider.valueChanged.connect(self._set_opacity)
        self.opacity_slider.setValue(_OPACITY_PERCENT)
        self._lay_out()
        self._show_playing(False)
        self.set_message("")

    def value(self) -> int:
        """Give the frame shown, counted from 0."""
        return self.trained.value()

    def set_value(self, clip_FHW3: Pictures, trained_FHW: Pictures, random_FHW: Pictures, *, frames: Sequence[int],
                  times: Sequence[float], elements: int = 0) -> None:
        """Show a clip with both heats; `frames` and `times` (seconds) are those of the video.

        Where it is a question, its `elements` follow each other as they are shown to the network.
        """
        if list(frames) != self._frames and not self.player.playing:
            self.player.set_position(len(frames) // 2)
        self._frames, self._times, self._elements = list(frames), list(times), elements
        self.trained.set_frames(clip_FHW3, trained_FHW)
        self.random.set_frames(clip_FHW3, random_FHW)
        self._enable(True)
        with QSignalBlocker(self.frame_slider):
            self.frame_slider.setRange(0, max(0, len(frames) - 1))
            self.frame_slider.setPageStep(max(1, len(frames) // 4))
            self.frame_slider.setValue(self.trained.value())
        length = max(1, len(times) // max(1, elements))
        self.player.set_rate(clip_rate([times[first:first + length] for first in range(0, len(times), length)]))
        self._describe()

    def set_beside(self, title: str) -> None:
        """Say whose heat is the second."""
        self._beside.setText(title)

    def set_agreement(self, sentence: str, meaning: str) -> None:
        """Say how alike both heats are, and what that means."""
        self._agreement.setText(sentence)
        self._meaning.setText(meaning)

    def set_message(self, text: str) -> None:
        """Say in place of the pictures why there are none."""
        self.player.stop()
        for view in (self.trained, self.random):
            view.set_message(text)
        self._enable(False)
        self._moment.setText("")
        self.set_agreement("", "")

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.stop()

    def _slider(self, name: str, title: str) -> QuietSlider:
        made = QuietSlider()
        made.setObjectName(name)
        made.setAccessibleName(said(title))
        return made

    def _lay_out(self) -> None:
        theme = current_theme()
        pictures = QGridLayout()
        pictures.setHorizontalSpacing(theme.px(12))
        pictures.setVerticalSpacing(theme.px(6))
        for place, (title, view) in enumerate(((label("Trained weights", "heading"), self.trained),
                                               (self._beside, self.random))):
            pictures.addWidget(title, 0, place)
            pictures.addWidget(view, 1, place)
            pictures.setColumnStretch(place, 1)
        self.opacity_slider.setFixedWidth(theme.px(120))
        self._moment.setMinimumWidth(theme.px(112))
        strength = label("Heat", "caption")
        strength.setBuddy(self.opacity_slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addLayout(pictures)
        transport = row(self.play_button, self.frame_slider, self._moment, strength, self.opacity_slider)
        transport.setStretch(1, 1)
        layout.addLayout(transport)
        layout.addWidget(self._agreement)
        layout.addWidget(self._meaning)
        layout.addWidget(self._scale)
        layout.addStretch(1)

    def _enable(self, enabled: bool) -> None:
        for widget in (self.play_button, self.frame_slider, self.opacity_slider):
            widget.setEnabled(enabled)
        self._scale.setVisible(enabled)

    def _follow(self, _position: int) -> None:
        if self._frames:
            with QSignalBlocker(self.frame_slider):
                self.frame_slider.setValue(self.trained.value())
            self._describe()

    def _scrub(self, frame: int) -> None:
        self.player.stop()
        self.player.set_position(frame)

    def _set_opacity(self, percent: int) -> None:
        for view in (self.trained, self.random):
            view.set_opacity(percent / 100)

    def _show_playing(self, playing: bool) -> None:
        set_icon(self.play_button, "pause" if playing else "play")
        self.play_button.setAccessibleName(said("Pause") if playing else said("Play"))
        self.play_button.setToolTip(said("Pause (Space)") if playing else said("Play (Space)"))

    def _describe(self) -> None:
        shown = self.trained.value()
        element = shown * self._elements // max(1, len(self._frames)) + 1
        within = said("element {element} of {elements}", element=element, elements=self._elements) + " · " \
            if self._elements else ""
        frame = said("frame {frame}", frame=self._frames[shown])
        self._moment.setText(f"{within}{frame} · {seconds_text(self._times[shown])}")
