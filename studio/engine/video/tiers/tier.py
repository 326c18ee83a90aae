"""What a tier is: a place where the pixels of frames come from, and what the videos of one footage share.

Legend: N frames of a video.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studio.engine.masks import Mask
from studio.engine.video.cache import Maps
from studio.engine.video.stored import StoredVideo

if TYPE_CHECKING:
    from studio.engine.video.jpegs import JpegDecoders

MOST_OPEN = 8
"""Videos that are kept open for decoding at a time; each holds decoded frames."""


class Closes(Protocol):
    """Something that is held open."""

    def close(self) -> None: ...


class _Held:
    """A reader that is opened when it is first needed, used by one thread at a time."""

    def __init__(self) -> None:
        self.reader: Closes | None = None
        self.lock, self.users = threading.Lock(), 0


class Readers:
    """Open readers of videos, the last used ones kept. Safe to use from several threads."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[Path, _Held] = OrderedDict()

    @contextmanager
    def using(self, path: Path, opened: Callable[[], Closes]) -> Iterator[Closes]:
        """Give the reader of a file, opened if it is not held; no other thread has it meanwhile."""
        with self._lock:
            held = self._held.setdefault(path, _Held())
            held.users += 1
            self._held.move_to_end(path)
            idle = [key for key, one in self._held.items() if not one.users]
            dropped = [self._held.pop(key) for key in idle[:max(0, len(self._held) - self._most)]]
        try:
            _close(dropped)
            with held.lock:
                if held.reader is None:
                    held.reader = opened()
                yield held.reader
        finally:
            with self._lock:
                held.users -= 1

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            dropped = list(self._held.values())
            self._held.clear()
        _close(dropped)


def _close(dropped: Sequence[_Held]) -> None:
    for one in dropped:
        with one.lock:
            if one.reader is not None:
                one.reader.close()


@dataclass
class Shared:
    """What the videos of one footage share."""

    maps: Maps = field(default_factory=Maps)
    readers: Readers = field(default_factory=Readers)

    @cached_property
    def decoders(self) -> JpegDecoders:
        """Of JPEGs. What decodes is loaded when it is needed: the window starts without it."""
        from studio.engine.video.jpegs import JpegDecoders

        return JpegDecoders()


@dataclass(frozen=True, kw_only=True)
class Original:
    """The video file behind cached facts, as the catalogue knows it, and how its frames are made."""

    path: Path
    stamp: tuple[int, int]
    """Bytes, and when it was last changed in nanoseconds."""
    short_side_pixels: int
    masks: Sequence[Mask] = ()
    frames_per_second: float = 0.0
    """Of a folder of pictures."""


class Opens(Protocol):
    """Opens a video whose file in the cache is `path`. Raises `VideoError` when that is missing or damaged."""

    def __call__(self, path: Path, *, name: str, shared: Shared, original: Callable[[], Original]) -> StoredVideo: ...


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A place where pixels come from: the kind of file that it keeps in the cache, and how it is opened."""

    kind: str
    title: str
    opens: Opens
