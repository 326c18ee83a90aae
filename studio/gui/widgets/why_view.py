"""Which pixels told the answer to one question: its elements with heat, trained above what stands beside it.

Legend: E elements, F frames, H height, W width.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import button, label, row
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.pictures import Frames
from studio.gui.widgets.player import Player, clip_rate
from studio.gui.words import seconds_text, share

_TILE = (144, 144)


class WhyView(QWidget):
    """Shows a question and both networks' answers; `another` asks for the next question."""

    another = Signal()

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}.why")
        self.setAccessibleName(said("Why it answered so"))
        self._name = name
        self.player = Player(self)
        self.tiles: dict[str, list[FrameView]] = {"trained": [], "other": []}
        self._question = label("", "heading", wrap=True)
        self._said = {"trained": label("", wrap=True), "other": label("", "quiet", wrap=True)}
        self._flows = {kind: FlowLayout(spacing=8) for kind in self.tiles}
        self.another_button = button("Another question", name=f"{name}.another", icon_name="shuffle",
                                     clicked=self.another.emit)
        about = label("Yellow places told the answer: without them it would be less sure (integrated gradients). Both "
                      "rows have a scale of their own. The clips play together under the mouse.", "caption", wrap=True)
        theme, layout = current_theme(), QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        head = row(self._question, self.another_button)
        head.setStretch(0, 1)
        layout.addLayout(head)
        for kind in self.tiles:
            layout.addWidget(self._said[kind])
            layout.addLayout(self._flows[kind])
        layout.addWidget(about)
        layout.addStretch(1)

    def set_value(self, result: dict[str, Any], clips_EFHW3: Frames, heats: dict[str, Frames]) -> None:
        """Show what the service method `attribution` answered."""
        trained, other = result["trained"], result["other"]
        self._question.setText(said(
            "{question} The right answer: {answer}.", question=said(result["question"]),
            answer=said(trained["label_text"])))
        self._said["trained"].setText(said("Trained weights: {answer}", answer=_said(trained)))
        title = said(str(result["beside"]["title"]))
        self._said["other"].setText(f"{title[:1].upper()}{title[1:]}: {_said(other)}")
        times = result["times"]
        self.player.set_rate(clip_rate(times))
        for kind, heat_EFHW in heats.items():
            self._fit(kind, len(clips_EFHW3))
            for number, tile in enumerate(self.tiles[kind][:len(clips_EFHW3)]):
                tile.set_frames(clips_EFHW3[number], heat_EFHW[number])
                tile.set_caption(f"{number + 1}: {seconds_text(min(times[number]))}")
        self.player.set_position(clips_EFHW3.shape[1] // 2)

    def set_message(self, text: str) -> None:
        """Say in place of the question why there is none."""
        self.player.stop()
        self._question.setText(text)
        for kind, tiles in self.tiles.items():
            self._said[kind].setText("")
            for tile in tiles:
                tile.hide()

    def _fit(self, kind: str, count: int) -> None:
        tiles = self.tiles[kind]
        while len(tiles) < count:
            tile = FrameView(self, tile=_TILE, caption_lines=1, player=self.player)
            tile.setObjectName(f"{self._name}.why_{kind}_{len(tiles) + 1}")
            tiles.append(tile)
            self._flows[kind].addWidget(tile)
        for number, tile in enumerate(tiles):
            tile.setVisible(number < count)
        self.updateGeometry()


def _said(told: dict[str, Any]) -> str:
    sure = "" if told["probability"] is None else ", " + said("{share} sure", share=share(told["probability"]))
    return f"{said(told['answer_text'])} ({said('right') if told['right'] else said('wrong')}{sure})."
