"""Odd-one-out networks (O3N; Fernando, Bilen, Gavves, Gould; CVPR 2017): which of these clips is out of order?

Legend: B tuples, E elements (N in order and one odd), W frames of an element, D feature, H width, K = E classes.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine.resampling import real_frames
from studio.engine.sampling import Arrangement, Sampling, Windows
from studio.engine.shapes import Ints, VideoShape
from studio.engine.tasks.task import Task, TaskOptions, misfit

_ROOM = 1.5
"""A constrained element is drawn from a stretch this many times as long as it is."""
_REDRAWS = 100


class OddOneOutOptions(TaskOptions):
    """Options of odd one out."""

    sampler: Literal["consecutive", "random", "constrained-consecutive"] = Field(
        "constrained-consecutive", title="Frames of an element",
        description="consecutive: frames next to each other (a frame step apart). random: frames of the whole video, "
                    "whatever the window and the frame step. constrained-consecutive: frames of a stretch one and a "
                    "half times as long, which differ in their distances. All are sorted but those of the odd one. "
                    "The paper has all three; which one it found best is not verified.")
    refuse_reverse: bool = Field(
        True, title="Never exactly backwards",
        description="The frames of the odd one never run exactly backwards: where time runs alike both ways (a beating "
                    "heart, a sweep) nobody could tell. This rule is ours.")
    fusion: Literal["concatenation", "sum-of-differences"] = Field(
        "sum-of-differences", title="Fusion",
        description="The elements' features side by side, or the sum of all their differences, whose length does not "
                    "grow with the elements. The paper names both; which one it found better is not verified.")
    branch_features: int = Field(
        128, ge=8, le=4096, title="Width of a branch",
        description="Numbers that the head's first layer makes of each element. 128 is said of the paper, unverified.")
    fused_features: int = Field(
        0, ge=0, le=4096, title="Width after the fusion",
        description="0 answers from what was fused in one layer. 128 puts a layer between, as a re-implementation has "
                    "it. The paper's own is not verified.")
    dropout: float = Field(
        0.5, ge=0, le=0.9, title="Dropout",
        description="Share of the head's inputs left out by chance in training, so that it leans on no few of them. "
                    "Less suits short trainings. The published share is not known; 0.5 is ours.")


class OddOneOut(Task):
    """N elements whose frames run in order and one whose frames do not, all of one video; E answers.

    Elements are drawn independently of each other, inside a window of `sampling.window_frames` or, where that is 0 and
    with random frames, anywhere in the video. Raises `ValueError` when fewer than three elements or frames leave no
    odd one, and for several paces of random frames, which have none.
    """

    title = "Odd one out"
    question = "Which of these clips is out of order?"
    learns = "How things move within a clip"
    paper = "Fernando et al., Self-Supervised Video Representation Learning with Odd-One-Out Networks, CVPR 2017"
    picks_element = True
    Options = OddOneOutOptions
    options: OddOneOutOptions

    def __init__(self, *, sampling: Sampling, options: TaskOptions | None = None) -> None:
        super().__init__(sampling=sampling, options=options)
        if sampling.tuple_length < 3:
            raise misfit("tuple_length", "it must be 3 or more for this task, because among two clips none is the odd "
                                         "one", "Choose 3 or more (sampling.tuple_length=3)")
        if sampling.clip_frames < 3:
            raise misfit("clip_frames", f"it must be 3 or more for this task, because fewer have no order but forwards "
                                        f"and backwards (it is {sampling.clip_frames})",
                         "Choose 3 or more (sampling.clip_frames=3)")
        if self.options.sampler == "random" and len(sampling.paces) > 1:
            raise misfit("paces", f"it must be a single one where frames are drawn from the whole video (they are "
                                  f"{', '.join(map(str, sampling.paces))})",
                         "Choose one (sampling.paces=[1]), or other frames of an element (task_options.sampler)")

    @property
    def span_frames(self) -> int:
        """Frames that a video needs, and a window; more are used where there are more and no window is set."""
        if self.options.sampler == "random":
            return self.sampling.clip_frames
        element = (self._places - 1) * self.sampling.frame_stride * self.sampling.paces[-1] + 1
        return max(self.sampling.window_frames, element)

    @property
    def _whole_video(self) -> bool:
        """Whether elements come from anywhere in the video."""
        return self.options.sampler == "random" or not self.sampling.window_frames

    @property
    def _places(self) -> int:
        """How many places, a frame step apart, the frames of one element are chosen from, where they lie together."""
        constrained = self.options.sampler == "constrained-consecutive"
        return math.ceil(_ROOM * self.sampling.clip_frames) if constrained else self.sampling.clip_frames

    @property
    def classes(self) -> int:
        return self.elements

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Draw the elements of each window, then shuffle the frames of one of them, wherever it stands."""
        start_B, stop_B = windows.start_B, windows.stop_B
        if self._whole_video:
            start_B, stop_B = np.zeros_like(start_B), np.array([shape.frames for shape in windows.shapes], np.int64)
        frames_BEF = self._elements(start_B, stop_B, windows.pace_B, rng)
        label_B = rng.integers(0, self.elements, len(windows))
        for b, (shape, label) in enumerate(zip(windows.shapes, label_B, strict=True)):
            frames_BEF[b, label] = self._out_of_order(frames_BEF[b, label], shape, rng)
        order_BE = frames_BEF.min(axis=2).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        return Arrangement(frames_BEF, label_B, order_BE, window_B2=np.stack([start_B, stop_B], axis=1))

    def _elements(self, start_B: Ints, stop_B: Ints, pace_B: Ints, rng: np.random.Generator) -> Ints:
        """Draw sorted frames of E elements inside each stretch [start, stop), each alone: frames_BEF."""
        frames, shape_BE = self.sampling.clip_frames, (len(start_B), self.elements)
        if self.options.sampler == "random":
            return np.stack([[_some(stop - start, frames, rng) + start for _ in range(self.elements)]
                             for start, stop in zip(start_B, stop_B, strict=True)])
        stride_B1 = self.sampling.frame_stride * pace_B[:, None]
        chosen_BEF = np.sort(rng.random((*shape_BE, self._places)).argsort(axis=2)[:, :, :frames], axis=2)
        slack_B1 = (stop_B - start_B)[:, None] - (self._places - 1) * stride_B1
        first_BE = start_B[:, None] + np.floor(rng.random(shape_BE) * slack_B1).astype(np.int64)
        return np.asarray(first_BE[:, :, None] + chosen_BEF * stride_B1[:, :, None], np.int64)

    def _out_of_order(self, sorted_F: Ints, shape: VideoShape, rng: np.random.Generator) -> Ints:
        """Permute frames until they run neither forwards nor, where that is refused, backwards.

        A video brought to a faster rate repeats frames: what is shown must differ. Where it shows one frame alone,
        nothing can, and any order is taken.
        """
        shown_F = real_frames(shape, sorted_F)
        place_F = np.roll(np.arange(len(sorted_F)), 1)
        for _ in range(_REDRAWS if shown_F[0] != shown_F[-1] else 0):
            place_F = rng.permutation(len(sorted_F))
            backwards = self.options.refuse_reverse and (shown_F[place_F] == shown_F[::-1]).all()
            if not backwards and (shown_F[place_F] != shown_F).any():
                break
        return sorted_F[place_F]

    def label_text(self, label: int) -> str:
        return f"odd one: {_ordinal(label + 1)}"

    def head(self, feature_dim: int) -> nn.Module:
        return OddOneOutHead(feature_dim=feature_dim, elements=self.elements, options=self.options)


class OddOneOutHead(nn.Module):
    """A layer of each element's feature with shared weights, the fusion, and one layer that answers, or two.

    What comes out are logits: the loss takes the softmax.
    """

    def __init__(self, *, feature_dim: int, elements: int, options: OddOneOutOptions) -> None:
        super().__init__()
        self._differences = options.fusion == "sum-of-differences"
        self.branch = nn.Sequential(nn.Linear(feature_dim, options.branch_features), nn.ReLU())
        width, between = options.branch_features * (1 if self._differences else elements), options.fused_features
        layers = [nn.Linear(width, between), nn.ReLU()] if between else []
        self.answer = nn.Sequential(*layers, nn.Dropout(options.dropout), nn.Linear(between or width, elements))

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> logits_BK."""
        branches_BEH = self.branch(features_BED)
        return self.answer(sum_of_differences(branches_BEH) if self._differences else branches_BEH.flatten(1))


def sum_of_differences(features_BEH: Tensor) -> Tensor:
    """Sum v_i - v_j over all pairs i < j, sum_BH: each place weighs its feature differently (5, 3, 1, -1, -3, -5).

    So the sum tells not only that an element is odd but which.
    """
    elements = features_BEH.shape[1]
    weights_E = torch.arange(elements - 1, -elements, -2, device=features_BEH.device, dtype=features_BEH.dtype)
    return (features_BEH * weights_E[:, None]).sum(dim=1)


def _some(total: int, count: int, rng: np.random.Generator) -> Ints:
    """Draw `count` different numbers under `total`, sorted."""
    return np.sort(rng.choice(total, count, replace=False)).astype(np.int64)


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
