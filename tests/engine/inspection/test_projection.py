"""The map of features."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.inspection.projection import project


@pytest.mark.parametrize("dims", [3, 400])
def test_two_clusters_lie_apart_on_the_first_axis(dims: int) -> None:
    rng = np.random.default_rng(0)
    centre_2D = rng.normal(size=(2, dims))
    side_N = np.repeat([0, 1], 30)
    features_ND = (centre_2D[side_N] + rng.normal(0, 0.02, (60, dims))).astype(np.float32)
    xy_N2, explained = project(features_ND)
    assert xy_N2.shape == (60, 2) and np.abs(xy_N2).max() == pytest.approx(1)
    first, second = xy_N2[side_N == 0, 0], xy_N2[side_N == 1, 0]
    assert max(first.min(), second.min()) > min(first.max(), second.max())
    assert explained[0] > 0.8 > explained[1]
    np.testing.assert_allclose(project(features_ND)[0], xy_N2, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_clips(count: int) -> None:
    xy_N2, explained = project(np.ones((count, 8), np.float32))
    assert xy_N2.shape == (count, 2) and np.isfinite(xy_N2).all() and explained[0] >= 0
