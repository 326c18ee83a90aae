"""Planes made small before they are coloured, all three to the network's size and rounded to bytes.

Frames are halved by area (the mean of 2 x 2) while they stay large enough. What is left is bilinear where it is little,
a quarter at most, and by area where it is more: as sharp, and a fifth of the time of area alone.
Legend: F frames, H height, W width, of a plane.
"""

from __future__ import annotations

import numpy as np

from studio.engine.video import vision
from studio.engine.video.stored import Bytes, Planes420

_LITTLE = 1.25
"""A shrinking up to this needs no mean over areas: bilinear then looks at every pixel."""
_MOST_ROWS = 16_384
"""Rows of a picture that is resized at once."""


def whole(found: Planes420, out: Planes420) -> None:
    """Squeeze whole frames to a square, their aspect not kept (Shuffle and Learn's resize to 227 x 227)."""
    for plane_FHW, out_FHW in zip(found, out, strict=True):
        fit(plane_FHW, out_FHW)


def cropped(found: Planes420, out: Planes420, *, top: int, left: int, crop_pixels: int) -> None:
    """Shrink the crop that lies `top` and `left` (0 or 1) inside windows which begin at an even place."""
    fit(found.y_SHW[:, top:top + crop_pixels, left:left + crop_pixels], out.y_SHW)
    for plane_FHW, out_FHW in ((found.u_SHW, out.u_SHW), (found.v_SHW, out.v_SHW)):
        fit(_under(plane_FHW, top, left, crop_pixels), out_FHW)


def _under(plane_FHW: Bytes, top: int, left: int, crop_pixels: int) -> Bytes:
    """The values of chroma under a crop. Each lies under 2 x 2 pixels, and the crop may begin in the middle of one.

    There a value is the mean of the two that it covers half; where the crop ends in one, all are doubled first.
    """
    if crop_pixels % 2:
        doubled_FHW = plane_FHW.repeat(2, axis=1).repeat(2, axis=2)
        return doubled_FHW[:, top:top + crop_pixels, left:left + crop_pixels]
    half = crop_pixels // 2
    if left:
        rows_RW = np.ascontiguousarray(plane_FHW[:, :half + top, :half + 1]).reshape(-1, half + 1)
        plane_FHW = vision.mean(rows_RW[:, :-1], rows_RW[:, 1:]).reshape(-1, half + top, half)
    if top:
        flat_FK = np.ascontiguousarray(plane_FHW[:, :half + 1, :half]).reshape(len(plane_FHW), -1)
        plane_FHW = vision.mean(flat_FK[:, :-half], flat_FK[:, half:]).reshape(-1, half, half)
    return plane_FHW[:, :half, :half]


def fit(plane_FHW: Bytes, out_FHW: Bytes) -> None:
    """Resize the frames of a plane into `out_FHW`, as is said above; bilinear where they grow.

    Frames that shrink are resized as one tall picture: its rows are shared out evenly, so that no frame gets anything
    of the next, and it is one call for all of them.
    """
    frames, height, width = plane_FHW.shape
    new_height, new_width = out_FHW.shape[1:]
    at_once = max(1, _MOST_ROWS // height) if new_height <= height and new_width <= width else 1
    for first in range(0, frames, at_once):
        some_FHW = np.ascontiguousarray(plane_FHW[first:first + at_once])
        while some_FHW.shape[1] >= 2 * new_height and some_FHW.shape[2] >= 2 * new_width and not (
                some_FHW.shape[1] % 2 or some_FHW.shape[2] % 2):
            some_FHW = _as_one(some_FHW, some_FHW.shape[1] // 2, some_FHW.shape[2] // 2)
        out_FHW[first:first + at_once] = _as_one(some_FHW, new_height, new_width)


def _as_one(some_FHW: Bytes, new_height: int, new_width: int) -> Bytes:
    count, height, width = some_FHW.shape
    if (height, width) == (new_height, new_width):
        return some_FHW
    little = height <= _LITTLE * new_height and width <= _LITTLE * new_width
    small = vision.resize(some_FHW.reshape(count * height, width), width=new_width, height=count * new_height,
                          bilinear=little)
    return small.reshape(count, new_height, new_width)
