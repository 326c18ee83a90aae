"""Sorting shuffled frames (Order Prediction Network, Lee et al., ICCV 2017): forward and backward count as one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine.sampling import Arrangement, Windows, place_elements
from studio.engine.tasks.task import Task, TaskOptions, all_pairs, pair_features

ORDERS = ("1234", "1324", "1342", "1243", "1423", "1432", "2134", "2143", "2314", "3124", "3142", "3214")
"""The released code's class table for four frames; the class is the place in this list."""


class SequenceSortingOptions(TaskOptions):
    """Options of sequence sorting."""

    frame_features: int = Field(1024, ge=16, le=4096, title="Width of fc6", description="1024 as published.")
    pair_features: int = Field(512, ge=16, le=4096, title="Width of fc7", description="512 as published.")
    dropout: float = Field(0.5, ge=0, le=0.9, title="Dropout", description="0.5 as published.")


class SequenceSorting(Task):
    """n frames (or clips) shuffled; n!/2 answers, because a sequence and its reverse look alike."""

    title = "Sequence sorting"
    question = "How must these frames be sorted?"
    learns = "Poses and what can follow what, from still frames"
    paper = "Lee et al., Unsupervised Representation Learning by Sorting Sequences, ICCV 2017"
    Options = SequenceSortingOptions
    options: SequenceSortingOptions

    @property
    def orders(self) -> list[tuple[int, ...]]:
        """The class table, counted from 0: one of each pair of an order and its reverse."""
        if self.elements == 4:
            return [tuple(int(digit) - 1 for digit in order) for order in ORDERS]
        return _half_of_the_orders(self.elements)

    @property
    def classes(self) -> int:
        return len(self.orders)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Place the frames in time, show them in the order of a class drawn at random, half of the time reversed."""
        timely_BEF = place_elements(windows, sampling=self.sampling, rng=rng)
        label_B = rng.integers(0, self.classes, len(windows))
        order_BE = np.array(self.orders, np.int64)[label_B]
        reverse_B = rng.random(len(windows)) < 0.5
        order_BE = np.where(reverse_B[:, None], order_BE[:, ::-1], order_BE)
        return Arrangement(np.take_along_axis(timely_BEF, order_BE[:, :, None], axis=1), label_B, order_BE)

    def label_text(self, label: int) -> str:
        order = [str(place + 1) for place in self.orders[label]]
        return "in order" if order == sorted(order) else "shown as " + ", ".join(order) + " or the reverse"

    def head(self, feature_dim: int) -> nn.Module:
        return SortingHead(feature_dim=feature_dim, elements=self.elements, classes=self.classes, options=self.options)


def _half_of_the_orders(elements: int) -> list[tuple[int, ...]]:
    return [order for order in permutations(range(elements)) if order[0] < order[-1]]


class SortingHead(nn.Module):
    """OPN's layers after pool5: fc6 a frame, fc7 a pair with shared weights and unshared scale, fc8 over all pairs.

    Weights start as in the released network: Gaussian, 0.005 wide, biases 1.
    """

    def __init__(self, *, feature_dim: int, elements: int, classes: int, options: SequenceSortingOptions) -> None:
        super().__init__()
        pairs = len(all_pairs(elements))
        self.fc6 = nn.Sequential(nn.Linear(feature_dim, options.frame_features),
                                 nn.BatchNorm1d(options.frame_features), nn.ReLU(), nn.Dropout(options.dropout))
        self.fc7 = nn.Linear(2 * options.frame_features, options.pair_features)
        self.fc7_norm = nn.BatchNorm1d(options.pair_features, affine=False)
        self.fc7_scale = nn.Parameter(torch.ones(pairs, options.pair_features))
        self.fc7_shift = nn.Parameter(torch.zeros(pairs, options.pair_features))
        self.dropout = nn.Dropout(options.dropout)
        self.fc8 = nn.Linear(options.pair_features * pairs, classes)
        for layer in (self.fc6[0], self.fc7, self.fc8):
            nn.init.normal_(layer.get_parameter("weight"), std=0.005)
            nn.init.ones_(layer.get_parameter("bias"))

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> logits_BK."""
        batch, elements = features_BED.shape[:2]
        frames_BEH = self.fc6(features_BED.flatten(0, 1)).unflatten(0, (batch, elements))
        pairs_BPH = self.fc7(pair_features(frames_BEH))
        normed_BPH = self.fc7_norm(pairs_BPH.flatten(0, 1)).unflatten(0, pairs_BPH.shape[:2])
        scaled_BPH = (normed_BPH * self.fc7_scale + self.fc7_shift).relu()
        return self.fc8(self.dropout(scaled_BPH).flatten(1))
