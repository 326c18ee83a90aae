"""A video as if it were shown at another rate: what recordings of different rates have in common is time.

Legend of axes: N frames of the video, R frames of the resampled one, S frames looked at, Y, X motion cells, K numbers.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from studio.engine.shapes import Floats, Ints, VideoShape

_SAME_FRAME_SECONDS = 5e-4
"""Time stamps are rounded: a frame may come this much late and still be the one of its instant."""


def frames_at_rate(shape: VideoShape, frames_per_second: float) -> int:
    """How many frames a video has at that rate; 0 is its own. The last frame lasts as long as the middle one."""
    if not frames_per_second or shape.frames < 2:
        return shape.frames
    times_N = shape.times_N
    seconds = float(times_N[-1] - times_N[0] + np.median(np.diff(times_N)))
    return max(1, math.ceil((seconds - _SAME_FRAME_SECONDS) * frames_per_second))


def at_rate(shape: VideoShape, frames_per_second: float) -> VideoShape:
    """The video at that rate; 0 gives the video itself."""
    return Resampled(shape, frames_per_second) if frames_per_second else shape


def real_frames(shape: VideoShape, frames: Ints) -> Ints:
    """Numbers in the file's own frames for numbers of a shape that may be resampled."""
    return np.asarray(shape.real_R[frames], np.int64) if isinstance(shape, Resampled) else frames


def frame_shown_at(seconds: float, frames_per_second: float) -> int:
    """Number of the frame that is shown at that time at a rate; it may lie outside the video."""
    return math.floor((seconds + _SAME_FRAME_SECONDS) * frames_per_second)


class Resampled:
    """Satisfies `VideoShape`: frame r is the one that is shown at r / `frames_per_second` seconds.

    That is the nearest real frame at or before the instant: a faster rate repeats frames, a slower one leaves some out.
    The motion of a frame is that of all real frames since the one before; of a repeated frame it is 0.
    """

    def __init__(self, shape: VideoShape, frames_per_second: float) -> None:
        self.real, self.frames_per_second = shape, frames_per_second

    @cached_property
    def real_R(self) -> Ints:
        """The number of the real frame that each frame is."""
        times_N = self.real.times_N
        instants_R = times_N[0] + np.arange(self.frames) / self.frames_per_second
        found_R = np.searchsorted(times_N, instants_R + _SAME_FRAME_SECONDS, side="right") - 1
        return np.clip(found_R, 0, self.real.frames - 1).astype(np.int64)

    @property
    def name(self) -> str:
        """The video's name."""
        return self.real.name

    @cached_property
    def frames(self) -> int:
        """Frames at the rate."""
        return frames_at_rate(self.real, self.frames_per_second)

    @property
    def height(self) -> int:
        """Cached height in pixels."""
        return self.real.height

    @property
    def width(self) -> int:
        """Cached width in pixels."""
        return self.real.width

    @property
    def cell_pixels(self) -> int:
        """Side of a motion cell in cached pixels."""
        return self.real.cell_pixels

    @property
    def times_N(self) -> NDArray[np.float64]:
        """Seconds of each frame: even steps."""
        return np.arange(self.frames) / self.frames_per_second

    @cached_property
    def motion_N(self) -> Floats:
        """Motion since the frame before, in pixels; the first frame has that of the second."""
        total_N = np.cumsum(self.real.motion_N, dtype=np.float64)[self.real_R]
        motion_R = np.diff(total_N, prepend=total_N[:1])
        if len(motion_R) > 1:
            motion_R[0] = motion_R[1]
        return motion_R.astype(np.float32)

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells of the real frame that each is; empty if not known."""
        grid_NYX = self.real.motion_grid_NYX
        return grid_NYX[self.real_R] if len(grid_NYX) else grid_NYX

    def glimpse(self, frames_S: Ints) -> Floats:
        """A few red, green and blue values of each frame: colours_SK."""
        return self.real.glimpse(self.real_R[frames_S])
