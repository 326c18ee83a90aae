"""A video at another rate: which real frame is shown at each instant, as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.engine import sampling as s
from studio.engine.augmentation import Augmentation
from studio.engine.errors import VideoError
from studio.engine.resampling import Resampled, at_rate, frames_at_rate, real_frames
from studio.engine.shapes import VideoShape
from studio.engine.tasks import TASKS
from tests.engine.shapes import Shape


@dataclass(frozen=True)
class Timed(Shape):
    """A video whose frames have times of their own."""

    stamps: tuple[float, ...] = ()

    @property
    def times_N(self) -> NDArray[np.float64]:
        return np.array(self.stamps)


def timed(stamps: list[float], motion: list[float] | None = None) -> Timed:
    moved = np.ones(len(stamps)) if motion is None else np.array(motion)
    return Timed(moved.astype(np.float32), stamps=tuple(stamps))


def at(rate: float, *, seconds: float = 1.0, **values: object) -> Timed:
    stamps = tuple((np.arange(round(seconds * rate)) / rate).tolist())
    return Timed(np.full(len(stamps), 60 / rate, np.float32), stamps=stamps, **values)  # the same motion a second


@pytest.mark.parametrize(("shape", "rate", "expected"), [
    (at(24, seconds=0.5), 30, [0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11]),  # 24 -> 30 repeats one in five
    (at(60, seconds=0.5), 15, [0, 4, 8, 12, 16, 20, 24, 28]),
    (at(25, seconds=0.4), 25, list(range(10))),
    (timed([0, 0.1, 0.15, 0.2, 0.5, 0.6]), 10, [0, 1, 3, 3, 3, 4, 5]),  # variable: the frame at or before each instant
    (timed([0, 0.0333, 0.0667, 0.1, 0.1333]), 30, [0, 1, 2, 3, 4]),  # stamps rounded to a ten-thousandth
    (timed([7.0, 7.5, 8.0]), 2, [0, 1, 2]),
    (timed([0.0]), 15, [0]),
])
def test_which_frame_is_shown_at_each_instant(shape: Timed, rate: float, expected: list[int]) -> None:
    view = at_rate(shape, rate)
    assert real_frames(view, np.arange(view.frames)).tolist() == expected
    assert frames_at_rate(shape, rate) == view.frames == len(expected)
    assert len(view.motion_N) == len(expected)
    if shape.frames > 1:
        np.testing.assert_allclose(view.times_N, np.arange(len(expected)) / rate)


def test_no_rate_leaves_the_video_as_it_is() -> None:
    shape = at(25)
    assert at_rate(shape, 0) is shape
    assert frames_at_rate(shape, 0) == 25
    assert real_frames(shape, np.array([3])).tolist() == [3]


def test_the_motion_is_what_moved_since_the_frame_before() -> None:
    view = Resampled(timed([0, 0.1, 0.2, 0.3, 0.4, 0.5], [1, 1, 2, 4, 8, 16]), 5)
    assert view.real_R.tolist() == [0, 2, 4]
    assert view.motion_N.tolist() == [3, 3, 12]
    faster = Resampled(timed([0, 0.1, 0.2], [2, 2, 4]), 20)
    assert faster.real_R.tolist() == [0, 0, 1, 1, 2, 2]
    assert faster.motion_N.tolist() == [0, 0, 2, 0, 4, 0]


def test_glimpses_and_grids_are_those_of_the_real_frames() -> None:
    grid = np.arange(24, dtype=np.float16).reshape(6, 2, 2)
    shape = Timed(np.ones(6, np.float32), motion_grid_NYX=grid, stamps=tuple(np.arange(6) / 10))
    view: VideoShape = Resampled(shape, 5)
    assert (view.motion_grid_NYX == grid[[0, 2, 4]]).all()
    assert view.glimpse(np.array([1, 2]))[:, 0].tolist() == [2, 4]
    assert (view.name, view.height, view.width, view.cell_pixels) == ("video", 128, 170, 8)


def dealt(videos: list[Timed], options: s.Sampling, *, seed: int = 3) -> s.Tuples:
    task = TASKS["clip-order"](sampling=options)
    return s.deal_tuples(videos, np.arange(len(videos)).repeat(20), task=task, sampling=options,
                         augmentation=Augmentation(), rng=np.random.default_rng(seed))


@pytest.mark.parametrize("rate", [5.0, 12.5, 25.0])
def test_copies_of_two_rates_are_asked_about_the_same_times(rate: float) -> None:
    options = s.Sampling(tuple_length=3, clip_frames=4, interval_frames=2, frames_per_second=rate, paces=[1, 2])
    slow, fast = at(25, seconds=12), at(50, seconds=12)
    one, other = dealt([slow], options), dealt([fast], options)
    times = [video.times_N[tuples.frames_BEF] for video, tuples in ((slow, one), (fast, other))]
    np.testing.assert_allclose(times[0], times[1])
    assert (other.frames_BEF == 2 * one.frames_BEF).all()
    np.testing.assert_allclose(one.motion_B, other.motion_B, rtol=1e-4)
    timely = np.sort(times[0], axis=1)
    paces = np.array([1, 2])[one.pace_B]
    np.testing.assert_allclose(np.diff(timely, axis=2), np.broadcast_to(
        (paces / rate)[:, None, None], timely[:, :, 1:].shape), atol=1e-9)
    spread = [s.spread_clips([video], clips_per_video=7, sampling=options, augmentation=Augmentation())
              for video in (slow, fast)]
    np.testing.assert_allclose(slow.times_N[spread[0].frames_BEF], fast.times_N[spread[1].frames_BEF])


def test_without_a_rate_the_copies_are_asked_about_other_times() -> None:
    """The broken twin: frames counted as they come."""
    options = s.Sampling(tuple_length=3, clip_frames=4, interval_frames=2)
    slow, fast = at(25, seconds=12), at(50, seconds=12)
    one, other = dealt([slow], options), dealt([fast], options)
    assert not np.allclose(slow.times_N[one.frames_BEF], fast.times_N[other.frames_BEF])


def test_frames_and_windows_are_real_numbers_inside_the_video() -> None:
    options = s.Sampling(tuple_length=2, clip_frames=4, interval_frames=2, frames_per_second=15)
    grid = np.zeros((300, 16, 21), np.float16)
    grid[:, 12:, 16:] = 2
    video = at(60, seconds=5, motion_grid_NYX=grid)
    tuples = dealt([video], options)
    assert (np.diff(np.sort(tuples.frames_BEF, axis=1), axis=2) == 4).all()
    assert (tuples.window_B2[:, 1] - tuples.window_B2[:, 0] == 4 * (options.span_frames - 1) + 1).all()
    assert (tuples.frames_BEF.max((1, 2)) < tuples.window_B2[:, 1]).all()
    assert tuples.window_B2.max() <= 300
    assert (tuples.frames_BEF.min((1, 2)) >= tuples.window_B2[:, 0]).all()


def test_length_is_judged_at_the_rate() -> None:
    slow, fast = at(25, seconds=2), at(50, seconds=2)
    assert s.long_enough([slow, fast], span_frames=60) == [1]
    assert s.long_enough([slow, fast], span_frames=50, frames_per_second=25) == [0, 1]
    with pytest.raises(VideoError, match="longest of 50 frames at 25 a second"):
        s.long_enough([slow, fast], span_frames=60, frames_per_second=25)


def test_the_clip_spread_at_a_rate_repeats_the_last_frame_of_a_short_video() -> None:
    options = s.Sampling(clip_frames=16, frames_per_second=10)
    spread = s.spread_clips([at(30, seconds=1)], clips_per_video=3, sampling=options, augmentation=Augmentation())
    assert spread.frames_BEF[0, 0].tolist() == [*range(0, 30, 3), *[27] * 6]


@pytest.mark.parametrize(("at_seconds", "first"), [(0.0, 0), (1.0, 12), (1.09, 12), (1.1, 14), (5.0, 42)])
def test_the_clip_at_a_second_is_counted_at_the_rate(at_seconds: float, first: int) -> None:
    """A video of 20 a second at 10: a clip of 8 spans 16 of its frames."""
    from types import SimpleNamespace

    from studio.engine.inspection.embedding import Embedder

    options = s.Sampling(clip_frames=8, frames_per_second=10)
    footage = SimpleNamespace(cached=[at(20, seconds=2.9)])
    recipe = SimpleNamespace(sampling=options, augmentation=Augmentation())
    embedder = Embedder(footage, recipe, None, None)  # type: ignore[arg-type]
    found = embedder.clip_at(0, at_seconds=at_seconds).frames_BEF[0, 0].tolist()
    assert found == list(range(first, first + 16, 2))
