"""What is known of one video, in a header of 4096 bytes at the front of its file in the cache, and where that lies.

A header is a magic word, the length and the CRC of a JSON object, and the object. Three kinds of file have it, each
with the tables of motion and times behind: `frames` (cache.py), `jpegs` and `motion` (packs.py).
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from studio.engine.catalogue import Finding
from studio.engine.errors import VideoError
from studio.engine.video.cells import grid_shape

FORMAT = 1
HEADER_BYTES = 4096
_MAGIC = b"unshuffle frames"
_START = struct.Struct("<16sII")


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
    kind: str = "frames"
    """`frames`: planes; `jpegs`: compressed frames; `motion`: no pixels, they come straight from the video."""
    jpeg_bytes: int = 0
    entries: int = -1
    """Places where decoding may start, of a file without pixels; -1: it has no index."""
    findings: tuple[Finding, ...] | None = None
    """None in files that were made before findings were looked for."""
    signature: str = ""
    """What the video looks like, as hexadecimal digits (see `alike`)."""
    masked: float = 0.0
    """The share of the picture that masks hide, 0 to 1."""

    @property
    def grid_bytes(self) -> int:
        """Bytes of one frame's motion by cells."""
        rows, columns = grid_shape(self.height, self.width)
        return 2 * rows * columns

    @property
    def record_bytes(self) -> int:
        """Bytes of one frame."""
        return self.height * self.width * 3 // 2 + self.grid_bytes

    @property
    def file_bytes(self) -> int:
        """Bytes of the whole file."""
        if self.kind == "jpegs":
            return HEADER_BYTES + self.jpeg_bytes + self.frames * (self.grid_bytes + 12 + 12) + 8
        if self.kind == "motion":
            index = 16 * self.frames + 8 * self.entries if self.entries >= 0 else 0
            return HEADER_BYTES + self.frames * (self.grid_bytes + 12) + index
        return HEADER_BYTES + self.frames * (self.record_bytes + 12)


@dataclass(frozen=True)
class Form:
    """In which form frames are cached: the short side in pixels, and the fingerprint of the mask on them ("": none).

    `motion` is how their motion was measured, `dis` or `farneback`.
    """

    short_side_pixels: int
    mask: str = ""
    motion: str = "dis"

    def __str__(self) -> str:
        return "-".join([str(self.short_side_pixels), *([self.mask] if self.mask else []),
                         *([self.motion] if self.motion != "dis" else [])])


def cache_path(folder: Path, *, identity: str, form: Form, kind: str = "frames") -> Path:
    """Where the cached frames of a video lie in this form, or its file of another kind."""
    return folder / identity[:2] / f"{identity}-{form}.{kind}"


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
        raise refused(path, "the cached frames are missing") from error
    except (OSError, ValueError, TypeError, struct.error) as error:
        raise refused(path, f"the cached frames are damaged ({error})") from error
    if facts.kind != path.suffix[1:]:
        raise refused(path, f"the cached frames are of the kind {facts.kind}, not that of their name")
    if facts.frames < 1 or length != facts.file_bytes:
        raise refused(path, f"the cached frames are {length} bytes, not the {facts.file_bytes} of their header")
    return facts


def _unpack(header: bytes) -> Facts:
    magic, length, crc = _START.unpack_from(header)
    content = header[_START.size:_START.size + length]
    if magic != _MAGIC or zlib.crc32(content) != crc:
        raise ValueError("the header is not whole")
    values = json.loads(content)
    if values.get("format") != FORMAT:
        raise ValueError(f"format {values.get('format')} is not {FORMAT}")
    if values.get("findings") is not None:
        values["findings"] = tuple(Finding(*one) for one in values["findings"])
    return Facts(**{field.name: values[field.name] for field in fields(Facts) if field.name in values})


def refused(path: Path, rule: str) -> VideoError:
    """Make the error that says what is wrong with a file of the cache."""
    return VideoError(path.name, rule, "Scan the folder again: it makes them anew")
