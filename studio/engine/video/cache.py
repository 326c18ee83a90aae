"""The cache: one file a video, small frames that are read at random through a memory map.

File: a header of 4096 bytes (magic, length and CRC of a JSON object, the object), then one record a frame (luma,
both chroma planes at half the size, motion by cells as float16), then the frames' times (float64) and motion (float32).
Pixels are planar 4:2:0, full-range BT.601. The file's name is the SHA-256 of the video's bytes and the short side.
Legend: N frames, H, W cached height and width in pixels, Y, X motion cells.
"""

from __future__ import annotations

import json
import mmap
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.motion import CELL_PIXELS, grid_shape

FORMAT = 1
HEADER_BYTES = 4096
MOST_MAPPED = 512
"""Files kept mapped at a time: each holds a file handle, of which a system gives a thousand or so."""
_MAGIC = b"unshuffle frames"
_START = struct.Struct("<16sII")
_SAME_FRAME_SECONDS = 5e-4

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the header says: the shape of the cached frames, and what was found in the video (see `catalogue.Video`)."""

    identity: str
    frames: int
    height: int
    width: int
    verdict: str
    reason: str
    declared_frames: int | None
    seconds: float
    frames_per_second: float
    source_width: int
    source_height: int
    codec: str
    motion: float
    tables_crc: int
    format: int = FORMAT

    @property
    def record_bytes(self) -> int:
        """Bytes of one frame."""
        rows, columns = grid_shape(self.height, self.width)
        return self.height * self.width * 3 // 2 + 2 * rows * columns

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole file."""
        return HEADER_BYTES + self.frames * (self.record_bytes + 12)


@dataclass(frozen=True)
class Form:
    """In which form frames are cached: the short side in pixels, and the fingerprint of the mask on them ("": none)."""

    short_side_pixels: int
    mask: str = ""

    def __str__(self) -> str:
        return f"{self.short_side_pixels}{'-' if self.mask else ''}{self.mask}"


def cache_path(folder: Path, *, identity: str, form: Form) -> Path:
    """Where the cached frames of a video lie in this form."""
    return folder / identity[:2] / f"{identity}-{form}.frames"


def pack_header(facts: Facts) -> bytes:
    """Make the header of a file."""
    content = json.dumps(asdict(facts)).encode("utf-8")
    header = _START.pack(_MAGIC, len(content), zlib.crc32(content)) + content
    assert len(header) <= HEADER_BYTES
    return header.ljust(HEADER_BYTES, b"\0")


def read_facts(path: Path) -> Facts:
    """Read and check a header, and that the file is as long as it says.

    Raises `VideoError` when the file is missing, short, damaged or of another format.
    """
    try:
        with path.open("rb") as stream:
            header = stream.read(HEADER_BYTES)
            length = stream.seek(0, 2)
        facts = _unpack(header)
    except FileNotFoundError as error:
        raise _refused(path, "the cached frames are missing") from error
    except (OSError, ValueError, TypeError, struct.error) as error:
        raise _refused(path, f"the cached frames are damaged ({error})") from error
    if facts.frames < 1 or length != facts.file_bytes:
        raise _refused(path, f"the cached frames are {length} bytes, not the {facts.file_bytes} of their header")
    return facts


def _unpack(header: bytes) -> Facts:
    magic, length, crc = _START.unpack_from(header)
    content = header[_START.size:_START.size + length]
    if magic != _MAGIC or zlib.crc32(content) != crc:
        raise ValueError("the header is not whole")
    values = json.loads(content)
    if values.get("format") != FORMAT:
        raise ValueError(f"format {values.get('format')} is not {FORMAT}")
    return Facts(**{field.name: values[field.name] for field in fields(Facts) if field.name in values})


def _refused(path: Path, rule: str) -> VideoError:
    return VideoError(path.name, rule, "Scan the folder again: it makes them anew")


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
                raise _refused(path, f"the cached frames cannot be opened ({error})") from error
            self._maps[path] = mapped
            while len(self._maps) > self._most:
                self._maps.popitem(last=False)
            return mapped


class CachedVideo:
    """The cached frames of one video; satisfies `sampling.VideoShape`. Raises `VideoError` for a damaged file."""

    def __init__(self, path: Path, *, name: str = "", maps: Maps | None = None) -> None:
        self.path, self.name = path, name
        self.facts = read_facts(path)
        self._maps = maps or Maps(1)

    @property
    def frames(self) -> int:
        """Number of cached frames."""
        return self.facts.frames

    @property
    def height(self) -> int:
        """Cached height in pixels, even."""
        return self.facts.height

    @property
    def width(self) -> int:
        """Cached width in pixels, even."""
        return self.facts.width

    @property
    def cell_pixels(self) -> int:
        """Side of a motion cell in cached pixels."""
        return CELL_PIXELS

    def _plane(self, place: int, height: int, width: int) -> Bytes:
        return np.ndarray((self.frames, height, width), np.uint8, self._maps.get(self.path), HEADER_BYTES + place,
                          (self.facts.record_bytes, width, 1))

    @property
    def y_NHW(self) -> Bytes:
        """Luma of all frames, straight from the file, read-only."""
        return self._plane(0, self.height, self.width)

    @property
    def u_NHW(self) -> Bytes:
        """First colour plane at half the size (blue less luma, 128 is none)."""
        return self._plane(self.height * self.width, self.height // 2, self.width // 2)

    @property
    def v_NHW(self) -> Bytes:
        """Second colour plane at half the size (red less luma, 128 is none)."""
        return self._plane(self.height * self.width * 5 // 4, self.height // 2, self.width // 2)

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame; the first frame repeats the second."""
        shape = (self.frames, *grid_shape(self.height, self.width))
        return np.ndarray(shape, np.float16, self._maps.get(self.path),
                          HEADER_BYTES + self.height * self.width * 3 // 2, (self.facts.record_bytes, 2 * shape[2], 2))

    @cached_property
    def _tables(self) -> bytes:
        start = HEADER_BYTES + self.frames * self.facts.record_bytes
        with self.path.open("rb") as stream:
            stream.seek(start)
            content = stream.read()
        if zlib.crc32(content) != self.facts.tables_crc:
            raise _refused(self.path, "the table of times is damaged")
        return content

    @property
    def times_N(self) -> NDArray[np.float64]:
        """Seconds from the first frame."""
        return np.frombuffer(self._tables, np.float64, self.frames)

    @property
    def motion_N(self) -> NDArray[np.float32]:
        """Mean motion from the frame before, in cached pixels; the first frame repeats the second."""
        return np.frombuffer(self._tables, np.float32, self.frames, 8 * self.frames)

    def glimpse(self, frames_S: NDArray[np.int64]) -> NDArray[np.float32]:
        """Red, green and blue at every eighth place of each frame, 0 to 255: colours_SK."""
        y = self.y_NHW[frames_S, 4::8, 4::8].astype(np.float32)
        u, v = (plane[frames_S, 2::4, 2::4].astype(np.float32) - 128 for plane in (self.u_NHW, self.v_NHW))
        rows, columns = min(y.shape[1], u.shape[1]), min(y.shape[2], u.shape[2])
        y, u, v = (plane[:, :rows, :columns] for plane in (y, u, v))
        rgb_SYX3 = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1)
        return np.asarray(np.clip(rgb_SYX3, 0, 255).reshape(len(frames_S), -1), np.float32)

    def frame_at(self, seconds: float) -> int:
        """Number of the frame that is shown at that time; the first or last one outside the video."""
        place = int(np.searchsorted(self.times_N, seconds + _SAME_FRAME_SECONDS, side="right")) - 1
        return min(max(place, 0), self.frames - 1)

    def rgb(self, frames: Sequence[int]) -> Bytes:
        """Give frames as red, green and blue: uint8 [n, H, W, 3]. The formula is that of `training.pixels.to_rgb`."""
        chosen = np.asarray(frames, np.int64)
        y, u, v = (plane[chosen].astype(np.float32) for plane in (self.y_NHW, self.u_NHW, self.v_NHW))
        u, v = ((plane - 128).repeat(2, axis=1).repeat(2, axis=2) for plane in (u, v))
        rgb_NHW3 = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1)
        return np.clip(np.rint(rgb_NHW3), 0, 255).astype(np.uint8)


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

    def tables(self, times_N: NDArray[np.float64]) -> tuple[bytes, float]:
        """Make the bytes of the tables, and the mean of the motion curve."""
        motion_N = np.asarray(self._motion, np.float32)
        return times_N.astype(np.float64).tobytes() + motion_N.tobytes(), float(motion_N.mean(dtype=np.float64))

    def finish(self, facts: Facts, tables: bytes) -> None:
        """Write the tables and the header."""
        self._stream.write(tables)
        self._stream.seek(0)
        self._stream.write(pack_header(facts))
