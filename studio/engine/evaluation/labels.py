"""Labels, groups and splits of videos: from folder names or from a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError
from studio.engine.shapes import Ints
from studio.engine.video.video_lines import VideoLines

QUERY, GALLERY = "query", "gallery"


@dataclass(frozen=True)
class Labels:
    """What is known of V videos, in their order: label ("" unknown), group, and split ("" for every role).

    `published` names the published split that they come from; its sides are then taken as they are.
    """

    label_V: list[str]
    group_V: list[str]
    split_V: list[str]
    published: str = ""

    @property
    def known(self) -> Ints:
        """Positions of the videos with a label."""
        return np.flatnonzero([bool(label) for label in self.label_V])

    @property
    def label_numbers(self) -> Ints:
        """Labels as numbers, in the order of `names`; -1 for unknown."""
        names = self.names
        return np.array([names.index(label) if label else -1 for label in self.label_V], np.int64)

    @property
    def group_numbers(self) -> Ints:
        """Groups as numbers."""
        return np.unique(self.group_V, return_inverse=True)[1].astype(np.int64)

    @property
    def names(self) -> list[str]:
        """The labels, sorted."""
        return sorted(set(self.label_V) - {""})

    def role(self, split: str) -> Ints:
        """Positions of the labelled videos of one side of the split; all of them when there is no split."""
        if not any(self.split_V):
            return self.known
        return np.array([place for place in self.known if self.split_V[place] in ("", split)], np.int64)


def read_labels(videos: Sequence[Video], labels: str) -> Labels:
    """Take labels from the folder that each video lies in (`folders`), or from a CSV file (path, label, group, split).

    Raises `UsageError` when the file cannot be read or fits no video, or when there are fewer than two labels.
    """
    found = _from_folders(videos) if labels == "folders" else _from_csv(videos, Path(labels))
    if len(found.names) < 2:
        where = "the names of the folders" if labels == "folders" else labels
        raise UsageError(f"labels by {where}", f"the videos have {len(found.names)} label, two or more are needed",
                         "Put videos into one folder a class, or choose a CSV file with the columns path and label")
    return found


def _own_group(video: Video) -> str:
    return video.group or f"video {video.id}"


def _from_folders(videos: Sequence[Video]) -> Labels:
    names = [video.path.rpartition("/")[0].rpartition("/")[2] or video.source for video in videos]
    return Labels([display_path(name) for name in names], [_own_group(video) for video in videos], [""] * len(videos))


def _from_csv(videos: Sequence[Video], path: Path) -> Labels:
    lines = VideoLines(path, wanted=["label"])
    chosen = [lines.of(video) for video in videos]
    if not any(chosen):
        raise lines.fit_nothing(videos)
    split_V = [line.get("split", "").lower() for line in chosen]
    if odd := sorted(set(split_V) - {"", QUERY, GALLERY}):
        raise UsageError(f"{path.name}, split = {odd[0]}", "a split is query or gallery", "Mend that column")
    return Labels([line.get("label", "") for line in chosen],
                  [line.get("group", "") or _own_group(video)
                   for line, video in zip(chosen, videos, strict=True)], split_V)
