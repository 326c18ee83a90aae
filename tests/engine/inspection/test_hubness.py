"""Hubs and agreement, against plain loops; approximate neighbours against exact ones."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from studio.engine.errors import MachineError
from studio.engine.inspection.approximate import ApproximateIndex
from studio.engine.inspection.hubness import agreement, described, hubness


def _features(count: int, dim: int = 8, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def test_counts_are_those_of_a_loop() -> None:
    features, group = _features(30), np.arange(30) // 2
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    times = np.zeros(30, int)
    for video in range(30):
        others = [other for other in range(30) if group[other] != group[video]]
        for near in sorted(others, key=lambda other: -float(unit[video] @ unit[other]))[:4]:
            times[near] += 1
    found = hubness(features, group, k=4)
    assert found.times_V.tolist() == times.tolist()
    assert found.times_V.sum() == 30 * 4


def test_a_hub_is_pointed_out() -> None:
    rng = np.random.default_rng(1)
    around = rng.normal(size=(60, 200))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    hub = around.mean(axis=0, keepdims=True)  # nearer to each than they are to each other
    found = hubness(np.concatenate([around, hub]).astype(np.float32), np.arange(61), k=3)
    assert found.hubs == [60] and found.times_V[60] > 30
    assert found.skewness > 2
    told = described(found, np.arange(100, 161))
    times = int(found.times_V[60])
    assert told["hubs"] == [{"video_id": 160, "times": times}] and f"{times} of 61" in told["sentence"]
    even = hubness(np.eye(6, dtype=np.float32), np.arange(6), k=2)
    assert described(even, np.arange(6))["sentence"].startswith(("No video", "1 video", "2 videos"))


def test_precision_and_recall_of_a_label() -> None:
    features = np.array([[1, 0], [0.99, 0.1], [0.98, 0.2], [0, 1], [0.1, 0.99], [0.7, 0.7]], np.float32)
    found = agreement(features, ["a", "a", "a", "b", "b", ""], np.arange(6), k=2)
    assert [(one.name, one.queries) for one in found] == [("a", 3), ("b", 2)]
    assert found[0].precision == found[0].recall == 1
    assert found[1].precision == 0.5 and found[1].recall == 1  # one other b, and the stranger
    assert agreement(features, ["a", "a", "a", "b", "b", ""], np.array([0, 0, 0, 1, 2, 3]), k=2)[0].name == "b"


@pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="faiss is not installed")
def test_the_index_finds_what_exact_search_finds_and_tells_how_often() -> None:
    features = _features(3000, 16)
    index = ApproximateIndex(features, lists=30, probed=30)
    assert index.recall(k=10) == pytest.approx(1.0, abs=0.01)  # every list is probed
    poor = ApproximateIndex(features, lists=30, probed=1)
    assert poor.recall(k=10) < 0.7
    numbers, cosines = index.nearest(features[:3], k=2)
    assert numbers[:, 0].tolist() == [0, 1, 2] and cosines[:, 0] == pytest.approx([1, 1, 1], abs=1e-5)


def test_without_faiss_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MachineError, match="faiss.*not installed"):
        ApproximateIndex(_features(10))
