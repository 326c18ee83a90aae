"""A PNG of rows of pictures, each with a caption: a query and its neighbours, a clip and its heat."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.video import vision

Picture = NDArray[np.uint8]
GROUND, TEXT, QUIET = (20, 22, 26), (232, 234, 237), (154, 163, 178)
TILE_PIXELS, GAP, CAPTION, TITLE = 144, 8, 20, 30
_LETTER_PIXELS = 8
_HEAT = np.array([[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]], np.float32)
"""Dark violet over red to pale yellow: brighter is hotter, also in grey and for the colour-blind."""


class Row(NamedTuple):
    """A title and pictures with captions."""

    title: str
    tiles: Sequence[tuple[Picture, str]]


def write_sheet(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a PNG; every picture gets the same height, its aspect stays."""
    tiles = [[_tile(picture, caption) for picture, caption in row.tiles] for row in rows]
    width = max((sum(tile.shape[1] + GAP for tile in row) for row in tiles), default=0) + GAP
    height = TITLE + TILE_PIXELS + CAPTION
    width = max(width, 240, *(_LETTER_PIXELS * len(row.title) + 2 * GAP for row in rows))
    sheet = np.full((GAP + height * len(rows), width, 3), GROUND, np.uint8)
    for number, (row, pictures) in enumerate(zip(rows, tiles, strict=True)):
        top, left = number * height, GAP
        vision.draw_text(sheet, row.title, x=left, y=top + TITLE - 9, colour=TEXT)
        for tile in pictures:
            sheet[top + TITLE:top + TITLE + tile.shape[0], left:left + tile.shape[1]] = tile
            left += tile.shape[1] + GAP
    vision.write_png(path, sheet)


def _tile(picture: Picture, caption: str) -> Picture:
    height, width = picture.shape[:2]
    wide = max(1, round(width * TILE_PIXELS / height))
    tile = np.full((TILE_PIXELS + CAPTION, wide, 3), GROUND, np.uint8)
    tile[:TILE_PIXELS] = vision.resize(picture, width=wide, height=TILE_PIXELS)
    vision.draw_text(tile, caption, x=1, y=TILE_PIXELS + CAPTION - 6, colour=QUIET)
    return tile


def heat_over(picture_HW3: Picture, heat_HW: NDArray[np.uint8]) -> Picture:
    """Lay heat (0 to 255) over a darkened grey picture; cold places let the picture through."""
    share_HW1 = heat_HW.astype(np.float32)[..., None] / 255
    place = share_HW1[..., 0] * (len(_HEAT) - 1)
    low = np.minimum(place.astype(int), len(_HEAT) - 2)
    colour_HW3 = _HEAT[low] + (_HEAT[low + 1] - _HEAT[low]) * (place - low)[..., None]
    grey_HW1 = picture_HW3.mean(axis=2, keepdims=True) * 0.85
    mixed_HW3 = grey_HW1 * (1 - 0.75 * share_HW1) + colour_HW3 * 0.75 * share_HW1
    return np.clip(np.round(mixed_HW3), 0, 255).astype(np.uint8)
