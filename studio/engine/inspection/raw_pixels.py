"""Clips compared without any network: the mean of a few of their frames, squeezed to 16 x 16 pixels.

Legend: V videos, C clips of a video, B clips, F frames of a clip, H, W cached height and width, D feature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from studio.engine.events import Event, Progress, Saved, TimeLeft
from studio.engine.inspection.baselines import small_pictures
from studio.engine.inspection.features import CLIPS_PER_VIDEO, Features, Keeping, rows_of, times_of
from studio.engine.recipe import Recipe
from studio.engine.sampling import Tuples, some_of, spread_clips
from studio.engine.shapes import Floats
from studio.engine.video.footage import Footage

FORMAT = 1
_FRAMES_PER_CLIP = 4
"""Frames of a clip are much alike: these, spread over it, have nearly its mean."""


def pixels_of(footage: Footage, tuples: Tuples) -> Floats:
    """Give the mean of some frames of each clip (tuples of one element), 0 to 255: features_BD of 768 numbers."""
    rows = []
    for video, frames_F in zip(tuples.video_B, tuples.frames_BEF[:, 0], strict=True):
        chosen = np.unique(np.linspace(0, len(frames_F) - 1, _FRAMES_PER_CLIP).round().astype(int))
        rows.append(small_pictures(footage.cached[video].rgb([int(frame) for frame in frames_F[chosen]])).mean(axis=0))
    return np.stack(rows).astype(np.float32)


def ensured_pixels(run_folder: Path, footage: Footage, recipe: Recipe, *, clips_per_video: int = CLIPS_PER_VIDEO,
                   stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Features | None]:
    """Load the pixels of the clips that a run's features are made of, or make and keep them; None when stopped."""
    tuples = spread_clips(footage.cached, clips_per_video=clips_per_video, sampling=recipe.sampling,
                          augmentation=recipe.augmentation)
    seen = ["pixels", FORMAT, clips_per_video, recipe.sampling.clip_frames, recipe.sampling.frame_stride,
            recipe.sampling.frames_per_second]
    keeping = Keeping(run_folder / "features" / "pixels.safetensors", rows_of(footage),
                      key=hashlib.sha256(json.dumps(seen).encode()).hexdigest())
    if (kept := keeping.load()) is not None:
        return kept
    rows, left = list[Floats](), TimeLeft(len(tuples))
    for first in range(0, len(tuples), clips_per_video):
        if stop():
            return None
        yield Progress(phase="features", done=first, total=len(tuples), unit="clips", seconds_left=left(first),
                       detail="raw pixels")
        rows.append(pixels_of(footage, some_of(tuples, slice(first, first + clips_per_video))))
    pixels_VCD = np.stack(rows)
    features = Features(np.array([video.id for video in footage.videos], np.int64),
                        times_of(footage, tuples).reshape(pixels_VCD.shape[:2]), pixels_VCD,
                        np.ascontiguousarray(pixels_VCD.mean(axis=1)))
    keeping.save(features)
    yield Saved(what="features", path=f"features/{keeping.path.name}")
    return features
