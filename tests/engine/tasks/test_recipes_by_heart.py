"""Sorting and the studio's own recipe, scaled down: eight tuples by heart, and nothing from shuffled ones."""

from __future__ import annotations

import pytest

from studio.engine.recipe import Recipe, load_recipe, make_recipe
from studio.engine.video.footage import Footage
from tests.engine.tasks.drill import drilled, measured, shuffled
from tests.engine.training.footage import footage_of


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("by-heart"), videos=20, frames=70)


def _small(name: str) -> Recipe:
    recipe = load_recipe(name).model_dump()
    recipe["augmentation"] |= {"short_side_pixels": 64, "crop_pixels": 64, "region_pixels": 0, "jitter_pixels": 0,
                               "flip_probability": 0.0}
    recipe["task_options"] |= {"dropout": 0.0}
    if name == "opn":
        recipe["task_options"] |= {"frame_features": 128, "pair_features": 64}
    else:
        recipe["backbone"] = "r3d_small"
        recipe["sampling"] |= {"clip_frames": 4, "interval_frames": 6}
        recipe["augmentation"] |= {"input_pixels": 32}
    recipe["training"] |= {"batch_size": 8, "optimiser": "adamw", "weight_decay": 0.0, "validation_tuples": 96,
                           "validation_share": 0.4, "threads": 1, "warmup_steps": 0}
    return make_recipe(recipe)


@pytest.mark.parametrize(("name", "mixed"), [("opn", False), ("opn", True), ("studio-best", False)])
def test_eight_tuples_are_learned_by_heart(footage: Footage, name: str, mixed: bool) -> None:
    recipe = _small(name)
    network, tuples, found = drilled(footage, recipe, steps=25, rate=0.002,
                                     change=shuffled if mixed else lambda tuples: tuples)
    assert (found.answer_B == tuples.label_B).all(), f"loss {found.loss:.2f}"
    if mixed:
        last, chance = measured(footage, recipe, network), recipe.make_task().chance
        assert last.accuracy < chance + 3 * (chance * (1 - chance) / last.tuples) ** 0.5
