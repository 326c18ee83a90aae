"""Where frames come from when a network looks: memory, a memory map, JPEGs, or straight from the video.

The same seed shows the same pixels in every tier; those of JPEGs are as near as JPEG is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.engine.video.stored import StoredVideo
from studio.engine.video.tiers.map import open_map
from studio.engine.video.tiers.tier import Original, Shared, Tier


def _open_jpegs(path: Path, *, name: str, shared: Shared, original: Callable[[], Original]) -> StoredVideo:
    from studio.engine.video.tiers.jpeg import JpegVideo

    del original
    return JpegVideo(path, name=name, shared=shared)


def _open_straight(path: Path, *, name: str, shared: Shared, original: Callable[[], Original]) -> StoredVideo:
    from studio.engine.video.tiers.straight import StraightVideo

    return StraightVideo(path, original, name=name, shared=shared)


TIERS: dict[str, Tier] = {
    "memory": Tier(kind="frames", title="frames in memory", opens=open_map),
    "map": Tier(kind="frames", title="frames on the disk", opens=open_map),
    "jpeg": Tier(kind="jpegs", title="JPEG frames on the disk", opens=_open_jpegs),
    "video": Tier(kind="motion", title="straight from the videos", opens=_open_straight),
}
"""The best first: of what lies in the cache, the first is opened. What is read into memory is in `tiers.memory`."""
