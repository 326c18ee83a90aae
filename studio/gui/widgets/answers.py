"""The last batch's tuples with what the network answered, right and wrong marked. Legend: E elements, F frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.events import Preview
from studio.engine.video.stored import StoredVideo
from studio.gui.blocks import label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme, icon, icon_size, set_kind
from studio.gui.widgets.clip_tile import Turns
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.frame_view import FrameView
from studio.gui.widgets.pictures import Frames
from studio.gui.widgets.player import Player
from studio.gui.words import breakable, number, seconds_text, share

_TILES = {1: 128, 2: 112, 3: 92, 4: 76, 5: 64, 6: 56}
_FRAMES_A_TURN = 4
_MOST_FRAMES = 8


class Answers(QWidget):
    """Shows a preview of training; its value is the preview."""

    def __init__(self, session: Session, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        theme = current_theme()
        self._session = session
        self._preview: Preview | None = None
        self._turns = Turns(self)
        self._cards: list[AnswerCard] = []
        self._title, self._beside = label("What was asked last", "heading"), label("", "quiet", wrap=True)
        self._flow_host = QWidget()
        self._flow = FlowLayout(self._flow_host, spacing=12)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._flow_host.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(self._title)
        layout.addWidget(self._beside)
        layout.addWidget(self._flow_host)
        self.hide()

    def value(self) -> Preview | None:
        """Give the preview shown."""
        return self._preview

    @property
    def cards(self) -> list[AnswerCard]:
        """The tuples as they are shown."""
        return list(self._cards)

    def set_value(self, preview: Preview | None, *, chance: float | None = None) -> None:
        """Show what was asked and answered; None hides it."""
        self.setVisible(preview is not None and bool(preview.tuples))
        if preview is None or preview is self._preview:
            self._preview = preview
            return
        self._preview = preview
        self._turns.clear()
        right = sum(bool(entry.get("right")) for entry in preview.tuples)
        words = said("Step {step}: {right} of {count} right", step=number(preview.step), right=right,
                     count=len(preview.tuples))
        if chance:
            words += said("; guessing gets {chance} of {count}", chance=f"{chance * len(preview.tuples):.1f}",
                          count=len(preview.tuples))
        self._beside.setText(said("{words}. Each row is shown as the network saw it, from left to right.", words=words))
        self._fit(preview.tuples)
        for card, entry in zip(self._cards, preview.tuples, strict=True):
            card.set_value(entry)

    def _fit(self, tuples: Sequence[Mapping[str, Any]]) -> None:
        """Keep as many cards as there are tuples, of as many elements; the layout jumps only when those change."""
        elements = len(tuples[0]["frames"]) if tuples else 0
        if len(self._cards) == len(tuples) and self._cards and self._cards[0].elements == elements:
            return
        for card in self._cards:
            self._flow.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = [AnswerCard(self._session, self._turns, elements=len(entry["frames"])) for entry in tuples]
        for place, card in enumerate(self._cards, 1):
            card.set_number(place, name=self.objectName())
            self._flow.addWidget(card)


class AnswerCard(QFrame):
    """One tuple: its elements, which play together under the mouse, and the answer. Its value is the entry."""

    def __init__(self, session: Session, turns: Turns, *, elements: int) -> None:
        super().__init__()
        theme = current_theme()
        set_kind(self, "card")
        self._session, self._turns, self._entry = session, turns, dict[str, Any]()
        self._asked: Mapping[str, Any] | None = None
        self.elements = elements
        self._player = Player(self)
        width = _TILES.get(elements, 56)
        self._views = [FrameView(tile=(width, round(width * 0.75)), caption_lines=1, player=self._player)
                       for _ in range(elements)]
        tiles = QHBoxLayout()
        tiles.setSpacing(theme.px(4))
        for view in self._views:
            tiles.addWidget(view)
        tiles.addStretch(1)
        self._sign, self._words, self._right = QLabel(), label(""), label("", "caption")
        self._group = label("", "caption", wrap=True)
        self._number = 0
        words = QHBoxLayout()
        words.setSpacing(theme.px(8))
        words.addWidget(self._sign)
        words.addWidget(self._words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(8), theme.px(8), theme.px(8), theme.px(8))
        layout.setSpacing(theme.px(4))
        layout.addLayout(tiles)
        layout.addLayout(words)
        layout.addWidget(self._right)
        layout.addWidget(self._group)

    def value(self) -> dict[str, Any]:
        """Give the entry shown."""
        return self._entry

    @property
    def words(self) -> str:
        """What is said of the answer."""
        return self._words.text()

    def set_number(self, number: int, *, name: str) -> None:
        """Tell it from the other cards; their names begin with `name`."""
        self._number = number
        self.setObjectName(f"{name}.{number}")
        for element, view in enumerate(self._views, 1):
            view.setObjectName(f"{name}.{number}.{element}")

    def set_value(self, entry: Mapping[str, Any]) -> None:
        """Show a tuple as it was asked, and the answer."""
        self._entry, self._asked = dict(entry), entry
        theme, right = current_theme(), bool(entry.get("right"))
        self._sign.setPixmap(icon("good" if right else "bad", theme.good if right else theme.bad).pixmap(icon_size()))
        sure = entry.get("probability")
        self._words.setText(said("Right: {answer}" if right else "Wrong: {answer}", answer=said(entry["answer_text"])))
        beside = "" if right else said("Right answer: {answer}", answer=said(entry["label_text"]))
        if sure is not None:
            beside = f"{beside} · " * bool(beside) + said("{share} sure", share=share(sure))
        self._right.setText(beside)
        video = self._session.shelf.video(int(entry["video_id"]))
        self._group.setText(breakable(_group_of(video)) if video else "")
        self.setAccessibleName(f"{self._number}: {self._words.text()}. {beside}. {self._group.text()}")
        for element, view in enumerate(self._views, 1):
            view.set_mark("good" if right else "bad")
            self._name_view(view, element, "")
        self.updateGeometry()
        self._turns.add(lambda: self._open(entry))

    def _name_view(self, view: FrameView, element: int, when: str) -> None:
        view.set_caption(when)
        view.setAccessibleName(said("Question {number}, picture {element} of {count} {when}", number=self._number,
                                    element=element, count=self.elements, when=when).strip())

    def _open(self, entry: Mapping[str, Any]) -> bool:
        """Read the frames, a few a turn."""
        cached = self._session.cached_video(int(entry["video_id"]))
        for element, (view, frames) in enumerate(zip(self._views, entry["frames"], strict=False), 1):
            if cached is None:
                view.set_message(said("not in the cache"))
                continue
            shown = [min(frame, cached.frames - 1) for frame in frames[::max(1, len(frames) // _MOST_FRAMES)]]
            read: list[Frames] = []
            self._name_view(view, element, seconds_text(float(cached.times_N[shown[0]])))

            def more(view: FrameView = view, cached: StoredVideo = cached, shown: list[int] = shown,
                     read: list[Frames] = read) -> bool:
                if self._asked is not entry:
                    return False
                start = len(read) * _FRAMES_A_TURN
                read.append(cached.rgb(shown[start:start + _FRAMES_A_TURN]))
                if start + _FRAMES_A_TURN < len(shown):
                    return True
                view.set_frames(np.concatenate(read))
                return False

            self._turns.add(more)
        return False


def _group_of(video: Video) -> str:
    """Name a video's group; its own name where it is a group by itself."""
    path = PurePosixPath(video.path.replace("\\", "/"))
    return path.name if not video.group or video.group.endswith(str(path)) else video.group
