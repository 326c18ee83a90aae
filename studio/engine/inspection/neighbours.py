"""The neighbours of a clip, of several clips or of a file: trained weights, beside them random ones or what is named.

Legend: V videos, C clips of a video, D feature.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import ProjectError, UsageError
from studio.engine.events import Event, Events, Finished, Progress, Saved
from studio.engine.inspection.approximate import EXACT_UP_TO
from studio.engine.inspection.embedding import footage_of_run
from studio.engine.inspection.gallery import LeaveOut, nearest_clips
from studio.engine.inspection.hubness import Agreement, K, agreement, described, hubness
from studio.engine.inspection.looks import RANDOM, Look, Way, beside_of, ensured_look
from studio.engine.inspection.queries import ClipQuery, ClipsQuery, FileQuery, Outside, Query, entry_of
from studio.engine.inspection.sheet import Row, write_sheet
from studio.engine.project import Project
from studio.engine.video.footage import Footage

_NAMED = 50
Entry = dict[str, Any]


def neighbours(project: Project, run_folder: Path, *, video: str | int | None = None, at_seconds: float = 0.0,
               clips: Sequence[tuple[int, int]] = (), file: Path | None = None, k: int = 10,
               leave_out: LeaveOut = "group", beside: str = RANDOM, approximate: bool = False, out: Path | None = None,
               stop: Callable[[], bool] = lambda: False) -> Events:
    """Find the neighbours of a clip with trained weights, with random ones, and with what is named to stand beside.

    The clip is the one around a second of a `video` (a path as in the catalogue or a video's number), or of a `file`
    outside of the project; `clips` are several at once (numbers of videos and of their clips), of which the mean is
    asked about. `beside` is `random`, `pixels` or another run. With `out` a PNG sheet is written besides.
    Raises `UsageError` for a video, clip or run that is not there, `VideoError` for a file that cannot be read.
    """
    _check(video, clips, file, k=k)
    ways = list(dict.fromkeys([Way("trained", run_folder), Way("random", run_folder),
                               beside_of(project, run_folder, beside)]))
    footages, looks = dict[Path, Footage](), list[Look]()
    outside = Outside(project, file) if file is not None else None
    try:
        for number, way in enumerate(ways):
            look = yield from _opened(project, way, footages, outside, stop=stop)
            if look is None:
                yield Finished(operation="neighbours", result={"run": run_folder.name}, stopped=True)
                return
            yield Progress(phase="neighbours", done=number, total=len(ways))
            looks.append(look)
        query = _query(project, looks[0], video, at_seconds, clips, outside)
        result = compared(query, looks, k=k, leave_out=leave_out, approximate=approximate)
        if out is not None:
            yield from _write(out, looks[0].footage, outside.footage(looks[0]) if outside else None, result)
            result["picture"] = out.name
        yield Finished(operation="neighbours", result=result)
    finally:
        if outside is not None:
            outside.close()


def compared(query: Query, looks: Sequence[Look], *, k: int, leave_out: LeaveOut,
             approximate: bool = False) -> dict[str, Any]:
    """Rank the clips under trained weights, random ones and what else stands beside; all as plain values.

    `looks` are trained, random, and perhaps a third. Raises `UsageError` or `ProjectError` when nothing may be found.
    """
    trained, beside = looks[0], looks[-1]
    found = [ask(query, look, k=k, leave_out=leave_out, approximate=approximate) for look in looks]
    notes = [f"All clips have the same feature under {look.way.title}: its network has collapsed, and its ranking "
             "means nothing." for look in looks if look.collapsed]
    return {"run": trained.way.run_folder.name, "leave_out": leave_out, "query": found[0][0],
            "neighbours": found[0][1], "random": found[1][1],
            "beside": {"name": beside.way.name, "title": beside.way.title, "neighbours": found[-1][1],
                       **standing(beside, leave_out)},
            **standing(trained, leave_out), "search": _search(trained, approximate), "notes": notes}


def ask(query: Query, look: Look, *, k: int, leave_out: LeaveOut = "group",
        approximate: bool = False) -> tuple[Entry, list[Entry]]:
    """Give the query and the clips that are most like it in a look, as plain values to show."""
    feature_D, asked = query.feature(look)
    videos, features = look.footage.videos, look.features
    left_out = [look.positions[video_id] for video_id in query.left_out if video_id in look.positions]
    if not look.gallery.allowed(left_out, leave_out).any():
        raise _nothing_left(len(videos), left_out, leave_out)
    ranked = nearest_clips(feature_D, look.gallery, left_out=left_out, k=k, leave_out=leave_out,
                           index=look.index[0] if _by_index(look, approximate) else None)
    hubs = {hub["video_id"] for hub in standing(look, leave_out)["hubs"]["hubs"]}
    return asked, [entry_of(videos[place], float(features.times_VC[place, number]))
                   | {"similarity": round(float(alike), 6), "clip": int(number), "hub": videos[place].id in hubs}
                   for place, number, alike in zip(*ranked, strict=True)]


def standing(look: Look, leave_out: LeaveOut) -> dict[str, Any]:
    """What a look's neighbours are worth: hubs among the videos, and agreement by label (or folder) and by group.

    It is worked out once a look. Groups are asked about with only the video itself left out.
    """
    if leave_out not in look.kept:
        videos, mean_VD = look.footage.videos, look.features.mean_VD
        alone_V = np.arange(len(videos))
        group_V = look.gallery.group_V if leave_out == "group" else alone_V
        by_label = any(video.label for video in videos)
        names = [video.label if by_label else _folder_of(video) for video in videos]
        look.kept[leave_out] = {
            "hubs": described(hubness(mean_VD, group_V), look.features.video_ids_V),
            "labels": {"by": "label" if by_label else "folder", **_agreed(agreement(mean_VD, names, group_V))},
            "groups": _agreed(agreement(mean_VD, [video.group for video in videos], alone_V))}
    return look.kept[leave_out]


def find_position(project: Project, footage: Footage, video: str | int) -> int:
    """Where a video lies in the footage, by its path or number. Raises `UsageError` when it is not usable."""
    with project.catalogue(read_only=True) as catalogue:
        row = catalogue.video(video) if isinstance(video, int) else catalogue.find(video)
    for position, usable in enumerate(footage.videos):
        if usable.id == row.id:
            return position
    why = "is excluded" if row.excluded else f"is {row.verdict}" if not row.readable else "has no cached frames"
    raise UsageError(display_path(row.path), f"this video {why}", "Name another one, or scan its folder again")


def _check(video: str | int | None, clips: Sequence[tuple[int, int]], file: Path | None, *, k: int) -> None:
    if k < 1:
        raise UsageError(f"-k {k}", "neighbours are counted from 1", "Write for example -k 10")
    asked = [name for name, given in (("--video", video is not None), ("--clips", bool(clips)),
                                      ("--file", file is not None)) if given]
    if len(asked) != 1:
        raise UsageError(" and ".join(asked) or "no query", "neighbours are those of one video, of clips, or of a file",
                         "Name one of --video, --clips and --file")


def _opened(project: Project, way: Way, footages: dict[Path, Footage], outside: Outside | None, *,
            stop: Callable[[], bool]) -> Generator[Event, None, Look | None]:
    footage = footages.get(way.run_folder)
    if footage is None:
        footage = yield from footage_of_run(project, way.run_folder, stop=stop)
    if footage is None:
        return None
    footages[way.run_folder] = footage
    look = yield from ensured_look(way, footage, stop=stop)
    if look is not None and outside is not None:
        there = yield from outside.make(look.recipe.augmentation.short_side_pixels, stop=stop)
        return look if there else None
    return look


def _query(project: Project, look: Look, video: str | int | None, at_seconds: float,
           clips: Sequence[tuple[int, int]], outside: Outside | None) -> Query:
    if outside is not None:
        return FileQuery(outside, at_seconds)
    if clips:
        return ClipsQuery(tuple(clips))
    assert video is not None
    return ClipQuery(look.footage.videos[find_position(project, look.footage, video)].id, at_seconds)


def _nothing_left(videos: int, left_out: Sequence[int], leave_out: LeaveOut) -> ProjectError | UsageError:
    if videos < 2:
        return ProjectError("1 video", "there is no other usable one to compare it with",
                            "Add videos with: studio scan PROJECT FOLDER")
    if leave_out == "group" and len(left_out) < videos:
        return UsageError(f"leave out the {'group' if len(left_out) == 1 else 'groups'} of the query",
                          f"all {videos} usable videos are of it", "Leave out only the query's own video "
                          "(--leave-out video), or group the videos otherwise on the Library page")
    return UsageError(f"{len(left_out)} videos", "the query has clips of every usable one, so none is left to find",
                      "Choose clips of fewer videos")


def _by_index(look: Look, approximate: bool) -> bool:
    large = look.features.times_VC.size > EXACT_UP_TO
    return approximate or (large and importlib.util.find_spec("faiss") is not None)


def _search(look: Look, approximate: bool) -> dict[str, Any]:
    """How the clips were searched; an approximate search has its recall against the exact one."""
    clips = look.features.times_VC.size
    if not _by_index(look, approximate):
        return {"how": "exact", "clips": clips}
    return {"how": "approximate", "clips": clips, "recall": round(look.index[1], 4)}


def _agreed(found: Sequence[Agreement]) -> dict[str, Any]:
    """Agreement over all queries, and of the names with most of them; precision, recall and chance are shares."""
    queries = sum(one.queries for one in found)
    total: dict[str, Any] = {"k": K, "queries": queries}
    for name in ("precision", "recall", "chance"):
        weighted = sum(getattr(one, name) * one.queries for one in found)
        total[name] = round(weighted / queries, 4) if queries else None
    ranked = sorted(found, key=lambda one: (-one.queries, one.name))[:_NAMED]
    return total | {"each": [{name: round(value, 4) if isinstance(value, float) else value
                              for name, value in one._asdict().items()} for one in ranked]}


def _folder_of(video: Video) -> str:
    folder = str(PurePosixPath(display_path(video.path)).parent)
    return "" if folder == "." else folder


def _write(out: Path, footage: Footage, outside: Footage | None,
           result: dict[str, Any]) -> Generator[Event, None, None]:
    places = {video.id: position for position, video in enumerate(footage.videos)}

    def tile(entry: Entry) -> tuple[NDArray[np.uint8], str]:
        cached = footage.cached[places[entry["video_id"]]]
        alike = f"{entry['similarity']:.3f}  " if "similarity" in entry else ""
        return cached.rgb([cached.frame_at(entry["at_seconds"])])[0], f"{alike}{entry['at_seconds']:.1f} s"

    query = result["query"]
    if outside is not None:
        cached = outside.cached[0]
        asked = [(cached.rgb([cached.frame_at(query["at_seconds"])])[0], f"{query['at_seconds']:.1f} s")]
    elif "clips" in query:
        asked = [tile(entry) for entry in query["shown"]]
    else:
        asked = [tile(query)]
    rows = [Row("query", asked), Row("trained", [tile(entry) for entry in result["neighbours"]]),
            Row("random weights", [tile(entry) for entry in result["random"]])]
    if result["beside"]["name"] != RANDOM:
        rows.append(Row(result["beside"]["title"], [tile(entry) for entry in result["beside"]["neighbours"]
                                                    if entry["video_id"] in places]))
    write_sheet(out, rows)
    yield Saved(what="picture", path=out.name)
