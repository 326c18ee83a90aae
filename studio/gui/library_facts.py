"""What the Library page says of videos, in words: a summary, what is wrong, what a grouping makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from studio.engine.catalogue import PARTIAL, UNREADABLE, Video, display_path
from studio.engine.errors import StudioError
from studio.engine.project import Grouping, Project
from studio.engine.video.grouping import assign_groups
from studio.gui.shelf import AT_ONCE, Totals
from studio.gui.texts import noted, said
from studio.gui.widgets.tier_choice import TITLES
from studio.gui.words import bytes_text, counted, duration, number

_NAMED = 2
_PARTS = {2: noted("Half"), 3: noted("A third"), 4: noted("A quarter"), 5: noted("A fifth"), 6: noted("A sixth"),
          7: noted("A seventh"), 8: noted("An eighth"), 9: noted("A ninth"), 10: noted("A tenth")}
_KEPT = {"map": noted("for small copies of the frames"), "memory": noted("for small copies of the frames"),
         "jpeg": noted("for compressed copies of the frames"), "video": noted("for what is measured")}
_VERDICTS = ((PARTIAL, noted("partly readable")), (UNREADABLE, noted("unreadable")))


def summary(totals: Totals) -> str:
    """Say what the videos are: `72 videos, 3 partly readable, 1 unreadable, 12 min in all; 24 groups.`"""
    parts = [counted(totals.videos, "video"), *_bad_counts(totals)]
    if totals.excluded:
        parts.append(said("{count} excluded", count=number(totals.excluded)))
    parts.append(said("{duration} in all", duration=duration(totals.seconds)))
    return ", ".join(parts) + (f"; {counted(len(totals.groups), 'group')}." if totals.groups else ".")


def problems(totals: Totals) -> str:
    """Say how many videos have a problem; nothing when all are good."""
    if not totals.bad:
        return ""
    words = {"count": number(len(totals.bad)), "videos": counted(totals.videos, "video")}
    return (said("{count} of {videos} has a problem.", **words) if len(totals.bad) == 1 else
            said("{count} of {videos} have problems.", **words))


def problems_key(totals: Totals) -> str:
    """Something that changes when other videos have problems."""
    return f"{len(totals.bad)}/{sum(totals.bad)}"


def describe_grouping(project: Project | None, videos: Sequence[Video], grouping: Grouping) -> str:
    """Say how many groups a grouping makes of the videos (of many, of the first). Raises `ValueError` when of none."""
    if project is None or not videos:
        return ""
    some = videos[:AT_ONCE]  # it is said at every letter of a pattern
    try:
        groups = Counter(known["group"] for known in assign_groups(some, grouping, folder=project.root))
    except StudioError as error:
        raise ValueError(f"{error.value}: {error.rule}. {error.remedy}.") from error
    words = {"groups": counted(len(groups), "group"), "videos": counted(len(some), "video")}
    said_words = (said("{groups} in the first {videos}", **words) if len(some) < len(videos) else
                  said("{groups} in {videos}", **words))
    largest, count = groups.most_common(1)[0]
    if count == 1:
        return said_words
    return said("{words}; the largest is {group} with {count}", words=said_words, group=display_path(largest),
                count=count)


def space_words(sizes: Mapping[str, Any], *, free_bytes: int) -> str:
    """Say what the worker's answer to `estimate` means for the disk."""
    cache_bytes = sizes.get("cache_bytes")
    if not sizes.get("videos") or not isinstance(cache_bytes, int):
        return ""
    words = said("A scan will take about {needed} {for_what}; {free} are free.", needed=bytes_text(cache_bytes),
                 for_what=said(_KEPT[sizes.get("tier", "map")]), free=bytes_text(free_bytes))
    return words if cache_bytes < 0.9 * free_bytes else f"{words} {said('That is not enough.')}"


def tier_words(sizes: Mapping[str, Any]) -> dict[str, str]:
    """Say of each tier what it takes, as far as that is known, and what follows from it; and what is chosen by itself.

    `sizes` is the worker's answer to `estimate`; empty when a scan would read nothing.
    """
    taken: dict[str, int] = dict(sizes.get("tier_bytes") or {})
    exact = taken.get("map", 0)
    size = {tier: f"{bytes_text(count)}. " for tier, count in taken.items()}
    less = _less(taken["jpeg"] / exact) if exact and "jpeg" in taken else said("Much less space")
    return {
        "auto": _why(sizes, exact),
        "memory": size.get("map", "") + said("Exact frames, held in memory while a network trains: the quickest"),
        "map": size.get("map", "") + said("Exact frames: quick"),
        "jpeg": size.get("jpeg", "") + said("{less}, frames slightly changed", less=less),
        "video": size.get("video", "") + said("Frames are read from your videos each time: slow, and they must stay "
                                              "there")}


def missing_words(sources: Collection[str]) -> tuple[str, str]:
    """Say which folders are gone, and what to do; nothing when all are there."""
    if not sources:
        return "", ""
    first = (said("The folder {name} is not there.", name=min(sources)) if len(sources) == 1 else
             said("{folders} are not there.", folders=counted(len(sources), "folder")))
    return first, said("Attach its drive, or say where it lies now. What was read of its videos is kept.")


def relinked_words(result: Mapping[str, Any]) -> tuple[str, str]:
    """Say what was found of a folder that moved, and what was not."""
    message = said("{source} is found: {there} of {videos} lie in {folder}.", source=result["source"],
                   there=number(result["there"]), videos=counted(result["videos"], "video"), folder=result["folder"])
    files = counted(result["checked"], "file")
    differ = result["checked"] - result["fit"]
    remedy = [said("To make sure {files} had to be read: the content is the same.", files=files) if not differ else
              said("To make sure {files} had to be read: {differ} differ. Scan to read them.", files=files,
                   differ=differ)]
    if result["missing"]:
        names = [*result["missing_paths"][:_NAMED]]
        if result["missing"] > _NAMED:
            names.append(said("and {count} more", count=number(result["missing"] - _NAMED)))
        remedy.append(said("Not there: {names}. What was read of them is kept.", names=", ".join(names)))
    return message, " ".join(remedy)


def _why(sizes: Mapping[str, Any], exact: int) -> str:
    if not exact:
        return said("The best that fits on the disk")
    words = {"needed": bytes_text(exact), "room": bytes_text(sizes["budget_bytes"])}
    if sizes["auto"] == "map":
        return said("Now exact copies: {needed} fit into the {room} that may be used", **words)
    return said("Now {way}: exact ones would take {needed}, and {room} may be used",
                way=said(TITLES[sizes["auto"]]).lower(), **words)


def _less(share: float) -> str:
    """Say what a share of the space is: `A tenth of the space`."""
    parts = round(1 / share) if share > 0 else 0
    if parts > max(_PARTS):
        return said("Less than a tenth of the space")
    return said("{part} of the space", part=said(_PARTS[parts]) if parts in _PARTS else f"{100 * share:.0f} %")


def _bad_counts(totals: Totals) -> list[str]:
    return [f"{number(count)} {said(words)}" for verdict, words in _VERDICTS if (count := totals.verdicts[verdict])]
