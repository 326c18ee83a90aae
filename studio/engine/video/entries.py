"""Where decoding may start in the middle of a video and still give the very frames of a sequential decode.

A container's word is not enough: an H.264 picture may be marked as key and yet be followed by pictures that need
earlier ones. So the pictures that start afresh by their standard are told from the stream itself.
Legend: N frames in the order of showing, K entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_BY_FLAG = frozenset((
    "amv", "av1", "flv1", "h263", "h263p", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3",
    "theora", "vc1", "vp6", "vp6f", "vp8", "vp9", "wmv1", "wmv2", "wmv3"))
"""Codecs whose key frames wipe all that came before, by their standards."""
_H264_SLICE, _H264_FRESH, _H264_NOTE, _H264_SET = 1, 5, 6, 7
_HEVC_FRESH, _HEVC_SET, _HEVC_LAST_SLICE = range(16, 22), 33, 31
_RECOVERY_POINT = 6
_AT_ONCE_AND_EXACTLY = 0b110
"""Recovery after no further frame, exact, no broken link: H.264, D.2.8."""


@dataclass(frozen=True)
class Index:
    """The time stamps of the frames, in units of the stream, and the numbers of those at which decoding may start.

    `places_N` is where in the file each frame's packet comes, counted from 0.
    """

    stamps_N: Ints
    places_N: Ints
    entries_K: Ints

    def __len__(self) -> int:
        return len(self.stamps_N)

    def number_of(self, stamp: int) -> int | None:
        """The number of the frame with a time stamp; None when there is none."""
        place = int(np.searchsorted(self.stamps_N, stamp))
        return place if place < len(self) and self.stamps_N[place] == stamp else None

    def entry_before(self, number: int) -> int:
        """The last entry at or before a frame; 0, the start of the file, is one."""
        place = int(np.searchsorted(self.entries_K, number, side="right"))
        return int(self.entries_K[place - 1]) if place else 0


def make_index(packets: Iterator[av.Packet], stream: VideoStream) -> Index | None:
    """Read all packets of a stream; None where they have no time stamps, or the same one twice."""
    stamps: list[int] = []
    fresh: list[bool] = []
    places: list[int] = []
    judge = _Judge(stream)
    for place, packet in enumerate(packets):
        if packet.is_discard or not packet.size or judge.hidden(packet):
            continue
        if packet.pts is None:
            return None
        stamps.append(packet.pts)
        places.append(place)
        fresh.append(bool(packet.is_keyframe) and judge.fresh(packet))
    order_N = np.argsort(np.array(stamps, np.int64), kind="stable")
    stamps_N = np.array(stamps, np.int64)[order_N]
    if not len(stamps_N) or (np.diff(stamps_N) <= 0).any():
        return None
    fresh_N = np.array(judge.final(fresh), np.bool_)[order_N]
    return Index(stamps_N, np.array(places, np.int64)[order_N], np.flatnonzero(fresh_N).astype(np.int64))


class _Judge:
    """Tells which key packets of a stream start afresh."""

    def __init__(self, stream: VideoStream) -> None:
        codec = stream.codec_context.codec
        self._name, self._intra = codec.canonical_name, bool(codec.intra_only)
        self._length_bytes = _length_bytes(self._name, stream.codec_context.extradata or b"")
        self._with_set: list[bool] = []

    def hidden(self, packet: av.Packet) -> bool:
        """Whether a packet holds a picture that is never shown (VP8's reference from the future)."""
        return self._name == "vp8" and not bytes(packet)[0] & 0x10

    def fresh(self, packet: av.Packet) -> bool:
        """Whether a key packet starts afresh."""
        if self._name not in ("h264", "hevc"):
            return self._intra or self._name in _BY_FLAG
        units = list(_first_units(bytes(packet), self._length_bytes, self._name))
        kinds = {_kind(unit, self._name) for unit in units}
        sets = _H264_SET if self._name == "h264" else _HEVC_SET
        self._with_set.append(sets in kinds)
        if self._name == "hevc":
            return bool(kinds & set(_HEVC_FRESH))
        return _H264_FRESH in kinds or any(_recovers_here(unit) for unit in units)

    def final(self, fresh: list[bool]) -> list[bool]:
        """Take back those without settings of their own, where others bring some: theirs may have changed since."""
        if not self._with_set or all(self._with_set) or (self._length_bytes and not any(self._with_set)):
            return fresh
        return [False] * len(fresh)


def _length_bytes(codec: str, extradata: bytes) -> int:
    """Bytes of the length before each unit of a packet; 0 where units begin with a start code."""
    if codec not in ("h264", "hevc") or extradata[:1] != b"\1":
        return 0
    place = 4 if codec == "h264" else 21
    return (extradata[place] & 3) + 1 if len(extradata) > place else 4


def _kind(unit: bytes, codec: str) -> int:
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _is_slice(kind: int, codec: str) -> bool:
    return _H264_SLICE <= kind <= _H264_FRESH if codec == "h264" else kind <= _HEVC_LAST_SLICE


def _first_units(content: bytes, length_bytes: int, codec: str) -> Iterator[bytes]:
    """The units of a packet up to its first slice, that one too."""
    for unit in _with_lengths(content, length_bytes) if length_bytes else _with_start_codes(content):
        if unit:
            yield unit
            if _is_slice(_kind(unit, codec), codec):
                return


def _with_lengths(content: bytes, length_bytes: int) -> Iterator[bytes]:
    place = 0
    while place + length_bytes < len(content):
        length = int.from_bytes(content[place:place + length_bytes], "big")
        place += length_bytes
        yield content[place:place + min(length, 64)]
        place += max(length, 1)


def _with_start_codes(content: bytes) -> Iterator[bytes]:
    place = content.find(b"\0\0\1")
    while place >= 0:
        following = content.find(b"\0\0\1", place + 3)
        yield content[place + 3:place + 67 if following < 0 else min(following, place + 67)]
        place = following


def _recovers_here(unit: bytes) -> bool:
    """Whether an H.264 note says that all from this picture on is exact without what came before."""
    if _kind(unit, "h264") != _H264_NOTE:
        return False
    place = 1
    while place + 2 < len(unit) and unit[place] != 0x80:
        what, place = _counted(unit, place)
        length, place = _counted(unit, place)
        if what == _RECOVERY_POINT and place < len(unit):
            return unit[place] >> 5 == _AT_ONCE_AND_EXACTLY
        place += length
    return False


def _counted(unit: Sequence[int], place: int) -> tuple[int, int]:
    """A number of an H.264 note (bytes of 255, then the rest), and the place after it."""
    total = 0
    while place < len(unit) and unit[place] == 0xFF:
        total, place = total + 255, place + 1
    return (total + unit[place] if place < len(unit) else total), place + 1
