"""What is cut out of frames and how they are varied: options, and the numbers that are drawn for each tuple.

Numbers are drawn here and applied on the device (`training.pixels`). Legend of axes: B tuples, E elements of a tuple.
A crop is a pair (top, left) in cached pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from studio.engine.errors import VideoError
from studio.engine.shapes import Floats, Ints, VideoShape

Encoding = Literal["frames", "differences", "stack-of-differences", "sum-of-differences", "dynamic-image"]


class Augmentation(BaseModel):
    """What is cut out of a frame and how it is varied. Drawn as numbers here, applied on the device."""

    model_config = ConfigDict(extra="forbid")
    crop_pixels: int = Field(
        112, ge=16, le=512, title="Crop", json_schema_extra={"unit": "pixels"},
        description="Side of the square cut out of the cached frame, whose shorter side is 128 pixels. A smaller one "
                    "hides more of the picture, a larger one varies less and costs time.")
    input_pixels: int = Field(
        0, ge=0, le=512, title="Network input", json_schema_extra={"unit": "pixels"},
        description="The crop is resized to this side. 0 keeps it. Half the side costs a quarter of the time.")
    short_side_pixels: int = Field(
        128, ge=64, le=512, title="Size of cached frames", json_schema_extra={"unit": "pixels"},
        description="Shorter side of the cached frames that this recipe reads: 128 for clips, 256 for networks that "
                    "look at 227 pixels (CaffeNet). Another size needs another scan.")
    crop: Literal["random", "motion", "centre", "whole"] = Field(
        "random", title="Place of the crop",
        description="Anywhere, around the most motion (OPN's patches), the middle, or the whole frame squeezed to the "
                    "network's input (Shuffle and Learn).")
    crop_each_element: bool = Field(
        True, title="Crop anew for each element",
        description="Each clip of a tuple gets its own crop, so that edges that continue do not give the order away.")
    region_pixels: int = Field(
        0, ge=0, le=512, title="Region of the crop", json_schema_extra={"unit": "pixels"},
        description="With a crop around motion: it lies at random inside a region of this side (OPN: 100). 0: the "
                    "region is the crop.")
    jitter_pixels: int = Field(
        0, ge=0, le=32, title="Jitter", json_schema_extra={"unit": "pixels"},
        description="Each element's crop moves by up to this much on top, so that edges do not give the order away. "
                    "OPN has 5.")
    flip_probability: float = Field(
        0.0, ge=0, le=1, title="Mirror",
        description="How often a whole tuple is mirrored left to right, which varies the views at no cost. 0 where "
                    "left and right differ, as in the heart.")
    channel_splitting: bool = Field(
        False, title="Channel splitting",
        description="Show one colour channel, drawn for each element, as grey: no drift of colours tells the order.")
    colour_strength: float = Field(
        0.0, ge=0, le=1, title="Colour jitter",
        description="How far brightness, contrast and saturation of each element vary, so that colours don't give "
                    "the order away: 0 not at all, 0.8 much (SimCLR's figure). The hue varies by a quarter of it.")
    colour_probability: float = Field(
        0.8, ge=0, le=1, title="How often colours vary",
        description="Share of the elements whose colours vary; the others stay as recorded. It counts only where the "
                    "colour jitter is above 0.")
    grey_probability: float = Field(
        0.0, ge=0, le=1, title="Grey",
        description="How often an element is shown grey, so that shapes and motion have to do. It changes nothing in "
                    "recordings that are grey anyway.")
    blur_probability: float = Field(
        0.0, ge=0, le=1, title="Blur",
        description="How often an element is blurred, so that noise and compression don't give the order away. Lower "
                    "it where fine structures matter.")
    blur_pixels: float = Field(
        2.0, gt=0, le=8, title="Widest blur", json_schema_extra={"unit": "pixels"},
        description="How wide a blur may be, as the standard deviation of a bell curve; it is drawn from a tenth of "
                    "a pixel up to this.")
    encoding: Encoding = Field(
        "frames", title="What the network sees of a clip",
        description="Its frames; how each differs from the one before, grey where nothing moves (motion and not "
                    "places); or one picture of the clip: differences as channels, their sum, or a dynamic image.")
    scaling: Literal["unit", "mean-96.5", "mean-127.5", "caffe", "kinetics"] = Field(
        "unit", title="Scaling of the pixels",
        description="0 to 1 (VCOP); 0 to 255 less 96.5 (OPN), or less the middle grey, which is 0 where differences "
                    "are shown and nothing moves; blue, green, red in 0 to 255 less ImageNet's means (Shuffle and "
                    "Learn); mean and spread of Kinetics-400 (torchvision's weights).")

    @property
    def network_pixels(self) -> int:
        """Side of the square that the network gets."""
        return self.input_pixels or self.crop_pixels

    @property
    def one_picture(self) -> bool:
        """Whether a clip becomes a single picture, whatever its number of frames."""
        return self.encoding in ("stack-of-differences", "sum-of-differences", "dynamic-image")

    def network_frames(self, clip_frames: int) -> int:
        """Frames that the network gets of a clip."""
        return 1 if self.one_picture else clip_frames

    def network_channels(self, clip_frames: int) -> int:
        """Channels that the network gets: 3, or 3 for each difference of a stack (O3N: 15 of 6 frames)."""
        return 3 * max(1, clip_frames - 1) if self.encoding == "stack-of-differences" else 3


def draw_colours(count: int, elements: int, augmentation: Augmentation, rng: np.random.Generator) -> Floats:
    """Draw brightness, contrast, saturation (factors) and hue (turns) of every element: colour_BE4."""
    neutral = np.broadcast_to(np.array([1, 1, 1, 0], np.float32), (count, elements, 4)).copy()
    strength = augmentation.colour_strength
    if strength:
        varied = np.concatenate([rng.uniform(max(0, 1 - strength), 1 + strength, (count, elements, 3)),
                                 rng.uniform(-strength / 4, strength / 4, (count, elements, 1))], axis=2)
        chosen = rng.random((count, elements, 1)) < augmentation.colour_probability
        neutral = np.where(chosen, varied, neutral).astype(np.float32)
    if augmentation.grey_probability:
        grey_BE = rng.random((count, elements)) < augmentation.grey_probability
        neutral[..., 2] = np.where(grey_BE, 0, neutral[..., 2])
    return neutral


def draw_blurs(count: int, elements: int, augmentation: Augmentation, rng: np.random.Generator) -> Floats:
    """Draw the standard deviation of every element's blur in pixels of the network's input, blur_BE; 0: none."""
    if not augmentation.blur_probability:
        return np.zeros((count, elements), np.float32)
    blurred_BE = rng.random((count, elements)) < augmentation.blur_probability
    return np.where(blurred_BE, rng.uniform(0.1, augmentation.blur_pixels, (count, elements)), 0).astype(np.float32)


def draw_crops(shapes: Sequence[VideoShape], window_B2: Ints, *, elements: int, augmentation: Augmentation,
               rng: np.random.Generator) -> Ints:
    """Draw (top, left) of every element's crop, `crop_BE2`, in cached pixels; all frames of an element share it.

    Raises `VideoError` when a video's cached frame is smaller than the crop.
    """
    if augmentation.crop == "whole":
        return np.zeros((len(shapes), elements, 2), np.int64)
    region = max(augmentation.crop_pixels, augmentation.region_pixels if augmentation.crop == "motion" else 0)
    room_B2 = np.array([crop_room(shape, crop_pixels=augmentation.crop_pixels) for shape in shapes])
    low_B12, high_B12 = np.zeros_like(room_B2)[:, None], room_B2[:, None]
    if augmentation.crop == "motion":
        low_B12 = np.array([[most_motion(shape, window, crop_pixels=min(region, shape.height, shape.width))]
                            for shape, window in zip(shapes, window_B2, strict=True)])
        high_B12 = np.minimum(low_B12 + region - augmentation.crop_pixels, room_B2[:, None])
    share = rng.random((len(shapes), elements if augmentation.crop_each_element else 1, 2))
    if augmentation.crop == "centre":
        share = np.full_like(share, 0.5)
    base_BE2 = low_B12 + np.floor(share * (high_B12 - low_B12 + 1)).astype(np.int64)
    reach = augmentation.jitter_pixels
    jitter_BE2 = rng.integers(-reach, reach + 1, (len(shapes), elements, 2))
    return np.clip(base_BE2 + jitter_BE2, low_B12 if augmentation.crop == "motion" else 0, high_B12)


def crop_room(shape: VideoShape, *, crop_pixels: int) -> tuple[int, int]:
    """Largest (top, left) of a crop. Raises `VideoError` when the frame is smaller than the crop."""
    if min(shape.height, shape.width) < crop_pixels:
        raise VideoError(f"{shape.name or 'a video'} ({shape.width} x {shape.height} pixels in the cache)",
                         f"the crop of {crop_pixels} pixels is larger than the frame",
                         f"Choose a crop of {min(shape.height, shape.width)} pixels or less")
    return shape.height - crop_pixels, shape.width - crop_pixels


def most_motion(shape: VideoShape, window: Ints, *, crop_pixels: int) -> tuple[int, int]:
    """Place the crop where the window moves most (OPN section 3.1: a sliding window over the flow); else the centre."""
    room_y, room_x = crop_room(shape, crop_pixels=crop_pixels)
    grid_YX = shape.motion_grid_NYX[window[0]:window[1]].astype(np.float64)
    side = max(1, round(crop_pixels / shape.cell_pixels))
    if not len(grid_YX) or min(grid_YX.shape[1:]) < side or not grid_YX.any():
        return room_y // 2, room_x // 2
    total = np.pad(grid_YX.mean(axis=0).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    y, x = np.unravel_index(int(sums.argmax()), sums.shape)
    return min(room_y, int(y) * shape.cell_pixels), min(room_x, int(x) * shape.cell_pixels)
