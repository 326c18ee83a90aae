"""What a scan would have to do, and the disk it would take: measured on the headers of a few of the new files."""

from __future__ import annotations

from dataclasses import dataclass

from studio.engine.errors import VideoError
from studio.engine.project import Project
from studio.engine.video.library import Found, new_videos
from studio.engine.video.make import cached_size, open_reader
from studio.engine.video.motion import grid_shape

_LOOKED_INTO = 8


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """New or changed videos of the project's folders; `cache_bytes` is None when nothing could be measured."""

    videos: int
    source_bytes: int
    cache_bytes: int | None


def estimate(project: Project) -> Estimate:
    """Count what a scan would read, and how large its cached frames would be."""
    with project.catalogue() as catalogue:
        new = new_videos(project, catalogue.videos())
    whole = [one for one in new if one.size]
    looked_into = whole[::max(1, -(-len(whole) // _LOOKED_INTO))]
    short_side_pixels = project.settings.short_side_pixels
    measured = [(one.size, size) for one in looked_into
                if (size := _cache_bytes(one, short_side_pixels=short_side_pixels))]
    source_bytes = sum(one.size for one in new)
    ratio = sum(size for _source, size in measured) / max(1, sum(source for source, _size in measured))
    return Estimate(videos=len(new), source_bytes=source_bytes,
                    cache_bytes=round(ratio * source_bytes) if measured else None)


def _cache_bytes(found: Found, *, short_side_pixels: int) -> int:
    """Size of a video's cached frames after what its header declares; 0 when it does not tell or cannot be read."""
    try:
        reader = open_reader(found.file)
    except VideoError:
        return 0
    try:
        source = reader.source
        frames = source.declared_frames or round((source.declared_seconds or 0) * source.frames_per_second)
        first = next(reader.pictures(), None)
        if first is None:
            return 0
        width, height = cached_size(first.frame.width, first.frame.height, pixel_aspect=source.pixel_aspect,
                                    short_side_pixels=short_side_pixels)
        rows, columns = grid_shape(height, width)
        return frames * (height * width * 3 // 2 + 2 * rows * columns + 12)
    finally:
        reader.close()
