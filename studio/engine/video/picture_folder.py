"""A folder of numbered pictures as one video: when it is one, and its frames.

It is one when it holds at least eight pictures (PNG, JPEG, TIFF, BMP), nine in ten of them under one name that differs
in one number only, as `frame_0001.png`; when nine in ten of the numbers from the first to the last are there, in even
steps; and when no video lies beside them. Names that cameras give to photos (IMG_0001.JPG, DSC00001.JPG) are none, and
pictures of different sizes are refused when they are read.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.reader import DECODER_ERRORS, Picture, Source

LEAST_PICTURES = 8
USUAL_PER_SECOND = 25.0
_SHARE = 0.9
_CODECS = {"png": "png", "jpg": "mjpeg", "jpeg": "mjpeg", "bmp": "bmp", "tif": "", "tiff": ""}
"""FFmpeg's decoders; TIFF is left to OpenCV, which notices every cut in one."""
_NAME = re.compile(rf"(.*?)([0-9]{{1,18}})([^0-9]*)\.({'|'.join(_CODECS)})$", re.IGNORECASE | re.DOTALL)
_PHOTO = re.compile(r"(_?IMG_|_MG_|DSC|DSCN|DSCF|P\d*$|PXL_|MVIMG|GOPR|SAM_|CIMG|PICT|PANO_|Screenshot|WhatsApp|photo)")
_STRICT = {"err_detect": "explode+crccheck+bitstream+buffer"}
_CHUNK = 1 << 20
_REMEDY = "Give each recording a folder of its own, or take the folder out"


@dataclass(frozen=True)
class Series:
    """The pictures of one video in their order, and how many there should be."""

    names: tuple[str, ...]
    places: tuple[int, ...]
    """The place in time of each picture, counted in steps from the first."""

    @property
    def expected(self) -> int:
        """Pictures from the first to the last, with those that are missing."""
        return self.places[-1] + 1


def is_picture(name: str) -> bool:
    """Whether a file is a picture by the end of its name."""
    return name.rpartition(".")[2].lower() in _CODECS and not name.startswith(".")


def series_of(names: Sequence[str]) -> Series | None:
    """The series that the files of a folder are, by their names alone; None when they are none (see the top)."""
    pictures = [name for name in names if is_picture(name)]
    alike: defaultdict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for name in pictures:
        if found := _NAME.fullmatch(name):
            alike[found[1], found[3], found[4].lower()].append((int(found[2]), name))
    if not alike:
        return None
    (prefix, *_), numbered = max(alike.items(), key=lambda one: len(one[1]))
    numbered.sort()
    numbers = [number for number, _ in numbered]
    if len(numbered) < max(LEAST_PICTURES, _SHARE * len(pictures)) or len(set(numbers)) < len(numbers):
        return None
    if _PHOTO.match(prefix):
        return None
    step = Counter(later - earlier for earlier, later in pairwise(numbers)).most_common(1)[0][0]
    if any((number - numbers[0]) % step for number in numbers):
        return None
    places = tuple((number - numbers[0]) // step for number in numbers)
    series = Series(tuple(name for _, name in numbered), places)
    return series if len(places) >= _SHARE * series.expected else None


def series_in(folder: Path) -> Series:
    """The series of a folder. Raises `VideoError` when it is none (any more)."""
    try:
        series = series_of([path.name for path in folder.iterdir() if path.is_file()])
    except OSError as error:
        raise VideoError(folder.name, f"the folder cannot be read ({error.strerror or error})", _REMEDY) from error
    if series is None:
        raise VideoError(folder.name, "the folder holds no series of numbered pictures any more", _REMEDY)
    return series


def identity_of_series(folder: Path, *, frames_per_second: float, on_chunk: Callable[[int], None]) -> str:
    """SHA-256 over the names and bytes of the pictures, in their order, and the rate. `on_chunk` is told the bytes."""
    digest = hashlib.sha256(f"pictures at {frames_per_second:g}\n".encode())
    for name in series_in(folder).names:
        path = folder / name
        digest.update(f"{len(name)}:{path.stat().st_size}:".encode() + name.encode("utf-8", "surrogateescape"))
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                on_chunk(len(chunk))
    return digest.hexdigest()


def stamp_of_series(folder: Path, names: Sequence[str]) -> tuple[int, int]:
    """Bytes of the pictures, and when the last of them or the folder was changed, in nanoseconds."""
    states = [(folder / name).stat() for name in names]
    return sum(one.st_size for one in states), max(one.st_mtime_ns for one in (*states, folder.stat()))


def kind_of_series(frames_per_second: float) -> str:
    """What the catalogue names as the codec: the rate is what a person said, or an assumption."""
    return f"pictures, taken as {frames_per_second:g} a second"


class PictureReader:
    """Reads a folder of pictures; satisfies `Reader`. A damaged picture is left out and named, the times of the others
    stay. Raises `VideoError` when the folder is no series, or most pictures have another size than the first.
    """

    def __init__(self, folder: Path, *, frames_per_second: float = USUAL_PER_SECOND) -> None:
        self.fault, self.left_out, self.held, self._folder = "", 0, 0, folder
        self.series = series_in(folder)
        self._rate = frames_per_second
        self._levels: tuple[float, float] | None = None
        self.source = Source(codec=kind_of_series(frames_per_second), declared_frames=self.series.expected,
                             frames_per_second=frames_per_second)
        sizes = Counter(size for name in self.series.names[:LEAST_PICTURES] if (size := self._size(name)))
        if len(sizes) > 1 and sizes.most_common(1)[0][1] < _SHARE * sizes.total():
            raise VideoError(folder.name, "its pictures have different sizes, so they are no video", _REMEDY)

    def _size(self, name: str) -> tuple[int, int] | None:
        try:
            frame = self._read(name)
        except DECODER_ERRORS:
            return None
        return frame.width, frame.height

    def pictures(self) -> Iterator[Picture]:
        """All pictures that can be read and have the size of the first, in their order."""
        damaged, other, size = [], 0, None
        for number in range(len(self.series.names)):
            try:
                frame = self.frame(number)
            except DECODER_ERRORS:
                damaged.append(self.series.names[number])
                continue
            size = size or (frame.width, frame.height)
            if (frame.width, frame.height) != size:
                other += 1
                continue
            yield Picture(frame, self.series.places[number] / self._rate)
        self.fault = _fault(missing=self.series.expected - len(self.series.names), damaged=damaged, other=other)

    def frame(self, number: int) -> av.VideoFrame:
        """The picture of that place in the series, to 8 bits. Raises what decoders raise when it is damaged."""
        return self._to_8_bits(self._read(self.series.names[number]))

    def _read(self, name: str) -> av.VideoFrame:
        content = (self._folder / name).read_bytes()
        codec = _CODECS[name.rpartition(".")[2].lower()]
        if codec:
            return _decoded(content, codec)
        from studio.engine.video import vision  # slow to load, and the window only looks for folders

        return _frame_of(vision.read_picture(content))

    def _to_8_bits(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Deeper pictures are shown from the darkest to the brightest value of the whole series."""
        if not _is_deep(frame):
            return frame
        lowest, highest = self._levels = self._levels or self._extremes()
        share = (_values(frame).astype(np.float64) - lowest) / max(highest - lowest, 1e-12)
        return _frame_of(np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8))

    def _extremes(self) -> tuple[float, float]:
        found = []
        for name in self.series.names:
            try:
                values = _values(self._read(name))
            except DECODER_ERRORS:
                continue
            found.append((float(values.min()), float(values.max())))
        return min(low for low, _ in found), max(high for _, high in found)

    def close(self) -> None:
        """Let go of the folder."""


def _fault(*, missing: int, damaged: Sequence[str], other: int) -> str:
    said = [f"{missing} missing"] if missing else []
    if damaged:
        said.append(f"{len(damaged)} damaged ({damaged[0].encode('utf-8', 'replace').decode()}"
                    f"{', …' if len(damaged) > 1 else ''})")
    return ", ".join([*said, *([f"{other} of another size"] if other else [])])


def _decoded(content: bytes, codec: str) -> av.VideoFrame:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options, decoder.thread_count = dict(_STRICT), 1
    frames = [*decoder.decode(av.Packet(content)), *decoder.decode(None)]
    if len(frames) != 1 or frames[0].is_corrupt:
        raise ValueError("the picture is damaged")
    return frames[0]


def _is_deep(frame: av.VideoFrame) -> bool:
    return max(component.bits for component in frame.format.components) > 8


def _values(frame: av.VideoFrame) -> NDArray:
    """The values of a deep frame: grey, or red, green and blue."""
    grey = frame.format.name.startswith(("gray", "ya"))
    return frame.to_ndarray(format="gray16le" if grey else "rgb48le")


def _frame_of(picture: NDArray) -> av.VideoFrame:
    deep, grey = picture.dtype == np.uint16, picture.ndim == 2
    name = ("gray16le" if grey else "rgb48le") if deep else "gray" if grey else "rgb24"
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), name)
