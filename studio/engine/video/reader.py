"""Videos -> frames, one after the other, through PyAV. One decoder thread: the processes are the parallelism.

A reader gives every frame that a decoder gives, in the order of showing, and then says what stopped it. Nothing is
ever repeated, dropped or seeked, so that frame i is frame i of a sequential decode.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import av
import numpy as np
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from studio.engine.catalogue import Finding
from studio.engine.errors import VideoError
from studio.engine.video.probe import NO_DECODER, in_words, is_text, is_whole_avi

DECODER_ERRORS = (av.FFmpegError, OSError, ValueError, TypeError, ArithmeticError, LookupError, MemoryError,
                  RuntimeError, AttributeError)
"""What libraries were seen to raise on files that are not what they seem; UnicodeDecodeError is a ValueError."""
_LISTS = {"hls", "dash", "concat", "concatf", "webm_dash_manifest", "sdp", "rtsp", "imf", "tty"}
"""Formats that are lists of other files or addresses, or text: never followed."""
_OPTIONS = {"protocol_whitelist": "file"}
_MOST_PER_SECOND = 1000.0
_USUAL_PER_SECOND = 25.0


@dataclass(frozen=True)
class Picture:
    """One decoded frame, and its time stamp in seconds (None: it has none)."""

    frame: av.VideoFrame
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a file says of its pictures. `frames_per_second` is nominal; the size of a pixel is width over height."""

    codec: str
    declared_frames: int | None = None
    declared_seconds: float | None = None
    frames_per_second: float = _USUAL_PER_SECOND
    pixel_aspect: float = 1.0
    findings: tuple[Finding, ...] = ()
    """What a person should know of it before a frame is looked at."""


class Reader(Protocol):
    """Reads one file. After `pictures` has ended, `fault` says in words what stopped it ("": the end of the file).

    `left_out` frames are not to be shown, by the file's edit list. `held` is how many pictures the file holds, where
    its own index and its packets agree (0: they don't, or nobody knows): headers may name more.
    """

    @property
    def source(self) -> Source: ...
    @property
    def fault(self) -> str: ...
    @property
    def left_out(self) -> int: ...
    @property
    def held(self) -> int: ...

    def pictures(self) -> Iterator[Picture]: ...
    def close(self) -> None: ...


class VideoReader:
    """Reads what FFmpeg reads. Raises `VideoError` when there is nothing to read, with the reason in words."""

    def __init__(self, path: Path, *, content: IO[bytes] | None = None) -> None:
        self.fault, self.left_out, self.held, self._path = "", 0, 0, path
        self._container = self._open(path, content)
        try:
            self._stream = self._pictures_of(path)
            self.source = _source(self._container, self._stream)
        except DECODER_ERRORS as error:
            self.close()
            raise _unreadable(path, in_words(error, path)) from error
        except VideoError:
            self.close()
            raise

    @staticmethod
    def _open(path: Path, content: IO[bytes] | None) -> av.container.InputContainer:
        if content is None and is_text(path):
            raise _unreadable(path, "it holds text, not a video")
        try:
            opened = av.open(content or str(path), mode="r", options=_OPTIONS)
        except DECODER_ERRORS as error:
            raise _unreadable(path, in_words(error, path)) from error
        if opened.format.name in _LISTS:
            opened.close()
            raise _unreadable(path, "it is a list of other files or plain text, not a video")
        return opened

    def _pictures_of(self, path: Path) -> VideoStream:
        container = self._container
        moving = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        if not moving:
            sounds = len(container.streams.audio)
            raise _unreadable(path, "it holds only sound" if sounds else "it holds no pictures")
        best = container.streams.best("video")
        stream = next((one for one in moving if best is not None and one.index == best.index), moving[0])
        if stream.codec_context is None:
            raise _unreadable(path, NO_DECODER)
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        return stream

    def pictures(self) -> Iterator[Picture]:
        """Decode to the end or to the first fault; the frames that the decoder still holds come too."""
        stream, full = self._stream, 0
        indexed = len(stream.index_entries)
        try:
            for packet in self._container.demux(stream):  # the last packet is empty: it flushes the decoder
                self.left_out += packet.is_discard
                full += packet.size > 0
                for frame in packet.decode():
                    yield Picture(frame, _seconds(frame))
            if full == indexed and self._container.format.name == "avi" and is_whole_avi(self._path):
                self.held = full
        except DECODER_ERRORS as error:
            self.fault = in_words(error, self._path, started=True)

    def packets(self) -> Iterator[av.Packet]:
        """The compressed frames from where the file stands, in its own order; nothing is decoded."""
        return self._container.demux(self._stream)

    def seek(self, stamp: int) -> None:
        """Stand at or before a time stamp (in units of the stream), as near as the container can."""
        self._container.seek(stamp, stream=self._stream, backward=True)

    @property
    def stream(self) -> VideoStream:
        """The stream of pictures."""
        return self._stream

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()


def _seconds(frame: av.VideoFrame) -> float | None:
    base = frame.time_base
    return None if frame.pts is None or not base else frame.pts * base.numerator / base.denominator


def _source(container: av.container.InputContainer, stream: VideoStream) -> Source:
    aspect = float(stream.sample_aspect_ratio or 1)
    seconds = None if container.duration is None else container.duration / 1e6
    return Source(codec=stream.codec_context.name, declared_frames=stream.frames or None, declared_seconds=seconds,
                  frames_per_second=_nominal_rate(stream), pixel_aspect=aspect if 0.1 < aspect < 10 else 1.0)


def _nominal_rate(stream: VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate < _MOST_PER_SECOND:
            return float(rate)
    return _USUAL_PER_SECOND


def _unreadable(path: Path, reason: str) -> VideoError:
    return VideoError(path.name, reason, "Convert the file, or take it out of the folder")


def frame_times(stamps: list[float | None], *, frames_per_second: float) -> NDArray[np.float64]:
    """Seconds of each frame from the first: the time stamps, where all are there and increase; else by the rate."""
    known = np.array([math.nan if stamp is None else stamp for stamp in stamps], np.float64)
    if np.isfinite(known).all() and (np.diff(known) > 0).all():
        return known - known[0]
    return np.arange(len(stamps)) / frames_per_second


def orientation(frame: av.VideoFrame) -> tuple[int, bool]:
    """Quarter turns counter-clockwise, and whether it is mirrored left to right before: how to show the frame."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    matrix = np.frombuffer(bytes(memoryview(data)), "=i4") if data is not None else np.zeros(0, np.int32)
    if len(matrix) < 9:
        return round(frame.rotation / 90) % 4, False
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return round(-math.degrees(math.atan2(b, a)) / 90) % 4, mirrored
