"""Masks: which parts of the picture the networks never see, because something is burnt into them (an overlay).

A mask is kept in `project.toml` and changes nothing in the originals. Its shapes are in shares of the frame as shown
(0 to 1, x to the right, y down), so that they hold at any resolution. They are applied when frames are cached: a pixel
inside is black there (Y = 0, U = V = 128), and motion is measured after that.
Legend: H, W height and width in pixels, P points, R, C rows and columns of places that are looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Bools = NDArray[np.bool_]
Point = tuple[float, float]
MOST_POINTS = 200
_SUB = 4
"""Places looked at in each direction of a 2 x 2 block of pixels."""
_SLACK = 1e-6
_SHARE_GRID = 256


class Rectangle(BaseModel):
    """A rectangle: its left upper corner and its size, in shares of the frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["rectangle"] = "rectangle"
    x: float = Field(ge=0, lt=1, description="Left edge: 0 is the left of the frame, 1 its right")
    y: float = Field(ge=0, lt=1, description="Upper edge: 0 is the top of the frame, 1 its bottom")
    width: float = Field(gt=0, le=1, description="Width as a share of the frame's")
    height: float = Field(gt=0, le=1, description="Height as a share of the frame's")

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.x + self.width > 1 + _SLACK or self.y + self.height > 1 + _SLACK:
            raise ValueError("the rectangle goes beyond the frame (x + width and y + height are 1 at most)")
        return self

    @property
    def points(self) -> tuple[Point, ...]:
        """Its corners, one after the other."""
        right, below = min(self.x + self.width, 1.0), min(self.y + self.height, 1.0)
        return (self.x, self.y), (right, self.y), (right, below), (self.x, below)


class Polygon(BaseModel):
    """A polygon: its corners, one after the other, in shares of the frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["polygon"] = "polygon"
    points: tuple[Point, ...] = Field(min_length=3, max_length=MOST_POINTS, description="Corners as [x, y]")

    @field_validator("points")
    @classmethod
    def _inside(cls, points: tuple[Point, ...]) -> tuple[Point, ...]:
        if not all(0 <= value <= 1 for point in points for value in point):
            raise ValueError("a corner lies beyond the frame (x and y are between 0 and 1)")
        if len(set(points)) < 3:
            raise ValueError("a polygon needs three corners that differ")
        return points


Shape = Annotated[Rectangle | Polygon, Field(discriminator="kind")]


class Mask(BaseModel):
    """Shapes that hide what is inside them (or all that is outside), in the videos that `source` and so on choose.

    With `hides` "outside" the shapes together are what stays: all else is hidden.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=80, description="Short name, unique in the project")
    source: str = Field("", description="Only in the videos of this source; empty: of all")
    group: str = Field("", description="Only in the videos of this group; empty: of all")
    folders: tuple[str, ...] = Field((), description="Only in the videos below these folders of their source, as "
                                                      "ward/2024; none: of all")
    size: str = Field("", pattern=r"^(\d+x\d+)?$", description="Only in videos of this size, as 640x480; empty: of "
                      "all. What is burnt in goes with a machine's picture, and so with its size")
    hides: Literal["inside", "outside"] = Field("inside", description="Hide what is inside the shapes, or outside them")
    shapes: tuple[Shape, ...] = Field(min_length=1, max_length=MOST_POINTS, description="Rectangles and polygons")

    def holds_for(self, *, source: str, path: str, group: str, size: str) -> bool:
        """Whether it is about a video of this source, path in it, group and size (`640x480`)."""
        if self.folders and not any(path.startswith(f"{folder.rstrip('/')}/") for folder in self.folders):
            return False
        return all(not wanted or wanted == value for wanted, value in
                   ((self.source, source), (self.group, group), (self.size, size)))

    def without_selection(self) -> Mask:
        """The same shapes for every video."""
        return self.model_copy(update={"source": "", "group": "", "folders": (), "size": ""})


def size_text(width: int, height: int) -> str:
    """A frame's size as masks name it, `640x480`."""
    return f"{width}x{height}"


def fingerprint(masks: Iterable[Mask]) -> str:
    """What names the shapes of masks in the name of a cache file: the same shapes give the same; "" without masks."""
    shapes = sorted({json.dumps([mask.hides, sorted(shape.model_dump_json() for shape in mask.shapes)])
                     for mask in masks})
    return hashlib.sha256("\n".join(shapes).encode("utf-8")).hexdigest()[:12] if shapes else ""


def hidden(masks: Sequence[Mask], *, height: int, width: int) -> Bools:
    """Which pixels are hidden: bool [H, W], in whole blocks of 2 x 2, so that luma and colour hide the same.

    A block is hidden when any of 4 x 4 places in it is; sides are even (an odd last row or column hides with the one
    before it).
    """
    rows, columns = max(1, height // 2), max(1, width // 2)
    places_RC = np.zeros((rows * _SUB, columns * _SUB), bool)
    for mask in masks:
        inside_RC = np.zeros_like(places_RC)
        for shape in mask.shapes:
            inside_RC |= _inside(shape.points, *places_RC.shape)
        places_RC |= inside_RC if mask.hides == "inside" else ~inside_RC
    blocks = places_RC.reshape(rows, _SUB, columns, _SUB).any(axis=(1, 3))
    hidden_HW = blocks.repeat(2, axis=0).repeat(2, axis=1)
    missing = ((0, max(0, height - hidden_HW.shape[0])), (0, max(0, width - hidden_HW.shape[1])))
    return np.pad(hidden_HW, missing, mode="edge")[:height, :width]


def _inside(points: Sequence[Point], rows: int, columns: int) -> Bools:
    """Which of `rows` x `columns` evenly spread places lie inside a polygon, by the even-odd rule."""
    xy_P2 = np.asarray(points, np.float64)
    y_R = (np.arange(rows) + 0.5) / rows
    crossed_RC = np.zeros((rows, columns + 1), bool)
    for (x0, y0), (x1, y1) in zip(xy_P2, np.roll(xy_P2, -1, axis=0), strict=True):
        met = np.nonzero((y_R >= y0) != (y_R >= y1))[0]
        if len(met):
            x = x0 + (y_R[met] - y0) / (y1 - y0) * (x1 - x0)
            crossed_RC[met, np.clip(np.ceil(x * columns - 0.5), 0, columns).astype(int)] ^= True
    return np.logical_xor.accumulate(crossed_RC, axis=1)[:, :-1]


def masked_share(masks: Sequence[Mask], *, width: int = _SHARE_GRID, height: int = _SHARE_GRID) -> float:
    """The share of the picture (0 to 1) that masks hide together."""
    return float(hidden(masks, height=height, width=width).mean()) if masks else 0.0


class Hider:
    """Makes what masks hide black in frames of one size."""

    def __init__(self, masks: Sequence[Mask], *, height: int, width: int) -> None:
        self._luma_HW = hidden(masks, height=height, width=width)
        self._colour_HW = self._luma_HW[::2, ::2]

    @property
    def pixels(self) -> int:
        """How many pixels are hidden."""
        return int(self._luma_HW.sum())

    def hide(self, y_HW: NDArray[np.uint8], u_HW: NDArray[np.uint8], v_HW: NDArray[np.uint8]) -> None:
        """Make them black, in place; the planes may have axes in front."""
        y_HW[..., self._luma_HW] = 0
        u_HW[..., self._colour_HW] = 128
        v_HW[..., self._colour_HW] = 128
