"""Labels, groups and splits of videos: from folder names or from a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError
from studio.engine.shapes import Ints

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
        raise UsageError(f"--labels {labels}", f"the videos have {len(found.names)} label, two or more are needed",
                         "Put videos into one folder a class, or name a CSV file with the columns path,label")
    return found


def _own_group(video: Video) -> str:
    return video.group or f"video {video.id}"


def _from_folders(videos: Sequence[Video]) -> Labels:
    names = [video.path.rpartition("/")[0].rpartition("/")[2] or video.source for video in videos]
    return Labels([display_path(name) for name in names], [_own_group(video) for video in videos], [""] * len(videos))


def _from_csv(videos: Sequence[Video], path: Path) -> Labels:
    rows = _rows(path)
    chosen = [_row_of(video, rows) for video in videos]
    if not any(chosen):
        raise UsageError(str(path), "no line of this file fits a video of the project",
                         "Write paths as `studio scan` listed them, relative to the scanned folder")
    split_V = [row.get("split", "").strip().lower() for row in chosen]
    if odd := sorted(set(split_V) - {"", QUERY, GALLERY}):
        raise UsageError(f"{path.name}, split = {odd[0]}", "a split is query or gallery", "Mend that column")
    return Labels([row.get("label", "").strip() for row in chosen],
                  [row.get("group", "").strip() or _own_group(video)
                   for row, video in zip(chosen, videos, strict=True)], split_V)


def _rows(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [{(key or "").strip().lower(): value or "" for key, value in row.items() if isinstance(value, str)}
                    for row in reader]
            columns = {(name or "").strip().lower() for name in reader.fieldnames or []}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(str(path), f"the labels cannot be read ({error})",
                         "Name a CSV file with the columns path,label, or write --labels folders") from error
    if not {"path", "label"} <= columns:
        raise UsageError(str(path), f"its columns are {', '.join(sorted(columns)) or 'missing'}, not path and label",
                         "Name the first two columns path,label")
    return {row["path"].replace("\\", "/").strip().removeprefix("./").strip("/"): row for row in rows}


def _row_of(video: Video, rows: dict[str, dict[str, str]]) -> dict[str, str]:
    """The line of a video: by its path in the source, with the source before it, or by the end of it."""
    whole = f"{video.source}/{video.path}"
    parts = whole.split("/")
    for first in range(len(parts)):
        if (row := rows.get("/".join(parts[first:]))) is not None:
            return row
    return next((row for path, row in rows.items() if path.endswith("/" + whole)), {})
