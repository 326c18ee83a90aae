"""Orders of shuffled elements: the table of answers where forward and backward count as one, and OPN's head.

Several pretext tasks ask for an order; what they share is here, because tasks know nothing of each other.
Legend: B tuples, E elements, P pairs of elements, D feature, H width of a layer, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.shapes import Ints

ORDERS = ("1234", "1324", "1342", "1243", "1423", "1432", "2134", "2143", "2314", "3124", "3142", "3214")
"""The class table of OPN's released code for four frames; the class is the place in this list."""

Order = tuple[int, ...]

MOST_ELEMENTS = 6


def merged_orders(elements: int) -> list[Order]:
    """The table of answers, counted from 0: one of each pair of an order and its reverse (OPN's for four).

    Raises `ValueError` when there are more than 360.
    """
    if elements > MOST_ELEMENTS:
        raise ValueError(f"{elements} elements have {factorial(elements) // 2} orders, forward and backward taken as "
                         f"one, too many to have a class each; ask for {MOST_ELEMENTS} or fewer")
    if elements == 4:
        return [tuple(int(digit) - 1 for digit in order) for order in ORDERS]
    return [order for order in permutations(range(elements)) if order[0] < order[-1]]


def draw_merged(count: int, orders: Sequence[Order], rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw answers and the orders to show, label_B and order_BE: half of them run backwards under the same label."""
    label_B = rng.integers(0, len(orders), count)
    order_BE = np.array(orders, np.int64)[label_B]
    reverse_B = rng.random(count) < 0.5
    return label_B, np.where(reverse_B[:, None], order_BE[:, ::-1], order_BE)


def merged_text(order: Order) -> str:
    """Say an order that stands for its reverse too."""
    places = [str(place + 1) for place in order]
    return "in order" if places == sorted(places) else "shown as " + ", ".join(places) + " or the reverse"


def all_pairs(elements: int) -> list[tuple[int, int]]:
    """Pairs i < j, by their distance and then their place, as in OPN's released network."""
    return [(i, i + gap) for gap in range(1, elements) for i in range(elements - gap)]


def pair_features(features_BED: Tensor) -> Tensor:
    """Concatenate the features of all pairs: features_BP2D."""
    pairs = all_pairs(features_BED.shape[1])
    return torch.stack([torch.cat([features_BED[:, i], features_BED[:, j]], dim=1) for i, j in pairs], dim=1)


class SortingHead(nn.Module):
    """OPN's layers after pool5: fc6 a frame, fc7 a pair with shared weights and unshared scale, fc8 over all pairs.

    Weights start as in the released network: Gaussian, 0.005 wide, biases 1.
    """

    def __init__(self, *, feature_dim: int, elements: int, classes: int, frame_width: int, pair_width: int,
                 dropout: float) -> None:
        super().__init__()
        pairs = len(all_pairs(elements))
        self.fc6 = nn.Sequential(nn.Linear(feature_dim, frame_width), nn.BatchNorm1d(frame_width), nn.ReLU(),
                                 nn.Dropout(dropout))
        self.fc7 = nn.Linear(2 * frame_width, pair_width)
        self.fc7_norm = nn.BatchNorm1d(pair_width, affine=False)
        self.fc7_scale = nn.Parameter(torch.ones(pairs, pair_width))
        self.fc7_shift = nn.Parameter(torch.zeros(pairs, pair_width))
        self.dropout = nn.Dropout(dropout)
        self.fc8 = nn.Linear(pair_width * pairs, classes)
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
