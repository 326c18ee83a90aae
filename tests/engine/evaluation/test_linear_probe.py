"""The linear probe: groups stay whole, a line is found, shuffled labels score chance."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.linear_probe import Split, commonest_share, linear_probe, split_groups
from studio.engine.evaluation.shares import share_result


def _videos(*, noise: float = 0.5, shuffled: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    label_V = np.repeat([0, 1, 2], 24)
    group_V = np.arange(72) // 3
    features_VD = (np.eye(3)[label_V] @ rng.normal(size=(3, 12)) + rng.normal(0, noise, (72, 12))).astype(np.float32)
    features_VD[:, 4] = 7  # a feature that never changes
    return features_VD, rng.permutation(label_V) if shuffled else label_V, group_V


def test_split_keeps_groups_whole_and_every_label_on_both_sides() -> None:
    _, label_V, group_V = _videos()
    for seed in range(5):
        split = split_groups(label_V, group_V, test_share=0.3, seed=seed)
        assert not set(group_V[split.train]) & set(group_V[split.test])
        assert set(label_V[split.train]) == set(label_V[split.test]) == {0, 1, 2}
        assert sorted([*split.train, *split.test]) == list(range(72))
    assert not np.array_equal(split.test, split_groups(label_V, group_V, test_share=0.3, seed=0).test)


def test_a_label_of_one_group_only_teaches() -> None:
    split = split_groups(np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 2, 3]), test_share=0.3, seed=0)
    assert set(split.train) >= {0, 1} and len(split.test) == 1


def test_finds_a_line_and_not_in_shuffled_labels() -> None:
    accuracies = {}
    for shuffled in (False, True):
        features_VD, label_V, group_V = _videos(shuffled=shuffled)
        splits = [split_groups(label_V, group_V, test_share=0.3, seed=seed) for seed in range(4)]
        tests = linear_probe(features_VD, label_V=label_V, group_V=group_V, splits=splits)
        result = share_result(tests, group_V=group_V)
        assert result["accuracy"] == pytest.approx(np.mean(result["splits"]), abs=1e-3)
        accuracies[shuffled] = result["accuracy"]
    assert accuracies[False] > 0.9
    assert accuracies[True] < 0.55


def test_is_the_same_every_time() -> None:
    features_VD, label_V, group_V = _videos(noise=1.5)
    splits = [split_groups(label_V, group_V, test_share=0.3, seed=0)]
    first, second = (linear_probe(features_VD, label_V=label_V, group_V=group_V, splits=splits)[0] for _ in range(2))
    assert first.accuracy < 1
    np.testing.assert_array_equal(first.answer_Q, second.answer_Q)


def test_commonest_label() -> None:
    label_V = np.array([0, 0, 1, 0, 1, 1])
    assert commonest_share(label_V, Split(np.array([0, 1, 2]), np.array([3, 4, 5]))) == pytest.approx(1 / 3)
    assert commonest_share(label_V, Split(np.array([0]), np.array([], np.int64))) == 0
