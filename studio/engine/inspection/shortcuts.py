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
from studio.engine.video.footage import Footage
from studio.engine.video.stored import StoredVideo

BORDER_PIXELS = 8
REGION_SHARE = 0.25
"""Side of the still region, as a share of the frame's."""
_ALL_OF, _SPREAD = 6, 3
"""Of an element of up to six frames all are seen, in the order shown (an odd one out is wrong inside); else three."""
_VIDEOS_LOOKED_AT = 32
_NOISE = 0.5
"""Grey values that frames next to each other differ by without meaning anything."""
_GRID = 16
"""Numbers along a side of the border or the region, whatever the size of the frame."""

Luma = NDArray[np.uint8]


class Look(NamedTuple):
    """One thing that should not give the answer away."""

    name: str
    title: str
    see: Callable[[StoredVideo, Ints], Floats]
    """Frame numbers S -> numbers_SK."""


def looks(footage: Footage) -> list[Look]:
    """The four looks; the still region is chosen where the videos change without moving."""
    top, left = still_region(footage.cached)

    def see_region(video: StoredVideo, frames_S: Ints) -> Floats:
        height, width = int(video.height * REGION_SHARE), int(video.width * REGION_SHARE)
        y, x = int(top * (video.height - height)), int(left * (video.width - width))
        return _shrunk(video.planes(frames_S).y_SHW[:, y:y + height, x:x + width], _GRID, _GRID)

    return [Look("border", f"only the outer {BORDER_PIXELS} pixels (overlays, clocks, traces)", see_border),
            Look("colour", "only the mean colour of each frame", see_colour),
            Look("still", "only one still region (a clock, a counter, a trace)", see_region),
            Look("grain", "only the fine grain (compression, focus)", see_grain)]


def see_border(video: StoredVideo, frames_S: Ints) -> Floats:
    """The four strips along the border, in patches: numbers_SK in 0 to 1."""
    y_SHW, edge = video.planes(frames_S).y_SHW, BORDER_PIXELS
    strips = [_shrunk(y_SHW[:, :edge], 2, 2 * _GRID), _shrunk(y_SHW[:, -edge:], 2, 2 * _GRID),
              _shrunk(y_SHW[:, :, :edge], 2 * _GRID, 2), _shrunk(y_SHW[:, :, -edge:], 2 * _GRID, 2)]
    return np.concatenate(strips, axis=1)


def see_colour(video: StoredVideo, frames_S: Ints) -> Floats:
    """Mean of the three planes: numbers_SK in 0 to 1."""
    return np.stack([plane_SHW.mean(axis=(1, 2), dtype=np.float64) / 255 for plane_SHW in video.planes(frames_S)],
                    axis=1).astype(np.float32)


def see_grain(video: StoredVideo, frames_S: Ints) -> Floats:
    """How much neighbouring pixels differ, on and off the 8-pixel grid of codecs: numbers_SK."""
    y_SHW = video.planes(frames_S).y_SHW.astype(np.float32)
    across_SHW, down_SHW = np.abs(np.diff(y_SHW, axis=2)), np.abs(np.diff(y_SHW, axis=1))
    parts = [across_SHW, down_SHW, across_SHW[:, :, 7::8], down_SHW[:, 7::8],
             np.abs(np.diff(y_SHW, n=2, axis=2)), np.abs(np.diff(y_SHW, n=2, axis=1))]
    return np.log1p(np.stack([part.mean(axis=(1, 2)) for part in parts], axis=1)).astype(np.float32)


def still_region(videos: Sequence[StoredVideo]) -> tuple[float, float]:
    """Where a region of `REGION_SHARE` changes slowly instead of moving: (top, left) as shares of the room it has.

    A clock, a counter or a growing trace changes a pixel seldom and for good, so that frames far apart differ there
    by much more than frames next to each other; in what moves they differ alike. The middle when nothing changes.
    """
    places, side = 9, 36
    total_YX = np.zeros((side, side))
    for video in videos[::max(1, len(videos) // _VIDEOS_LOOKED_AT)]:
        total_YX += _lasting_change(video, side)
    if not total_YX.any():
        return 0.5, 0.5
    reach, room = round(REGION_SHARE * side), side - round(REGION_SHARE * side)
    steps = np.linspace(0, room, places).astype(int)
    lasting = [[total_YX[y:y + reach, x:x + reach].sum() for x in steps] for y in steps]
    y, x = np.unravel_index(int(np.argmax(lasting)), (places, places))
    return float(y) / (places - 1), float(x) / (places - 1)


def _lasting_change(video: StoredVideo, side: int) -> Floats:
    """By cell, how much more frames differ that are far apart than frames next to each other."""
    far = video.frames // 3
    if far < 2:
        return np.zeros((side, side), np.float32)
    first_S = np.unique(np.linspace(0, video.frames - far - 1, 24).astype(np.int64))
    y_SHW, next_SHW, far_SHW = (video.planes(first_S + step).y_SHW.astype(np.int16) for step in (0, 1, far))
    near_YX, away_YX = (_shrunk(np.abs(other - y_SHW).mean(axis=0, dtype=np.float32)[None], side, side)
                        .reshape(side, side) for other in (next_SHW, far_SHW))
    return np.asarray(away_YX / (near_YX + _NOISE), np.float32)


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
    """Look at frames of every element in the order shown: numbers_BEK, and how they change from one to the next."""
    frames = tuples.frames_BEF.shape[2]
    chosen = np.arange(frames) if frames <= _ALL_OF else np.linspace(0, frames - 1, _SPREAD).astype(np.int64)
    rows = []
    for video, frames_EF in zip(tuples.video_B, tuples.frames_BEF, strict=True):
        seen_SK = look.see(footage.cached[video], frames_EF[:, chosen].ravel())
        seen_ESK = seen_SK.reshape(len(frames_EF), len(chosen), -1)
        rows.append(np.concatenate([seen_ESK.reshape(len(frames_EF), -1), _steps(seen_ESK)], axis=1))
    return np.stack(rows)


def _steps(seen_ESK: Floats) -> Floats:
    """The size of each step between frames seen, and how far it goes the way of all steps together."""
    step_ESK = np.diff(seen_ESK, axis=1)
    way_EK = step_ESK.sum(axis=1)
    length_E1 = np.linalg.norm(way_EK, axis=1, keepdims=True) + 1e-6
    along_ES = np.einsum("esk,ek->es", step_ESK, way_EK) / length_E1
    return np.concatenate([np.linalg.norm(step_ESK, axis=2), along_ES], axis=1).astype(np.float32)
