"""Maps that keep neighbours together, and the directions that they begin with."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from studio.engine.errors import MachineError, UsageError
from studio.engine.events import Progress
from studio.engine.inspection.projection import principal_axes
from studio.engine.inspection.tsne import tsne_map
from tests.engine.inspection.generators import result_of

installed = pytest.mark.skipif(importlib.util.find_spec("openTSNE") is None, reason="openTSNE is not installed")


def _clusters(count: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(count) % 4
    return (rng.normal(0, 1, (4, 24))[label] + rng.normal(0, 0.2, (count, 24))).astype(np.float32), label


def _neighbours_of_the_same(xy: np.ndarray, label: np.ndarray) -> float:
    distance = np.square(xy[:, None] - xy[None]).sum(axis=2) + np.diag(np.full(len(xy), np.inf))
    return float((label[distance.argmin(axis=1)] == label).mean())


@installed
def test_clusters_stay_together_and_the_same_seed_draws_the_same() -> None:
    features, label = _clusters(80)
    drawn: list[np.ndarray] = []
    xy = result_of(tsne_map(features, threads=1, drawn=drawn.append))
    assert xy.shape == (80, 2) and np.abs(xy).max() == pytest.approx(1)
    assert _neighbours_of_the_same(xy, label) > 0.95
    shuffled = np.random.default_rng(1).permutation(label)
    assert _neighbours_of_the_same(xy, shuffled) < 0.5
    assert len(drawn) == 30 and not np.allclose(drawn[0], drawn[-1])
    np.testing.assert_array_equal(result_of(tsne_map(features, threads=1)), xy)


@installed
def test_it_tells_how_far_and_stops() -> None:
    features, _ = _clusters(20)
    events = list(tsne_map(features, threads=1))
    assert all(isinstance(event, Progress) for event in events) and events[-1].done == events[-1].total == 750
    asked = iter([False, False, True])
    working = tsne_map(features, threads=1, stop=lambda: next(asked))
    with pytest.raises(StopIteration) as end:
        while True:
            next(working)
    assert end.value.value is None
    with pytest.raises(UsageError, match="needs 8 or more"):
        list(tsne_map(features[:5]))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MachineError, match=r"openTSNE.*not installed"):
        list(tsne_map(_clusters(20)[0]))


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_the_axes_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    axes, shares = principal_axes(features, count=5)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    left, values, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(axes), np.abs(left * values)[:, :5], atol=1e-5)
    np.testing.assert_allclose(shares, (values ** 2 / (values ** 2).sum())[:5], atol=1e-5)
