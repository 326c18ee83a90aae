"""Odd one out against the paper's task as METHODS 3 has it: samplers by tables and properties, fusion by arithmetic."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.augmentation import Augmentation
from studio.engine.errors import RecipeError
from studio.engine.recipe import Recipe, load_recipe, make_recipe
from studio.engine.resampling import Resampled
from studio.engine.sampling import Arrangement, Sampling, Tuples, Windows, deal_tuples, long_enough
from studio.engine.shapes import Ints, VideoShape
from studio.engine.tasks.odd_one_out import OddOneOut, OddOneOutOptions, sum_of_differences
from studio.engine.training.network import build_network
from studio.engine.video.footage import Footage
from tests.engine.shapes import Shape, even_shape, windows_at
from tests.engine.tasks.drill import drilled, measured, shuffled
from tests.engine.training.footage import footage_of

SIX = Sampling(tuple_length=6, clip_frames=6, motion_weight=0)
SAMPLERS = ("consecutive", "random", "constrained-consecutive")


def _task(sampler: str = "consecutive", *, sampling: Sampling = SIX, **options: object) -> OddOneOut:
    return OddOneOut(sampling=sampling, options=OddOneOutOptions.model_validate({"sampler": sampler, **options}))


def _dealt(task: OddOneOut, *, frames: int, count: int = 400, seed: int = 1) -> Arrangement:
    """Questions about videos of so many frames."""
    return task.deal(windows_at([0] * count, span=frames), np.random.default_rng(seed))


def _odd(dealt: Arrangement) -> Ints:
    """The frames of the odd element of each tuple, odd_BF."""
    return dealt.frames_BEF[np.arange(len(dealt.label_B)), dealt.label_B]


def _sorted_elements(dealt: Arrangement) -> list[tuple[int, ...]]:
    """The frames of all elements but the odd ones."""
    return [tuple(int(frame) for frame in element) for elements, label in
            zip(dealt.frames_BEF, dealt.label_B, strict=True) for element in np.delete(elements, label, axis=0)]


# ------------------------------------------------------------------------------------------------ the samplers


@pytest.mark.parametrize(("sampler", "changed", "span"), [
    ("consecutive", {}, 6), ("random", {}, 6), ("constrained-consecutive", {}, 9),  # 1.5 x 6 = 9
    ("constrained-consecutive", {"clip_frames": 5}, 8),  # 1.5 x 5 = 7.5
    ("consecutive", {"frame_stride": 3}, 16), ("constrained-consecutive", {"frame_stride": 3}, 25),
    ("consecutive", {"paces": [1, 4]}, 21), ("random", {"frame_stride": 3}, 6),
    ("consecutive", {"window_frames": 50}, 50), ("random", {"window_frames": 50}, 6)])
def test_frames_that_a_video_needs(sampler: str, changed: dict[str, object], span: int) -> None:
    task = _task(sampler, sampling=Sampling.model_validate({**SIX.model_dump(), **changed}))
    assert task.span_frames == span
    assert long_enough([even_shape(span - 1), even_shape(span)], span_frames=task.span_frames) == [1]


def test_consecutive_frames_start_anywhere() -> None:
    assert set(_sorted_elements(_dealt(_task(), frames=6))) == {(0, 1, 2, 3, 4, 5)}
    starts = Counter(element[0] for element in _sorted_elements(_dealt(_task(), frames=10)))
    assert set(starts) == {0, 1, 2, 3, 4}
    assert all(abs(count - 400) < 80 for count in starts.values())  # 2000 elements, 5 starts
    stepped = _task(sampling=SIX.model_copy(update={"frame_stride": 2}))
    assert set(_sorted_elements(_dealt(stepped, frames=12))) == {(0, 2, 4, 6, 8, 10), (1, 3, 5, 7, 9, 11)}


@pytest.mark.parametrize(("sampler", "frames", "among"), [("random", 7, 7), ("constrained-consecutive", 9, 9)])
def test_every_choice_of_frames_is_as_likely(sampler: str, frames: int, among: int) -> None:
    chosen = Counter(_sorted_elements(_dealt(_task(sampler), frames=frames, count=1680)))
    expected = list(itertools.combinations(range(among), 6))
    assert sorted(chosen) == expected
    mean = 5 * 1680 / len(expected)
    assert all(abs(count - mean) < 5 * mean ** 0.5 for count in chosen.values())


@settings(max_examples=60, deadline=None)
@given(sampler=st.sampled_from(SAMPLERS), seed=st.integers(0, 10_000), frames=st.integers(9, 60),
       refuse=st.booleans(), elements=st.integers(3, 8))
def test_one_element_is_out_of_order_and_the_others_are_not(sampler: str, seed: int, frames: int, refuse: bool,
                                                           elements: int) -> None:
    task = _task(sampler, sampling=SIX.model_copy(update={"tuple_length": elements}), refuse_reverse=refuse)
    dealt = _dealt(task, frames=frames, count=12, seed=seed)
    assert dealt.frames_BEF.shape == (12, elements, 6)
    assert dealt.frames_BEF.min() >= 0 and dealt.frames_BEF.max() < frames
    assert not _mistakes(dealt, refuse=refuse)
    reach = dealt.frames_BEF.max(axis=2) - dealt.frames_BEF.min(axis=2)
    assert (reach <= {"consecutive": 5, "constrained-consecutive": 8, "random": frames - 1}[sampler]).all()
    assert (np.sort(dealt.order_BE, axis=1) == np.arange(elements)).all()
    assert (dealt.window_B2 == (0, frames)).all()


def _mistakes(dealt: Arrangement, *, refuse: bool) -> int:
    """How many tuples do not hold one odd element, where the label says."""
    wrong = 0
    for elements, label in zip(dealt.frames_BEF, dealt.label_B, strict=True):
        step = np.diff(elements, axis=1)
        backwards = refuse and (step[label] < 0).all()
        forwards = [bool((one > 0).all()) for one in step]
        repeated = len(set(elements[label])) < elements.shape[1]
        wrong += forwards != [place != label for place in range(len(elements))] or backwards or repeated
    return wrong


@pytest.mark.parametrize("twin", [lambda frames: frames, lambda frames: frames[::-1]])
def test_broken_twins_that_do_not_shuffle_are_seen(twin: Callable[[Ints], Ints],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OddOneOut, "_out_of_order", lambda self, frames, shape, rng: twin(frames))
    assert _mistakes(_dealt(_task(), frames=30), refuse=True) == 400


@pytest.mark.parametrize("refuse", [True, False])
def test_every_order_that_is_left_is_as_likely(refuse: bool) -> None:
    """Of 6 orders of three frames, 4 run neither way and 5 not forwards."""
    task = _task(sampling=Sampling(tuple_length=3, clip_frames=3), refuse_reverse=refuse)
    found = Counter(tuple(int(place) for place in frames) for frames in _odd(_dealt(task, frames=3, count=2000)))
    left = {(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)} | (set() if refuse else {(2, 1, 0)})
    assert set(found) == left
    assert all(abs(count - 2000 / len(left)) < 100 for count in found.values())


def test_the_odd_one_stands_anywhere() -> None:
    counts = np.bincount(_dealt(_task(), frames=30, count=6000).label_B, minlength=6)
    assert (np.abs(counts - 1000) < 150).all()


def test_a_window_keeps_the_elements_together_but_not_random_frames() -> None:
    narrow = SIX.model_copy(update={"window_frames": 20})
    windows = windows_at([30, 80] * 50, span=20)
    dealt = _task("constrained-consecutive", sampling=narrow).deal(windows, np.random.default_rng(3))
    first = dealt.frames_BEF - windows.start_B[:, None, None]
    assert first.min() == 0 and first.max() == 19
    assert dealt.window_B2 is not None and (dealt.window_B2[:2] == [[30, 50], [80, 100]]).all()
    random = _task("random", sampling=narrow).deal(windows, np.random.default_rng(3))
    assert random.frames_BEF[::2].min() < 5 and random.frames_BEF[::2].max() > 95
    assert (random.window_B2 == (0, 100)).all()


def test_elements_of_one_tuple_are_drawn_without_looking_at_each_other() -> None:
    starts = _dealt(_task(), frames=200, count=2000).frames_BEF.min(axis=2)
    together = np.corrcoef(starts.T) - np.eye(6)
    assert np.abs(together).max() < 0.1


def test_paces_stretch_the_elements() -> None:
    task = _task(sampling=SIX.model_copy(update={"paces": [1, 2]}))
    windows = Windows(np.zeros(8, np.int64), np.full(8, 11), np.array([1, 2] * 4), [even_shape(40)] * 8)
    dealt = task.deal(windows, np.random.default_rng(0))
    assert ((dealt.frames_BEF.max(axis=2) - dealt.frames_BEF.min(axis=2)) == np.array([[5], [10]] * 4)).all()


def test_a_video_brought_to_a_faster_rate_shows_another_order_all_the_same() -> None:
    """Frames repeat there, and changing places with its double changes nothing that can be seen."""
    repeated = Resampled(even_shape(30), 120.0)  # each frame four times
    shown = _shown_odd(repeated, repeated)
    backwards = shown[:, ::-1]
    assert not ((np.diff(shown, axis=1) >= 0).all(axis=1) | (np.diff(backwards, axis=1) >= 0).all(axis=1)).any()


def test_broken_twin_that_looks_at_the_numbers_instead_of_the_frames_is_seen() -> None:
    numbers = even_shape(120)
    shown = _shown_odd(Resampled(even_shape(30), 120.0), numbers)
    assert (np.diff(shown, axis=1) >= 0).all(axis=1).any()


def _shown_odd(shape: Resampled, looked_at: VideoShape) -> Ints:
    """The real frames of the odd elements where the task looks at that shape: six in a row, two or three different."""
    windows = Windows(np.zeros(300, np.int64), np.full(300, 6), np.ones(300, np.int64), [looked_at] * 300)
    odd_BF = _odd(_task().deal(windows, np.random.default_rng(5)))
    several = shape.real_R[odd_BF]
    return several[several.min(axis=1) < several.max(axis=1)]


def test_a_still_picture_is_dealt_nevertheless() -> None:
    alone = Resampled(even_shape(2), 240.0)
    windows = Windows(np.zeros(4, np.int64), np.full(4, 6), np.ones(4, np.int64), [alone] * 4)
    assert _task().deal(windows, np.random.default_rng(0)).frames_BEF.shape == (4, 6, 6)


def test_tuples_tell_the_stretch_that_elements_come_from_and_its_motion() -> None:
    moving = Shape(np.arange(40, dtype=np.float32))
    tuples = deal_tuples([moving], np.zeros(5, np.int64), task=_task(), sampling=SIX, augmentation=Augmentation(),
                         rng=np.random.default_rng(0))
    assert (tuples.window_B2 == (0, 40)).all() and tuples.motion_B.tolist() == [19.5] * 5


def test_answers_in_words() -> None:
    eight = _task(sampling=SIX.model_copy(update={"tuple_length": 8}))
    assert [eight.label_text(label) for label in (0, 1, 2, 3, 7)] == [
        "odd one: 1st", "odd one: 2nd", "odd one: 3rd", "odd one: 4th", "odd one: 8th"]
    assert (_task().classes, _task().chance) == (6, pytest.approx(1 / 6)) and _task().picks_element


# ------------------------------------------------------------------------------------------------ fusion


def test_the_sum_of_differences_by_hand() -> None:
    values = torch.tensor([[[1.0], [10.0], [100.0]]])  # (1 - 10) + (1 - 100) + (10 - 100)
    assert sum_of_differences(values).tolist() == [[-198.0]]
    many = torch.randn((2, 6, 5), generator=torch.Generator().manual_seed(1))
    by_hand = sum(many[:, i] - many[:, j] for i, j in itertools.combinations(range(6), 2))
    torch.testing.assert_close(sum_of_differences(many), by_hand)


def _found(fused: Callable[[torch.Tensor], torch.Tensor]) -> list[int]:
    """Which element one linear layer names, where the odd one has 1 and the others 0: the nearest weight."""
    weight_E = torch.tensor([5.0, 3.0, 1.0, -1.0, -3.0, -5.0])
    logits = fused(torch.eye(6)[:, :, None]) @ weight_E[None] - weight_E.square() / 2
    return logits.argmax(dim=1).tolist()


def test_the_sum_of_differences_tells_which_element_is_odd_and_a_plain_sum_does_not() -> None:
    assert _found(sum_of_differences) == [0, 1, 2, 3, 4, 5]
    assert len(set(_found(lambda features: features.sum(dim=1)))) == 1


@pytest.mark.parametrize(("fusion", "between", "parameters"), [
    # a branch of 1024 x 128 + 128, then 128 (or 6 x 128) to 6
    ("sum-of-differences", 0, 131_200 + 128 * 6 + 6), ("concatenation", 0, 131_200 + 768 * 6 + 6),
    ("sum-of-differences", 128, 131_200 + 128 * 128 + 128 + 128 * 6 + 6),
    ("concatenation", 64, 131_200 + 768 * 64 + 64 + 64 * 6 + 6)])
def test_heads(fusion: str, between: int, parameters: int) -> None:
    head = _task(fusion=fusion, fused_features=between).head(1024).eval()
    assert sum(parameter.numel() for parameter in head.parameters()) == parameters
    features = torch.randn((3, 6, 1024), generator=torch.Generator().manual_seed(0))
    logits = head(features)
    assert logits.shape == (3, 6) and logits.min() < 0, "the softmax is the loss's"
    assert not torch.allclose(logits, head(features.flip(1)))


def test_the_loss_takes_logits() -> None:
    task, label_B = _task(), torch.tensor([2, 0])
    sure = 20 * torch.nn.functional.one_hot(label_B, 6).float()

    class _Label:
        """All that the loss asks of the truth."""

    truth = _Label()
    truth.label_B = label_B  # type: ignore[attr-defined]
    assert task.loss(sure, truth) < 1e-6  # type: ignore[arg-type]  # with a softmax before it would stay at 1.04
    assert task.loss(sure.softmax(1), truth) > 1.0  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ the recipe


@pytest.mark.parametrize(("changed", "said"), [
    (["sampling.tuple_length=2"], "Elements in a tuple: it must be 3 or more for this task, because "),
    (["sampling.clip_frames=2"], "forwards and backwards (it is 2). Choose 3 or more (sampling.clip_frames=3)"),
    (["task_options.sampler=random", "sampling.paces=[1, 2]"], "(they are 1, 2). Choose one (sampling.paces=[1])"),
    (["task_options.sampler=anything"], "task_options.sampler = 'anything'")])
def test_what_does_not_fit_is_said_in_a_sentence(changed: Sequence[str], said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe("odd-one-out", changed)
    assert said in str(refused.value) and refused.value.remedy


def test_the_recipe_is_the_papers_where_that_is_known() -> None:
    """METHODS 3.1 and 3.3: six elements of six frames, five differences of three colours."""
    recipe = load_recipe("odd-one-out")
    task = recipe.make_task()
    assert (task.classes, recipe.sampling.tuple_length, recipe.sampling.clip_frames) == (6, 6, 6)
    with torch.device("meta"):
        network = build_network(recipe)
    assert (network.backbone.channels, network.backbone.clip_frames) == (15, 1)
    count = {name: sum(weight.numel() for weight in part.parameters())
             for name, part in (("conv", network.backbone), ("head", network.head))}
    # CaffeNet's 2,336,128 and twelve more channels of 96 filters of 11 x 11; pool5 of 9216 at 227 pixels
    assert count == {"conv": 2_336_128 + 12 * 96 * 121, "head": 9216 * 128 + 128 + 128 * 6 + 6}


# ------------------------------------------------------------------------------------------------ it learns


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("odd") / "P", videos=14)


def _small(**augmentation: object) -> Recipe:
    recipe = load_recipe("odd-one-out").model_dump()
    recipe["sampling"] |= {"frame_stride": 3}
    recipe["augmentation"] |= {"short_side_pixels": 64, "crop_pixels": 64, "input_pixels": 63, **augmentation}
    recipe["task_options"] |= {"dropout": 0.0}
    recipe["training"] |= {"batch_size": 8, "optimiser": "adamw", "weight_decay": 0.0, "validation_tuples": 48,
                           "validation_share": 0.4, "threads": 1}
    return make_recipe(recipe)


@pytest.mark.parametrize("change", [lambda tuples: tuples, shuffled])
def test_eight_tuples_are_learned_by_heart_and_with_shuffled_answers_that_teaches_nothing(
        footage: Footage, change: Callable[[Tuples], Tuples]) -> None:
    recipe = _small()
    network, tuples, found = drilled(footage, recipe, steps=13, rate=0.002, change=change)
    assert found.loss < 0.3 and (found.answer_B == tuples.label_B).all()
    if change is shuffled:
        last, chance = measured(footage, recipe, network), 1 / 6
        assert last.accuracy < chance + 3 * (chance * (1 - chance) / last.tuples) ** 0.5
