"""Motion curve -> windows -> tuples. Pure functions of arrays and a seed: no file is read, no tensor made here.

Legend of axes: N frames of a video, B tuples of a batch, E elements (clips or frames) of a tuple, F frames of an
element. A frame number counts the cached frames of its video from 0. A crop is a pair (top, left) in cached pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from studio.engine.augmentation import Augmentation, crop_room, draw_blurs, draw_colours, draw_crops
from studio.engine.errors import UsageError, VideoError
from studio.engine.resampling import at_rate, frames_at_rate, real_frames
from studio.engine.shapes import Floats, Ints, VideoShape

TRAIN, VALIDATION, PREVIEW, PROBE = 0, 1, 2, 3
"""Streams of random numbers: a seed gives each its own."""


class Sampling(BaseModel):
    """Where the elements of a tuple are taken from."""

    model_config = ConfigDict(extra="forbid")
    tuple_length: int = Field(
        3, ge=2, le=8, title="Elements in a tuple",
        description="How many clips or frames one question shows. More are harder and cost more memory. The order of "
                    "more than 5 clips is answered by ranking.")
    clip_frames: int = Field(
        16, ge=1, le=64, title="Frames in a clip", json_schema_extra={"unit": "frames"},
        description="How many frames the network sees at once. More show more of a motion and cost time and memory. "
                    "1 makes the elements still frames; 3D networks expect 8 or 16.")
    frame_stride: int = Field(
        1, ge=1, le=16, title="Frame step", json_schema_extra={"unit": "frames"},
        description="2 takes every second frame of a clip: twice the time span at the same cost. Raise it where "
                    "little changes from frame to frame.")
    interval_frames: int = Field(
        8, ge=0, le=240, title="Gap between elements", json_schema_extra={"unit": "frames"},
        description="Frames left out between two elements. Too small and the answer shows in the joint; too large and "
                    "short videos drop out.")
    window_frames: int = Field(
        0, ge=0, le=2000, title="Window length", json_schema_extra={"unit": "frames"},
        description="Elements are placed at random inside a window this long. 0: no longer than the elements need, and "
                    "all of the video where the odd one is asked for.")
    motion_weight: float = Field(
        1.0, ge=0, le=1, title="Preference for motion",
        description="0 draws windows anywhere alike, 1 in proportion to their motion. Lower it where what matters "
                    "moves little.")
    motion_threshold: float = Field(
        0.0, ge=0, le=2, title="Motion threshold", json_schema_extra={"unit": "of the video's mean"},
        description="Windows with less motion than this share of the video's mean are never drawn. Raise it for "
                    "recordings that stand still for long; 0 draws all.")
    paces: list[int] = Field(
        [1], min_length=1, max_length=8, title="Paces",
        description="Each tuple is shown at one of these paces: 2 takes every second frame of what the frame step "
                    "takes. With more than one, a network can be asked for the pace besides (terms.pace).")
    frames_per_second: float = Field(
        0.0, ge=0, le=240, title="Frame rate", json_schema_extra={"unit": "frames a second"},
        description="Takes every video as if it had this many frames a second, by its time stamps, so that recordings "
                    "of different rates are asked about the same spans of time. 0: each at its own rate. More than a "
                    "video has repeats its frames.")
    tuples_per_video: int = Field(
        1, ge=1, le=1000, title="Tuples of a video in an epoch",
        description="How many questions about a video an epoch (one round of all videos) asks. More for long "
                    "recordings; the epoch takes longer.")

    @field_validator("paces")
    @classmethod
    def _paces_fit(cls, paces: list[int]) -> list[int]:
        if sorted(set(paces)) != paces or paces[0] < 1 or paces[-1] > 16:
            raise ValueError("paces are different whole numbers from 1 to 16, the slowest first")
        return paces

    @property
    def element_span_frames(self) -> int:
        """Frames from the first to the last of one element, at the fastest pace."""
        return (self.clip_frames - 1) * self.frame_stride * self.paces[-1] + 1

    @property
    def clip_span_frames(self) -> int:
        """Frames from the first to the last of a clip that is not asked about, at the slowest pace."""
        return (self.clip_frames - 1) * self.frame_stride + 1

    @property
    def tuple_span_frames(self) -> int:
        """Frames from the first to the last of the tightest tuple (VCOP's 3 x 16 + 2 x 8 = 64)."""
        return self.tuple_length * self.element_span_frames + (self.tuple_length - 1) * self.interval_frames

    @property
    def span_frames(self) -> int:
        """Frames that a window needs."""
        return max(self.window_frames, self.tuple_span_frames)


@dataclass(frozen=True)
class Windows:
    """B windows [start, stop) in frames that a task makes questions of, the pace of each, and their videos."""

    start_B: Ints
    stop_B: Ints
    pace_B: Ints
    """Every how manieth frame of what the frame step takes: 1 is the video's own pace."""
    shapes: Sequence[VideoShape]

    def __len__(self) -> int:
        return len(self.start_B)


@dataclass(frozen=True)
class Arrangement:
    """What a task makes of B windows: frame numbers as shown, the answer, and each shown element's place in time.

    `affine_BE5` turns elements: angle in radians, logarithm of the scale, shear, and shift right and down as shares of
    the side; None leaves all as they are.
    """

    frames_BEF: Ints
    label_B: Ints
    order_BE: Ints
    affine_BE5: Floats | None = None
    window_B2: Ints | None = None
    """Where the elements were taken from, where that is not the window that was given."""


class Dealer(Protocol):
    """What sampling needs of a pretext task."""

    @property
    def span_frames(self) -> int: ...

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement: ...


@dataclass(frozen=True)
class Tuples:
    """B tuples as numbers: all that the loader and the device need to make the network's input."""

    video_B: Ints
    frames_BEF: Ints
    label_B: Ints
    order_BE: Ints
    window_B2: Ints
    crop_BE2: Ints
    flip_B: NDArray[np.bool_]
    channel_BE: Ints
    """0, 1, 2 for red, green, blue shown alone; -1 for all."""
    colour_BE4: Floats
    """Factors of brightness, contrast and saturation, and the turn of the hue: 1, 1, 1, 0 changes nothing."""
    blur_BE: Floats
    """Standard deviation in pixels of the network's input; 0: none."""
    affine_BE5: Floats
    """As in `Arrangement`; zeros change nothing."""
    pace_B: Ints
    """Place of the tuple's pace in `Sampling.paces`."""
    motion_B: Floats
    """Mean motion of the window, in pixels a frame."""

    def __len__(self) -> int:
        return len(self.video_B)


def some_of(tuples: Tuples, chosen: slice) -> Tuples:
    """Part of the tuples."""
    return Tuples(**{name: array[chosen] for name, array in vars(tuples).items()})


def window_scores(motion_N: Floats, *, span_frames: int) -> Floats:
    """Mean motion of every window of `span_frames` (shape N - span + 1; empty when the video is shorter)."""
    if len(motion_N) < span_frames:
        return np.zeros(0, np.float32)
    total = np.concatenate([[0.0], np.cumsum(motion_N, dtype=np.float64)])
    return ((total[span_frames:] - total[:-span_frames]) / span_frames).astype(np.float32)


def window_probabilities(scores: Floats, *, motion_weight: float, motion_threshold: float = 0.0) -> NDArray[np.float64]:
    """Chance of each window start to be drawn: `motion_weight` in proportion to its motion, the rest alike.

    Windows under `motion_threshold` of the mean motion get 0, unless that would leave none. Shuffle and Learn draws
    windows in this way (section 3.1: "frame-level weights").
    """
    assert len(scores)
    allowed = scores >= motion_threshold * float(scores.mean())
    if not allowed.any():
        allowed = np.ones_like(allowed)
    even = allowed / allowed.sum()
    moving = np.where(allowed, scores, 0.0).astype(np.float64)
    if moving.sum() <= 0:
        return np.asarray(even, np.float64)
    mixed = (1 - motion_weight) * even + motion_weight * moving / moving.sum()
    return np.asarray(mixed / mixed.sum(), np.float64)


def place_elements(windows: Windows, *, sampling: Sampling, rng: np.random.Generator) -> Ints:
    """Frame numbers of the elements in the order of time, frames_BEF; the slack of a longer window goes in between."""
    length, gap = sampling.tuple_length, sampling.interval_frames
    stride_B = sampling.frame_stride * windows.pace_B
    step_B = (sampling.clip_frames - 1) * stride_B + 1 + gap
    slack_B = (windows.stop_B - windows.start_B) - (length * step_B - gap)
    shift_BE = np.sort(np.floor(rng.random((len(windows), length)) * (slack_B[:, None] + 1)), axis=1).astype(np.int64)
    first_BE = windows.start_B[:, None] + np.arange(length) * step_B[:, None] + shift_BE
    return first_BE[:, :, None] + np.arange(sampling.clip_frames) * stride_B[:, None, None]


def split_by_group(groups: Sequence[str], *, validation_share: float, seed: int) -> tuple[list[int], list[int]]:
    """Split video positions into train and validation; a group is never split, and both sides get at least one.

    Groups are taken in a seeded order until validation holds its share of the videos.
    Raises `UsageError` when there are fewer than two groups.
    """
    names = sorted(set(groups))
    if len(names) < 2:
        raise UsageError(f"{len(names)} group of videos", "training needs two or more groups, one to validate on",
                         "Add videos of another patient or session, or group by video")
    shuffled = [names[i] for i in np.random.default_rng([seed, 77]).permutation(len(names))]
    wanted, held, chosen = validation_share * len(groups), 0, set[str]()
    for name in shuffled[:-1]:
        if chosen and held >= wanted:
            break
        chosen.add(name)
        held += sum(group == name for group in groups)
    train = [i for i, group in enumerate(groups) if group not in chosen]
    return train, [i for i, group in enumerate(groups) if group in chosen]


def long_enough(videos: Sequence[VideoShape], *, span_frames: int, frames_per_second: float = 0.0) -> list[int]:
    """Positions of the videos with a window of `span_frames` at that rate (0: their own).

    Raises `VideoError` when there are none.
    """
    lengths = [frames_at_rate(video, frames_per_second) for video in videos]
    kept = [i for i, frames in enumerate(lengths) if frames >= span_frames]
    if not kept:
        rate = f" at {frames_per_second:g} a second" if frames_per_second else ""
        raise VideoError(f"{len(videos)} videos, the longest of {max(lengths, default=0)} frames{rate}",
                         f"one tuple of this recipe spans {span_frames} frames, so every video is too short",
                         "Choose fewer clips, shorter clips or a smaller gap, or add longer videos")
    return kept


def steps_per_epoch(*, videos: int, tuples_per_video: int, batch_size: int) -> int:
    """Batches that deal every video its tuples once."""
    return max(1, -(-videos * tuples_per_video // batch_size))


def batch_videos(*, step: int, videos: int, tuples_per_video: int, batch_size: int, seed: int) -> Ints:
    """Which video each tuple of batch `step` (from 0) asks about: an epoch deals every video in a seeded order.

    A pure function of the step, so that a resumed run deals the same tuples. The last batch of an epoch is filled up
    from the start of the epoch's order.
    """
    per_epoch = steps_per_epoch(videos=videos, tuples_per_video=tuples_per_video, batch_size=batch_size)
    epoch, place = divmod(step, per_epoch)
    order = _epoch_order(videos * tuples_per_video, seed, epoch)
    places = np.arange(place * batch_size, (place + 1) * batch_size) % len(order)
    return (order[places] % videos).astype(np.int64)


@lru_cache(maxsize=4)
def _epoch_order(tuples: int, seed: int, epoch: int) -> Ints:
    """The order of an epoch, kept: each of its batches asks for it, and it is as long as the project is large."""
    order = np.random.default_rng([seed, TRAIN, epoch, 1]).permutation(tuples)
    order.setflags(write=False)
    return order


def draw_window(probabilities_W: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Draw a window's number. The same as `rng.choice` with these probabilities, without its checks: half its time."""
    chance_W = probabilities_W.cumsum()
    return int((chance_W / chance_W[-1]).searchsorted(rng.random(), side="right"))


def deal_tuples(videos: Sequence[VideoShape], video_B: Ints, *, task: Dealer, sampling: Sampling,
                augmentation: Augmentation, rng: np.random.Generator) -> Tuples:
    """Deal one tuple for each entry of `video_B` (positions in `videos`): windows, elements, labels, crops.

    All is decided at the rate of `sampling`; the frame numbers of the result are those of the videos themselves.
    """
    start_B = np.zeros(len(video_B), np.int64)
    motion_B = np.zeros(len(video_B), np.float32)
    seen = {int(position): at_rate(videos[position], sampling.frames_per_second) for position in video_B}
    shapes = [seen[int(position)] for position in video_B]
    for b, shape in enumerate(shapes):
        scores = window_scores(shape.motion_N, span_frames=task.span_frames)
        start_B[b] = draw_window(window_probabilities(scores, motion_weight=sampling.motion_weight,
                                                      motion_threshold=sampling.motion_threshold), rng)
        motion_B[b] = scores[start_B[b]]
    window_B2 = np.stack([start_B, start_B + task.span_frames], axis=1)
    count, paces = len(video_B), np.array(sampling.paces, np.int64)
    pace_B = rng.integers(0, len(paces), count) if len(paces) > 1 else np.zeros(count, np.int64)
    dealt = task.deal(Windows(window_B2[:, 0], window_B2[:, 1], paces[pace_B], shapes), rng)
    if dealt.window_B2 is not None:
        window_B2 = dealt.window_B2
        motion_B = np.array([shape.motion_N[start:stop].mean() for shape, (start, stop)
                             in zip(shapes, window_B2, strict=True)], np.float32)
    frames_BEF, window_B2 = dealt.frames_BEF, window_B2 - (0, 1)
    for b, shape in enumerate(shapes):
        frames_BEF[b], window_B2[b] = real_frames(shape, frames_BEF[b]), real_frames(shape, window_B2[b])
    window_B2 += (0, 1)
    elements = dealt.frames_BEF.shape[1]
    channels = rng.integers(0, 3, (count, elements))
    affine_BE5 = np.zeros((count, elements, 5), np.float32) if dealt.affine_BE5 is None else dealt.affine_BE5
    return Tuples(
        video_B=video_B, frames_BEF=frames_BEF, label_B=dealt.label_B, order_BE=dealt.order_BE,
        window_B2=window_B2,
        crop_BE2=draw_crops([videos[position] for position in video_B], window_B2, elements=elements,
                            augmentation=augmentation, rng=rng),
        flip_B=rng.random(count) < augmentation.flip_probability,
        channel_BE=channels if augmentation.channel_splitting else np.full_like(channels, -1),
        colour_BE4=draw_colours(count, elements, augmentation, rng),
        blur_BE=draw_blurs(count, elements, augmentation, rng), affine_BE5=affine_BE5, pace_B=pace_B,
        motion_B=motion_B)


def spread_clips(videos: Sequence[VideoShape], *, clips_per_video: int, sampling: Sampling,
                 augmentation: Augmentation) -> Tuples:
    """Clips spread evenly over each video, cut from the middle: the clips that features are made of.

    VCOP's protocol: the clip centres are linspace(half a clip, frames - half a clip, clips_per_video), at the rate of
    `sampling`. Each clip is a tuple of one element; a video shorter than a clip repeats its last frame. B = videos x
    clips, video by video.
    """
    span = sampling.clip_span_frames
    frames, crops = [], []
    for video in videos:
        shown = at_rate(video, sampling.frames_per_second)
        starts = np.linspace(span / 2, max(span / 2, shown.frames - span / 2), clips_per_video) - span / 2
        frames.append(clip_frames(shown, starts.astype(np.int64), sampling)[:, None])
        room = (0, 0) if augmentation.crop == "whole" else crop_room(video, crop_pixels=augmentation.crop_pixels)
        crops.append(np.broadcast_to(np.array(room) // 2, (clips_per_video, 1, 2)))
    video_B = np.repeat(np.arange(len(videos)), clips_per_video)
    return plain_tuples(video_B, np.concatenate(frames), np.concatenate(crops))


def clip_frames(shown: VideoShape, start_B: Ints, sampling: Sampling) -> Ints:
    """The real frames of the clips that start at `start_B` of a video at the rate of `sampling`: frames_BF."""
    offsets_F = np.arange(sampling.clip_frames) * sampling.frame_stride
    return real_frames(shown, np.minimum(start_B[:, None] + offsets_F, shown.frames - 1).astype(np.int64))


def plain_tuples(video_B: Ints, frames_BEF: Ints, crop_BE2: Ints) -> Tuples:
    """Tuples without a question: nothing shuffled, mirrored or split, label 0."""
    count, elements = frames_BEF.shape[:2]
    return Tuples(
        video_B=video_B.astype(np.int64), frames_BEF=frames_BEF, label_B=np.zeros(count, np.int64),
        order_BE=np.broadcast_to(np.arange(elements), (count, elements)).astype(np.int64),
        window_B2=np.stack([frames_BEF.min((1, 2)), frames_BEF.max((1, 2)) + 1], axis=1), crop_BE2=crop_BE2,
        flip_B=np.zeros(count, np.bool_), channel_BE=np.full((count, elements), -1, np.int64),
        colour_BE4=np.broadcast_to(np.array([1, 1, 1, 0], np.float32), (count, elements, 4)),
        blur_BE=np.zeros((count, elements), np.float32), affine_BE5=np.zeros((count, elements, 5), np.float32),
        pace_B=np.zeros(count, np.int64), motion_B=np.zeros(count, np.float32))
