"""Shuffle and Learn against the published tuples, network and solver (METHODS 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from studio.engine.errors import RecipeError, VideoError
from studio.engine.recipe import Recipe, load_recipe, make_recipe
from studio.engine.sampling import Arrangement, Sampling, Windows, long_enough
from studio.engine.shapes import Floats, Ints
from studio.engine.tasks.shuffle_and_learn import (
    IN_ORDER,
    OUT_OF_ORDER,
    ShuffleAndLearn,
    ShuffleAndLearnOptions,
    likeness,
)
from studio.engine.training.network import build_network
from studio.engine.training.validation import balanced_accuracy
from studio.engine.video.footage import Footage
from tests.engine.shapes import Shape, even_shape, windows_at
from tests.engine.tasks.drill import drilled, measured, shuffled
from tests.engine.training.footage import footage_of

STILLS = Sampling(tuple_length=3, clip_frames=1)


def _task(*, sampling: Sampling = STILLS, **options: float) -> ShuffleAndLearn:
    return ShuffleAndLearn(sampling=sampling, options=ShuffleAndLearnOptions(**{"similarity_threshold": 0, **options}))


def _dealt(task: ShuffleAndLearn, *, count: int = 2000, seed: int = 1) -> Arrangement:
    starts = np.arange(count) % 50
    return task.deal(windows_at(starts, span=task.span_frames), np.random.default_rng(seed))


# ------------------------------------------------------------------------------------------------ the tuples


def test_the_window_holds_all_five_frames() -> None:
    assert _task().span_frames == 91  # a, 15 to b, 60 to d, 15 to e: 90 steps
    assert _task(tau_max_frames=24, tau_min_frames=8).span_frames == 41
    assert _task(sampling=STILLS.model_copy(update={"window_frames": 200})).span_frames == 200
    assert long_enough([even_shape(90), even_shape(91)], span_frames=_task().span_frames) == [1]
    with pytest.raises(VideoError, match="spans 91 frames"):
        long_enough([even_shape(90)], span_frames=_task().span_frames)


@pytest.mark.parametrize("window_frames", [0, 300])
def test_five_frames_keep_the_published_distances(window_frames: int) -> None:
    task = _task(sampling=STILLS.model_copy(update={"window_frames": window_frames}))
    windows = windows_at(np.arange(3000) % 7, span=task.span_frames)
    a, b, c, d, e = task._five(windows, np.random.default_rng(0)).T
    assert (windows.start_B <= a).all() and (e < windows.stop_B).all()
    assert (b < c).all() and (c < d).all()
    assert (d - b).max() == 60 and (d - b).min() == 15
    assert np.minimum(b - a, e - d).min() == 15
    assert a.min() == 0 and (e == windows.stop_B - 1).any(), "the whole window is used"


@pytest.mark.parametrize(("longest", "apart"), [(2, 1), (4, 9), (60, 1)])
def test_unusual_distances_still_make_five_different_frames(longest: int, apart: int) -> None:
    task = _task(tau_max_frames=longest, tau_min_frames=apart)
    five = task._five(windows_at([0] * 200, span=task.span_frames), np.random.default_rng(0))
    assert (np.diff(five, axis=1) > 0).all() and (five[:, 3] - five[:, 1]).max() <= longest


def test_in_order_means_forwards_or_backwards_and_out_of_order_has_its_middle_outside() -> None:
    dealt = _dealt(_task())
    kinds = set()
    for frames, order, label in zip(dealt.frames_BEF[:, :, 0], dealt.order_BE, dealt.label_B, strict=True):
        assert tuple(order) == tuple(np.argsort(np.argsort(frames)))
        first, last = sorted((frames[0], frames[2]))
        outside = first - frames[1] if frames[1] < first else frames[1] - last
        assert label == (IN_ORDER if first < frames[1] < last else OUT_OF_ORDER)
        assert last - first <= 60 and (label == IN_ORDER or outside >= 15)
        kinds.add((int(label), tuple(order)))
    assert kinds == {(IN_ORDER, (0, 1, 2)), (IN_ORDER, (2, 1, 0)),  # b c d, d c b
                     (OUT_OF_ORDER, (1, 0, 2)), (OUT_OF_ORDER, (2, 0, 1)),  # b a d, d a b
                     (OUT_OF_ORDER, (0, 2, 1)), (OUT_OF_ORDER, (1, 2, 0))}  # b e d, d e b


def test_the_first_and_the_last_frame_do_not_tell_the_answer() -> None:
    """Their distance has one spread in both answers: only the middle frame decides."""
    dealt = _dealt(_task(), count=8000)
    apart = np.abs(dealt.frames_BEF[:, 0, 0] - dealt.frames_BEF[:, 2, 0])
    wrong = dealt.label_B == OUT_OF_ORDER
    assert np.abs(np.quantile(apart[wrong], [0.1, 0.5, 0.9]) - np.quantile(apart[~wrong], [0.1, 0.5, 0.9])).max() <= 2
    backwards = dealt.frames_BEF[:, 0, 0] > dealt.frames_BEF[:, 2, 0]
    assert abs(backwards[wrong].mean() - backwards[~wrong].mean()) < 0.04


@pytest.mark.parametrize(("share", "count", "expected"), [(0.75, 128, {96}), (0.75, 8, {6}), (0.5, 10, {5}),
                                                         (0.75, 6, {4, 5})])
def test_every_batch_holds_the_share_out_of_order(share: float, count: int, expected: set[int]) -> None:
    task = _task(negative_share=share)
    found = {int(_dealt(task, count=count, seed=seed).label_B.sum()) for seed in range(20)}
    assert found == expected
    assert (task.chance, task.balanced_chance, task.classes) == (max(share, 1 - share), 0.5, 2)


# ------------------------------------------------------------------------------------------------ too alike


class _Still(Shape):
    """A video that stands still in its first half: there, every frame looks like every other."""

    def glimpse(self, frames_S: Ints) -> Floats:
        moving = np.maximum(0, frames_S - self.frames // 2)
        return np.repeat(moving[:, None] % 256, 6, axis=1).astype(np.float32)


def _windows_of_a_half_still_video(task: ShuffleAndLearn, count: int = 200) -> Windows:
    shapes = [_Still(np.ones(400, np.float32))] * count
    start = np.full(count, 100)
    return Windows(start, start + task.span_frames, np.ones(count, np.int64), shapes)


def _too_alike(task: ShuffleAndLearn) -> int:
    windows = _windows_of_a_half_still_video(task)
    five = task._dissimilar(windows, np.random.default_rng(2))
    return sum(likeness(shape, frames) < 4.0 for shape, frames in zip(windows.shapes, five, strict=True))


def test_five_frames_that_look_alike_are_drawn_anew() -> None:
    wide = STILLS.model_copy(update={"window_frames": 250})
    assert _too_alike(_task(sampling=wide, similarity_threshold=4.0)) <= 2
    assert _too_alike(_task(sampling=wide, similarity_threshold=0)) > 50, "without the rule they would be shown"


def test_broken_twin_that_compares_the_wrong_frames_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = STILLS.model_copy(update={"window_frames": 250})
    monkeypatch.setattr("studio.engine.tasks.shuffle_and_learn.likeness",
                        lambda shape, five: likeness(shape, five[[4, 1, 0, 3, 4]]))
    assert _too_alike(_task(sampling=wide, similarity_threshold=4.0)) > 2


def test_likeness_is_the_mean_squared_difference_of_the_nearer_wrong_frame() -> None:
    shape = even_shape(99)  # each frame a shade of its own: frame 7 is 7 everywhere
    assert likeness(shape, np.array([10, 20, 26, 30, 40])) == pytest.approx(14.0 ** 2)
    assert likeness(shape, np.array([10, 20, 22, 30, 40])) == pytest.approx(12.0 ** 2)


def test_a_video_in_which_nothing_differs_is_dealt_nevertheless() -> None:
    task = _task(similarity_threshold=1000)
    windows = Windows(np.zeros(4, np.int64), np.full(4, 91), np.ones(4, np.int64),
                      [_Still(np.ones(400, np.float32))] * 4)
    assert len(task.deal(windows, np.random.default_rng(0)).label_B) == 4


# ------------------------------------------------------------------------------------------------ words, network


@pytest.mark.parametrize(("settings", "said"), [
    (["sampling.tuple_length=4"], "Elements in a tuple: it must be 3 for this task, "),
    (["sampling.tuple_length=4"], "(it is 4). Choose 3 (sampling.tuple_length=3)"),
    (["sampling.clip_frames=16"], "Frames in a clip: it must be 1 for this task, "),
    (["sampling.clip_frames=16"], "(it is 16). Choose 1 (sampling.clip_frames=1)"),
    (["task_options.tau_min_frames=0"], "task_options.tau_min_frames = 0"),
    (["task_options.negative_share=1.0"], "task_options.negative_share = 1.0")])
def test_what_does_not_fit_is_said_in_a_sentence(settings: Sequence[str], said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe("shuffle-and-learn", settings)
    assert said in str(refused.value) and refused.value.remedy


def test_answers_in_words() -> None:
    assert [_task().label_text(label) for label in range(2)] == [
        "in order", "out of order: the middle frame comes from before or after"]


def test_the_network_has_the_published_sizes() -> None:
    with torch.device("meta"):
        network = build_network(load_recipe("shuffle-and-learn"))
    count = {name: sum(weight.numel() for weight in module.parameters())
             for name, module in (("conv", network.backbone), ("fc6", network.head.fc6), ("fc7", network.head.fc7),
                                  ("fc8", network.head.fc8))}
    assert count == {"conv": 34_944 + 307_456 + 885_120 + 663_936 + 442_624, "fc6": 9216 * 4096 + 4096,
                     "fc7": 4096 * 4096 + 4096, "fc8": 12288 * 2 + 2}
    assert sum(count.values()) == 56_892_802
    norms = [layer for layer in network.modules() if isinstance(layer, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d))]
    assert len(norms) == 5 and not any(layer.affine for layer in norms)


def test_the_head_sees_each_frame_alike_and_their_order() -> None:
    head = _task(fc6_features=32, fc7_features=16).head(24).eval()
    one, other = torch.randn(2, 3, 24, generator=torch.Generator().manual_seed(0))[:, None].expand(-1, 2, -1, -1)
    assert head(one).shape == (2, 2)
    assert not torch.allclose(head(one), head(one.flip(1))) and not torch.allclose(head(one), head(other))
    assert head.fc8.bias.eq(0).all()
    assert head.fc8.weight.std().item() == pytest.approx((2 / (48 + 2)) ** 0.5, rel=0.25)


def test_the_recipe_is_as_published() -> None:
    """METHODS 1.2: 227 pixels, 128 tuples, 100k steps of SGD at 1e-3, a tenth from 80k on, seed 2."""
    recipe = load_recipe("shuffle-and-learn")
    view, training, task = recipe.augmentation, recipe.training, recipe.make_task()
    assert (recipe.backbone, view.network_pixels, view.crop, view.scaling) == ("caffenet_plain", 227, "whole", "caffe")
    assert (view.short_side_pixels, view.flip_probability, recipe.sampling.motion_weight) == (256, 0, 1)
    assert (training.learning_rate, training.momentum, training.weight_decay) == (1e-3, 0.9, 5e-4)
    assert (training.max_steps, training.batch_size, training.drop_at_steps, training.seed) == (
        100_000, 128, [80_000], 2)
    assert (task.span_frames, task.chance, task.guessing.figure) == (91, 0.75, "balanced_accuracy")


# ------------------------------------------------------------------------------------------------ it learns


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("shuffle") / "P", videos=14)


def _small(**task_options: object) -> Recipe:
    recipe = load_recipe("shuffle-and-learn").model_dump()
    recipe["augmentation"] |= {"short_side_pixels": 64, "crop_pixels": 64, "input_pixels": 63}
    recipe["task_options"] |= {"tau_max_frames": 14, "tau_min_frames": 5, "fc6_features": 64, "fc7_features": 32,
                               "dropout": 0.0, **task_options}
    recipe["training"] |= {"batch_size": 8, "optimiser": "adamw", "weight_decay": 0.0, "validation_tuples": 96,
                           "validation_share": 0.4, "threads": 1}
    return make_recipe(recipe)


def test_eight_tuples_are_learned_by_heart(footage: Footage) -> None:
    _, tuples, found = drilled(footage, _small(), steps=12, rate=0.002)
    assert found.loss < 0.1 and (found.answer_B == tuples.label_B).all()
    assert tuples.label_B.sum() == 6


def test_with_shuffled_answers_that_teaches_nothing(footage: Footage) -> None:
    recipe = _small()
    network, tuples, found = drilled(footage, recipe, steps=12, rate=0.002, change=shuffled)
    assert found.loss < 0.1 and (found.answer_B == tuples.label_B).all()
    last, guessing = measured(footage, recipe, network), recipe.make_task().guessing
    assert last.balanced_accuracy < 0.5 + 3 * (0.25 / guessing.telling(last.tuples)) ** 0.5


def test_always_saying_out_of_order_is_no_success(footage: Footage) -> None:
    label_B = _dealt(_task(), count=400).label_B
    always = np.full(400, OUT_OF_ORDER)
    assert (always == label_B).mean() == 0.75 and balanced_accuracy(always, label_B) == 0.5
