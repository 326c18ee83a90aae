"""Planes <-> JPEG, each frame by itself, through FFmpeg's own coder: planes stay planes, no colour is converted.

Baseline 4:2:0 with tables of its own for each frame; any viewer opens one. Legend: H, W height and width in pixels.
"""

from __future__ import annotations

import threading
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from studio.engine.video.reader import DECODER_ERRORS
from studio.engine.video.stored import Bytes

QUANTISER = 3
"""FFmpeg's scale; on UCF101 at 170 x 128: 40.7 dB of luma and 5.3 kB a frame, of libjpeg's qualities near 88."""
_STEPS_OF_QUANTISER = 118
_FIXED_QUANTISER = 2
_FORMAT = "yuvj420p"


class JpegCoder:
    """Encodes planes of one size."""

    def __init__(self, height: int, width: int, *, quantiser: int = QUANTISER) -> None:
        coder = av.CodecContext.create("mjpeg", "w")
        assert isinstance(coder, VideoCodecContext)
        coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, _FORMAT, Fraction(1, 25)
        coder.thread_count = 1
        coder.qmin = coder.qmax = quantiser
        coder.global_quality, coder.flags = quantiser * _STEPS_OF_QUANTISER, coder.flags | _FIXED_QUANTISER
        self._coder, self._frame = coder, av.VideoFrame(width, height, _FORMAT)
        self._lines = [np.zeros((plane.buffer_size // plane.line_size, plane.line_size), np.uint8)
                       for plane in self._frame.planes]
        self._number = 0

    def encode(self, *planes_HW: NDArray[np.uint8]) -> bytes:
        """Give the JPEG of a frame's luma and chroma planes."""
        for plane, lines, plane_HW in zip(self._frame.planes, self._lines, planes_HW, strict=True):
            lines[:plane_HW.shape[0], :plane_HW.shape[1]] = plane_HW
            plane.update(lines.tobytes())
        self._frame.pts, self._number = self._number, self._number + 1
        return b"".join(bytes(packet) for packet in self._coder.encode(self._frame))


class JpegDecoders:
    """Decodes JPEGs; every thread has a decoder of its own."""

    def __init__(self) -> None:
        self._own = threading.local()

    def decode(self, content: bytes) -> list[Bytes]:
        """Give the planes of a JPEG. Raises `ValueError` when it is none, or of another kind."""
        decoder = getattr(self._own, "decoder", None)
        if decoder is None:
            decoder = self._own.decoder = av.CodecContext.create("mjpeg", "r")
            decoder.thread_count = 1
        try:
            (frame,) = decoder.decode(av.Packet(content))
        except DECODER_ERRORS as error:
            self._own.decoder = None
            raise ValueError(str(error)) from error
        if frame.format.name != _FORMAT:
            raise ValueError(f"its pixels are {frame.format.name}")
        return [np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:plane.height, :plane.width]
                for plane in frame.planes]
