"""Videos as sampling sees them, drawn from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from studio.engine.sampling import Windows


@dataclass(frozen=True)
class Shape:
    """Satisfies `sampling.VideoShape`."""

    motion_N: NDArray[np.float32]
    height: int = 128
    width: int = 170
    motion_grid_NYX: NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, 0, 0), np.float16))
    cell_pixels: int = 8
    name: str = "video"

    @property
    def frames(self) -> int:
        return len(self.motion_N)

    @property
    def times_N(self) -> NDArray[np.float64]:
        return np.arange(self.frames) / 30

    def glimpse(self, frames_S: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.repeat(frames_S[:, None] % 256, 12, axis=1).astype(np.float32)  # each frame a shade of its own


def windows_at(start_B: Sequence[int] | NDArray[np.int64], *, span: int) -> Windows:
    """Windows of one span at the video's own pace, in a video that is long enough."""
    start = np.asarray(start_B, np.int64)
    shapes = [even_shape(int(start.max()) + span)] * len(start)
    return Windows(start, start + span, np.ones(len(start), np.int64), shapes)


def even_shape(frames: int, **values: object) -> Shape:
    """A video that moves alike everywhere."""
    return Shape(np.ones(frames, np.float32), **values)  # type: ignore[arg-type]
