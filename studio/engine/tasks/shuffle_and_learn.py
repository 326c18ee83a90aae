"""Shuffle and Learn (Misra, Zitnick, Hebert; ECCV 2016): are these three frames in order, forwards or backwards?

Legend: B tuples, E = 3 elements, 5 frames a < b < c < d < e of a window, D feature, K = 2 classes.
"""

from __future__ import annotations

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine.sampling import Arrangement, Sampling, Windows
from studio.engine.shapes import Ints, VideoShape
from studio.engine.tasks.task import Task, TaskOptions, misfit

IN_ORDER, OUT_OF_ORDER = 0, 1
REDRAWS = 10
"""How often five frames are drawn anew where the middle one looks like those that would replace it."""


class ShuffleAndLearnOptions(TaskOptions):
    """Options of Shuffle and Learn."""

    tau_max_frames: int = Field(
        60, ge=2, le=600, title="Longest span of the shown frames", json_schema_extra={"unit": "frames"},
        description="The first and the last of three frames in order lie at most this far apart (tau max, 60 as "
                    "published). Larger shows more of the motion and needs longer videos.")
    tau_min_frames: int = Field(
        15, ge=1, le=600, title="Distance of a wrong frame", json_schema_extra={"unit": "frames"},
        description="A wrong middle frame lies at least this long before the first or after the last (tau min, 15 as "
                    "published).")
    negative_share: float = Field(
        0.75, gt=0, lt=1, title="Share out of order",
        description="How many of the questions show a wrong middle frame: 0.75 as published. Figures then count each "
                    "answer alike, because always saying \"out of order\" would be right so often.")
    similarity_threshold: float = Field(
        4.0, ge=0, le=10_000, title="Least difference of a wrong frame", json_schema_extra={"unit": "squared values"},
        description="Five frames are drawn anew when the middle one differs from a wrong one by less than this: the "
                    "mean squared difference of red, green and blue values of 0 to 255. The published number is not "
                    "known; 4 is ours, and lets only frames through between which something moved. 0: no such rule.")
    fc6_features: int = Field(
        4096, ge=16, le=8192, title="Width of fc6",
        description="Numbers that the head's first layer (fc6) makes of each frame; 4096 as published. Fewer need "
                    "much less memory, and tell less apart.")
    fc7_features: int = Field(
        4096, ge=16, le=8192, title="Width of fc7",
        description="Numbers that the head's second layer (fc7) makes of each frame; 4096 as published. Fewer need "
                    "much less memory, and tell less apart.")
    dropout: float = Field(
        0.5, ge=0, le=0.9, title="Dropout",
        description="Share of the head's inputs left out by chance in training, so that it leans on no few of them. "
                    "Less suits short trainings. 0.5 as published.")


class ShuffleAndLearn(Task):
    """Three frames; two answers. The first and the last frame are the same whichever the answer; the middle decides.

    Of five frames a < b < c < d < e in a window, (b, c, d) is in order, (b, a, d) and (b, e, d) are not; each may be
    shown backwards. How the five are spread is not published: here d - b is drawn evenly up to tau max, c
    evenly between them, and what is left of the window falls at random before a, between a and b, d and e, after e.
    Raises `RecipeError` when the sampling shows anything but three still frames.
    """

    title = "Shuffle and learn"
    question = "Are these three frames in order, forwards or backwards?"
    learns = "Poses, and which pose can lie between two others, from still frames"
    paper = "Misra et al., Shuffle and Learn: Unsupervised Learning using Temporal Order Verification, ECCV 2016"
    choices = ("In order", "Out of order")
    Options = ShuffleAndLearnOptions
    options: ShuffleAndLearnOptions

    def __init__(self, *, sampling: Sampling, options: TaskOptions | None = None) -> None:
        super().__init__(sampling=sampling, options=options)
        for option, wanted in (("tuple_length", 3), ("clip_frames", 1)):
            if (given := getattr(sampling, option)) != wanted:
                raise misfit(option, f"it must be {wanted} for this task, which shows three still frames (it is "
                                     f"{given})", f"Choose {wanted} (sampling.{option}={wanted})")

    @property
    def span_frames(self) -> int:
        """Frames from a to e when b and d lie as far apart as they may, or the window's length where that is more."""
        return max(self.sampling.window_frames, self.options.tau_max_frames + 2 * self.options.tau_min_frames + 1)

    @property
    def classes(self) -> int:
        return 2

    @property
    def chance(self) -> float:
        return max(self.options.negative_share, 1 - self.options.negative_share)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Draw five frames a window and show three: so many out of order as `negative_share` says, in every batch."""
        five_B5 = self._dissimilar(windows, rng)
        count = len(windows)
        negatives = int(self.options.negative_share * count + rng.random())
        label_B = np.where(rng.permutation(count) < negatives, OUT_OF_ORDER, IN_ORDER).astype(np.int64)
        wrong_B = np.where(rng.random(count) < 0.5, 0, 4)
        middle_B = five_B5[np.arange(count), np.where(label_B == OUT_OF_ORDER, wrong_B, 2)]
        frames_BE = np.stack([five_B5[:, 1], middle_B, five_B5[:, 3]], axis=1)
        frames_BE = np.where(rng.random((count, 1)) < 0.5, frames_BE[:, ::-1], frames_BE)
        return Arrangement(frames_BE[:, :, None], label_B, frames_BE.argsort(axis=1).argsort(axis=1))

    def _dissimilar(self, windows: Windows, rng: np.random.Generator) -> Ints:
        """Draw five_B5; those whose middle frame looks like a or e are drawn anew, so often and no more."""
        five_B5 = self._five(windows, rng)
        doubtful = list(range(len(windows))) if self.options.similarity_threshold else []
        for _ in range(REDRAWS):
            doubtful = [b for b in doubtful
                        if likeness(windows.shapes[b], five_B5[b]) < self.options.similarity_threshold]
            if not doubtful:
                break
            some = Windows(windows.start_B[doubtful], windows.stop_B[doubtful], windows.pace_B[doubtful],
                           [windows.shapes[b] for b in doubtful])
            five_B5[doubtful] = self._five(some, rng)
        return five_B5

    def _five(self, windows: Windows, rng: np.random.Generator) -> Ints:
        """Draw a < b < c < d < e inside each window, five_B5."""
        longest, apart = self.options.tau_max_frames, self.options.tau_min_frames
        reach_B = rng.integers(min(max(2, apart), longest), longest + 1, len(windows))
        slack_B = windows.stop_B - windows.start_B - 1 - reach_B - 2 * apart
        shift_B3 = np.sort(np.floor(rng.random((len(windows), 3)) * (slack_B[:, None] + 1)), axis=1).astype(np.int64)
        a, b = windows.start_B + shift_B3[:, 0], windows.start_B + apart + shift_B3[:, 1]
        d, e = b + reach_B, windows.start_B + 2 * apart + reach_B + shift_B3[:, 2]
        return np.stack([a, b, rng.integers(b + 1, d), d, e], axis=1)

    def label_text(self, label: int) -> str:
        return "in order" if label == IN_ORDER else "out of order: the middle frame comes from before or after"

    def head(self, feature_dim: int) -> nn.Module:
        return TripletHead(feature_dim=feature_dim, fc6_features=self.options.fc6_features,
                           fc7_features=self.options.fc7_features, dropout=self.options.dropout)


def likeness(shape: VideoShape, five_5: Ints) -> float:
    """Mean squared difference of c from a or e, whichever is smaller, over a glimpse of each frame."""
    middle_K, *wrong_SK = shape.glimpse(five_5[[2, 0, 4]])
    return min(float(np.square(middle_K - wrong_K).mean()) for wrong_K in wrong_SK)


class TripletHead(nn.Module):
    """fc6 and fc7 of each frame with shared weights, and one linear layer over the three, as in the released network.

    Normalisation has no scale and no shift, and its statistics are those of all frames of a batch. Weights start as
    Glorot and Bengio's, biases at 0.
    """

    def __init__(self, *, feature_dim: int, fc6_features: int, fc7_features: int, dropout: float) -> None:
        super().__init__()
        self.fc6 = _layer(feature_dim, fc6_features, dropout=dropout)
        self.fc7 = _layer(fc6_features, fc7_features, dropout=dropout)
        self.fc8 = nn.Linear(3 * fc7_features, 2)
        for layer in (self.fc6[0], self.fc7[0], self.fc8):
            nn.init.xavier_uniform_(layer.get_parameter("weight"))
            nn.init.zeros_(layer.get_parameter("bias"))

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> logits_BK."""
        frames_NH = self.fc7(self.fc6(features_BED.flatten(0, 1)))
        return self.fc8(torch.unflatten(frames_NH, 0, features_BED.shape[:2]).flatten(1))


def _layer(width_in: int, width_out: int, *, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, width_out), nn.BatchNorm1d(width_out, affine=False), nn.ReLU(),
                         nn.Dropout(dropout))
