"""Which videos are looked at together for overlays: those of one source and size, unless their folders clearly differ.

A folder of ultrasound beside a folder of people may have its size by chance; compared together they have nothing in
common. What tells them apart is the black surround of a machine's picture.
Legend: H, W height and width in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Video
from studio.engine.errors import VideoError
from studio.engine.masks import size_text
from studio.engine.project import Project
from studio.engine.video.footage import open_unmasked
from studio.engine.video.overlays import Seen, black_around

MOST_FOLDERS = 24
"""With more folders of one level none is looked at alone."""
_MOST_VIDEOS, _FEWEST_VIDEOS = 48, 3
"""Videos of all folders together that are looked into to tell the folders apart, and of each."""
_ALIKE = 0.75
"""Share of what is black in one folder or another that is black in both, where they are of one machine."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """Videos of one source and size; with `folders` only those below them."""

    source: str
    size: str
    alone: bool
    """Whether the source has no other size."""
    videos: tuple[Video, ...]
    folders: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The layout in words."""
        return f"{', '.join((self.source, *self.folders))}, {self.size}, {len(self.videos)} videos"


def layouts_of(rows: Sequence[Video]) -> list[Layout]:
    """Sort videos by source and size."""
    by_layout: dict[tuple[str, str], list[Video]] = {}
    for row in rows:
        by_layout.setdefault((row.source, size_text(row.width, row.height)), []).append(row)
    sources = [source for source, _ in by_layout]
    return [Layout(source, size, sources.count(source) == 1, tuple(videos))
            for (source, size), videos in sorted(by_layout.items())]


def split(project: Project, layout: Layout) -> list[Layout]:
    """Take a layout apart where some of its folders have a black surround and others have another, or none."""
    by_folder = _by_folder(layout.videos)
    machines, others = list[tuple[list[str], Bools]](), list[str]()
    most = max(_FEWEST_VIDEOS, _MOST_VIDEOS // max(1, len(by_folder)))
    for folder, videos in by_folder.items():
        seen = look_into(project, videos, most=most)
        black_HW = black_around(seen) if seen else None
        if black_HW is None:
            others.append(folder)
            continue
        known = next((folders for folders, other_HW in machines if _alike(black_HW, other_HW)), None)
        if known is None:
            machines.append(([folder], black_HW))
        else:
            known.append(folder)
    parts = [folders for folders, _ in machines] + ([others] if others else [])
    if len(parts) < 2 or any("" in folders for folders, _ in machines):
        return [layout]
    return [Layout(layout.source, layout.size, layout.alone, tuple(v for one in folders for v in by_folder[one]),
                   tuple(folders)) for folders in parts if "" not in folders]  # a mask cannot name what lies in none


def look_into(project: Project, videos: Sequence[Video], *, most: int) -> list[Seen]:
    """Look into some of the videos, spread over them."""
    found = list[Seen]()
    for video in videos[::max(1, -(-len(videos) // most))]:
        try:
            found.append(Seen.of(open_unmasked(project, video), group=video.group))
        except VideoError:
            continue
    return [one for one in found if one.y_FHW.shape[1:] == found[0].y_FHW.shape[1:]]


def _by_folder(videos: Sequence[Video]) -> dict[str, list[Video]]:
    """Videos by their folder at the first level at which there are several; empty where there are none or too many."""
    deepest = max(video.path.count("/") for video in videos)
    for level in range(1, deepest + 1):
        found: dict[str, list[Video]] = {}
        for video in videos:
            found.setdefault("/".join(video.path.split("/")[:-1][:level]), []).append(video)
        if len(found) > 1:
            return found if len(found) <= MOST_FOLDERS else {}
    return {}


def _alike(one_HW: Bools, other_HW: Bools) -> bool:
    if one_HW.shape != other_HW.shape:
        return False
    return float((one_HW & other_HW).sum()) >= _ALIKE * float((one_HW | other_HW).sum())
