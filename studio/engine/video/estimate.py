"""What a scan would have to do, and the disk it would take in each tier: measured on the start of a few new files."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from studio.engine.catalogue import Video
from studio.engine.errors import VideoError
from studio.engine.project import Project
from studio.engine.video.cache import Record
from studio.engine.video.cells import grid_shape
from studio.engine.video.footage import form_of
from studio.engine.video.jpegs import JpegCoder
from studio.engine.video.library import Found, new_videos
from studio.engine.video.opening import open_reader
from studio.engine.video.packs import KINDS
from studio.engine.video.storage import choose_kind, disk_budget_bytes, kind_there, largest_fitting, tier_of

_LOOKED_INTO = 8
_SURELY_ENOUGH = 400
"""Cached frames were never seen to take more than this times the bytes of their video."""
_PATIENCE_SECONDS = 60.0
_INDEX_BYTES = 16
"""Of a frame's place in its video, in the file of what was measured."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """New or changed videos of the project's folders, and those that masks or other settings ask to be made anew.

    `cache_bytes` is what the tier takes that a scan would choose, None when nothing could be measured; `tier_bytes` the
    same for each tier that lies on the disk. `auto` is the tier that is chosen by itself for a growth of the cache by
    `budget_bytes`.
    """

    videos: int
    source_bytes: int
    cache_bytes: int | None
    tier: str = "map"
    auto: str = "map"
    budget_bytes: int = 0
    tier_bytes: dict[str, int] = field(default_factory=dict)


def estimate(project: Project) -> Estimate:
    """Count what a scan would read, and how large its cached frames would be."""
    with project.catalogue() as catalogue:
        new = videos_to_make(project, catalogue.videos())
    needed = bytes_by_kind(new, short_side_pixels=project.settings.short_side_pixels)
    kind, budget_bytes = choose_kind(project, needed), disk_budget_bytes(project)
    return Estimate(videos=len(new), source_bytes=sum(one.size for one in new), cache_bytes=needed.get(kind),
                    tier=tier_of(kind), auto=tier_of(largest_fitting(KINDS, needed, budget_bytes=budget_bytes)),
                    budget_bytes=budget_bytes, tier_bytes={tier_of(one): size for one, size in needed.items()})


def videos_to_make(project: Project, rows: Sequence[Video], *, rest: Callable[[], None] = lambda: None) -> list[Found]:
    """List the video files that a scan would read: new and changed ones, and those whose masks changed.

    `rest` is called at every file and row: what it raises ends the search.
    """
    new = new_videos(project, rows, rest=rest)
    known = {(one.source, one.path) for one in new}
    names = {source.name for source in project.settings.sources}
    for row in rows:
        rest()
        if row.readable and row.source in names and (row.source, row.path) not in known \
                and not kind_there(project, row, form_of(project, row)):
            file = project.video_file(source=row.source, path=row.path)
            if file.exists():
                new.append(Found(source=row.source, path=row.path, file=file, size=row.size,
                                 modified_ns=row.modified_ns))
    return new


def bytes_by_kind(new: Sequence[Found], *, short_side_pixels: int) -> dict[str, int]:
    """Bytes that these videos would take in the cache, by kind of file; empty when nothing could be measured."""
    whole = [(one.file, one.size) for one in new if one.size]
    looked_into = whole[::max(1, -(-len(whole) // _LOOKED_INTO))]
    measured = [(size, sizes) for file, size in looked_into
                if (sizes := _measured(file, short_side_pixels=short_side_pixels))]
    looked_at_bytes = sum(size for size, _sizes in measured)
    if not looked_at_bytes:
        return {}
    share = sum(one.size for one in new) / looked_at_bytes
    return {kind: round(share * sum(sizes[kind] for _size, sizes in measured)) for kind in KINDS}


def kind_for(project: Project, new: Sequence[Found]) -> str:
    """The kind of file that a scan makes of new videos. A file that crashes a decoder costs a child process."""
    if project.settings.tier != "auto" or sum(one.size for one in new) * _SURELY_ENOUGH < disk_budget_bytes(project):
        return choose_kind(project, {})
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_tell, args=(theirs, list(new), project.settings.short_side_pixels), daemon=True)
    child.start()
    theirs.close()
    needed: dict[str, int] = {}
    with suppress(EOFError, OSError):
        if ours.poll(_PATIENCE_SECONDS):
            needed = ours.recv()
    child.kill()
    child.join()
    child.close()
    ours.close()
    return choose_kind(project, needed)


def _tell(pipe: Connection, new: Sequence[Found], short_side_pixels: int) -> None:
    pipe.send(bytes_by_kind(new, short_side_pixels=short_side_pixels))


def _measured(file: Path, *, short_side_pixels: int) -> dict[str, int]:
    """Bytes of a video by kind, after its first frame and what it declares; empty when it does not tell."""
    from studio.engine.video.make import Shrinker  # slow to load, and the window only counts files

    try:
        reader = open_reader(file)
    except VideoError:
        return {}
    try:
        source = reader.source
        frames = source.declared_frames or round((source.declared_seconds or 0) * source.frames_per_second)
        first = next(reader.pictures(), None)
        if first is None or not frames:
            return {}
        shrinker = Shrinker(first.frame, pixel_aspect=source.pixel_aspect, short_side_pixels=short_side_pixels)
        record = Record.empty(shrinker.height, shrinker.width)
        shrinker.fill(record, first.frame)
    finally:
        reader.close()
    rows, columns = grid_shape(shrinker.height, shrinker.width)
    tables = 2 * rows * columns + 12
    jpeg = JpegCoder(shrinker.height, shrinker.width).encode(record.y_HW, record.u_HW, record.v_HW)
    return {"frames": frames * (shrinker.height * shrinker.width * 3 // 2 + tables),
            "jpegs": frames * (len(jpeg) + tables + 12), "motion": frames * (tables + _INDEX_BYTES)}
