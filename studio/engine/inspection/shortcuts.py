"""What a network should not need in order to answer: border pixels, mean colour, a still corner, the grain.

Each look turns an element (clip or frame) of a tuple into a few numbers. Legend: B tuples, E elements, F frames,
S frames looked at, H height, W width, K numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.sampling import Tuples
from studio.engine.shapes import Floats, Ints
from studio.engine.video.cache import CachedVideo
from studio.engine.video.footage import Footage

BORDER_PIXELS = 8
REGION_SHARE = 0.25
"""Side of the still region, as a share of the frame's."""
_LOOKS_PER_ELEMENT = 3
_GRID = 16
"""Numbers along a side of the border or the region, whatever the size of the frame."""

Luma = NDArray[np.uint8]


class Look(NamedTuple):
    """One thing that should not give the answer away."""

    name: str
    title: str
    see: Callable[[CachedVideo, Ints], Floats]
    """Frame numbers S -> numbers_SK."""


def looks(footage: Footage) -> list[Look]:
    """The four looks; the still region is chosen where the videos move least."""
    top, left = still_region(footage.cached)

    def see_region(video: CachedVideo, frames_S: Ints) -> Floats:
        height, width = int(video.height * REGION_SHARE), int(video.width * REGION_SHARE)
        y, x = int(top * (video.height - height)), int(left * (video.width - width))
        return _shrunk(video.y_NHW[frames_S, y:y + height, x:x + width], _GRID // 2, _GRID // 2)

    return [Look("border", f"only the outer {BORDER_PIXELS} pixels (overlays, clocks, traces)", see_border),
            Look("colour", "only the mean colour of each frame", see_colour),
            Look("still", "only the region that moves least", see_region),
            Look("grain", "only the fine grain (compression, focus)", see_grain)]


def see_border(video: CachedVideo, frames_S: Ints) -> Floats:
    """The four strips along the border, in patches: numbers_SK in 0 to 1."""
    y_SHW, edge = video.y_NHW[frames_S], BORDER_PIXELS
    strips = [_shrunk(y_SHW[:, :edge], 2, 2 * _GRID), _shrunk(y_SHW[:, -edge:], 2, 2 * _GRID),
              _shrunk(y_SHW[:, :, :edge], 2 * _GRID, 2), _shrunk(y_SHW[:, :, -edge:], 2 * _GRID, 2)]
    return np.concatenate(strips, axis=1)


def see_colour(video: CachedVideo, frames_S: Ints) -> Floats:
    """Mean of the three planes: numbers_SK in 0 to 1."""
    planes = (video.y_NHW, video.u_NHW, video.v_NHW)
    return np.stack([plane[frames_S].mean(axis=(1, 2), dtype=np.float64) / 255 for plane in planes],
                    axis=1).astype(np.float32)


def see_grain(video: CachedVideo, frames_S: Ints) -> Floats:
    """How much neighbouring pixels differ, on and off the 8-pixel grid of codecs: numbers_SK."""
    y_SHW = video.y_NHW[frames_S].astype(np.float32)
    across_SHW, down_SHW = np.abs(np.diff(y_SHW, axis=2)), np.abs(np.diff(y_SHW, axis=1))
    parts = [across_SHW, down_SHW, across_SHW[:, :, 7::8], down_SHW[:, 7::8],
             np.abs(np.diff(y_SHW, n=2, axis=2)), np.abs(np.diff(y_SHW, n=2, axis=1))]
    return np.log1p(np.stack([part.mean(axis=(1, 2)) for part in parts], axis=1)).astype(np.float32)


def still_region(videos: Sequence[CachedVideo]) -> tuple[float, float]:
    """Where a region of `REGION_SHARE` moves least over all videos: (top, left) as shares of the room it has.

    The middle when no motion is known.
    """
    places, side = 9, 36
    total = np.zeros((side, side))
    for video in videos:
        grid_NYX = video.motion_grid_NYX[::max(1, video.frames // 32)].astype(np.float32)
        if grid_NYX.size:
            total += _shrunk(grid_NYX.mean(axis=0, keepdims=True), side, side).reshape(side, side)
    if not total.any():
        return 0.5, 0.5
    reach, room = round(REGION_SHARE * side), side - round(REGION_SHARE * side)
    steps = np.linspace(0, room, places).astype(int)
    moving = [[total[y:y + reach, x:x + reach].sum() for x in steps] for y in steps]
    y, x = np.unravel_index(int(np.argmin(moving)), (places, places))
    return float(y) / (places - 1), float(x) / (places - 1)


def _shrunk(pictures_SHW: NDArray, rows: int, columns: int) -> Floats:
    """Mean over patches, numbers_SK with K = rows x columns; bytes become 0 to 1. Few pixels are repeated."""
    scale = 255.0 if pictures_SHW.dtype == np.uint8 else 1.0
    height, width = pictures_SHW.shape[1:]
    down = np.add.reduceat(pictures_SHW, _starts(height, rows), axis=1, dtype=np.float32)
    both_SYX = np.add.reduceat(down, _starts(width, columns), axis=2)
    area_YX = np.outer(_sizes(height, rows), _sizes(width, columns))
    return np.asarray((both_SYX / area_YX / scale).reshape(len(both_SYX), -1), np.float32)


def _starts(length: int, parts: int) -> Ints:
    return (np.arange(parts) * length // parts).astype(np.int64)


def _sizes(length: int, parts: int) -> Ints:
    return np.maximum(1, np.diff(np.append(_starts(length, parts), length)))


def see_tuples(footage: Footage, tuples: Tuples, look: Look) -> Floats:
    """Look at the first, middle and last frame of every element: numbers_BEK."""
    last = tuples.frames_BEF.shape[2] - 1
    chosen = sorted({0, last // 2, last})[:_LOOKS_PER_ELEMENT]
    rows = []
    for video, frames_EF in zip(tuples.video_B, tuples.frames_BEF, strict=True):
        frames_ES = frames_EF[:, chosen]
        seen_SK = look.see(footage.cached[video], frames_ES.ravel())
        rows.append(seen_SK.reshape(len(frames_ES), -1))
    return np.stack(rows)
