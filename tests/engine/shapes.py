"""Videos as sampling sees them, drawn from numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


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


def even_shape(frames: int, **values: object) -> Shape:
    """A video that moves alike everywhere."""
    return Shape(np.ones(frames, np.float32), **values)  # type: ignore[arg-type]
