"""What the Library page says of videos, in words: a summary, what is wrong, what a grouping makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from studio.engine.catalogue import PARTIAL, UNREADABLE, Video, display_path
from studio.engine.errors import StudioError
from studio.engine.project import Grouping, Project
from studio.engine.video.grouping import assign_groups
from studio.gui.words import bytes_text, counted, duration

_NAMED = 2
_VERDICTS = ((PARTIAL, "partly readable"), (UNREADABLE, "unreadable"))


def summary(videos: Sequence[Video]) -> str:
    """Say what the videos are: `72 videos, 3 partly readable, 1 unreadable, 12 min in all; 24 groups.`"""
    parts = [counted(len(videos), "video"), *_counts(videos)]
    if excluded := [video.excluded for video in videos].count(True):
        parts.append(f"{excluded} excluded")
    parts.append(f"{duration(sum([video.seconds for video in videos]))} in all")
    groups = {video.group for video in videos} - {""}  # a scan that still runs has not made them yet
    return ", ".join(parts) + (f"; {counted(len(groups), 'group')}." if groups else ".")


def problems(videos: Sequence[Video]) -> tuple[str, str]:
    """Say how many videos have a problem, and name the first of them with the reason; nothing when all are good."""
    bad = [video for video in videos if video.verdict in (PARTIAL, UNREADABLE)]
    if not bad:
        return "", ""
    names = [f"{display_path(video.path).rpartition('/')[2]} ({video.reason})" for video in bad[:_NAMED]]
    if len(bad) > _NAMED:
        names.append(f"and {len(bad) - _NAMED} more")
    return f"{' and '.join(_counts(bad))}. The other videos are not affected.", ", ".join(names) + "."


def describe_grouping(project: Project | None, videos: Sequence[Video], grouping: Grouping) -> str:
    """Say how many groups a grouping makes of the videos. Raises `ValueError` with why it makes none."""
    if project is None or not videos:
        return ""
    try:
        groups = Counter(known["group"] for known in assign_groups(videos, grouping, folder=project.root))
    except StudioError as error:
        raise ValueError(f"{error.value}: {error.rule}. {error.remedy}.") from error
    words = f"{counted(len(groups), 'group')} in {counted(len(videos), 'video')}"
    largest, count = groups.most_common(1)[0]
    return f"{words}; the largest is {display_path(largest)} with {count}" if count > 1 else words


def space_words(result: dict[str, object], *, free_bytes: int) -> str:
    """Say what the worker's answer to `estimate` means for the disk."""
    cache_bytes = result.get("cache_bytes")
    if not result.get("videos") or not isinstance(cache_bytes, int):
        return ""
    enough = "" if cache_bytes < 0.9 * free_bytes else " That is not enough."
    return (f"A scan will take about {bytes_text(cache_bytes)} for small copies of the frames; "
            f"{bytes_text(free_bytes)} are free.{enough}")


def _counts(videos: Sequence[Video]) -> list[str]:
    found = [video.verdict for video in videos]  # counting a list is quick, and there may be a hundred thousand
    return [f"{count} {words}" for verdict, words in _VERDICTS if (count := found.count(verdict))]
