"""A linear probe: softmax regression on frozen features, trained on some groups and tested on others.

Legend: V videos, D feature, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from studio.engine.evaluation.shares import Outcome
from studio.engine.shapes import Floats, Ints

STRENGTHS = (1.0, 0.1, 0.01, 0.001)
"""The pulls towards 0 that are tried; the choice is made inside the training groups."""


@dataclass(frozen=True)
class Split:
    """Positions of the videos that teach and of those that test; no group is in both."""

    train: Ints
    test: Ints


def split_groups(label_V: Ints, group_V: Ints, *, test_share: float, seed: int) -> Split:
    """Hold out whole groups, a share of each label's.

    A group counts for the label that most of its videos have. A label with one group only teaches.
    """
    rng = np.random.default_rng([seed, 21])
    of_group = {group: int(np.bincount(label_V[group_V == group]).argmax()) for group in np.unique(group_V)}
    held: list[int] = []
    for label in np.unique(label_V):
        groups = rng.permutation([group for group, most in of_group.items() if most == label])
        held += groups[:0 if len(groups) < 2 else max(1, round(test_share * len(groups)))].tolist()
    tests_V = np.isin(group_V, held)
    return Split(np.flatnonzero(~tests_V), np.flatnonzero(tests_V))


def probe_answers(features_VD: Floats, label_V: Ints, group_V: Ints, split: Split, *, seed: int = 0) -> Ints:
    """Train on one side and answer for each video of the other."""
    inner = split_groups(label_V[split.train], group_V[split.train], test_share=0.3, seed=seed)
    train_VD, train_V = features_VD[split.train], label_V[split.train]
    strength = STRENGTHS[1]
    if len(inner.test):
        shares = [(_answers(train_VD[inner.train], train_V[inner.train], train_VD[inner.test], strength=tried)
                   == train_V[inner.test]).mean() for tried in STRENGTHS]
        strength = STRENGTHS[int(np.argmax(shares))]
    return _answers(train_VD, train_V, features_VD[split.test], strength=strength)


def _answers(train_VD: Floats, train_V: Ints, test_VD: Floats, *, strength: float) -> Ints:
    """Fit a softmax regression on standardised features and answer for others."""
    mean_D, spread_D = train_VD.mean(axis=0), train_VD.std(axis=0)
    scale_D = np.where(spread_D > 1e-6 * max(1e-12, float(spread_D.max(initial=0))), spread_D, np.inf)
    x_VD, other_VD = (torch.from_numpy(((part - mean_D) / scale_D).astype(np.float32)) for part in (train_VD, test_VD))
    y_V = torch.from_numpy(train_V)
    weight_KD = torch.zeros(int(train_V.max()) + 1, x_VD.shape[1], requires_grad=True)
    bias_K = torch.zeros(len(weight_KD), requires_grad=True)
    solver = torch.optim.LBFGS([weight_KD, bias_K], max_iter=100, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        value = nn.functional.cross_entropy(nn.functional.linear(x_VD, weight_KD, bias_K), y_V)
        value = value + strength / 2 * weight_KD.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        solver.step(loss)
    with torch.no_grad():
        return np.asarray(nn.functional.linear(other_VD, weight_KD, bias_K).argmax(dim=1).numpy())


def commonest_share(label_V: Ints, split: Split) -> float:
    """The share of test videos that have the commonest label of training: what needs no features."""
    if not len(split.train) or not len(split.test):
        return 0.0
    return float((label_V[split.test] == np.bincount(label_V[split.train]).argmax()).mean())


def linear_probe(features_VD: Floats, *, label_V: Ints, group_V: Ints, splits: list[Split],
                 seed: int = 0) -> list[Outcome]:
    """Train and test on each of the splits, which hold positions in `features_VD`."""
    return [Outcome(split.test, label_V[split.test],
                   probe_answers(features_VD, label_V, group_V, split, seed=seed + number))
            for number, split in enumerate(splits)]
