"""Order and transformation: the class table, one transformation a tuple, both ways of joining (METHODS 5)."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from studio.engine.orders import ORDERS
from studio.engine.recipe import Recipe, load_recipe, make_recipe
from studio.engine.sampling import Arrangement, Sampling, Tuples, deal_tuples
from studio.engine.tasks.order_geometry import REACH_5, OrderGeometry, OrderGeometryOptions, wanted
from studio.engine.tasks.task import Truth, truth_of
from studio.engine.training.network import build_network
from studio.engine.video.footage import Footage
from tests.engine.shapes import even_shape, windows_at
from tests.engine.tasks.drill import drilled, measured, shuffled
from tests.engine.training.footage import footage_of

FOUR = Sampling(tuple_length=4, clip_frames=1, interval_frames=5)
JOINTS = ("parallel", "sequential")


def _task(joint: str = "parallel", **options: object) -> OrderGeometry:
    return OrderGeometry(sampling=FOUR, options=OrderGeometryOptions.model_validate({"joint": joint, **options}))


def _dealt(task: OrderGeometry, *, count: int = 600) -> Arrangement:
    return task.deal(windows_at(np.arange(count) % 9, span=task.span_frames + 6), np.random.default_rng(1))


@pytest.mark.parametrize("joint", JOINTS)
def test_the_label_tells_the_order_of_the_first_four_up_to_reversal(joint: str) -> None:
    task = _task(joint)
    dealt = _dealt(task)
    seen = set()
    for frames, order, label in zip(dealt.frames_BEF[:, :4, 0], dealt.order_BE, dealt.label_B, strict=True):
        shown = "".join(str(place + 1) for place in np.argsort(np.argsort(frames)))
        assert ORDERS[label] in (shown, shown[::-1])
        assert "".join(str(place + 1) for place in order[:4]) == shown
        seen.add(shown)
    assert seen == {"".join(order) for order in itertools.permutations("1234")}
    assert (task.classes, task.chance, task.asked_elements) == (12, 1 / 12, 4)


def test_parallel_shows_the_same_frames_again_in_time_and_transforms_only_those() -> None:
    task = _task("parallel")
    dealt = _dealt(task)
    assert dealt.frames_BEF.shape == (600, 8, 1) and task.elements == 8
    first, second = dealt.frames_BEF[:, :4, 0], dealt.frames_BEF[:, 4:, 0]
    assert (np.sort(first, axis=1) == second).all() and (np.diff(second, axis=1) > 5).all()
    assert (dealt.order_BE[:, 4:] == np.arange(4)).all()
    assert dealt.affine_BE5 is not None and not dealt.affine_BE5[:, :4].any()
    assert (dealt.affine_BE5[:, 4:] == dealt.affine_BE5[:, 4:5]).all()


def test_sequential_transforms_and_shuffles_the_same_frames() -> None:
    task = _task("sequential")
    dealt = _dealt(task)
    assert dealt.frames_BEF.shape == (600, 4, 1) and task.elements == 4
    assert dealt.affine_BE5 is not None and (dealt.affine_BE5 == dealt.affine_BE5[:, :1]).all()
    assert dealt.affine_BE5.any(axis=2).all()


def test_transformations_fill_their_ranges_and_are_told_as_shares_of_them() -> None:
    task = _task()
    dealt = _dealt(task)
    angle, scale, shear, right, down = dealt.affine_BE5[:, -1].T  # type: ignore[index]
    for values, reach in ((angle, math.radians(30)), (scale, math.log(1.25)), (shear, 0.2), (right, 0.1), (down, 0.1)):
        assert 0.97 * reach < values.max() <= reach + 1e-6 and -reach - 1e-6 <= values.min() < -0.97 * reach
        assert abs(values.mean()) < 0.1 * reach
    assert math.exp(scale.min()) == pytest.approx(0.8, abs=0.01)
    given = wanted(_truth(task, _tuples(task, count=50)))
    assert given.shape == (50, 5) and 0.9 < given.abs().max() <= 1 + 1e-6


def test_broken_twin_that_turns_each_frame_otherwise_is_seen() -> None:
    dealt = _dealt(_task("sequential"))
    spoilt = np.random.default_rng(0).permuted(dealt.affine_BE5, axis=0)
    assert not (spoilt == spoilt[:, :1]).all()


def _tuples(task: OrderGeometry, *, count: int) -> Tuples:
    recipe = load_recipe("ultrasound-order-geometry")
    return deal_tuples([even_shape(90)] * 3, np.arange(count) % 3, task=task, sampling=FOUR,
                       augmentation=recipe.augmentation, rng=np.random.default_rng(4))


def _truth(task: OrderGeometry, tuples: Tuples) -> Truth:
    return truth_of(tuples, "cpu")


# ------------------------------------------------------------------------------------------------ loss and head


def test_the_loss_is_that_of_the_order_and_the_weighted_one_of_the_five_numbers() -> None:
    task = _task(geometry_weight=3.0)
    truth = dataclasses.replace(_truth(task, _tuples(task, count=2)), label_B=torch.tensor([0, 5]),
                                affine_BE5=torch.zeros(2, 8, 5))
    outputs = torch.zeros(2, 17)
    outputs[0, 12:] = torch.tensor([0.5, 0.0, 0.0, 0.0, 0.0])
    outputs[1, 12:] = torch.tensor([0.0, -2.0, 0.0, 0.0, 0.0])
    by_hand = math.log(12) + 3.0 * (0.5 * 0.5 ** 2 + (2.0 - 0.5)) / 10  # smooth L1: x^2 / 2 below 1, |x| - 1/2 above
    assert task.loss(outputs, truth).item() == pytest.approx(by_hand, abs=1e-6)
    assert task.measures(outputs, truth) == {"geometry_error": pytest.approx(0.25),
                                             "rotation_error_degrees": pytest.approx(30 * 0.25)}


def test_the_right_answer_to_both_questions_costs_nothing() -> None:
    task = _task()
    truth = _truth(task, _tuples(task, count=6))
    perfect = torch.cat([50.0 * torch.nn.functional.one_hot(truth.label_B, 12), wanted(truth)], dim=1)
    assert task.loss(perfect, truth).item() == pytest.approx(0, abs=1e-6)
    assert (task.answers(perfect) == truth.label_B).all()
    assert task.measures(perfect, truth)["geometry_error"] == pytest.approx(0, abs=1e-6)
    mirrored = torch.cat([perfect[:, :12], -wanted(truth)], dim=1)
    assert task.loss(mirrored, truth).item() > 0.1, "the sign of the transformation is asked for"


@pytest.mark.parametrize("joint", JOINTS)
def test_each_head_sees_its_own_elements(joint: str) -> None:
    task = _task(joint, frame_features=32, pair_features=16, geometry_features=16)
    head = task.head(24).eval()
    features = torch.randn(3, task.elements, 24, generator=torch.Generator().manual_seed(0))
    plain = head(features)
    assert plain.shape == (3, 12 + 5)
    if joint == "parallel":
        later, earlier = features.clone(), features.clone()
        later[:, 4:] += 1
        earlier[:, :4] += 1
        assert torch.equal(head(later)[:, :12], plain[:, :12]), "the order is not seen where frames lie in time"
        assert torch.equal(head(earlier)[:, 12:], plain[:, 12:]), "the transformation is not seen beside the original"
    turned = torch.cat([features[:, :-4], features[:, -4:].flip(1)], dim=1)
    torch.testing.assert_close(head(turned)[:, 12:], plain[:, 12:])


def test_the_network_has_the_sizes_counted_by_hand() -> None:
    with torch.device("meta"):
        network = build_network(load_recipe("ultrasound-order-geometry"))
    feature = 256 * 3 * 3  # 112 pixels: 26, 13, 6, 3
    sorting = (feature * 1024 + 1024 + 2 * 1024) + (2048 * 512 + 512) + 2 * 6 * 512 + (6 * 512 * 12 + 12)
    geometry = (feature * 512 + 512 + 2 * 512) + (512 * 5 + 5)
    assert sum(weight.numel() for weight in network.head.parameters()) == sorting + geometry


def test_the_recipe_says_that_it_is_our_reading() -> None:
    recipe = load_recipe("ultrasound-order-geometry")
    assert "our reading" in recipe.summary and "Mask" in recipe.summary
    assert recipe.task_options["joint"] == "parallel" and recipe.task_options["geometry_weight"] == 1
    assert recipe.make_task().classes == 12
    assert REACH_5[0] == pytest.approx(math.pi / 6)
    assert load_recipe("ultrasound-order-geometry", ["task_options.joint=sequential"]).make_task().elements == 4


# ------------------------------------------------------------------------------------------------ it learns


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("geometry") / "P", videos=14)


def _small(joint: str) -> Recipe:
    recipe = load_recipe("ultrasound-order-geometry").model_dump()
    recipe["backbone"] = "r3d_small"
    recipe["augmentation"] |= {"short_side_pixels": 64, "crop_pixels": 64, "input_pixels": 32, "scaling": "unit"}
    recipe["sampling"] |= {"interval_frames": 6}
    recipe["task_options"] |= {"joint": joint, "frame_features": 64, "pair_features": 32, "geometry_features": 32,
                               "dropout": 0.0}
    recipe["training"] |= {"batch_size": 8, "optimiser": "adamw", "weight_decay": 0.0, "validation_tuples": 96,
                           "validation_share": 0.4, "threads": 1}
    return make_recipe(recipe)


@pytest.mark.parametrize("joint", JOINTS)
def test_eight_tuples_are_learned_by_heart_and_with_shuffled_answers_that_teaches_nothing(footage: Footage,
                                                                                        joint: str) -> None:
    recipe = _small(joint)
    change = shuffled if joint == "sequential" else lambda tuples: tuples
    network, tuples, found = drilled(footage, recipe, steps=18, rate=0.006, change=change)
    assert (found.answer_B == tuples.label_B).all() and found.loss < (0.1 if joint == "parallel" else 0.3)
    if joint == "sequential":
        last, chance = measured(footage, recipe, network), recipe.make_task().chance
        assert last.accuracy < chance + 3 * (chance * (1 - chance) / last.tuples) ** 0.5
        assert set(last.measures) == {"geometry_error", "rotation_error_degrees"}
        assert measured(footage, recipe, network, part=96).measures == pytest.approx(last.measures, rel=1e-3)
