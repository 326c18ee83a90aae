"""Motion curve -> windows -> tuples. Pure functions of arrays and a seed: no file is read, no tensor made here.

Legend of axes: N frames of a video, B tuples of a batch, E elements (clips or frames) of a tuple, F frames of an
element. A frame number counts the cached frames of its video from 0. A crop is a pair (top, left) in cached pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from studio.engine.errors import UsageError, VideoError

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

TRAIN, VALIDATION, PREVIEW, PROBE = 0, 1, 2, 3
"""Streams of random numbers: a seed gives each its own."""


class Sampling(BaseModel):
    """Where the elements of a tuple are taken from."""

    model_config = ConfigDict(extra="forbid")
    tuple_length: int = Field(
        3, ge=2, le=6, title="Elements in a tuple",
        description="How many clips or frames one question shows. More are harder and cost more memory.")
    clip_frames: int = Field(
        16, ge=1, le=64, title="Frames in a clip", json_schema_extra={"unit": "frames"},
        description="1 makes the elements still frames. 3D networks expect 8 or 16.")
    frame_stride: int = Field(
        1, ge=1, le=16, title="Frame step", json_schema_extra={"unit": "frames"},
        description="2 takes every second frame of a clip: twice the time span at the same cost.")
    interval_frames: int = Field(
        8, ge=0, le=240, title="Gap between elements", json_schema_extra={"unit": "frames"},
        description="Frames left out between two elements. Too small and the answer shows in the joint; too large and "
                    "short videos drop out.")
    window_frames: int = Field(
        0, ge=0, le=2000, title="Window length", json_schema_extra={"unit": "frames"},
        description="Elements are placed at random inside a window this long. 0: no longer than the elements need.")
    motion_weight: float = Field(
        1.0, ge=0, le=1, title="Preference for motion",
        description="0 draws windows anywhere alike, 1 in proportion to their motion.")
    motion_threshold: float = Field(
        0.0, ge=0, le=2, title="Motion threshold", json_schema_extra={"unit": "of the video's mean"},
        description="Windows with less motion than this share of the video's mean are never drawn.")
    tuples_per_video: int = Field(
        1, ge=1, le=1000, title="Tuples of a video in an epoch",
        description="Long recordings deserve more than one question an epoch.")

    @property
    def element_span_frames(self) -> int:
        """Frames from the first to the last of one element."""
        return (self.clip_frames - 1) * self.frame_stride + 1

    @property
    def tuple_span_frames(self) -> int:
        """Frames from the first to the last of the tightest tuple (VCOP's 3 x 16 + 2 x 8 = 64)."""
        return self.tuple_length * self.element_span_frames + (self.tuple_length - 1) * self.interval_frames

    @property
    def span_frames(self) -> int:
        """Frames that a window needs."""
        return max(self.window_frames, self.tuple_span_frames)


class Augmentation(BaseModel):
    """What is cut out of a frame and how it is varied. Drawn as numbers here, applied on the device."""

    model_config = ConfigDict(extra="forbid")
    crop_pixels: int = Field(
        112, ge=16, le=512, title="Crop", json_schema_extra={"unit": "pixels"},
        description="Side of the square cut out of the cached frame, whose shorter side is 128 pixels.")
    input_pixels: int = Field(
        0, ge=0, le=512, title="Network input", json_schema_extra={"unit": "pixels"},
        description="The crop is resized to this side. 0 keeps it. Half the side costs a quarter of the time.")
    crop: Literal["random", "motion", "centre"] = Field(
        "random", title="Place of the crop",
        description="Anywhere, around the most motion (OPN's patches), or the middle.")
    crop_each_element: bool = Field(
        True, title="Crop anew for each element",
        description="Each clip of a tuple gets its own crop, so that edges that continue do not give the order away.")
    region_pixels: int = Field(
        0, ge=0, le=512, title="Region of the crop", json_schema_extra={"unit": "pixels"},
        description="With a crop around motion: it lies at random inside a region of this side (OPN: 100). 0: the "
                    "region is the crop.")
    jitter_pixels: int = Field(
        0, ge=0, le=32, title="Jitter", json_schema_extra={"unit": "pixels"},
        description="Each element's crop moves by up to this much on top (OPN: 5).")
    flip_probability: float = Field(
        0.0, ge=0, le=1, title="Mirror", description="How often a whole tuple is mirrored left to right.")
    channel_splitting: bool = Field(
        False, title="Channel splitting",
        description="Show one colour channel, drawn for each element, as grey: no drift of colours tells the order.")
    residual: bool = Field(
        False, title="Differences of frames",
        description="Show how each frame differs from the one before, grey where nothing moves: the network learns "
                    "motion and not places. For clips of two or more frames.")
    scaling: Literal["unit", "mean-96.5", "kinetics"] = Field(
        "unit", title="Scaling of the pixels",
        description="0 to 1 (VCOP); 0 to 255 less 96.5 (OPN); mean and spread of Kinetics-400 (torchvision's weights).")

    @property
    def network_pixels(self) -> int:
        """Side of the square that the network gets."""
        return self.input_pixels or self.crop_pixels


class VideoShape(Protocol):
    """What sampling knows of one video: frames, cached height and width in pixels, motion by frame and by cell.

    `motion_N` is in pixels a frame; `motion_grid_NYX` the same by square cells of `cell_pixels`, empty if not known.
    """

    @property
    def name(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def motion_N(self) -> Floats: ...
    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]: ...
    @property
    def cell_pixels(self) -> int: ...


@dataclass(frozen=True)
class Arrangement:
    """What a task makes of B windows: frame numbers as shown, the answer, and each shown element's place in time."""

    frames_BEF: Ints
    label_B: Ints
    order_BE: Ints


class Dealer(Protocol):
    """What sampling needs of a pretext task."""

    @property
    def span_frames(self) -> int: ...

    def deal(self, start_B: Ints, stop_B: Ints, rng: np.random.Generator) -> Arrangement: ...


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


def place_elements(start_B: Ints, stop_B: Ints, *, sampling: Sampling, rng: np.random.Generator) -> Ints:
    """Frame numbers of the elements in the order of time, frames_BEF; the slack of a longer window goes in between."""
    length, step = sampling.tuple_length, sampling.element_span_frames + sampling.interval_frames
    slack_B = (stop_B - start_B) - sampling.tuple_span_frames
    shift_BE = np.sort(np.floor(rng.random((len(start_B), length)) * (slack_B[:, None] + 1)), axis=1).astype(np.int64)
    first_BE = start_B[:, None] + np.arange(length) * step + shift_BE
    return first_BE[:, :, None] + np.arange(sampling.clip_frames) * sampling.frame_stride


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


def long_enough(videos: Sequence[VideoShape], *, span_frames: int) -> list[int]:
    """Positions of the videos with a window of `span_frames`. Raises `VideoError` when there are none."""
    kept = [i for i, video in enumerate(videos) if video.frames >= span_frames]
    if not kept:
        longest = max((video.frames for video in videos), default=0)
        raise VideoError(f"{len(videos)} videos, the longest of {longest} frames",
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
    order = np.random.default_rng([seed, TRAIN, epoch, 1]).permutation(videos * tuples_per_video)
    filled = np.resize(order, per_epoch * batch_size)
    return (filled[place * batch_size:(place + 1) * batch_size] % videos).astype(np.int64)


def deal_tuples(videos: Sequence[VideoShape], video_B: Ints, *, task: Dealer, sampling: Sampling,
                augmentation: Augmentation, rng: np.random.Generator) -> Tuples:
    """Deal one tuple for each entry of `video_B` (positions in `videos`): windows, elements, labels, crops."""
    start_B = np.zeros(len(video_B), np.int64)
    motion_B = np.zeros(len(video_B), np.float32)
    for b, position in enumerate(video_B):
        scores = window_scores(videos[position].motion_N, span_frames=task.span_frames)
        start_B[b] = rng.choice(len(scores), p=window_probabilities(
            scores, motion_weight=sampling.motion_weight, motion_threshold=sampling.motion_threshold))
        motion_B[b] = scores[start_B[b]]
    window_B2 = np.stack([start_B, start_B + task.span_frames], axis=1)
    dealt = task.deal(window_B2[:, 0], window_B2[:, 1], rng)
    elements = dealt.frames_BEF.shape[1]
    shapes = [videos[position] for position in video_B]
    channels = rng.integers(0, 3, (len(video_B), elements))
    return Tuples(
        video_B=video_B, frames_BEF=dealt.frames_BEF, label_B=dealt.label_B, order_BE=dealt.order_BE,
        window_B2=window_B2,
        crop_BE2=draw_crops(shapes, window_B2, elements=elements, augmentation=augmentation, rng=rng),
        flip_B=rng.random(len(video_B)) < augmentation.flip_probability,
        channel_BE=channels if augmentation.channel_splitting else np.full_like(channels, -1), motion_B=motion_B)


def draw_crops(shapes: Sequence[VideoShape], window_B2: Ints, *, elements: int, augmentation: Augmentation,
               rng: np.random.Generator) -> Ints:
    """Draw (top, left) of every element's crop, `crop_BE2`, in cached pixels; all frames of an element share it.

    Raises `VideoError` when a video's cached frame is smaller than the crop.
    """
    region = max(augmentation.crop_pixels, augmentation.region_pixels if augmentation.crop == "motion" else 0)
    room_B2 = np.array([crop_room(shape, crop_pixels=augmentation.crop_pixels) for shape in shapes])
    low_B12, high_B12 = np.zeros_like(room_B2)[:, None], room_B2[:, None]
    if augmentation.crop == "motion":
        low_B12 = np.array([[most_motion(shape, window, crop_pixels=min(region, shape.height, shape.width))]
                            for shape, window in zip(shapes, window_B2, strict=True)])
        high_B12 = np.minimum(low_B12 + region - augmentation.crop_pixels, room_B2[:, None])
    share = rng.random((len(shapes), elements if augmentation.crop_each_element else 1, 2))
    if augmentation.crop == "centre":
        share = np.full_like(share, 0.5)
    base_BE2 = low_B12 + np.floor(share * (high_B12 - low_B12 + 1)).astype(np.int64)
    reach = augmentation.jitter_pixels
    jitter_BE2 = rng.integers(-reach, reach + 1, (len(shapes), elements, 2))
    return np.clip(base_BE2 + jitter_BE2, low_B12 if augmentation.crop == "motion" else 0, high_B12)


def crop_room(shape: VideoShape, *, crop_pixels: int) -> tuple[int, int]:
    """Largest (top, left) of a crop. Raises `VideoError` when the frame is smaller than the crop."""
    if min(shape.height, shape.width) < crop_pixels:
        raise VideoError(f"{shape.name or 'a video'} ({shape.width} x {shape.height} pixels in the cache)",
                         f"the crop of {crop_pixels} pixels is larger than the frame",
                         f"Choose a crop of {min(shape.height, shape.width)} pixels or less")
    return shape.height - crop_pixels, shape.width - crop_pixels


def most_motion(shape: VideoShape, window: Ints, *, crop_pixels: int) -> tuple[int, int]:
    """Place the crop where the window moves most (OPN section 3.1: a sliding window over the flow); else the centre."""
    room_y, room_x = crop_room(shape, crop_pixels=crop_pixels)
    grid_YX = shape.motion_grid_NYX[window[0]:window[1]].astype(np.float64)
    side = max(1, round(crop_pixels / shape.cell_pixels))
    if not len(grid_YX) or min(grid_YX.shape[1:]) < side or not grid_YX.any():
        return room_y // 2, room_x // 2
    total = np.pad(grid_YX.mean(axis=0).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    y, x = np.unravel_index(int(sums.argmax()), sums.shape)
    return min(room_y, int(y) * shape.cell_pixels), min(room_x, int(x) * shape.cell_pixels)


def spread_clips(videos: Sequence[VideoShape], *, clips_per_video: int, sampling: Sampling, crop_pixels: int) -> Tuples:
    """Clips spread evenly over each video, cut from the middle: the clips that features are made of.

    VCOP's protocol: the clip centres are linspace(half a clip, frames - half a clip, clips_per_video). Each clip is a
    tuple of one element; a video shorter than a clip repeats its last frame. B = videos x clips, video by video.
    """
    span = sampling.element_span_frames
    offsets_F = np.arange(sampling.clip_frames) * sampling.frame_stride
    frames, crops = [], []
    for video in videos:
        starts = np.linspace(span / 2, max(span / 2, video.frames - span / 2), clips_per_video) - span / 2
        frames.append(np.minimum(starts.astype(np.int64)[:, None, None] + offsets_F, video.frames - 1))
        room = crop_room(video, crop_pixels=crop_pixels)
        crops.append(np.broadcast_to(np.array(room) // 2, (clips_per_video, 1, 2)))
    video_B = np.repeat(np.arange(len(videos)), clips_per_video)
    return plain_tuples(video_B, np.concatenate(frames), np.concatenate(crops))


def plain_tuples(video_B: Ints, frames_BEF: Ints, crop_BE2: Ints) -> Tuples:
    """Tuples without a question: nothing shuffled, mirrored or split, label 0."""
    count, elements = frames_BEF.shape[:2]
    return Tuples(
        video_B=video_B.astype(np.int64), frames_BEF=frames_BEF, label_B=np.zeros(count, np.int64),
        order_BE=np.broadcast_to(np.arange(elements), (count, elements)).astype(np.int64),
        window_B2=np.stack([frames_BEF.min((1, 2)), frames_BEF.max((1, 2)) + 1], axis=1), crop_BE2=crop_BE2,
        flip_B=np.zeros(count, np.bool_), channel_BE=np.full((count, elements), -1, np.int64),
        motion_B=np.zeros(count, np.float32))
