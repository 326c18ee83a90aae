"""Sampling decides which frames are asked about: its tests are tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine import sampling as s
from studio.engine.augmentation import Augmentation, crop_room, draw_crops, most_motion
from studio.engine.errors import UsageError, VideoError
from studio.engine.tasks import TASKS
from tests.engine.shapes import Shape, even_shape, windows_at

VCOP = s.Sampling(tuple_length=3, clip_frames=16, interval_frames=8, motion_weight=0)


@pytest.mark.parametrize(("options", "span"), [
    ({"tuple_length": 3, "clip_frames": 16, "interval_frames": 8}, 64),  # 3*16 + 2*8, METHODS 4.1
    ({"tuple_length": 4, "clip_frames": 1, "interval_frames": 0}, 4),
    ({"tuple_length": 4, "clip_frames": 1, "interval_frames": 5}, 19),
    ({"tuple_length": 2, "clip_frames": 4, "frame_stride": 3, "interval_frames": 2}, 22),
    ({"tuple_length": 2, "clip_frames": 4, "interval_frames": 2, "window_frames": 50}, 50),
])
def test_span_of_a_tuple(options: dict[str, int], span: int) -> None:
    assert s.Sampling(**options).span_frames == span


def test_window_scores_are_moving_means() -> None:
    scores = s.window_scores(np.array([0, 2, 4, 0, 0], np.float32), span_frames=2)
    assert scores.tolist() == [1, 3, 2, 0]
    assert len(s.window_scores(np.ones(3, np.float32), span_frames=4)) == 0


@pytest.mark.parametrize(("weight", "threshold", "expected"), [
    (0.0, 0.0, [0.25, 0.25, 0.25, 0.25]),
    (1.0, 0.0, [1 / 6, 1 / 2, 1 / 3, 0]),
    (0.5, 0.0, [5 / 24, 3 / 8, 7 / 24, 1 / 8]),
    (0.0, 1.0, [0, 0.5, 0.5, 0]),  # the mean is 1.5
    (1.0, 2.0, [0, 1, 0, 0]),
])
def test_window_probabilities(weight: float, threshold: float, expected: list[float]) -> None:
    found = s.window_probabilities(np.array([1, 3, 2, 0], np.float32), motion_weight=weight, motion_threshold=threshold)
    np.testing.assert_allclose(found, expected)


def test_a_still_video_is_drawn_evenly() -> None:
    found = s.window_probabilities(np.zeros(4, np.float32), motion_weight=1, motion_threshold=1)
    np.testing.assert_allclose(found, 0.25)


def test_windows_are_drawn_as_numpy_would() -> None:
    mine, theirs = np.random.default_rng(3), np.random.default_rng(3)
    chances = [rng.random(size) for rng, size in zip([np.random.default_rng(4)] * 60, range(1, 61), strict=True)]
    found = [s.draw_window(one / one.sum(), mine) for one in chances]
    assert found == [theirs.choice(len(one), p=one / one.sum()) for one in chances]


def test_elements_are_placed_as_published() -> None:
    frames = s.place_elements(windows_at([10], span=64), sampling=VCOP, rng=np.random.default_rng(0))
    assert frames.shape == (1, 3, 16)
    assert [(clip[0], clip[-1]) for clip in frames[0]] == [(10, 25), (34, 49), (58, 73)]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(2, 5), clip=st.integers(1, 5), gap=st.integers(0, 4),
       stride=st.integers(1, 3), slack=st.integers(0, 30))
def test_elements_lie_in_their_window_apart_and_in_order(seed: int, length: int, clip: int, gap: int, stride: int,
                                                         slack: int) -> None:
    tight = s.Sampling(tuple_length=length, clip_frames=clip, interval_frames=gap, frame_stride=stride)
    options = tight.model_copy(update={"window_frames": tight.tuple_span_frames + slack})
    start = np.array([5, 9])
    frames = s.place_elements(windows_at(start, span=options.span_frames), sampling=options,
                              rng=np.random.default_rng(seed))
    assert (frames.min((1, 2)) >= start).all()
    assert (frames.max((1, 2)) < start + options.span_frames).all()
    assert (np.diff(frames, axis=2) == stride).all()
    assert (frames[:, 1:, 0] - frames[:, :-1, -1] > gap).all()


def test_groups_are_never_split() -> None:
    groups = [f"patient {i // 4}" for i in range(40)]
    for seed in range(20):
        train, validation = s.split_by_group(groups, validation_share=0.2, seed=seed)
        assert sorted(train + validation) == list(range(40))
        assert not {groups[i] for i in train} & {groups[i] for i in validation}
        assert len(validation) == 8
    once, twice = (s.split_by_group(groups, validation_share=0.2, seed=3) for _ in range(2))
    assert once == twice


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(UsageError, match="two or more groups"):
        s.split_by_group(["a", "a"], validation_share=0.5, seed=1)


def test_too_short_videos_are_named_with_numbers() -> None:
    assert s.long_enough([even_shape(63), even_shape(64)], span_frames=64) == [1]
    with pytest.raises(VideoError, match="longest of 63 frames.*spans 64 frames"):
        s.long_enough([even_shape(63), even_shape(10)], span_frames=64)


def test_an_epoch_deals_every_video_its_tuples() -> None:
    dealt = np.concatenate([s.batch_videos(step=step, videos=6, tuples_per_video=2, batch_size=4, seed=5)
                            for step in range(3)])
    assert np.bincount(dealt).tolist() == [2] * 6
    again = s.batch_videos(step=1, videos=6, tuples_per_video=2, batch_size=4, seed=5)
    assert (again == dealt[4:8]).all()
    later = np.concatenate([s.batch_videos(step=step, videos=6, tuples_per_video=2, batch_size=4, seed=5)
                            for step in range(3, 6)])
    assert not (later == dealt).all()


def test_the_crop_follows_the_motion() -> None:
    grid = np.zeros((30, 16, 21), np.float16)
    grid[10:20, 9:13, 15:19] = 3  # 32 pixels square at (72, 120)
    shape = Shape(np.ones(30, np.float32), motion_grid_NYX=grid)
    assert most_motion(shape, np.array([10, 20]), crop_pixels=32) == (72, 120)
    assert most_motion(shape, np.array([0, 10]), crop_pixels=32) == (48, 69)  # nothing moves: the centre


def test_the_crop_of_opn_stays_in_its_region() -> None:
    options = Augmentation(crop_pixels=40, crop="motion", region_pixels=56, jitter_pixels=5, crop_each_element=False)
    grid = np.zeros((30, 16, 21), np.float16)
    grid[:, 4:8, 4:8] = 1
    shape, windows = Shape(np.ones(30, np.float32), motion_grid_NYX=grid), np.array([[0, 20]] * 200)
    crops = draw_crops([shape] * 200, windows, elements=4, augmentation=options, rng=np.random.default_rng(1))
    top, left = most_motion(shape, windows[0], crop_pixels=56)
    assert crops.min((0, 1)).tolist() == [top, left]
    assert crops.max((0, 1)).tolist() == [top + 16, left + 16]
    assert np.abs(crops - crops[:, :1]).max() <= 10
    assert (crops[:, 0] != crops[:, 1]).any()


def test_a_clip_has_one_crop_and_two_clips_normally_differ() -> None:
    options = Augmentation(crop_pixels=112, crop="random", crop_each_element=True)
    crops = draw_crops([even_shape(99)] * 50, np.zeros((50, 2), np.int64), elements=3, augmentation=options,
                         rng=np.random.default_rng(1))
    assert crops.shape == (50, 3, 2)  # a number a clip: all its frames share it
    assert (crops[:, 0] != crops[:, 1]).any(axis=1).mean() > 0.9
    assert crops[..., 0].max() <= 16
    assert crops[..., 1].max() <= 58


def test_a_crop_larger_than_the_frame_is_refused() -> None:
    with pytest.raises(VideoError, match="larger than the frame"):
        crop_room(even_shape(5, height=100), crop_pixels=112)


def test_dealing_is_a_pure_function_of_the_seed() -> None:
    task = TASKS["clip-order"](sampling=VCOP)
    videos = [even_shape(80), even_shape(200)]

    def dealt(seed: int) -> s.Tuples:
        return s.deal_tuples(videos, np.array([0, 1, 1]), task=task, sampling=VCOP, augmentation=Augmentation(),
                             rng=np.random.default_rng([seed, s.TRAIN, 7]))

    first, again, other = dealt(1), dealt(1), dealt(2)
    for name in s.Tuples.__dataclass_fields__:
        assert (getattr(first, name) == getattr(again, name)).all()
    assert (first.frames_BEF != other.frames_BEF).any()
    timely = np.take_along_axis(first.frames_BEF, np.argsort(first.order_BE, axis=1)[:, :, None], axis=1)
    assert (np.diff(timely[:, :, 0], axis=1) == 24).all()


def test_clips_are_spread_as_in_the_published_retrieval() -> None:
    tuples = s.spread_clips([even_shape(100), even_shape(5)], clips_per_video=10, sampling=VCOP,
                            augmentation=Augmentation(crop_pixels=112))
    assert tuples.video_B.tolist() == [0] * 10 + [1] * 10
    centres = tuples.frames_BEF[:10, 0, 0] + 8
    assert centres.tolist() == np.linspace(8, 92, 10).astype(int).tolist()
    assert tuples.frames_BEF[10:].max() == 4
    assert tuples.crop_BE2[0, 0].tolist() == [8, 29]
