"""Every preset at a size that two processor cores train in minutes: `scaled("clip-order")`.

Kept are the question, where windows lie, what the network sees of a clip, how it is varied, the form of the head and
the kind of the learning rate's schedule. Made smaller are the spans of time (so that clips of two seconds hold a
tuple), the input, the backbone and the widths of heads and projections. A batch of any recipe shows the network about
as many frames, so that steps cost alike. All learn by AdamW at one rate after a short warm-up, because the published
rates of SGD would need days.
"""

from __future__ import annotations

import copy
from typing import Any

from studio.engine.recipe import Recipe, load_recipe, make_recipe

BACKBONE = "r3d_small"
PIXELS = 56
LONGEST_SPAN_FRAMES = 51
CLIP_FRAMES = 4
FRAMES_OF_A_BATCH = 192
WIDTH = 128
STEPS = 400
_WHOLE_STACK_FRAMES = 8
"""Clips that become one picture keep their frames up to this many: they cost the network one."""


def scaled(name: str, *, steps: int = STEPS, minutes: float = 0, seed: int = 1) -> Recipe:
    """Load a preset at the small size, to train for `steps`, or for `minutes` where these are given.

    With minutes, `steps` is the guess from which dropping schedules are placed. Raises `RecipeError` when its windows
    cannot be made short enough.
    """
    recipe = load_recipe(name)
    values = recipe.model_dump()
    _shorten_clips(values, one_picture=recipe.augmentation.one_picture)
    _narrow(values, blur_share=min(1.0, PIXELS / recipe.augmentation.network_pixels))
    values["training"] = _training(recipe, steps=steps, minutes=minutes, seed=seed)
    small = _fitted(values)
    shown = small.make_task().elements * small.augmentation.network_frames(small.sampling.clip_frames)
    values = small.model_dump()
    values["training"]["batch_size"] = max(8, min(FRAMES_OF_A_BATCH // shown, 64))
    return make_recipe(values)


def _shorten_clips(values: dict[str, Any], *, one_picture: bool) -> None:
    """Fewer frames over the same span of time; pictures made of a clip keep theirs."""
    sampling = values["sampling"]
    frames = sampling["clip_frames"]
    if frames > (_WHOLE_STACK_FRAMES if one_picture else CLIP_FRAMES):
        sampling["frame_stride"] = max(1, round((frames - 1) * sampling["frame_stride"] / (CLIP_FRAMES - 1)))
        sampling["clip_frames"] = CLIP_FRAMES


def _narrow(values: dict[str, Any], *, blur_share: float) -> None:
    values["backbone"] = BACKBONE
    values["starts_from"] = ""
    view = values["augmentation"]
    view["short_side_pixels"] = 128
    view["crop_pixels"] = min(view["crop_pixels"], 128)
    view["region_pixels"] = min(view["region_pixels"], 128)
    view["input_pixels"] = min(view["input_pixels"] or view["crop_pixels"], PIXELS)
    view["blur_pixels"] = max(0.2, view["blur_pixels"] * blur_share)
    for options in (values["task_options"], *values["terms"].values()):
        for key, value in options.items():
            if key.endswith("_features") and isinstance(value, int):
                options[key] = min(value, WIDTH)


def _fitted(values: dict[str, Any]) -> Recipe:
    """Make all spans of time shorter by one factor, as little as it takes."""
    for percent in range(100, 0, -5):
        tried = copy.deepcopy(values)
        sampling, share = tried["sampling"], percent / 100
        sampling["frame_stride"] = max(1, round(share * sampling["frame_stride"]))
        for options in (sampling, tried["task_options"]):
            for key in ("interval_frames", "window_frames", *(key for key in options if key.startswith("tau_"))):
                if options.get(key):
                    options[key] = max(1, round(share * options[key]))
        recipe = make_recipe(tried)
        if recipe.make_task().span_frames <= LONGEST_SPAN_FRAMES:
            break
    return recipe


def _training(recipe: Recipe, *, steps: int, minutes: float, seed: int) -> dict[str, Any]:
    published = recipe.training
    drops = [max(1, round(steps * drop / published.max_steps)) for drop in published.drop_at_steps
             if published.max_steps]
    return {"max_steps": 0 if minutes else steps, "max_minutes": minutes, "batch_size": 8,
            "optimiser": "adamw", "learning_rate": 1e-3, "weight_decay": 0.05, "warmup_steps": 30, "gradient_clip": 1.0,
            "schedule": published.schedule, "drop_at_steps": drops, "drop_factor": published.drop_factor,
            "validation_share": published.validation_share, "validation_tuples": 192,
            "validate_every_steps": 1_000_000, "checkpoint_minutes": 60.0, "seed": seed}
