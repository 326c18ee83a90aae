"""What a project's videos are, in counts, figures and one hash: enough to judge and to recognise them, no names."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from studio.engine.catalogue import GOOD, PARTIAL, Video
from studio.engine.masks import fingerprint
from studio.engine.project import Project
from studio.engine.video.footage import masks_of

Three = tuple[float, float, float]
"""The smallest value, the middle one and the largest."""


@dataclass(frozen=True)
class Data:
    """Counts over all videos of the catalogue, and figures of those that are usable.

    `labels` are how many videos each label has, most first; `sha256` is one hash of the contents of all usable videos.
    """

    videos: int
    good: int
    partial: int
    unreadable: int
    excluded: int
    groups: int
    grouping: str
    frames: int
    seconds: float
    length_seconds: Three
    frames_per_second: Three
    short_side_pixels: Three
    motion_pixels: Three
    labels: tuple[int, ...]
    codecs: tuple[tuple[str, int], ...]
    masks: int
    sha256: str

    def plain(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return asdict(self)


def summarise(project: Project) -> Data:
    """Look at a project's catalogue."""
    with project.catalogue(read_only=True) as catalogue:
        every, usable = catalogue.videos(), catalogue.videos(usable_only=True)
    verdicts = Counter(video.verdict for video in every)
    return Data(
        videos=len(usable), good=verdicts[GOOD], partial=verdicts[PARTIAL],
        unreadable=len(every) - verdicts[GOOD] - verdicts[PARTIAL], excluded=sum(video.excluded for video in every),
        groups=len({video.group or f"video {video.id}" for video in usable}), grouping=project.settings.grouping.by,
        frames=sum(video.frames for video in usable), seconds=round(sum(video.seconds for video in usable), 1),
        length_seconds=_three([video.seconds for video in usable]),
        frames_per_second=_three([video.frames_per_second for video in usable]),
        short_side_pixels=_three([min(video.width, video.height) for video in usable]),
        motion_pixels=_three([video.motion for video in usable]),
        labels=tuple(sorted(Counter(video.label for video in usable if video.label).values(), reverse=True)),
        codecs=tuple(Counter(video.codec for video in usable if video.codec).most_common()),
        masks=len(project.settings.masks), sha256=content_hash(usable))


def content_hash(videos: list[Video]) -> str:
    """One SHA-256 of the contents of videos, whatever their names and order are."""
    return hashlib.sha256("\n".join(sorted(video.identity for video in videos)).encode()).hexdigest()


def seen_hash(project: Project) -> str:
    """Change when what networks see of a project changes: its usable videos, or what is hidden of them."""
    with project.catalogue(read_only=True) as catalogue:
        usable = catalogue.videos(usable_only=True)
    seen = sorted(f"{video.identity} {fingerprint(masks_of(project, video))}" for video in usable)
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


def _three(values: list[float]) -> Three:
    if not values:
        return 0.0, 0.0, 0.0
    low, middle, high = np.quantile(np.array(values, np.float64), [0, 0.5, 1]).tolist()
    return round(low, 3), round(middle, 3), round(high, 3)
