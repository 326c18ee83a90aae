"""Scaled presets are small, quick and still the same question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.recipe import load_recipe, make_recipe, recipe_names
from studio.engine.tasks.task import noise_truth
from studio.engine.training.network import build_network
from studio.engine.training.objective import Objective
from studio.engine.training.plan import deal_batch, make_plan
from tests.benchmarks.learning import dealt_anew
from tests.engine.training.footage import footage_of
from tests.scaled import LONGEST_SPAN_FRAMES, scaled


@pytest.mark.parametrize("name", recipe_names())
def test_a_scaled_preset_is_the_same_question_and_small(name: str) -> None:
    whole, small = load_recipe(name), scaled(name, seed=5)
    assert (small.task, small.make_task().classes) == (whole.task, whole.make_task().classes)
    assert small.make_task().elements == whole.make_task().elements
    assert (small.augmentation.encoding, small.augmentation.crop) == (whole.augmentation.encoding,
                                                                      whole.augmentation.crop)
    assert list(small.terms) == list(whole.terms) and small.sampling.paces == whole.sampling.paces
    assert (small.training.schedule, small.training.seed) == (whole.training.schedule, 5)
    for key, value in whole.task_options.items():
        if isinstance(value, str | bool):
            assert small.task_options[key] == value
    assert small.make_task().span_frames <= LONGEST_SPAN_FRAMES
    network = build_network(small)
    assert sum(parameter.numel() for parameter in network.parameters()) < 2_000_000
    view, frames = small.augmentation, small.sampling.clip_frames
    clips = torch.zeros(2, small.make_task().elements, view.network_channels(frames), view.network_frames(frames),
                        view.network_pixels, view.network_pixels)
    truth = noise_truth(small.make_task(), 2, torch.Generator().manual_seed(1))
    assert torch.isfinite(Objective.of(small).losses(network.eval(), clips, truth).total)
    assert 8 <= small.training.batch_size <= 64


def test_drops_of_the_learning_rate_stay_where_they_were() -> None:
    assert scaled("opn", steps=340).training.drop_at_steps == [260]  # 130k of 170k
    assert scaled("opn", minutes=2.5).training.max_minutes == 2.5
    assert scaled("opn", minutes=2.5).training.max_steps == 0


def test_the_control_gives_answers_to_other_tuples_and_leaves_their_frames(tmp_path: Path) -> None:
    recipe = make_recipe({"name": "tiny", "sampling": {"clip_frames": 2, "interval_frames": 1},
                          "augmentation": {"crop_pixels": 32}, "training": {"max_steps": 1, "batch_size": 8}})
    plan = make_plan(footage_of(tmp_path / "project"), recipe)
    asked, control = deal_batch(plan, step=3), dealt_anew(plan, step=3)
    assert np.array_equal(asked.frames_BEF, control.frames_BEF) and np.array_equal(asked.video_B, control.video_B)
    assert sorted(asked.label_B) == sorted(control.label_B) and (asked.label_B != control.label_B).any()
    orders = recipe.make_task().orders  # type: ignore[attr-defined]
    assert [orders[label] for label in control.label_B] == [tuple(order) for order in control.order_BE]
