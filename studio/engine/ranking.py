"""Ranking shuffled elements: a score for each says how early it is, and the scores together how likely every order is.

Source: the Plackett-Luce loss of PL-Stitch (arXiv 2511.17805). It needs no table of n! answers, so tuples can be long.
An order says which place in time each shown element has. Legend: B tuples, E elements, D feature, H width of a layer.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import torch
from torch import Tensor, nn

from studio.engine.orders import Order


@cache
def ranked_orders(elements: int, *, merged: bool = False) -> tuple[Order, ...]:
    """All orders as `itertools.permutations` gives them; `merged` keeps one of each order and its time reversed.

    Kept is the one that shows the earliest element before the latest.
    """
    table = permutations(range(elements))
    return tuple(order for order in table if not merged or order.index(0) < order.index(elements - 1))


def reversed_in_time(order_BE: Tensor) -> Tensor:
    """The same elements with the last in time as the first."""
    return order_BE.shape[1] - 1 - order_BE


def log_likelihood(scores_BE: Tensor, order_BE: Tensor) -> Tensor:
    """Logarithm of each order's chance, share_B: the earliest is drawn by the softmax of all scores, then the next.

    The paper takes the mean over the elements; the sum is the cross-entropy of all n! orders, and guessing gives its
    logarithm.
    """
    timely_BE = scores_BE.float().gather(1, order_BE.argsort(dim=1))
    left_BE = timely_BE.flip(1).logcumsumexp(dim=1).flip(1)
    return (timely_BE - left_BE).sum(dim=1)


def log_likelihood_merged(scores_BE: Tensor, order_BE: Tensor) -> Tensor:
    """The same of each order or its time reversed, whichever it was."""
    return torch.logaddexp(log_likelihood(scores_BE, order_BE), log_likelihood(scores_BE, reversed_in_time(order_BE)))


def order_of(scores_BE: Tensor) -> Tensor:
    """The likeliest order, order_BE: the highest score is the earliest; equal scores are as shown."""
    return scores_BE.argsort(dim=1, descending=True, stable=True).argsort(dim=1)


def class_of(order_BE: Tensor, *, merged: bool = False) -> Tensor:
    """Place of each order in `ranked_orders`, class_B."""
    elements = order_BE.shape[1]
    if merged:
        place_BE = order_BE.argsort(dim=1)
        backwards_B1 = (place_BE[:, 0] > place_BE[:, -1])[:, None]
        order_BE = torch.where(backwards_B1, reversed_in_time(order_BE), order_BE)
    place_B = _place(order_BE)
    if not merged:
        return place_B
    kept_K = _place(torch.tensor(ranked_orders(elements, merged=True)))
    return torch.searchsorted(kept_K.to(place_B.device), place_B)


def _place(order_BE: Tensor) -> Tensor:
    """Place among all permutations, which are sorted: each number counts the smaller ones that come after it."""
    place_B = torch.zeros_like(order_BE[:, 0])
    for position in range(order_BE.shape[1]):
        smaller_B = (order_BE[:, position + 1:] < order_BE[:, position:position + 1]).sum(dim=1)
        place_B = place_B * (order_BE.shape[1] - position) + smaller_B
    return place_B


def pairs_right(scores_BE: Tensor, order_BE: Tensor) -> Tensor:
    """The share of the pairs of elements that the scores put in the right order, share_B; guessing gives a half."""
    earlier_BEE = order_BE[:, :, None] < order_BE[:, None]
    right_BEE = earlier_BEE & (scores_BE[:, :, None] > scores_BE[:, None])
    return right_BEE.sum(dim=(1, 2)) / earlier_BEE.sum(dim=(1, 2))


class ScoreHead(nn.Module):
    """Compares every element with every other by one shared layer; its score is how much earlier it looks on average.

    What it gives an element depends on the others but not on where it is shown.
    """

    def __init__(self, *, feature_dim: int, hidden_features: int, dropout: float) -> None:
        super().__init__()
        self.one = nn.Linear(feature_dim, hidden_features)
        self.other = nn.Linear(feature_dim, hidden_features, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.earlier = nn.Linear(hidden_features, 1, bias=False)

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> scores_BE."""
        pairs_BEEH = (self.one(features_BED)[:, :, None] + self.other(features_BED)[:, None]).relu()
        ahead_BEE = self.earlier(self.dropout(pairs_BEEH))[..., 0]
        return (ahead_BEE - ahead_BEE.transpose(1, 2)).sum(dim=2) / (features_BED.shape[1] - 1)
