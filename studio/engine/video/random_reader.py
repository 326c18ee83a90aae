"""Any frames of a video, straight from its file, exactly those of a sequential decode.

Where the stream lets decoding start in the middle (see `entries`) the file is entered at the last such place before
the wanted frame and decoded from there; every frame on the way must carry the time stamp that the index says. At the
first surprise, or without an index, the file is decoded from its beginning: slower, and right.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import av

from studio.engine.errors import VideoError
from studio.engine.video.entries import Index, make_index
from studio.engine.video.opening import open_reader
from studio.engine.video.picture_folder import PictureReader, series_in
from studio.engine.video.reader import DECODER_ERRORS, Reader, VideoReader

HELD_BYTES = 96 << 20
"""Decoded frames that are kept, in bytes: 80 of 1280 x 720."""
_TRIES = 4
_FRESH = (av.video.frame.PictureType.I, av.video.frame.PictureType.SI, av.video.frame.PictureType.NONE)

Numbered = tuple[int, av.VideoFrame]


class _SurpriseError(Exception):
    """What came out of the file is not what its index says."""


def read_index(path: Path) -> Index | None:
    """Read through a file without decoding it; None where it gives no index to rely on.

    Raises `VideoError` when the file cannot be opened.
    """
    reader = open_reader(path)
    try:
        if not isinstance(reader, VideoReader):
            return None
        return make_index(reader.packets(), reader.stream)
    except DECODER_ERRORS:
        return None
    finally:
        reader.close()


class RandomReader:
    """Gives any frames of one file. Use it in a `with` block, from one thread.

    `frames` is how many a sequential decode gives (the catalogue knows): an index that disagrees is not believed.
    `index` saves reading the file through, when it was kept. At most `held_bytes` of decoded frames are kept.
    Raises `VideoError` when the file cannot be opened or a frame is not there.
    """

    def __init__(self, path: Path, *, frames: int, index: Index | None = None, held_bytes: int = HELD_BYTES) -> None:
        self.frames, self._path = frames, path
        self._pictures = path.is_dir() and len(series_in(path).names) == frames
        index = index if index is not None or path.is_dir() else read_index(path)
        self._index = index if index is not None and len(index) == frames else None
        self._held = _Held(held_bytes)
        self._reader: Reader | None = None
        self._run: _Run | None = None

    @property
    def enters(self) -> bool:
        """Whether it still enters the file in the middle; else it decodes from the beginning."""
        return self._index is not None or self._pictures

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the kept frames."""
        self._forget()
        self._held.clear()

    def _forget(self) -> None:
        if self._reader is not None:
            with suppress(*DECODER_ERRORS):
                self._reader.close()
        self._reader = self._run = None

    def frames_at(self, numbers: Sequence[int]) -> list[av.VideoFrame]:
        """Give the frames with these numbers (from 0, in the order of showing), in the order asked for."""
        found: dict[int, av.VideoFrame] = {}
        for number in sorted({int(one) for one in numbers}):
            if not 0 <= number < self.frames:
                raise self._missing(number)
            found[number] = self._frame(number)
        return [found[int(number)] for number in numbers]

    def _frame(self, number: int) -> av.VideoFrame:
        if self._pictures:
            return self._held.get(number) or self._picture(number)
        try:
            return self._held.get(number) or self._decoded(number)
        except _SurpriseError:
            self.close()
            self._index = None
            return self._decoded(number)

    def _decoded(self, number: int) -> av.VideoFrame:
        entry = self._index.entry_before(number) if self._index is not None else 0
        if self._run is None or not entry <= self._run.next <= number:
            self._run = self._start(entry)
        for place, frame in self._run.frames():
            self._held.put(place, frame)
            if place == number:
                return frame
        raise self._missing(number)

    def _start(self, entry: int) -> _Run:
        """Begin to decode at an entry. The file is opened anew for its beginning: what came before leaves no trace."""
        if self._index is not None and entry:
            self._reader = self._reader or open_reader(self._path)
            return _Run(_follow(_packets_from(self._reader, self._index, entry), self._index, entry), entry)
        self._forget()
        self._reader = open_reader(self._path)
        return _Run(_from_start(self._reader, self._index), 0)

    def _picture(self, number: int) -> av.VideoFrame:
        """A picture of a folder, each a file of its own."""
        self._reader = self._reader or open_reader(self._path)
        assert isinstance(self._reader, PictureReader)
        try:
            frame = self._reader.frame(number)
        except DECODER_ERRORS as error:
            raise self._missing(number) from error
        self._held.put(number, frame)
        return frame

    def _missing(self, number: int) -> VideoError:
        return VideoError(self._path.name, f"frame {number} is not there (it has {self.frames})",
                          "Scan its folder again: the file may have changed")


class _Run:
    """One decode that goes forward; `next` is the number of the frame that comes next."""

    def __init__(self, frames: Iterator[av.VideoFrame], first: int) -> None:
        self._frames, self.next = frames, first

    def frames(self) -> Iterator[Numbered]:
        """Go on."""
        for frame in self._frames:
            self.next += 1
            yield self.next - 1, frame


def _from_start(reader: Reader, index: Index | None) -> Iterator[av.VideoFrame]:
    for number, picture in enumerate(reader.pictures()):
        if index is not None and (number >= len(index) or picture.frame.pts != index.stamps_N[number]):
            raise _SurpriseError
        yield picture.frame


def _packets_from(reader: Reader, index: Index, first: int) -> Iterator[av.Packet]:
    """The packets from the entry on. A container may stand too far after a seek: it is asked for earlier places."""
    assert isinstance(reader, VideoReader)
    earlier = index.stamps_N[index.entries_K[index.entries_K <= first]][::-1]
    for stamp in earlier[:_TRIES]:
        reader.seek(int(stamp))
        packets = reader.packets()
        for packet in packets:
            number = None if packet.is_discard or packet.pts is None else index.number_of(packet.pts)
            if number == first:
                yield packet
                yield from packets
                return
            if number is not None and index.places_N[number] > index.places_N[first]:
                break
    raise _SurpriseError


def _follow(packets: Iterator[av.Packet], index: Index, first: int) -> Iterator[av.VideoFrame]:
    """The frames from the entry on, each with its stamp; those before it lean on what was not decoded."""
    number = first
    try:
        for frame in (frame for packet in packets for frame in packet.decode()):
            if number == first and frame.pts is not None and frame.pts < index.stamps_N[first]:
                continue
            if number >= len(index) or frame.pts != index.stamps_N[number] or frame.is_corrupt:
                raise _SurpriseError
            if number == first and not (frame.key_frame and frame.pict_type in _FRESH):
                raise _SurpriseError
            number += 1
            yield frame
    except DECODER_ERRORS as error:
        raise _SurpriseError from error
    if number < len(index):
        raise _SurpriseError


class _Held:
    """Decoded frames by number, the last used ones within a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._bytes = most_bytes, 0
        self._frames: OrderedDict[int, av.VideoFrame] = OrderedDict()

    def get(self, number: int) -> av.VideoFrame | None:
        frame = self._frames.get(number)
        if frame is not None:
            self._frames.move_to_end(number)
        return frame

    def put(self, number: int, frame: av.VideoFrame) -> None:
        if number not in self._frames:
            self._frames[number] = frame
            self._bytes += _size(frame)
        while self._bytes > self._most and len(self._frames) > 1:
            self._bytes -= _size(self._frames.popitem(last=False)[1])

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0


def _size(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
