"""The operation `mask`: list the masks of a project, suggest some, draw the suggestions, take them over.

Suggestions come from the cached frames, layout by layout (see `layouts`).
Legend: H, W height and width in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.events import Event, Events, Finished, Progress, Saved
from studio.engine.masks import Mask, hidden, masked_share
from studio.engine.project import Project
from studio.engine.video import vision
from studio.engine.video.estimate import videos_to_make
from studio.engine.video.footage import masks_of
from studio.engine.video.layouts import Layout, layouts_of, look_into, split
from studio.engine.video.mask_edits import add_masks, free_name, told_masks
from studio.engine.video.overlays import Kind, Seen, find_overlays

MOST_VIDEOS = 24
"""Videos of one layout that are looked at."""
_FEWEST_FRAMES = 3
_KNOWN_SHARE = 0.9
_TALL, _TITLE, _GAP = 360, 26, 8
_GROUND, _TEXT = (20, 22, 26), (232, 234, 237)
_COLOURS: dict[Kind, tuple[int, int, int]] = {
    "surround": (86, 180, 233), "text": (240, 228, 66), "clock": (204, 121, 167), "ruler": (0, 158, 115),
    "trace": (213, 94, 0), "colour-bar": (230, 159, 0), "logo": (0, 114, 178)}
"""Okabe and Ito's colours."""


@dataclass(frozen=True)
class Suggestion:
    """A mask that a person may take over: what it is taken for, why, and how sure (0 to 1)."""

    mask: Mask
    kind: Kind
    reason: str
    confidence: float

    def told(self) -> dict[str, Any]:
        """The suggestion as plain values."""
        return {**self.mask.model_dump(mode="json"), "kind": self.kind, "reason": self.reason,
                "confidence": round(self.confidence, 2), "share": round(masked_share([self.mask]), 4)}


@dataclass
class _Looked:
    """A layout, a picture of its videos, and what was found in it."""

    layout: Layout
    picture_HW3: NDArray[np.uint8] | None = None
    found: tuple[Suggestion, ...] = ()


def mask(project: Project, *, suggest: bool = False, accept: bool = False, source: str = "", size: str = "",
         out: Path | None = None, stop: Callable[[], bool] = lambda: False) -> Events:
    """List the masks; with `suggest` look for overlays, draw them into `out`; with `accept` keep what was suggested.

    With `source` and `size` (as 640x480) only the videos of these are looked at.
    The result holds `masks`, `suggestions` (each a mask with `kind`, `reason`, `confidence`, `share`), `accepted`,
    `pending` (videos that a scan would read) and `picture`. Raises `UsageError` for a picture without suggestions.
    """
    if out is not None and not (suggest or accept):
        raise UsageError(f"-o {out.name}", "only suggestions are drawn", "Add --suggest")
    layouts: list[_Looked] = []
    if suggest or accept:
        layouts = yield from _look(project, stop, source=source, size=size)
    found, stopped = [one for layout in layouts for one in layout.found], stop()
    if accept and not stopped:
        add_masks(project, [one.mask for one in found])
    if out is not None and not stopped:
        vision.write_png(out, _sheet(layouts))
        yield Saved(what="picture", path=out.name)
    rows = _rows(project)
    yield Finished(operation="mask", stopped=stopped, result={
        "masks": told_masks(project, rows), "suggestions": [one.told() for one in found],
        "accepted": [one.mask.name for one in found] if accept and not stopped else [],
        "pending": len(videos_to_make(project, rows)), "picture": out.name if out and not stopped else None})


def suggest_masks(project: Project, stop: Callable[[], bool] = lambda: False) -> Generator[
        Event, None, list[Suggestion]]:
    """Look for overlays in the cached frames; the suggestions are the generator's return value."""
    layouts = yield from _look(project, stop)
    return [one for layout in layouts for one in layout.found]


def _rows(project: Project) -> list[Video]:
    if not (project.root / "catalogue.sqlite").exists():
        return []
    with project.catalogue(read_only=True) as catalogue:
        return catalogue.videos()


def _look(project: Project, stop: Callable[[], bool], *, source: str = "",
          size: str = "") -> Generator[Event, None, list[_Looked]]:
    rows = [row for row in _rows(project) if row.readable and not row.excluded and row.frames >= _FEWEST_FRAMES]
    layouts = [one for one in layouts_of(rows) if source in ("", one.source) and size in ("", one.size)]
    looked = list[_Looked]()
    taken = {mask.name for mask in project.settings.masks}
    for number, whole in enumerate(layouts):
        if stop():
            break
        yield Progress(phase="suggest", done=number, total=len(layouts), unit="layouts", detail=whole.title)
        for layout in split(project, whole):
            looked.append(_Looked(layout))
            if seen := look_into(project, layout.videos, most=MOST_VIDEOS):
                looked[-1].found = tuple(_suggestions(project, layout, seen, taken))
                looked[-1].picture_HW3 = _mean_picture(seen)
    yield Progress(phase="suggest", done=len(layouts), total=len(layouts), unit="layouts")
    return looked


def _suggestions(project: Project, layout: Layout, seen: Sequence[Seen], taken: set[str]) -> list[Suggestion]:
    height, width = seen[0].lit_HW.shape
    by_group: dict[str, Video] = {video.group: video for video in layout.videos}
    found = []
    for overlay in find_overlays(seen):
        name = free_name(overlay.kind, taken)
        made = Mask(name=name, source=layout.source, folders=layout.folders, group=overlay.group, hides=overlay.hides,
                    shapes=overlay.shapes, size="" if layout.alone else layout.size)
        known = masks_of(project, by_group.get(overlay.group, layout.videos[0]))
        inside_HW = hidden([made], height=height, width=width)
        if float((inside_HW & hidden(known, height=height, width=width)).sum()) < _KNOWN_SHARE * inside_HW.sum():
            taken.add(name)
            found.append(Suggestion(made, overlay.kind, overlay.reason, overlay.confidence))
    return found


# ---------------------------------------------------------------- the picture of the suggestions


def _mean_picture(seen: Sequence[Seen]) -> NDArray[np.uint8]:
    """The mean of the frames with their brightest, in which marks stand out: [H, W, 3]."""
    mean_HW = np.mean([one.y_FHW.mean(axis=0) for one in seen], axis=0)
    most_HW = np.max([one.most_HW for one in seen], axis=0)
    return np.repeat((0.5 * mean_HW + 0.5 * most_HW).astype(np.uint8)[..., None], 3, axis=2)


def _sheet(layouts: Sequence[_Looked]) -> NDArray[np.uint8]:
    """A picture a layout, one below the other, with the suggestions' outlines and names."""
    parts = [_drawn(layout) for layout in layouts if layout.picture_HW3 is not None]
    if not parts:
        parts = [np.full((_TITLE, 240, 3), _GROUND, np.uint8)]
    widest = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, _GAP), (0, widest - part.shape[1]), (0, 0))) for part in parts])


def _drawn(layout: _Looked) -> NDArray[np.uint8]:
    assert layout.picture_HW3 is not None
    height, width = layout.picture_HW3.shape[:2]
    wide = round(width * _TALL / height)
    picture = vision.resize(layout.picture_HW3, width=wide, height=_TALL)
    for one in layout.found:
        for shape in one.mask.shapes:
            corners = np.array([[round(x * (wide - 1)), round(y * (_TALL - 1))] for x, y in shape.points], np.int64)
            vision.draw_outline(picture, corners, colour=_COLOURS[one.kind])
    lines = [f"{layout.layout.title}: {len(layout.found)} suggestions",
             *(", ".join([one.mask.name, f"{100 * one.confidence:.0f} % sure", *filter(None, [one.mask.group])])
               for one in layout.found)]
    text = np.full((max(_TALL, _TITLE * len(lines)), max(wide, 420), 3), _GROUND, np.uint8)
    colours = [_TEXT, *(_COLOURS[one.kind] for one in layout.found)]
    for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        vision.draw_text(text, line, x=_GAP, y=_TITLE * (number + 1) - 8, colour=colour)
    whole = np.full((len(text), wide, 3), _GROUND, np.uint8)
    whole[:_TALL] = picture
    return np.concatenate([whole, text], axis=1)
