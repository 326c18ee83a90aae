"""Intervals: whole groups and whole networks are drawn anew, never single videos."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.intervals import interval_over_groups


def _by_hand(value_Q: np.ndarray, group_Q: np.ndarray, *, repeats: int) -> tuple[float, float]:
    """The bootstrap as it is written down: draw groups with replacement, put their videos together, take the mean."""
    rng, names, means = np.random.default_rng(7), np.unique(group_Q), []
    for _ in range(repeats):
        drawn = [value_Q[group_Q == name] for name in rng.choice(names, len(names))]
        means.append(np.concatenate(drawn).mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def test_it_is_the_bootstrap_over_groups_of_different_sizes() -> None:
    rng = np.random.default_rng(3)
    group_Q = np.repeat(np.arange(12), rng.integers(1, 20, 12))
    value_Q = (rng.random(len(group_Q)) < rng.random(12)[group_Q]).astype(np.float64)
    expected = _by_hand(value_Q, group_Q, repeats=4000)
    assert interval_over_groups(value_Q, group_Q, repeats=4000) == pytest.approx(expected, abs=0.02)
    over_videos = _by_hand(value_Q, np.arange(len(value_Q)), repeats=4000)
    assert over_videos[1] - over_videos[0] < 0.7 * (expected[1] - expected[0]), "the check can tell them apart"


def test_networks_that_differ_widen_the_interval() -> None:
    group_Q, seed_Q = np.tile(np.arange(40), 4), np.repeat(np.arange(4), 40)
    value_Q = np.repeat([0.0, 0.2, 0.8, 1.0], 40)
    assert interval_over_groups(value_Q, group_Q) == pytest.approx((0.5, 0.5))
    low, high = interval_over_groups(value_Q, group_Q, seed_Q=seed_Q)
    assert low < 0.2 and high > 0.8


def test_one_group_and_one_network_leave_nothing_to_draw() -> None:
    value_Q = np.array([0.0, 1.0, 1.0, 1.0])
    assert interval_over_groups(value_Q, np.zeros(4, np.int64)) == (0.75, 0.75)
