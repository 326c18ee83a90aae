"""Labels of the house's kinds, and words for numbers: seconds, frames, shares. Widgets and pages share them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy

from studio.gui.theme import set_kind

_BREAKS = re.compile(r"(?<=[_\-./\\])(?=[^\s])")


def label(text: str = "", kind: str = "", *, wraps: bool = True) -> QLabel:
    """Make a label of a kind of the style sheet; it wraps instead of being cut."""
    made = QLabel(text)
    made.setWordWrap(wraps)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if wraps:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    if kind:
        set_kind(made, kind)
    return made


def hairline() -> QFrame:
    """Make the thin line that divides two parts of a page."""
    made = QFrame()
    set_kind(made, "line")
    return made


def breakable(text: str) -> str:
    """Let a long name break after its underlines, dashes, dots and slashes."""
    return _BREAKS.sub("\u200b", text)


def seconds_text(seconds: float) -> str:
    """Say a time: `0.40 s`, `12.3 s`, `1:05`, `1:02:05`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration_text(seconds: float) -> str:
    """Say how long something takes: `8 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def frames_text(frames: Sequence[int]) -> str:
    """Say frame numbers shortly: `frame 7`, `frames 12–27`, `frames 12–42, every 2nd`."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    step = frames[1] - frames[0]
    every = "" if step == 1 else f", every {ordinal(step)}"
    return f"frames {frames[0]}–{frames[-1]}{every}"


def ordinal(number: int) -> str:
    """Say a place: 1st, 2nd, 3rd, 4th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def share_text(share: float) -> str:
    """Say a share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
