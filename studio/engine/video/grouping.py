"""Which videos belong together (patient, session): such a group is never split between train and validation.

The folder that a video lies in is its label at most, never its group.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError
from studio.engine.project import Grouping

_UCF101 = re.compile(r"(?:^|/)v_([^/]+_g\d+)_c\d+\.[^/.]+$")
"""UCF101 cuts several clips (c) from one video (g) of a class; g counts anew in each class."""

Known = dict[str, str]
"""What is known of one video: `group`, `label`."""


def assign_groups(videos: Sequence[Video], grouping: Grouping, *, folder: Path) -> list[Known]:
    """Give every video its group, and its label where a CSV file knows one.

    Files with the same content share the group of the first. `folder` is what a relative CSV path starts from.
    Raises `UsageError` for a pattern or a file that is of no use.
    """
    look = _from_csv(folder / grouping.csv) if grouping.by == "csv" else _rule(grouping)
    known = [look(video) for video in videos]
    if grouping.by != "video" and videos and not any(one.get("group") or one.get("label") for one in known):
        raise UsageError(grouping.csv or grouping.pattern, "this grouping fits no video of the project",
                         "Compare it with the paths that `studio scan` lists")
    first: dict[str, str] = {}
    for video, one in zip(videos, known, strict=True):
        own = (one.get("group") or recognised_group(video.path)
               or f"{display_path(video.source)}/{display_path(video.path)}")
        one["group"] = first.setdefault(video.identity, own) if video.identity else own
    return known


def recognised_group(path: str) -> str:
    """Tell the group from a file name of a known scheme (UCF101's); empty where there is none."""
    found = _UCF101.search(path)
    return found[1] if found else ""


def _rule(grouping: Grouping) -> Callable[[Video], Known]:
    if grouping.by == "video":
        return lambda _video: {}
    try:
        pattern = re.compile(grouping.pattern)
    except re.error as error:
        raise UsageError(grouping.pattern, f"this is no regular expression ({error})", "Mend the pattern") from error
    if pattern.groups < 1:
        raise UsageError(grouping.pattern or "an empty pattern", "it has no brackets around the group",
                         r"Write it as in (patient\d+)_.*")

    def look(video: Video) -> Known:
        found = pattern.search(video.path)
        return {"group": found[1]} if found and found[1] else {}

    return look


def _from_csv(path: Path) -> Callable[[Video], Known]:
    """The line of a video: by its path, with the source before it, or the end of it (see `evaluation.labels`)."""
    lines = _lines(path)

    def look(video: Video) -> Known:
        parts = f"{video.source}/{video.path}".split("/")
        line = next((lines[name] for first in range(len(parts)) if (name := "/".join(parts[first:])) in lines), {})
        return {name: line[name] for name in ("group", "label") if line.get(name)}

    return look


def _lines(path: Path) -> dict[str, Known]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [{(name or "").strip().lower(): value.strip() for name, value in row.items()
                     if isinstance(value, str)} for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(str(path), f"this file of groups cannot be read ({error})",
                         "Name a CSV file with the columns path, label and group") from error
    if not rows or "path" not in rows[0]:
        raise UsageError(str(path), "it has no line or no column `path`", "Name the columns path,label,group")
    return {row.get("path", "").replace("\\", "/").removeprefix("./").strip("/"): row for row in rows}
