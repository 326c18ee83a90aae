"""One shuffled tuple exactly as the network gets it. Legend: E elements, F frames of one, H height, W width."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.engine.catalogue import display_path
from studio.gui.blocks import column, label
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.pictures import Frames
from studio.gui.widgets.player import Player, clip_rate
from studio.gui.words import breakable, frames_text, ordinal, seconds_text, share

LETTERS = "ABCDEFGHIJKLMNOP"
"""What shown elements are called: on their tiles, on the curve, in answers."""
_TILE_PIXELS = {1: 144, 2: 144, 3: 128, 4: 112, 5: 96, 6: 80}
_FACTS_PIXELS, _MOST_LINES = 224, 9
_CHANNELS = noted("red"), noted("green"), noted("blue")


@dataclass(frozen=True)
class Dealt:
    """A tuple as the worker dealt it. `order` gives each shown element's place in time, counted from 0.

    `odd` is the element asked for, counted from 0, where the question is which one (None: where it is another).
    `choices` are the answers where one of them is to be chosen, and `label` is the right one's number. `asked` elements
    from the first are asked about (None: all); the others, and `affine`, belong to a second question: angle,
    logarithm of the scale, shear, shift right and down of each element.
    `motion` is the window's mean, `usual_motion` the video's, both in pixels a frame (None: not known).
    """

    video_id: int
    video: str
    answer: str
    frames: list[list[int]]
    times: list[list[float]]
    order: list[int]
    window_seconds: tuple[float, float]
    span_seconds: float
    motion: float
    flip: bool
    channel: list[int]
    pictures_EFHW3: Frames
    usual_motion: float | None = None
    odd: int | None = None
    label: int = 0
    choices: tuple[str, ...] = ()
    asked: int | None = None
    affine: tuple[tuple[float, ...], ...] = ()
    crops: tuple[tuple[int, int], ...] = ()
    """Top and left of what was cut out for each element, in pixels of the cached frame."""
    masked_share: float = 0.0
    """The share of the video's picture that masks hide."""
    group: str = ""
    """That of the video."""

    @classmethod
    def of(cls, record: Mapping[str, Any], pictures_EFHW3: Frames, *, usual_motion: float | None = None,
           picks_element: bool = False, choices: Sequence[str] = (), asked: int | None = None,
           group: str = "") -> Dealt:
        """Read what the service method `tuples` answers of one tuple."""
        start, stop = record["window_seconds"]
        return cls(video_id=record["video_id"], video=record["video"], answer=record["answer"],
                   frames=record["frames"], times=record["times"], order=record["order"],
                   window_seconds=(start, stop), span_seconds=record["span_seconds"], motion=record["motion"],
                   flip=bool(record["flip"]), channel=record["channel"], pictures_EFHW3=pictures_EFHW3,
                   usual_motion=usual_motion, odd=record["label"] if picks_element else None, label=record["label"],
                   choices=tuple(choices), asked=asked, affine=tuple(map(tuple, record.get("affine", ()))),
                   crops=tuple((top, left) for top, left in record.get("crop", ())),
                   masked_share=float(record.get("masked_share", 0.0)), group=group)

    @property
    def asked_part(self) -> Dealt:
        """The same with only the elements that are asked about."""
        asked = slice(self.asked)
        return replace(self, frames=self.frames[asked], times=self.times[asked], order=self.order[asked],
                       channel=self.channel[asked], pictures_EFHW3=self.pictures_EFHW3[asked],
                       affine=self.affine[asked], crops=self.crops[asked])

    @property
    def asks_more(self) -> bool:
        """Whether there is a second question about elements, or about how they were turned."""
        return len(self.frames) > len(self.frames[:self.asked]) or any(map(any, self.affine))

    @property
    def still(self) -> bool:
        """Whether its window moves less than half as much as the video does on average."""
        return bool(self.usual_motion) and self.motion < 0.5 * (self.usual_motion or 0.0)

    @property
    def frames_per_second(self) -> float:
        """How many frames of a clip pass in a second of the video."""
        return clip_rate(self.times)


class TupleView(QWidget):
    """Shows a dealt tuple: its elements play together under the mouse. Its value is the tuple."""

    clicked = Signal()
    element_clicked = Signal(int)

    def __init__(self, *, name: str, elements: int, facts: bool = True, tile_pixels: int = 0) -> None:
        super().__init__()
        self.setObjectName(name)
        self._dealt: Dealt | None = None
        self._answer_shown, self._selected = True, False
        self._note, self._tile_pixels = "", tile_pixels
        self.player = Player(self)
        self.tiles: list[FrameView] = []
        self._flow = FlowLayout(self, spacing=8)
        self._facts = Facts() if facts else None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._make_tiles(elements)

    def value(self) -> Dealt | None:
        """Give the tuple shown."""
        return self._dealt

    def set_value(self, dealt: Dealt) -> None:
        """Show a tuple."""
        if len(self.tiles) != len(dealt.frames):
            self._make_tiles(len(dealt.frames))
        self._dealt = dealt
        self.player.set_rate(dealt.frames_per_second)
        for tile, pictures_FHW3 in zip(self.tiles, dealt.pictures_EFHW3, strict=True):
            tile.set_frames(pictures_FHW3)
        self._describe()

    def wait(self, message: str = "") -> None:
        """Empty the tiles, which stay in their places, until the next tuple comes."""
        self._dealt = None
        for tile in self.tiles:
            tile.set_message(message)
            tile.set_caption("")
        if self._facts:
            self._facts.set_lines([])

    def set_veils(self, hidden_E: Sequence[NDArray[np.bool_] | None]) -> None:
        """Hatch what masks hide in each element; nothing where it is None."""
        for tile, hidden_HW in zip(self.tiles, [*hidden_E, *[None] * len(self.tiles)], strict=False):
            tile.set_veil(hidden_HW)

    def set_answer_shown(self, shown: bool) -> None:
        """Show the answer, frame numbers and times, or keep all of them back."""
        self._answer_shown = shown
        self._describe()

    def set_note(self, note: str) -> None:
        """Add a line to the facts, such as what the person answered."""
        self._note = note
        self._describe()

    def set_selected(self, selected: bool) -> None:
        """Give the elements the accent's border, or take it."""
        self._selected = selected
        for tile in self.tiles:
            tile.set_selected(selected)

    def facts(self) -> str:
        """Give what is said about the tuple, line by line."""
        return "\n".join(text for text, _kind in self._lines())

    def _make_tiles(self, elements: int) -> None:
        while self._flow.takeAt(0) is not None:
            pass
        for tile in self.tiles:
            tile.hide()
            tile.deleteLater()
        side = self._tile_pixels or _TILE_PIXELS.get(elements, 80)
        self.tiles = [FrameView(self, tile=(side, side), caption_lines=3, selectable=True, player=self.player)
                      for _ in range(elements)]
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"{self.objectName()}.{number + 1}")
            tile.set_selected(self._selected)
            tile.clicked.connect(self.clicked)
            tile.clicked.connect(lambda number=number: self.element_clicked.emit(number))
            self._flow.addWidget(tile)
        if self._facts:
            self._flow.addWidget(self._facts)
        self.updateGeometry()

    def _describe(self) -> None:
        if self._dealt is None:
            return
        for number, tile in enumerate(self.tiles):
            text = f": {element_text(self._dealt, number)}" if self._answer_shown else ""
            tile.set_caption(LETTERS[number] + text)
        if self._facts:
            self._facts.set_lines(self._lines())

    def _lines(self) -> list[tuple[str, str]]:
        dealt = self._dealt
        if dealt is None:
            return []
        span = 1 + max(map(max, dealt.frames)) - min(map(min, dealt.frames))
        usual = "" if dealt.usual_motion is None else said(" (the video's mean: {usual_motion})",
                                                           usual_motion=f"{dealt.usual_motion:.2f}")
        return [(answer_text(dealt), "strong") if self._answer_shown
                else (said("Answer hidden"), "quiet"),
                *([(self._note, "")] if self._note else []),
                (said("{span_seconds} s in all, {span} frames",
                      span_seconds=f"{dealt.span_seconds:.2f}", span=span), "quiet"),
                (said("Motion {motion} pixels a frame{usual}", motion=f"{dealt.motion:.2f}",
                      usual=usual), "quiet"),
                *([(said("Mirrored left to right"), "quiet")] if dealt.flip else []),
                *([(said("Masks hide {share} of the frame", share=share(dealt.masked_share)), "quiet")]
                  if dealt.masked_share else []),
                *([(moved, "quiet")] if (moved := moved_text(dealt)) and self._answer_shown else []),
                (breakable(dealt.video), "caption"),
                *([(said("Group {group}", group=breakable(display_path(dealt.group))), "caption")]
                  if dealt.group else [])]


class Facts(QWidget):
    """Some lines of text in a column of fixed width."""

    def __init__(self, *, width_pixels: int = _FACTS_PIXELS) -> None:
        super().__init__()
        theme = current_theme()
        self.setFixedWidth(theme.px(width_pixels))
        self._labels = [label("", "quiet", wrap=True) for _ in range(_MOST_LINES)]
        self._column = column(*self._labels, spacing=4)
        self._column.setContentsMargins(theme.px(12), 0, 0, 0)
        self._column.addStretch(1)
        self.setLayout(self._column)

    def set_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show lines, each with its kind."""
        filled = [*lines, *[("", "quiet")] * (len(self._labels) - len(lines))]
        for shown, (text, kind) in zip(self._labels, filled, strict=False):
            shown.setText(text)
            shown.setVisible(bool(text))
            if shown.property("kind") != kind:
                set_kind(shown, kind)
        self._column.invalidate()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self.maximumWidth(), self._column.totalHeightForWidth(self.maximumWidth()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def letters_in_time(order: Sequence[int]) -> str:
    """Name elements in the order of time, from each one's place in it."""
    return ", ".join(LETTERS[element] for element in sorted(range(len(order)), key=lambda element: order[element]))


def answer_text(dealt: Dealt) -> str:
    """Say the right answer, in the letters of the elements where it is an order or one of them."""
    if dealt.odd is not None:
        return said("Odd one: {letter}", letter=LETTERS[dealt.odd])
    order = dealt.asked_part.order
    if dealt.choices or sorted(order) != list(range(len(order))):
        answer = said(dealt.answer)
        return answer[:1].upper() + answer[1:]
    letters = letters_in_time(order)
    both = "backwards" in dealt.answer or "reverse" in dealt.answer
    return said("In time: {letters}, or backwards" if both else "In time: {letters}", letters=letters)


def element_text(dealt: Dealt, number: int) -> str:
    """Say of one shown element when it happened: its place in time or whether it is odd, frame numbers and seconds."""
    frames, times = dealt.frames[number], dealt.times[number]
    channel = dealt.channel[number]
    when = seconds_text(times[0]) if len(times) == 1 else f"{min(times):.2f}–{seconds_text(max(times))}"
    colour = "\n" + said("{channel} only", channel=said(_CHANNELS[channel])) if channel >= 0 else ""
    place = said("{place} in time", place=ordinal(dealt.order[number] + 1))
    if dealt.odd is not None:
        place = said("The odd one") if number == dealt.odd else said("In order")
    elif dealt.asked is not None and number >= dealt.asked:
        place = said("Turned") if dealt.affine and any(dealt.affine[number]) else said("Not asked")
    return f"{place}\n{frames_text(frames)}\n{when}{colour}"


def moved_text(dealt: Dealt) -> str:
    """Say the answer to the second question, how elements were turned; nothing where none was."""
    moved = next((one for one in dealt.affine if any(one)), None)
    if moved is None:
        return ""
    angle, scale, shear, right, down = moved
    return said("Turned by {angle}°, {scale} times as large, sheared by {shear}, shifted {across} and {along}",
                angle=f"{math.degrees(angle):.0f}".replace("-", "−"), scale=f"{math.exp(scale):.2f}",
                shear=f"{shear:.2f}".replace("-", "−"),
                across=said("{share} % left" if right < 0 else "{share} % right", share=f"{100 * abs(right):.0f}"),
                along=said("{share} % up" if down < 0 else "{share} % down", share=f"{100 * abs(down):.0f}"))
