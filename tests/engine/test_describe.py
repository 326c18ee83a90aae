"""What the studio can do, as the window and the command line's help are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.engine.backbones import BACKBONES
from studio.engine.describe import check_recipe, describe, option_lines
from studio.engine.errors import RecipeError
from studio.engine.recipe import load_recipe, option_names
from studio.engine.tasks import TASKS


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return describe()


def test_everything_is_described_as_plain_values(described: dict[str, Any]) -> None:
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert [task["name"] for task in described["tasks"]] == list(TASKS)
    asked = {task["name"]: (task["picks_element"], len(task["choices"]), task["transforms"])
             for task in described["tasks"]}
    assert asked["odd-one-out"] == (True, 0, False) and asked["shuffle-and-learn"] == (False, 2, False)
    assert asked["order-geometry"] == (False, 0, True) and asked["clip-order"] == (False, 0, False)
    assert [backbone["name"] for backbone in described["backbones"]] == list(BACKBONES)
    assert described["device"]["kind"] in ("cpu", "cuda", "mps")


def test_backbones_tell_what_they_cost_and_their_layers(described: dict[str, Any]) -> None:
    costs = {backbone["name"]: backbone for backbone in described["backbones"]}
    assert costs["r3d_vcop"]["parameters"] == 14_361_792
    assert costs["caffenet"]["takes"] == "frames"
    assert costs["r2plus1d_18"]["layers"] == ["stem", "layer1", "layer2", "layer3", "layer4"]
    assert costs["r3d_vcop"]["gmac_per_clip"] > 100 * costs["caffenet"]["gmac_per_clip"]


def test_options_carry_what_a_form_needs(described: dict[str, Any]) -> None:
    gap = described["schema"]["sampling"]["properties"]["interval_frames"]
    assert gap["title"] == "Gap between elements"
    assert (gap["unit"], gap["minimum"], gap["maximum"], gap["default"]) == ("frames", 0, 240, 8)
    assert described["schema"]["training"]["properties"]["optimiser"]["enum"] == ["sgd", "adamw"]


def test_recipes_come_whole_and_are_accepted_again(described: dict[str, Any]) -> None:
    for recipe in described["recipes"]:
        checked = check_recipe(recipe["values"])
        assert checked["values"] == recipe["values"]
        assert checked["classes"] >= 2
        assert checked["parameters"] > checked["backbone_parameters"]


def test_a_recipe_is_completed_and_costed() -> None:
    checked = check_recipe(load_recipe("clip-order").model_dump(exclude_defaults=True))
    assert (checked["classes"], checked["span_frames"], checked["input"]) == (6, 64, [16, 112, 112])
    assert checked["chance"] == pytest.approx(1 / 6)
    assert checked["values"]["training"]["weight_decay"] == 0.0005
    assert checked["parameters"] == 14_361_792 + 534_022
    assert checked["input_channels"] == 3


def test_what_an_encoding_makes_of_a_clip_is_told_and_costed() -> None:
    values = load_recipe("odd-one-out").model_dump()
    checked = check_recipe(values)
    assert (checked["input"], checked["input_channels"]) == ([1, 227, 227], 15)
    values["augmentation"]["encoding"] = "dynamic-image"
    one = check_recipe(values)
    assert (one["input"], one["input_channels"]) == ([1, 227, 227], 3)
    assert checked["gmac_per_clip"] - one["gmac_per_clip"] == pytest.approx(12 * 96 * 121 * 55 ** 2 / 1e9, abs=2e-3)


def test_what_does_not_fit_is_refused_by_its_place() -> None:
    values = load_recipe("clip-order").model_dump()
    values["training"]["batch_size"] = 1
    with pytest.raises(RecipeError, match="training.batch_size"):
        check_recipe(values)


def test_the_help_lists_every_option() -> None:
    assert {name for name, _, _ in option_lines()} == set(option_names())
