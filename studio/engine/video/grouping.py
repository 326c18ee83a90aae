"""Which videos belong together (patient, session): such a group is never split between train and validation.

The folder that a video lies in is its label at most, and its group only where a person says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import StudioError, UsageError
from studio.engine.project import Grouping, Project
from studio.engine.video.video_lines import VideoLines

_UCF101 = re.compile(r"(?:^|/)v_([^/]+_g\d+)_c\d+\.[^/.]+$")
"""UCF101 cuts several clips (c) from one video (g) of a class; g counts anew in each class."""

Known = dict[str, str]
"""What is known of one video: `group`, `label`."""
_SLICE = 100


class Groups(NamedTuple):
    """A project's grouping, with the group, label and number of videos."""

    grouping: Grouping
    rows: list[tuple[str, str, int]]


def group_anew(project: Project, grouping: Grouping, *, rest: Callable[[], object] = lambda: None) -> Groups:
    """Group all videos of a project in another way; give what it takes to put back what was.

    `rest` is called after every few videos. Raises `UsageError` for a pattern or a file that is of no use.
    """
    videos: list[Video] = []
    with project.catalogue() as catalogue:
        for some in catalogue.slices(_SLICE):
            videos += some
            rest()
    rows = []
    for video, known in zip(videos, assign_groups(videos, grouping, folder=project.root, rest=rest), strict=True):
        row = known["group"], known.get("label", video.label), video.id
        if row[:2] != (video.group, video.label):
            rows.append(row)
        rest()
    changed = {number for _group, _label, number in rows}
    before = Groups(project.settings.grouping, [(video.group, video.label, video.id) for video in videos
                                                if video.id in changed])
    put_groups(project, Groups(grouping, rows), rest=rest)
    return before


def put_groups(project: Project, groups: Groups, *, rest: Callable[[], object] = lambda: None) -> None:
    """Give a project a grouping and some of its videos their groups: all of it, or nothing where that fails."""
    before = project.settings.grouping
    try:
        with project.catalogue() as catalogue:
            for start in range(0, len(groups.rows), _SLICE):
                catalogue.put_groups(groups.rows[start:start + _SLICE])
                rest()
            project.settings.grouping = groups.grouping
            project.save()
    except (StudioError, OSError):
        project.settings.grouping = before
        with suppress(StudioError, OSError):
            project.save()
        raise


def assign_groups(videos: Sequence[Video], grouping: Grouping, *, folder: Path,
                  rest: Callable[[], object] = lambda: None) -> list[Known]:
    """Give every video its group, and its label where a CSV file knows one.

    Files with the same content share the group of the first. `folder` is what a relative CSV path starts from, `rest`
    is called after every video. Raises `UsageError` for a pattern or a file that is of no use.
    """
    look = _from_csv(folder / grouping.csv) if grouping.by == "csv" else _rule(grouping)
    known = []
    for video in videos:
        known.append(look(video))
        rest()
    if grouping.by != "video" and videos and not any(one.get("group") or one.get("label") for one in known):
        raise UsageError(grouping.csv or grouping.pattern, "this grouping fits no video of the project",
                         f"Compare it with the paths of its videos, such as {display_path(videos[0].path)}")
    first: dict[str, str] = {}
    for video, one in zip(videos, known, strict=True):
        own = (one.get("group") or recognised_group(video.path)
               or f"{display_path(video.source)}/{display_path(video.path)}")
        one["group"] = first.setdefault(video.identity, own) if video.identity else own
        rest()
    return known


def recognised_group(path: str) -> str:
    """Tell the group from a file name of a known scheme (UCF101's); empty where there is none."""
    found = _UCF101.search(path)
    return found[1] if found else ""


def _rule(grouping: Grouping) -> Callable[[Video], Known]:
    if grouping.by == "video":
        return lambda _video: {}
    if grouping.by == "folder":
        return lambda video: {"group": display_path(video.path.rpartition("/")[0] or video.source)}
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
    lines = VideoLines(path, wanted=["group", "label"])

    def look(video: Video) -> Known:
        line = lines.of(video)
        return {name: line[name] for name in ("group", "label") if line.get(name)}

    return look
