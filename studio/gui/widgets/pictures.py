"""Arrays into Qt's pictures: RGB frames, and heat laid over them. Legend: F frames, H height, W width."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPixmap

Frames = NDArray[np.uint8]


def pixmap(frame_HW3: Frames) -> QPixmap:
    """Make a pixmap of one RGB frame."""
    frame_HW3 = np.ascontiguousarray(frame_HW3)
    height, width = frame_HW3.shape[:2]
    image = QImage(frame_HW3.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())


def heated(frame_HW3: Frames, heat_HW: Frames, *, opacity: float) -> Frames:
    """Lay heat over a frame: cold places stay as they are, hot ones take the colour by up to `opacity` (0 to 1)."""
    share_HW1 = (heat_HW.astype(np.float32) * (opacity / 255))[..., None]
    mixed_HW3 = frame_HW3 * (1 - share_HW1) + heat_colours()[heat_HW] * share_HW1
    return mixed_HW3.astype(np.uint8)


@lru_cache(maxsize=1)
def heat_colours() -> Frames:
    """The colours of heat 0 to 255, [256, 3]: dark violet over red to yellow, even to the eye."""
    import pyqtgraph as pg  # slow to load, and the first page needs no heat

    table = pg.colormap.get("inferno").getLookupTable(nPts=256, alpha=False)
    return np.asarray(table, np.uint8)


def outlined(frames_FHW3: Frames, box: tuple[tuple[int, int], tuple[int, int]], *, colour: str) -> Frames:
    """Draw the outline of a box ((top, bottom), (left, right), in pixels) on a copy of every frame."""
    (top, bottom), (left, right) = box
    drawn, paint = np.array(frames_FHW3), QColor(colour)
    inside = np.zeros(drawn.shape[1:3], np.bool_)
    inside[top:bottom, left:right] = True
    inside[top + 1:bottom - 1, left + 1:right - 1] = False
    drawn[:, inside] = (paint.red(), paint.green(), paint.blue())
    return drawn
