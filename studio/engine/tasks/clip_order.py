"""Video clip order prediction (Xu et al., CVPR 2019): in which order were these clips?"""

from __future__ import annotations

import itertools
import math

import numpy as np
from pydantic import Field
from torch import Tensor, nn

from studio.engine.sampling import Arrangement, Windows, place_elements
from studio.engine.tasks.task import Task, TaskOptions, all_pairs, pair_features


class ClipOrderOptions(TaskOptions):
    """Options of clip order."""

    merge_reversed: bool = Field(
        False, title="Forward and backward count as one",
        description="Halves the classes. Choose it where time runs alike both ways: a beating heart, a sweep.")
    hidden_features: int = Field(512, ge=16, le=4096, title="Width of the head", description="512 as published.")
    dropout: float = Field(0.5, ge=0, le=0.9, title="Dropout", description="0.5 as published.")


class ClipOrder(Task):
    """n clips, shuffled; n! answers, or n!/2 where reversed orders are merged.

    Class index = place of the order in `itertools.permutations(range(n))`, as in the published code.
    """

    title = "Clip order"
    question = "In which order were these clips?"
    learns = "How an action unfolds: pose and direction of motion"
    paper = "Xu et al., Self-supervised Spatiotemporal Learning via Video Clip Order Prediction, CVPR 2019"
    Options = ClipOrderOptions
    options: ClipOrderOptions

    @property
    def orders(self) -> list[tuple[int, ...]]:
        """The class table: which place in time each shown clip has."""
        table = list(itertools.permutations(range(self.elements)))
        return [order for order in table if order[0] < order[-1]] if self.options.merge_reversed else table

    @property
    def classes(self) -> int:
        return math.factorial(self.elements) // (2 if self.options.merge_reversed else 1)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Place the clips in time, then show them in the order of a class drawn at random."""
        timely_BEF = place_elements(windows, sampling=self.sampling, rng=rng)
        label_B = rng.integers(0, self.classes, len(windows))
        order_BE = np.array(self.orders, np.int64)[label_B]
        if self.options.merge_reversed:
            reverse_B = rng.random(len(windows)) < 0.5
            order_BE = np.where(reverse_B[:, None], order_BE[:, ::-1], order_BE)
        return Arrangement(np.take_along_axis(timely_BEF, order_BE[:, :, None], axis=1), label_B, order_BE)

    def label_text(self, label: int) -> str:
        order = [str(place + 1) for place in self.orders[label]]
        return "in order" if order == sorted(order) else "shown as " + ", ".join(order)

    def head(self, feature_dim: int) -> nn.Module:
        return PairwiseOrderHead(feature_dim=feature_dim, elements=self.elements, classes=self.classes,
                                 hidden_features=self.options.hidden_features, dropout=self.options.dropout)


class PairwiseOrderHead(nn.Module):
    """VCOP's head: a shared layer looks at every pair, a last one at all pairs (534,022 parameters for n = 3)."""

    def __init__(self, *, feature_dim: int, elements: int, classes: int, hidden_features: int, dropout: float) -> None:
        super().__init__()
        self.pair = nn.Linear(2 * feature_dim, hidden_features)
        self.dropout = nn.Dropout(dropout)
        self.order = nn.Linear(hidden_features * len(all_pairs(elements)), classes)

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> logits_BK."""
        pairs_BPH = self.pair(pair_features(features_BED)).relu()
        return self.order(self.dropout(pairs_BPH.flatten(1)))
