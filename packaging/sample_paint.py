"""Paint what the sample clips share: colours, soft backgrounds, shaded limbs.

Axes: H = height, W = width, C = colour (RGB). Images are float32 in 0..1 until a clip is finished. Positions are
(x, y) in pixels, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Colour = NDArray[np.float32]
Point = tuple[float, float]

WIDTH = 192
HEIGHT = 144
_LIGHT = np.array([-0.45, -0.62, 0.64], dtype=np.float32)


def oklch(*, lightness: float, chroma: float, hue_degrees: float) -> Colour:
    """Return linear-light-correct RGB in 0..1 of an OKLCH colour, so that palettes keep an even brightness.

    Source: B. Ottosson, "A perceptual color space for image processing" (2020), the two published matrices.
    """
    angle = np.deg2rad(hue_degrees)
    a, b = chroma * np.cos(angle), chroma * np.sin(angle)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.array(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ]
    ).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded.astype(np.float32)


def cloud_noise(rng: np.random.Generator, *, height: int, width: int, coarsest_px: int) -> Image:
    """Return soft noise of several octaves, mean 0 and standard deviation 1, as an HW image."""
    total = np.zeros((height, width), dtype=np.float32)
    cell, weight = coarsest_px, 1.0
    while cell >= 4:
        grid = rng.standard_normal((height // cell + 3, width // cell + 3)).astype(np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cell, weight = cell // 2, weight * 0.55
    total -= total.mean()
    return (total / total.std()).astype(np.float32)


@dataclass(frozen=True)
class Palette:
    """The colours of one recording session: surroundings, and what the figure wears."""

    high: Colour
    low: Colour
    ground: Colour
    accents: tuple[Colour, ...]
    shirt: Colour
    trousers: Colour
    skin: Colour
    ball: Colour

    @staticmethod
    def draw(rng: np.random.Generator, *, hue_degrees: float) -> Palette:
        """Draw a palette about one hue: calm surroundings, and clothes across the colour circle."""
        dark = bool(rng.random() < 0.4)
        level = rng.uniform(0.34, 0.44) if dark else rng.uniform(0.74, 0.86)
        calm = rng.uniform(0.035, 0.07)
        across = hue_degrees + rng.choice([120.0, 150.0, 180.0, 210.0, 240.0])
        cloth = rng.uniform(0.66, 0.8) if dark else rng.uniform(0.42, 0.58)
        step = 0.1 if dark else -0.1
        accents = tuple(
            oklch(lightness=level + shift, chroma=calm * 1.2, hue_degrees=hue_degrees + turn)
            for shift, turn in ((0.06, 18.0), (-0.06, -24.0), (0.03, 50.0))
        )
        return Palette(
            high=oklch(lightness=level + 0.05, chroma=calm, hue_degrees=hue_degrees),
            low=oklch(lightness=level - 0.03, chroma=calm, hue_degrees=hue_degrees + 35),
            ground=oklch(lightness=level - 0.13, chroma=calm * 0.9, hue_degrees=hue_degrees - 20),
            accents=accents,
            shirt=oklch(lightness=cloth, chroma=0.15, hue_degrees=across),
            trousers=oklch(lightness=cloth + step, chroma=0.07, hue_degrees=across + 40),
            skin=oklch(lightness=rng.uniform(0.5, 0.82), chroma=0.07, hue_degrees=rng.uniform(45, 70)),
            ball=oklch(lightness=0.9 if dark else 0.35, chroma=0.1, hue_degrees=across - 70),
        )


def paint_surroundings(rng: np.random.Generator, palette: Palette, *, horizon_px: float) -> Image:
    """Paint a session's still background: a wall, soft shapes, a floor with texture, a vignette. Returns HWC."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = _blend(palette.high, palette.low, ys / horizon_px + 0.15 * (xs / WIDTH - 0.5))
    for _ in range(int(rng.integers(3, 6))):
        _paint_soft_shape(rng, wall, palette.accents[int(rng.integers(3))], xs, ys, horizon_px)
    depth = ((ys - horizon_px) / (HEIGHT - horizon_px)).clip(0, 1)
    floor = _blend(palette.ground, palette.ground * 0.86 + 0.06, depth)
    image = _mix(wall, floor, _soft_step(ys - horizon_px, 0.8))
    image *= 1 + 0.02 * cloud_noise(rng, height=HEIGHT, width=WIDTH, coarsest_px=32)[..., None]
    far = ((xs / WIDTH - 0.5) ** 2 + (ys / HEIGHT - 0.5) ** 2)[..., None]
    return (image * (1.04 - 0.38 * far)).clip(0, 1).astype(np.float32)


def paint_shadow(image: Image, *, centre: Point, half_width_px: float, strength: float) -> None:
    """Darken the floor under a figure in place, softly; `strength` is 0 (none) to 1."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = ((xs - centre[0]) / half_width_px) ** 2 + ((ys - centre[1]) / max(3.0, half_width_px * 0.16)) ** 2
    image *= (1 - strength * np.exp(-1.4 * far))[..., None]


def paint_limb(image: Image, *, start: Point, end: Point, radii_px: tuple[float, float], colour: Colour) -> None:
    """Paint one rounded, tapered limb in place, lit from the upper left, with a faint dark seam round it."""
    widest = max(radii_px) + 3
    left = int(max(0, np.floor(min(start[0], end[0]) - widest)))
    right = int(min(WIDTH, np.ceil(max(start[0], end[0]) + widest)))
    top = int(max(0, np.floor(min(start[1], end[1]) - widest)))
    bottom = int(min(HEIGHT, np.ceil(max(start[1], end[1]) + widest)))
    if left >= right or top >= bottom:
        return
    ys, xs = np.mgrid[top:bottom, left:right].astype(np.float32)
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = max(along_x**2 + along_y**2, 1e-6)
    share = (((xs - start[0]) * along_x + (ys - start[1]) * along_y) / length).clip(0, 1)
    radius = radii_px[0] + share * (radii_px[1] - radii_px[0])
    off_x = (xs - start[0] - share * along_x) / radius
    off_y = (ys - start[1] - share * along_y) / radius
    distance = np.hypot(off_x, off_y)
    up = np.sqrt((1 - distance**2).clip(0.02, 1))
    lit = (off_x * _LIGHT[0] + off_y * _LIGHT[1] + up * _LIGHT[2]).clip(0, 1)[..., None]
    patch = image[top:bottom, left:right]
    inside = (0.5 + (1 - distance) * radius).clip(0, 1)[..., None]
    seam = np.exp(-((distance - 1) * radius).clip(0, None) * 0.9)[..., None]
    patch *= 1 - 0.28 * seam
    shaded = colour * (0.62 + 0.5 * lit) + 0.1 * lit**6
    patch += inside * (shaded - patch)


def finish_frame(image: Image, rng: np.random.Generator, *, noise: float, mirrored: bool) -> NDArray[np.uint8]:
    """Turn a painted image into a camera frame: mirrored or not, with a little sensor noise. Returns HWC uint8."""
    grain = rng.standard_normal((HEIGHT, WIDTH, 1)).astype(np.float32) * noise
    frame = ((image + grain).clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(frame[:, ::-1] if mirrored else frame)


def _paint_soft_shape(
    rng: np.random.Generator, wall: Image, colour: Colour, xs: Image, ys: Image, horizon_px: float
) -> None:
    """Lay one disc or one standing panel over the wall, in place."""
    x = rng.uniform(0, WIDTH)
    if rng.random() < 0.5:
        radius = rng.uniform(10, 38)
        edge = np.hypot(xs - x, ys - rng.uniform(0, horizon_px)) - radius
    else:
        half, top = rng.uniform(8, 26), rng.uniform(0.1, 0.8) * horizon_px
        edge = np.maximum(np.abs(xs - x) - half, top - ys) - 3
    cover = (1 - _soft_step(edge, 0.8)) * rng.uniform(0.35, 0.8)
    wall += cover[..., None] * (colour - wall)


def _soft_step(distance_px: Image, softness_px: float) -> Image:
    return (0.5 + distance_px / (2 * softness_px)).clip(0, 1).astype(np.float32)


def _blend(first: Colour, second: Colour, share_HW: Image) -> Image:
    share = share_HW.clip(0, 1)[..., None]
    return (first * (1 - share) + second * share).astype(np.float32)


def _mix(first: Image, second: Image, share_HW: Image) -> Image:
    return first + share_HW[..., None] * (second - first)
