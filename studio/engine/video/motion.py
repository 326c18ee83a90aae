"""How much moves: optical flow from each frame to the next, as a mean and by square cells.

Legend: H, W cached height and width in pixels, Y, X cells down and across.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.engine.video import vision
from studio.engine.video.cells import CELL_PIXELS, grid_shape

FLOW_PIXELS = 64
"""The flow is measured on luma shrunk by 1, 2, 4 or 8, to this short side or a little more."""
SAME = 0.02
"""A frame repeats the one before when its luma differs by less in the mean, of 0 to 255: then nothing moved."""
_LARGEST = 60_000.0
"""What half precision still holds."""


def shrinking(height: int, width: int) -> int:
    """How many times smaller the flow is measured: a power of two, so that cells stay whole pixels."""
    return max(scale for scale in (1, 2, 4, 8) if scale == 1 or min(height, width) >= scale * FLOW_PIXELS)


class MotionMeter:
    """Measures the motion from each luma plane of a video to the next, by DIS (the fast choice) or by Farneback."""

    def __init__(self, method: str = "dis") -> None:
        self._flow = vision.Farneback() if method == "farneback" else vision.Flow()
        self._before: NDArray[np.uint8] | None = None

    def next(self, luma_HW: NDArray[np.uint8]) -> tuple[float, NDArray[np.float16]]:
        """Mean motion since the plane before in cached pixels, and the same by cells, `motion_YX`.

        Both are 0 for the first plane and for one that repeats the one before.
        """
        height, width = luma_HW.shape
        scale, (rows, columns) = shrinking(height, width), grid_shape(height, width)
        small = vision.resize(luma_HW, width=width // scale, height=height // scale)
        before, self._before = self._before, small
        if before is None or vision.difference(before, small) <= SAME:
            return 0.0, np.zeros((rows, columns), np.float16)
        moved = self._flow.magnitude(before, small)
        cell = CELL_PIXELS // scale
        cells_YX = vision.resize(moved[:rows * cell, :columns * cell], width=columns, height=rows) * scale
        return float(moved.mean()) * scale, np.minimum(cells_YX, _LARGEST).astype(np.float16)
