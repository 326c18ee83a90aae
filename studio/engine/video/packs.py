"""Files of the cache that hold less than all pixels: JPEG frames (`jpegs`), or only what was measured (`motion`).

`jpegs`: header, one JPEG after the other, then the tables: motion by cells (float16), where each JPEG begins (int64,
and the end of the last), the CRC of each (uint32), times (float64), motion (float32).
`motion`: header, then the tables: motion by cells, times, motion, and where there is one the index by which the video
is entered in its middle: time stamps, places in the file (int64 each) and the numbers of the entries.
Legend: N frames, H, W height and width in pixels.
"""

from __future__ import annotations

import tempfile
import zlib
from array import array
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.engine.video.cache import CacheWriter, Record
from studio.engine.video.cells import grid_shape
from studio.engine.video.entries import Index
from studio.engine.video.facts import HEADER_BYTES, Facts, pack_header
from studio.engine.video.jpegs import JpegCoder

KINDS = ("frames", "jpegs", "motion")
_HELD_BYTES = 8 << 20
"""Motion by cells that is held in memory while a file is written; the rest waits in a nameless file beside it."""


class Writer(Protocol):
    """Takes one filled record after the other; then `tables` once, then `finish`."""

    @property
    def frames(self) -> int: ...
    @property
    def next(self) -> Record: ...
    @property
    def about(self) -> dict[str, Any]: ...

    def write(self, motion: float) -> None: ...
    def index(self, index: Index | None) -> None: ...
    def tables(self, times_N: NDArray[np.float64]) -> tuple[int, NDArray[np.float32]]: ...
    def finish(self, facts: Facts) -> None: ...
    def close(self) -> None: ...


def make_writer(kind: str, stream: IO[bytes], height: int, width: int, *, folder: Path) -> Writer:
    """The writer of a kind of file; what waits lies in `folder`."""
    if kind == "frames":
        return CacheWriter(stream, height, width)
    return PackWriter(stream, height, width, folder=folder, coder=JpegCoder(height, width) if kind == "jpegs" else None)


class PackWriter:
    """Writes files without planes: with a `coder` JPEGs, without one only tables."""

    def __init__(self, stream: IO[bytes], height: int, width: int, *, folder: Path, coder: JpegCoder | None) -> None:
        self._stream, self._coder = stream, coder
        self._record, self._shape = Record.empty(height, width), grid_shape(height, width)
        self._grids = tempfile.SpooledTemporaryFile(_HELD_BYTES, dir=str(folder))  # noqa: SIM115  (closed by `close`)
        self._motion, self._starts, self._crcs = array("f"), array("q", [HEADER_BYTES]), array("I")
        self._index: Index | None = None
        stream.write(bytes(HEADER_BYTES))

    @property
    def frames(self) -> int:
        """Frames written so far."""
        return len(self._motion)

    @property
    def next(self) -> Record:
        """The record to fill and to `write`."""
        return self._record

    @property
    def about(self) -> dict[str, Any]:
        """What the header says of this kind of file."""
        if self._coder:
            return {"kind": "jpegs", "jpeg_bytes": self._starts[-1] - HEADER_BYTES}
        return {"kind": "motion", "entries": len(self._index.entries_K) if self._index else -1}

    def write(self, motion: float) -> None:
        """Append the filled record; `motion` is the mean from the frame before."""
        record = self._record
        if self._coder:
            content = self._coder.encode(record.y_HW, record.u_HW, record.v_HW)
            self._stream.write(content)
            self._starts.append(self._starts[-1] + len(content))
            self._crcs.append(zlib.crc32(content))
        self._motion.append(motion)
        grid = record.motion_YX.tobytes()
        self._grids.write(grid)
        if self.frames == 2:  # the first frame, which has none before it, has the motion of the second
            self._motion[0] = motion
            self._grids.seek(0)
            self._grids.write(grid)
            self._grids.seek(0, 2)

    def index(self, index: Index | None) -> None:
        """Keep where the video can be entered, if that fits the frames."""
        if not self._coder and index is not None and len(index) == self.frames:
            self._index = index

    def tables(self, times_N: NDArray[np.float64]) -> tuple[int, NDArray[np.float32]]:
        """Write the tables; gives their CRC, and the motion of each frame."""
        self._grids.seek(0)
        crc = 0
        while chunk := self._grids.read(1 << 20):
            self._stream.write(chunk)
            crc = zlib.crc32(chunk, crc)
        motion_N = np.frombuffer(self._motion, np.float32)
        parts: list[NDArray] = [times_N.astype(np.float64), motion_N]
        if self._coder:
            parts = [np.frombuffer(self._starts, np.int64), np.frombuffer(self._crcs, np.uint32), *parts]
        elif self._index is not None:
            parts += [self._index.stamps_N, self._index.places_N, self._index.entries_K]
        for part in parts:
            self._stream.write(part.tobytes())
            crc = zlib.crc32(part.tobytes(), crc)
        return crc, motion_N

    def finish(self, facts: Facts) -> None:
        """Write the header."""
        self._stream.seek(0)
        self._stream.write(pack_header(facts))

    def close(self) -> None:
        """Let go of what waited."""
        self._grids.close()
