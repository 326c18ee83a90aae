"""Planes in a file of the cache, read through a memory map: the usual tier, and as fast as memory once it was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.engine.video.cache import CachedVideo
from studio.engine.video.stored import StoredVideo
from studio.engine.video.tiers.tier import Original, Shared


def open_map(path: Path, *, name: str, shared: Shared, original: Callable[[], Original]) -> StoredVideo:
    """Open a video's planes; its original is not needed."""
    del original
    return CachedVideo(path, name=name, maps=shared.maps)
