"""Recipes: presets as published, settings that change them, and refusals that name value, rule and remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from studio.engine.errors import RecipeError
from studio.engine.recipe import load_recipe, make_recipe, option_names, recipe_from_toml, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_preset_is_whole_and_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.title and recipe.summary and recipe.paper
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    assert recipe_from_toml(tmp_path / "recipe.toml") == recipe
    assert load_recipe(str(tmp_path / "recipe.toml")) == recipe


def test_clip_order_is_as_published() -> None:
    """METHODS 4.1: 3 clips of 16, interval 8, 64 frames, 6 classes, lr 1e-3 constant, batch 8, 300 epochs."""
    recipe = load_recipe("clip-order")
    assert (recipe.make_task().classes, recipe.make_task().span_frames, recipe.backbone) == (6, 64, "r3d_vcop")
    training = recipe.training
    assert (training.learning_rate, training.momentum, training.weight_decay) == (1e-3, 0.9, 5e-4)
    assert (training.batch_size, training.max_epochs, training.schedule, training.seed) == (8, 300, "constant", 632)
    assert recipe.augmentation.scaling == "unit" and recipe.augmentation.flip_probability == 0
    assert recipe.augmentation.crop_each_element and recipe.augmentation.crop_pixels == 112
    assert recipe.sampling.motion_weight == 0


def test_opn_is_as_published() -> None:
    """METHODS 2.2 and 2.3: 4 frames, 12 classes, 80 pixels of 100, jitter 5, one channel, 170k steps of 64."""
    recipe = load_recipe("opn")
    view, training = recipe.augmentation, recipe.training
    assert (recipe.make_task().classes, recipe.backbone, recipe.sampling.tuple_length) == (12, "caffenet", 4)
    assert (view.crop_pixels, view.region_pixels, view.jitter_pixels, view.crop) == (80, 100, 5, "motion")
    assert view.channel_splitting and view.scaling == "mean-96.5" and view.flip_probability == 0.5
    assert (training.learning_rate, training.batch_size, training.max_steps) == (0.01, 64, 170_000)
    assert training.drop_at_steps == [130_000] and training.double_bias_rate


def test_settings_change_any_option() -> None:
    recipe = load_recipe("clip-order", ["backbone=r2plus1d_18", "training.max_steps=2", "training.batch_size=4",
                                        "sampling.interval_frames=4", "training.drop_at_steps=[1, 2]",
                                        "task_options.merge_reversed=true"])
    assert (recipe.backbone, recipe.training.max_steps, recipe.training.batch_size) == ("r2plus1d_18", 2, 4)
    assert recipe.sampling.interval_frames == 4 and recipe.training.drop_at_steps == [1, 2]
    assert recipe.make_task().classes == 3


def test_another_task_drops_the_options_of_the_old_one() -> None:
    recipe = load_recipe("clip-order", ["task=sequence-sorting"])
    assert "hidden_features" not in recipe.task_options and "pair_features" in recipe.task_options


@pytest.mark.parametrize(("settings", "said"), [
    (["training.max_step=2"], "did you mean training.max_steps?"), (["backbone=r3d"], "r3d_vcop"),
    (["task=clip-ordr"], "clip-order"), (["training.batch_size=1"], "training.batch_size = 1"),
    (["training.batch_size"], "a setting is section.key=value"), (["training=3"], "training"),
    (["task_options.dropot=0.1"], "did you mean task_options.dropout?"),
    (["training.max_epochs=0"], "needs an end"), (["training.device=gpu"], "auto, cpu"),
    (["sampling.tuple_length=9"], "less than or equal to 8"),
    (["sampling.tuple_length=6"], "6 elements have 720 orders, too many to have a class each. Choose 5 or fewer"),
    (["sampling.tuple_length=6"], "or let the order be answered by ranking (task_options.answer=ranking)"),
    (["task=sequence-sorting", "sampling.tuple_length=7"], "7 elements have 2520 orders, forward and backward taken"),
    (["sampling.tuple_length=2", "task_options.merge_reversed=true"], "1 possible answer")])
def test_a_wrong_setting_is_named_with_its_rule(settings: list[str], said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe("clip-order", settings)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2 and refused.value.remedy


def test_an_unknown_recipe_is_met_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"did you mean clip-order\?"):
        load_recipe("clip-oder")


def test_a_recipe_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"mine\.toml.*no readable TOML"):
        load_recipe(str(tmp_path / "mine.toml"))


def test_every_option_can_be_named() -> None:
    names = option_names()
    assert len(names) == len(set(names))
    assert {"backbone", "training.max_steps", "sampling.interval_frames", "task_options.dropout"} <= set(names)
    preset = tomllib.loads(load_recipe("clip-order").to_toml())
    for name in names:
        section, _, key = name.partition(".")
        assert not key or section in ("task_options", "terms") or key in preset[section]


def test_a_recipe_needs_a_plain_name() -> None:
    with pytest.raises(RecipeError, match="letters, digits"):
        make_recipe({"name": "../evil", "training": {"max_steps": 1}})
