"""What finds neighbours without any network: small pictures and histograms of colours.

Features of a network that do not find more than these have learned no more than how a scene looks. They are made of
whole frames, spread evenly over each video, and compared by cosine like any feature.
Legend: V videos, S frames of a video, H, W cached height and width in pixels, D feature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from studio.engine.shapes import Floats
from studio.engine.video.footage import Footage

FRAMES_PER_VIDEO = 10
SIDE = 16
BINS = 8
_TO_YUV = np.array([(0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)], np.float32)
"""Full-range BT.601; the colour planes are about 0."""

Bytes = NDArray[np.uint8]


def baseline_features(footage: Footage, *, frames_per_video: int = FRAMES_PER_VIDEO) -> dict[str, Floats]:
    """Give the features of every baseline by its name, features_VD; each frame is read once."""
    ways: dict[str, Callable[[Bytes], Floats]] = {"pixels": small_pictures, "colours": colour_histograms}
    rows: dict[str, list[Floats]] = {name: [] for name in ways}
    for video in footage.cached:
        frames_SHW3 = video.rgb(spread_frames(video.frames, frames_per_video))
        for name, way in ways.items():
            rows[name].append(way(frames_SHW3).mean(axis=0))
    return {name: np.stack(found).astype(np.float32) for name, found in rows.items()}


def spread_frames(frames: int, count: int) -> Sequence[int]:
    """Numbers of `count` frames in the middles of as many equal parts of a video; a short one repeats some."""
    return [int(place) for place in (np.arange(count) + 0.5) * frames / count]


def small_pictures(frames_SHW3: Bytes) -> Floats:
    """Squeeze frames to 16 x 16 pixels by area, 0 to 255: features_SD of 768 numbers."""
    colours_S3HW = torch.from_numpy(np.ascontiguousarray(frames_SHW3)).permute(0, 3, 1, 2).float()
    return np.asarray(nn.functional.adaptive_avg_pool2d(colours_S3HW, SIDE).flatten(1).numpy(), np.float32)


def colour_histograms(frames_SHW3: Bytes) -> Floats:
    """Share of each frame's pixels in 8 x 8 x 8 boxes of luma and both colour planes, square roots: features_SD of 512.

    The cosine of square roots of shares is the coefficient of Bhattacharyya. Every second pixel of every second row is
    counted.
    """
    yuv_SHW3 = frames_SHW3[:, ::2, ::2].astype(np.float32) @ _TO_YUV.T + np.array([0, 128, 128], np.float32)
    box_SHW3 = np.clip(yuv_SHW3 * (BINS / 256), 0, BINS - 1).astype(np.int64)
    box_SP = (box_SHW3 @ np.array([BINS * BINS, BINS, 1])).reshape(len(frames_SHW3), -1)
    counts = [np.bincount(box_P, minlength=BINS ** 3) for box_P in box_SP]
    return np.sqrt(np.stack(counts) / box_SP.shape[1]).astype(np.float32)
