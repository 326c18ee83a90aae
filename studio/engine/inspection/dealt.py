"""One question of a recipe about one video, dealt as training would deal it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.engine.catalogue import display_path
from studio.engine.errors import VideoError
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.resampling import frames_at_rate
from studio.engine.runs import RECIPE
from studio.engine.sampling import PREVIEW, Tuples, deal_tuples
from studio.engine.video.footage import Footage


def deal_question(footage: Footage, recipe: Recipe, position: int, *, seed: int) -> Tuples:
    """One tuple of a video, as training would deal it. Raises `VideoError` when the video is too short."""
    task, cached = recipe.make_task(), footage.cached[position]
    frames = frames_at_rate(cached, recipe.sampling.frames_per_second)
    if frames < task.span_frames:
        raise VideoError(display_path(footage.videos[position].path),
                         f"it has {frames} frames, and one tuple of this run spans {task.span_frames}",
                         "Choose a longer video")
    return deal_tuples(footage.cached, np.array([position], np.int64), task=task, sampling=recipe.sampling,
                       augmentation=recipe.augmentation, rng=np.random.default_rng([seed, PREVIEW]))


def question_of_run(footage: Footage, run_folder: Path, position: int, *, seed: int) -> Tuples:
    """One tuple of a video as a run is asked. Raises `VideoError` when the video is too short."""
    return deal_question(footage, recipe_from_toml(run_folder / RECIPE), position, seed=seed)
