"""What sampling knows of a video: numbers about its frames, nothing of files.

Legend of axes: N frames of a video, Y, X motion cells, S frames looked at, K numbers.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class VideoShape(Protocol):
    """What sampling knows of one video: frames, cached height and width in pixels, motion by frame and by cell.

    `motion_N` is in pixels a frame; `motion_grid_NYX` the same by square cells of `cell_pixels`, empty if not known.
    """

    @property
    def name(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def times_N(self) -> NDArray[np.float64]: ...
    @property
    def motion_N(self) -> Floats: ...
    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]: ...
    @property
    def cell_pixels(self) -> int: ...

    def glimpse(self, frames_S: Ints) -> Floats:
        """A few red, green and blue values of each frame, 0 to 255, spread over it: colours_SK."""
        ...
