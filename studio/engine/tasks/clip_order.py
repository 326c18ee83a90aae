"""Video clip order prediction (Xu et al., CVPR 2019): in which order were these clips?

Legend: B tuples, E elements, K classes, D feature.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine import ranking
from studio.engine.orders import Order, all_pairs, pair_features
from studio.engine.sampling import Arrangement, Sampling, Windows, place_elements
from studio.engine.tasks.task import Task, TaskOptions, Truth, misfit

MOST_ELEMENTS = 5
"""More have over 120 orders, too many to have a logit each."""


class ClipOrderOptions(TaskOptions):
    """Options of clip order."""

    merge_reversed: bool = Field(
        False, title="Forward and backward count as one",
        description="Halves the classes. Choose it where time runs alike both ways: a beating heart, a sweep.")
    answer: Literal["classes", "ranking"] = Field(
        "classes", title="How the order is answered",
        description="classes: one of all orders, up to 5 elements, as published. ranking: a score for each element "
                    "says how early it is, which suits up to 8.")
    hidden_features: int = Field(
        512, ge=16, le=4096, title="Width of the head",
        description="Numbers that the head makes of each pair of clips; 512 as published. Fewer learn less by heart, "
                    "and tell less apart.")
    dropout: float = Field(
        0.5, ge=0, le=0.9, title="Dropout",
        description="Share of the head's inputs left out by chance in training, so that it leans on no few of them. "
                    "Less suits short trainings. 0.5 as published.")


class ClipOrder(Task):
    """n clips, shuffled; n! answers, or n!/2 where reversed orders are merged.

    Class index = place of the order in `itertools.permutations(range(n))`, as in the published code. With `ranking`
    the outputs are a score for each element, and the answer is the order of the sorted scores; merged with an order is
    then the one of the same clips in a film that runs backwards.
    """

    title = "Clip order"
    question = "In which order were these clips?"
    learns = "How an action unfolds: pose and direction of motion"
    paper = "Xu et al., Self-supervised Spatiotemporal Learning via Video Clip Order Prediction, CVPR 2019"
    Options = ClipOrderOptions
    options: ClipOrderOptions

    def __init__(self, *, sampling: Sampling, options: TaskOptions | None = None) -> None:
        super().__init__(sampling=sampling, options=options)
        if self.elements > MOST_ELEMENTS and not self._ranks:
            orders = math.factorial(self.elements)
            raise misfit("tuple_length",
                         f"{self.elements} elements have {orders} orders, too many to have a class each",
                         f"Choose {MOST_ELEMENTS} or fewer (sampling.tuple_length={MOST_ELEMENTS}), or let the order "
                         "be answered by ranking (task_options.answer=ranking)")

    @property
    def _ranks(self) -> bool:
        return self.options.answer == "ranking"

    @property
    def orders(self) -> Sequence[Order]:
        """The class table: which place in time each shown clip has."""
        if self._ranks:
            return ranking.ranked_orders(self.elements, merged=self.options.merge_reversed)
        table = list(itertools.permutations(range(self.elements)))
        return [order for order in table if order[0] < order[-1]] if self.options.merge_reversed else table

    @property
    def classes(self) -> int:
        return math.factorial(self.elements) // (2 if self.options.merge_reversed else 1)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Place the clips in time, then show them in the order of a class drawn at random."""
        timely_BEF = place_elements(windows, sampling=self.sampling, rng=rng)
        label_B = rng.integers(0, self.classes, len(windows))
        orders = self.orders
        order_BE = np.array([orders[label] for label in label_B], np.int64)
        if self.options.merge_reversed:
            reverse_B = rng.random(len(windows)) < 0.5
            other_BE = self.elements - 1 - order_BE if self._ranks else order_BE[:, ::-1]
            order_BE = np.where(reverse_B[:, None], other_BE, order_BE)
        return Arrangement(np.take_along_axis(timely_BEF, order_BE[:, :, None], axis=1), label_B, order_BE)

    def label_text(self, label: int) -> str:
        order = [str(place + 1) for place in self.orders[label]]
        other = " or backwards in time" if self._ranks and self.options.merge_reversed else ""
        return ("in order" if order == sorted(order) else "shown as " + ", ".join(order)) + other

    def head(self, feature_dim: int) -> nn.Module:
        if self._ranks:
            return ranking.ScoreHead(feature_dim=feature_dim, hidden_features=self.options.hidden_features,
                                     dropout=self.options.dropout)
        return PairwiseOrderHead(feature_dim=feature_dim, elements=self.elements, classes=self.classes,
                                 hidden_features=self.options.hidden_features, dropout=self.options.dropout)

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        """Cross-entropy of all orders, by their logits or by the scores."""
        return -self._likely(outputs, truth.order_BE).mean() if self._ranks else super().loss(outputs, truth)

    def answers(self, outputs: Tensor) -> Tensor:
        if not self._ranks:
            return super().answers(outputs)
        return ranking.class_of(ranking.order_of(outputs), merged=self.options.merge_reversed)

    def measures(self, outputs: Tensor, truth: Truth) -> dict[str, float]:
        """Of a ranking, give the share of the pairs that are in the right order (guessing: 0.5)."""
        if not self._ranks or self.options.merge_reversed:
            return {}
        return {"pairs_right": float(ranking.pairs_right(outputs, truth.order_BE).mean())}

    def score(self, outputs: Tensor, answer: int) -> Tensor:
        if not self._ranks:
            return super().score(outputs, answer)
        return self._likely(outputs, self._orders_of(torch.full((len(outputs),), answer)).to(outputs.device))

    def probabilities(self, outputs: Tensor, answer_B: Tensor) -> Tensor | None:
        if not self._ranks:
            return super().probabilities(outputs, answer_B)
        return self._likely(outputs, self._orders_of(answer_B).to(outputs.device)).exp()

    def _orders_of(self, answer_B: Tensor) -> Tensor:
        orders = self.orders
        return torch.tensor([orders[answer] for answer in answer_B.tolist()])

    def _likely(self, scores_BE: Tensor, order_BE: Tensor) -> Tensor:
        """Logarithm of the share that scores give to orders."""
        if self.options.merge_reversed:
            return ranking.log_likelihood_merged(scores_BE, order_BE)
        return ranking.log_likelihood(scores_BE, order_BE)


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
