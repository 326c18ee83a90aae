"""The cache: one file a video, small frames that are read at random through a memory map.

File: a header of 4096 bytes (magic, length and CRC of a JSON object, the object), then one record a frame (luma,
both chroma planes at half the size, motion by cells as float16), then the frames' times (float64) and motion (float32).
Pixels are planar 4:2:0, full-range BT.601. The file's name is the SHA-256 of the video's bytes and the short side.
Legend: N frames, H, W cached height and width in pixels, Y, X motion cells.
"""

from __future__ import annotations

import contextlib
import mmap
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.video.cells import grid_shape
from studio.engine.video.facts import HEADER_BYTES, Facts, Form, cache_path, pack_header, read_facts, refused
from studio.engine.video.stored import Bytes, Ints, Planes420, StoredVideo, Window, evenly

__all__ = ["HEADER_BYTES", "CacheWriter", "CachedVideo", "Facts", "Form", "Maps", "Record", "Tabled", "cache_path",
           "pack_header", "read_facts", "read_soon"]

MOST_MAPPED = 512
"""Files kept mapped at a time: each holds a file handle, of which a system gives a thousand or so."""


@dataclass
class Record:
    """One frame's bytes in the order of the file, with a view of each part."""

    content: Bytes
    y_HW: Bytes
    u_HW: Bytes
    v_HW: Bytes
    motion_YX: NDArray[np.float16]

    @classmethod
    def empty(cls, height: int, width: int) -> Record:
        """Make a record of zeros."""
        rows, columns = grid_shape(height, width)
        luma, chroma = height * width, height * width // 4
        content = np.zeros(luma + 2 * chroma + 2 * rows * columns, np.uint8)
        half = (height // 2, width // 2)
        return cls(content, content[:luma].reshape(height, width), content[luma:luma + chroma].reshape(half),
                   content[luma + chroma:luma + 2 * chroma].reshape(half),
                   content[luma + 2 * chroma:].view(np.float16).reshape(rows, columns))


class Maps:
    """Memory maps of cache files, the most recently used ones kept. Safe to use from several threads."""

    def __init__(self, most: int = MOST_MAPPED) -> None:
        self._most, self._lock = most, threading.Lock()
        self._maps: OrderedDict[Path, mmap.mmap] = OrderedDict()

    def get(self, path: Path) -> mmap.mmap:
        """Map a file, read-only. A map that is dropped lives on while an array still looks into it."""
        with self._lock:
            if path in self._maps:
                self._maps.move_to_end(path)
                return self._maps[path]
            try:
                with path.open("rb") as stream:
                    mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:
                raise refused(path, f"the cached frames cannot be opened ({error})") from error
            self._maps[path] = mapped
            while len(self._maps) > self._most:
                self._maps.popitem(last=False)
            return mapped


def read_soon(mapped: mmap.mmap, start: int, stop: int) -> None:
    """Ask the system to read these bytes of a map in the background, where it can be asked (Windows cannot)."""
    if hasattr(mmap, "MADV_WILLNEED"):
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        with contextlib.suppress(OSError, ValueError):
            mapped.madvise(mmap.MADV_WILLNEED, first, min(stop, len(mapped)) - first)


class Tabled(StoredVideo):
    """A video whose tables of times and motion lie in a file of the cache, read where they lie through its map.

    Raises `VideoError` for a damaged file.
    """

    def __init__(self, path: Path, *, name: str = "", maps: Maps | None = None) -> None:
        self.path, self.name = path, name
        self.facts = read_facts(path)
        self._maps = maps or Maps(1)
        self._sound = False

    @property
    def tables_start(self) -> int:
        """Where the tables begin in the file; they go to its end."""
        return HEADER_BYTES

    def table(self, place: int, shape: tuple[int, ...], kind: type) -> NDArray:
        """The table that begins `place` bytes after the first, read-only. Raises `VideoError` when they are damaged."""
        mapped, start = self._maps.get(self.path), self.tables_start
        if not self._sound:
            with memoryview(mapped) as whole:
                if zlib.crc32(whole[start:]) != self.facts.tables_crc:
                    raise refused(self.path, "the table of times is damaged")
            self._sound = True
        return np.ndarray(shape, kind, mapped, start + place)

    @property
    def times_place(self) -> int:
        """Where among the tables the times are; the motion of each frame comes right after them."""
        return 0

    @property
    def times_N(self) -> NDArray[np.float64]:
        """Seconds from the first frame."""
        return self.table(self.times_place, (self.frames,), np.float64)

    @property
    def motion_N(self) -> NDArray[np.float32]:
        """Mean motion from the frame before, in cached pixels; the first frame repeats the second."""
        return self.table(self.times_place + 8 * self.frames, (self.frames,), np.float32)


class CachedVideo(Tabled):
    """The cached frames of one video, each a plane beside the next. Raises `VideoError` for a damaged file."""

    tier = "map"

    @property
    def tables_start(self) -> int:
        """Where the tables begin in the file."""
        return HEADER_BYTES + self.frames * self.facts.record_bytes

    def _all(self) -> Planes420:
        return self._look(range(self.facts.frames), Window(0, 0, self.facts.height, self.facts.width))

    def _look(self, frames_S: range, window: Window) -> Planes420:
        """Look at a window of evenly spaced frames, straight in the map: read-only."""
        width, record = self.facts.width, self.facts.record_bytes
        high, wide = min(window.height, self.facts.height - window.top), min(window.width, width - window.left)
        mapped, size, luma = self._maps.get(self.path), len(frames_S), self.facts.height * width
        start, every = HEADER_BYTES + frames_S.start * record, frames_S.step * record
        half = window.top // 2 * (width // 2) + window.left // 2
        small, strides = (size, high // 2, wide // 2), (every, width // 2, 1)
        first = start + window.top * width + window.left
        return Planes420(
            np.ndarray((size, high, wide), np.uint8, mapped, first, (every, width, 1)),
            np.ndarray(small, np.uint8, mapped, start + luma + half, strides),
            np.ndarray(small, np.uint8, mapped, start + luma * 5 // 4 + half, strides))

    @property
    def y_NHW(self) -> Bytes:
        """Luma of all frames, straight from the file, read-only."""
        return self._all().y_SHW

    @property
    def u_NHW(self) -> Bytes:
        """First colour plane at half the size (blue less luma, 128 is none)."""
        return self._all().u_SHW

    @property
    def v_NHW(self) -> Bytes:
        """Second colour plane at half the size (red less luma, 128 is none)."""
        return self._all().v_SHW

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame; the first frame repeats the second."""
        shape = (self.frames, *grid_shape(self.height, self.width))
        return np.ndarray(shape, np.float16, self._maps.get(self.path),
                          HEADER_BYTES + self.height * self.width * 3 // 2, (self.facts.record_bytes, 2 * shape[2], 2))

    def planes(self, frames_S: Ints, window: Window | None = None) -> Planes420:
        """Look at frames in the map; evenly spaced ones are not copied."""
        chosen, frames = evenly(frames_S), self.facts.frames
        window = window or Window(0, 0, self.facts.height, self.facts.width)
        if chosen is not None and (not chosen or (chosen[0] >= 0 and chosen[-1] < frames)):
            return self._look(chosen, window)
        return Planes420(*(plane_NHW[frames_S] for plane_NHW in self._look(range(frames), window)))

    def expect(self, frames_S: Ints) -> None:
        """Begin to read what lies between the first and the last of these frames."""
        record = self.facts.record_bytes
        read_soon(self._maps.get(self.path), HEADER_BYTES + int(frames_S.min()) * record,
                  HEADER_BYTES + (int(frames_S.max()) + 1) * record)


class CacheWriter:
    """Writes records one after the other into an open file, then the tables, then the header in front."""

    def __init__(self, stream: IO[bytes], height: int, width: int) -> None:
        self._stream = stream
        self._motion: list[float] = []
        self._records = [Record.empty(height, width), Record.empty(height, width)]
        stream.write(bytes(HEADER_BYTES))

    @property
    def frames(self) -> int:
        """Frames written so far."""
        return len(self._motion)

    @property
    def next(self) -> Record:
        """The record to fill and to `write`."""
        return self._records[self.frames % 2]

    def write(self, motion: float) -> None:
        """Append the filled record; `motion` is the mean from the frame before."""
        self._stream.write(self.next.content.data)
        self._motion.append(motion)
        if self.frames == 2:
            self._repeat_first_motion()

    def _repeat_first_motion(self) -> None:
        """Give the first frame, which has none before it, the motion of the second."""
        first, second = self._records
        self._motion[0] = self._motion[1]
        first.motion_YX[:] = second.motion_YX
        self._stream.seek(HEADER_BYTES)
        self._stream.write(first.content.data)
        self._stream.seek(0, 2)

    @property
    def about(self) -> dict[str, Any]:
        """What the header says of this kind of file beyond the facts: nothing."""
        return {}

    def index(self, index: object) -> None:
        """Be given where the video can be entered, which this kind of file does not need."""

    def tables(self, times_N: NDArray[np.float64]) -> tuple[int, NDArray[np.float32]]:
        """Write the tables; gives their CRC, and the motion of each frame."""
        motion_N = np.asarray(self._motion, np.float32)
        content = times_N.astype(np.float64).tobytes() + motion_N.tobytes()
        self._stream.write(content)
        return zlib.crc32(content), motion_N

    def finish(self, facts: Facts) -> None:
        """Write the header."""
        self._stream.seek(0)
        self._stream.write(pack_header(facts))

    def close(self) -> None:
        """Nothing waits outside the file."""
