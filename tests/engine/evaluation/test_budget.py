"""Label budgets: at least one of each label, larger ones hold the smaller ones, and the curve tells features apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.engine.evaluation.budget import PERCENTS, some_labels
from studio.engine.evaluation.linear_probe import Split, linear_probe
from studio.engine.evaluation.shares import share_result

LABEL_V = np.repeat([0, 1, 2], [60, 30, 110])
SPLIT = Split(np.arange(0, 200, 2), np.arange(1, 200, 2))


def _budget(percent: float, *, seed: int = 0) -> Split:
    return some_labels(LABEL_V, SPLIT, percent=percent, rng=np.random.default_rng(seed))


def test_budgets_hold_each_other_and_every_label() -> None:
    kept = [_budget(percent) for percent in PERCENTS]
    assert [len(split.train) for split in kept] == [3, 6, 11, 26, 51, 100]
    for small, large in itertools.pairwise(kept):
        assert set(small.train) < set(large.train) <= set(SPLIT.train)
    for split in kept:
        assert set(LABEL_V[split.train]) == {0, 1, 2}
        np.testing.assert_array_equal(split.test, SPLIT.test)
    assert set(_budget(10).train) != set(_budget(10, seed=1).train)


@pytest.mark.parametrize("shuffled", [False, True])
def test_more_labels_are_worth_more_unless_they_are_shuffled(shuffled: bool) -> None:
    rng = np.random.default_rng(2)
    features_VD = (np.eye(3)[LABEL_V] @ rng.normal(size=(3, 20)) + rng.normal(0, 1.6, (200, 20))).astype(np.float32)
    label_V = rng.permutation(LABEL_V) if shuffled else LABEL_V
    accuracies = []
    for percent in (5, 100):
        splits = [some_labels(label_V, SPLIT, percent=percent, rng=np.random.default_rng(seed)) for seed in range(4)]
        tests = linear_probe(features_VD, label_V=label_V, group_V=np.arange(200), splits=splits)
        accuracies.append(share_result(tests, group_V=np.arange(200))["accuracy"])
    commonest = (label_V[SPLIT.test] == 2).mean()
    assert (accuracies[1] > accuracies[0] + 0.08 and accuracies[1] > commonest + 0.1) is not shuffled
