"""Regions of a picture as arrays of true and false: grown, closed, opened, taken apart, drawn around.

Legend: H, W height and width in pixels, P corners of a polygon (x, y in pixels).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.engine.video import vision

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Piece:
    """One connected region: its pixels in the whole picture, and its bounding box (the ends lie beyond it)."""

    region_HW: Bools
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """How many pixels belong to it."""
        return int(self.region_HW.sum())

    @property
    def fill(self) -> float:
        """The share of its box that it takes."""
        return self.pixels / (self.height * self.width)

    @property
    def slimness(self) -> float:
        """How many times longer than wide it is along its own axes; 1 is round."""
        places = np.stack(np.nonzero(self.region_HW)).astype(np.float64)
        if places.shape[1] < 2:
            return 1.0
        small, large = np.linalg.eigvalsh(np.cov(places))
        return float(np.sqrt((large + 0.1) / (max(small, 0.0) + 0.1)))


def piece_of(region_HW: Bools) -> Piece:
    """A region as one piece, connected or not; it holds a pixel at least."""
    rows, columns = np.nonzero(region_HW.any(axis=1))[0], np.nonzero(region_HW.any(axis=0))[0]
    return Piece(region_HW, int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def pieces(region_HW: Bools, *, joined_by: tuple[int, int] = (0, 0)) -> list[Piece]:
    """The connected parts, the largest first; parts within `joined_by` pixels down and across count as connected."""
    wide_HW = grown(region_HW, *joined_by) if any(joined_by) else region_HW
    labels_HW = vision.labelled(wide_HW)
    found = [piece_of(part) for number in range(1, int(labels_HW.max()) + 1)
             if (part := region_HW & (labels_HW == number)).any()]
    return sorted(found, key=lambda piece: -piece.pixels)


def grown(region_HW: Bools, down: int, across: int) -> Bools:
    """The region with all within so many pixels of it."""
    return vision.spread(region_HW, 2 * down + 1, 2 * across + 1)


def shrunk(region_HW: Bools, down: int, across: int) -> Bools:
    """The region without all within so many pixels of its outside; beyond the picture nothing is outside."""
    return ~grown(~region_HW, down, across)


def closed(region_HW: Bools, pixels: int) -> Bools:
    """The region with its gaps of up to twice so many pixels filled."""
    return shrunk(grown(region_HW, pixels, pixels), pixels, pixels)


def opened(region_HW: Bools, pixels: int) -> Bools:
    """The region without what is thinner than twice so many pixels and one."""
    return grown(shrunk(region_HW, pixels, pixels), pixels, pixels)


def filled(region_HW: Bools) -> Bools:
    """The region with its holes."""
    outside_HW = np.pad(~region_HW, 1, constant_values=True)
    labels_HW = vision.labelled(outside_HW)
    return (labels_HW != labels_HW[0, 0])[1:-1, 1:-1]


def outline(piece: Piece, *, detail_pixels: float, hull: bool = False) -> NDArray[np.int64]:
    """A polygon around a piece, or around its convex hull, with corners left out within `detail_pixels`: [P, 2]."""
    return vision.contour(piece.region_HW, detail_pixels=detail_pixels, hull=hull)


def drawn(corners_P2: NDArray[np.int64], height: int, width: int) -> Bools:
    """The pixels inside a polygon and on its edge."""
    return vision.polygon(corners_P2, height=height, width=width)
