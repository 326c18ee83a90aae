"""How many of a query's neighbours are like it, in words and beside chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from studio.engine.catalogue import Video, display_path
from studio.gui.texts import said
from studio.gui.widgets.neighbour_grid import Entry, folder_of

_LABELS_NAMED = 4


def likeness(entry: Entry, *, by_label: bool) -> str:
    """What an entry is counted by: its label, or its folder where there are no labels."""
    return str(entry.get("label") or "") if by_label else folder_of(entry)


def chance_of_likeness(query: Entry, videos: Sequence[Video], *, leave_out: str) -> float | None:
    """The share of the videos that may be neighbours which have the query's label (or folder); None if it has none."""
    by_label = bool(query.get("label"))
    wanted = _wanted(query, by_label=by_label)
    own = {int(clip[0]) for clip in query.get("clips", ())} | {query["video_id"]}
    groups = {video.group for video in videos if video.id in own and video.group} | ({query["group"]} - {""})
    allowed = [video for video in videos if video.id not in own
               and not (leave_out == "group" and video.group in groups)]
    if not wanted or not allowed:
        return None
    found = ([video.label for video in allowed] if by_label else
             [folder_of({"video": display_path(video.path)}) for video in allowed])
    return found.count(wanted) / len(allowed)


def shares_in_words(query: Entry, entries: Sequence[Entry], *, chance: float | None) -> str:
    """Say how many neighbours have the query's label or folder, beside chance; without both how alike they are."""
    if not entries:
        return said("No other video is left to compare with.")
    by_label = bool(query.get("label"))
    wanted = _wanted(query, by_label=by_label)
    if not wanted:
        mean = sum(entry["similarity"] for entry in entries) / len(entries)
        return (said("Mean similarity {mean}. Similarities of different weights cannot be compared: look at the clips.",
                     mean=f"{mean:.3f}")
                + _labels_in_words(entries))
    same = sum(likeness(entry, by_label=by_label) == wanted for entry in entries)
    words = said("{same} of {count} have the query's label, {wanted}" if by_label else
                 "{same} of {count} lie in the query's folder, {wanted}", same=same, count=len(entries), wanted=wanted)
    if chance is None:
        return words + "."
    by_chance = said("(by chance {chance} of {count})", chance=f"{chance * len(entries):.1f}", count=len(entries))
    return f"{words} {by_chance}."


def _wanted(query: dict[str, Any], *, by_label: bool) -> str:
    """What the query is counted by; a file outside, and several clips without one label, have nothing."""
    return "" if query.get("video_id") is None and not by_label else likeness(query, by_label=by_label)


def _labels_in_words(entries: Sequence[Entry]) -> str:
    """Say which labels the neighbours of a query without one have."""
    counts = Counter(str(entry.get("label") or "") for entry in entries)
    counts.pop("", None)
    named = [f"{count} {name}" for name, count in counts.most_common(_LABELS_NAMED)]
    return said(" Labels: {named} of {count}.", named=', '.join(named), count=len(entries)) if named else ""
