"""Numbers as a person reads them: durations, sizes, shares, times in a video, frame numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from studio.engine.events import Progress
from studio.gui.texts import noted, said, said_count

_BREAKS = re.compile(r"(?<=[_\-./\\])(?=[^\s])")
_LONG_WORD = re.compile(r"([^\s\u200b]{24})(?=[^\s\u200b]{4})")


def duration(seconds: float | None) -> str:
    """Write a duration: `8 s`, `3 min 20 s`, `2 h 5 min`, `4 days`; unknown is `?`."""
    if seconds is None:
        return "?"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if whole < 600 and rest else f"{round(whole / 60)} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return counted(round(whole / 86400), "day")


def bytes_text(count: float) -> str:
    """Write a size: `640 kB`, `8.1 MB`, `120 GB`."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            number = count / size
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return said("{count} bytes", count=f"{count:.0f}")


def number(value: float) -> str:
    """Write a count with thin gaps between the thousands, or short for millions: `12 400`, `14.4 million`."""
    if value >= 1e6:
        return said("{millions} million", millions=f"{value / 1e6:.1f}")
    return f"{value:,.0f}".replace(",", "\u202f")


def rounded(value: float) -> str:
    """Write a speed: `0.85`, `8.5`, `85`."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else number(value)


def share(value: float | None) -> str:
    """Write a share between 0 and 1 as a percentage; unknown is a dash."""
    return "–" if value is None else f"{100 * value:.1f} %" if value < 0.0995 else f"{100 * value:.0f} %"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: `1 video`, `2 videos`."""
    return said_count(one, count=count, number=number(count)) or \
        f"{number(count)} {one if count == 1 else many or one + 's'}"


def limits_text(training: Mapping[str, Any]) -> str:
    """Say where a training ends at the latest: `2000 steps or 5 minutes`; nothing where it is not limited."""
    steps, epochs, minutes = (round(limit) if isinstance(limit := training.get(key), (int, float)) else 0
                              for key in ("max_steps", "max_epochs", "max_minutes"))
    words = (counted(steps, "step") if steps else "", counted(epochs, "epoch") if epochs else "",
             counted(minutes, "minute") if minutes else "")
    return said(" or ").join(filter(None, words))


def breakable(text: str) -> str:
    """Let a long name break after its underlines, dashes, dots and slashes, and a very long word anywhere."""
    return _LONG_WORD.sub("\\1\u200b", _BREAKS.sub("\u200b", text))


def seconds_text(seconds: float) -> str:
    """Say a time: `0.40 s`, `12.3 s`, `1:05`, `1:02:05`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def frames_text(frames: Sequence[int]) -> str:
    """Say frame numbers shortly: `frame 7`, `frames 12–27`, `frames 12–42, every 2nd`, `frames 14, 12, 13`."""
    if len(frames) == 1:
        return said("frame {frame}", frame=frames[0])
    if list(frames) != sorted(frames):
        return said("frames {frames}", frames=", ".join(str(frame) for frame in frames))
    steps = {later - earlier for earlier, later in pairwise(frames)}
    shown = said("frames {frames}", frames=f"{frames[0]}–{frames[-1]}")
    if len(steps) == 1 and max(steps) > 1:  # or they are at a rate of their own
        shown = said("{frames}, every {place}", frames=shown, place=ordinal(max(steps)))
    return shown


PHASES = {"scan": noted("looking for videos"), "ingest": noted("reading videos"),
          "relink": noted("comparing videos"), "features": noted("making features"),
          "starting": noted("loading the program"), "loading": noted("taking the videos into memory"),
          "self-test": noted("testing which precision is right and fast here"),
          "validation": noted("asking about held-out videos"), "preflight": noted("taking one step"),
          "next-run": noted("the next run of the queue")}


def phase_text(phase: str) -> str:
    """Say what an operation is doing, in words."""
    return said(PHASES.get(phase, phase.replace("-", " ")))


def progress_text(progress: Progress) -> str:
    """Say what an operation is doing and how far that is, without the file that it is at: `reading videos, 3 of 8`."""
    counted_too = progress.unit and progress.total
    far = said("{done} of {total}", done=number(progress.done), total=number(progress.total)) if counted_too else ""
    return ", ".join(filter(None, (phase_text(progress.phase), far)))


def ordinal(number: int) -> str:
    """Say a place: 1st, 2nd, 3rd, 4th."""
    if (other := said("{number}th", number=number)) != f"{number}th":
        return other  # another language
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
