"""Small videos for tests: a square that moves over a texture, and each frame's number in black and white blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 8
_SETTINGS = {"libx264": {"crf": "16", "preset": "ultrafast"}, "mpeg4": {"q": "3"}}


def draw_frame(number: int, *, width: int, height: int, seed: int = 0, still: bool = False) -> NDArray[np.uint8]:
    """One picture [H, W, 3]: eight blocks at the bottom hold `number` (0 to 255), most significant first."""
    y, x = np.mgrid[:height, :width]
    texture = 90 + 30 * np.sin(x / (5 + seed % 4)) + 30 * np.cos(y / (4 + seed % 3))
    picture = np.stack([texture, texture * 0.8, texture * 0.6], axis=-1).astype(np.uint8)
    side, reach = height // 4, width - height // 4
    left = seed * 13 % reach if still else int(abs((number * 4 + seed * 13) % (2 * reach) - reach))
    picture[height // 4:height // 4 + side, left:left + side] = (230, 60, 40)
    top, wide = height - height // 6, width // BITS
    for bit in range(BITS):
        picture[top:, bit * wide:(bit + 1) * wide] = 235 if number >> (BITS - 1 - bit) & 1 else 16
    return picture


Draw = Callable[..., NDArray[np.uint8]]
"""Gives a picture for `number`, as `draw_frame` does."""


def number_of(luma_HW: NDArray[np.uint8]) -> int:
    """Read the number back from a luma plane of any size."""
    height, width = luma_HW.shape
    strip, number = luma_HW[height - height // 12:], 0
    for bit in range(BITS):
        middle = int((bit + 0.5) * width / BITS)
        number = number << 1 | int(strip[:, middle - 2:middle + 2].mean() > 128)
    return number


def write_clip(path: Path, *, frames: int = 24, width: int = 96, height: int = 72, fps: int = 25,
               codec: str = "libx264", seed: int = 0, stamps: Sequence[int] | None = None, still: bool = False,
               draw: Draw = draw_frame) -> Path:
    """Write a clip; `stamps` are the frames' times in units of 1 / (10 fps), if not even."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=_SETTINGS.get(codec, {}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        unit = 10 if stamps else 1
        stream.codec_context.time_base = Fraction(1, unit * fps)
        stream.codec_context.thread_count = 1
        for number in range(frames):
            picture = draw(number, width=width, height=height, seed=seed, still=still)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = stamps[number] if stamps else number
            frame.time_base = Fraction(1, unit * fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, *, seconds: float = 0.5) -> Path:
    """Write a file with nothing but a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        tone = np.sin(np.arange(int(16000 * seconds)) / 8).astype(np.float32)[None]
        for start in range(0, tone.shape[1] - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[:, start:start + 1024]), "fltp", "mono")
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
