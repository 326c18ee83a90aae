"""One video's frames and facts, wherever the pixels come from: what sampling, the network and the window look at.

Legend: N frames of the video, S frames asked for, H, W cached height and width in pixels, Y, X motion cells, K numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.video.cells import CELL_PIXELS
from studio.engine.video.facts import Facts

_SAME_FRAME_SECONDS = 5e-4

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


class Window(NamedTuple):
    """A part of a frame in cached pixels, every number even, because chroma has one value for 2 x 2 pixels."""

    top: int
    left: int
    height: int
    width: int


class Planes420(NamedTuple):
    """S frames as luma and two chroma planes at half the size, uint8, full-range BT.601. They may be read-only."""

    y_SHW: Bytes
    u_SHW: Bytes
    v_SHW: Bytes

    def cut(self, window: Window | None) -> Planes420:
        """The part of the frames that lies in a window."""
        if window is None:
            return self
        top, left, height, width = window
        half = np.s_[:, top // 2:(top + height) // 2, left // 2:(left + width) // 2]
        return Planes420(self.y_SHW[:, top:top + height, left:left + width], self.u_SHW[half], self.v_SHW[half])


class StoredVideo(ABC):
    """The frames of one video; satisfies `shapes.VideoShape`. `tier` names where its pixels come from."""

    tier: str
    path: Path
    """The file in the cache that holds its facts."""
    name: str
    facts: Facts

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.facts.frames

    @property
    def height(self) -> int:
        """Height in cached pixels, even."""
        return self.facts.height

    @property
    def width(self) -> int:
        """Width in cached pixels, even."""
        return self.facts.width

    @property
    def cell_pixels(self) -> int:
        """Side of a motion cell in cached pixels."""
        return CELL_PIXELS

    @property
    @abstractmethod
    def times_N(self) -> NDArray[np.float64]:
        """Seconds from the first frame."""

    @property
    @abstractmethod
    def motion_N(self) -> NDArray[np.float32]:
        """Mean motion from the frame before, in cached pixels; the first frame repeats the second."""

    @property
    @abstractmethod
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame; the first frame repeats the second."""

    @abstractmethod
    def planes(self, frames_S: Ints, window: Window | None = None) -> Planes420:
        """Give frames by their numbers, whole or the part in a window. Raises `VideoError` when they are not there."""

    def expect(self, frames_S: Ints) -> None:  # noqa: B027  (there need not be anything to begin)
        """Be told that these frames will be asked for soon, so that a slow disk can begin to read."""

    def glimpse(self, frames_S: Ints) -> NDArray[np.float32]:
        """Red, green and blue at every eighth place of each frame, 0 to 255: colours_SK."""
        found = self.planes(frames_S)
        y = found.y_SHW[:, 4::8, 4::8].astype(np.float32)
        u, v = (plane[:, 2::4, 2::4].astype(np.float32) for plane in (found.u_SHW, found.v_SHW))
        rows, columns = min(y.shape[1], u.shape[1]), min(y.shape[2], u.shape[2])
        y, u, v = (plane[:, :rows, :columns] for plane in (y, u, v))
        return np.clip(_coloured(y, u, v), 0, 255).reshape(len(frames_S), -1)

    def frame_at(self, seconds: float) -> int:
        """Number of the frame that is shown at that time; the first or last one outside the video."""
        place = int(np.searchsorted(self.times_N, seconds + _SAME_FRAME_SECONDS, side="right")) - 1
        return min(max(place, 0), self.frames - 1)

    def rgb(self, frames: Sequence[int]) -> Bytes:
        """Give frames as red, green and blue: uint8 [n, H, W, 3]. The formula is that of `training.pixels.to_rgb`."""
        found = self.planes(np.asarray(frames, np.int64))
        u, v = (plane.astype(np.float32).repeat(2, axis=1).repeat(2, axis=2) for plane in (found.u_SHW, found.v_SHW))
        return np.clip(np.rint(_coloured(found.y_SHW.astype(np.float32), u, v)), 0, 255).astype(np.uint8)


def _coloured(y: NDArray[np.float32], u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.float32]:
    """Full-range BT.601 to red, green and blue, one after the other along a new last axis; not clipped."""
    u, v = u - 128, v - 128
    return np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1).astype(np.float32)


def evenly(frames_S: Ints) -> range | None:
    """Evenly spaced frame numbers as a range, by which one can look into an array without a copy; None for others."""
    numbers = frames_S.tolist()
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    spaced = range(numbers[0], numbers[-1] + 1, step) if numbers and step > 0 else range(0)
    return spaced if numbers == list(spaced) else None  # thrice as fast as arithmetic on arrays of this size
