"""Curves as arrays: what a resumed run replaces, what is kept of many points, means."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.engine.events import Metric
from studio.gui.measured import Growing, Measured, smoothed, thinned

floats = st.floats(-1e6, 1e6, width=32)


def metric(step: int, *, split: str = "train", **values: float | None) -> Metric:
    return Metric(split=split, step=step, total_steps=100, epoch=step / 10, values=dict(values))


def test_what_a_resumed_run_does_again_replaces_what_was_lost() -> None:
    measured = Measured()
    for step in (10, 20, 30, 20, 25):
        measured.add(metric(step, loss=float(step)))
    assert measured.points("train", "loss")[0].tolist() == [10, 20, 25]
    assert measured.step == 25


def test_a_value_that_is_not_finite_leaves_a_gap_and_no_zero() -> None:
    measured = Measured()
    measured.add(metric(1, loss=2.0))
    measured.add(metric(2, loss=None))
    assert measured.points("train", "loss")[1].tolist() == [2.0]
    assert measured.last("validation", "loss") is None and measured.best("validation", "accuracy") is None


def test_best_and_nearest() -> None:
    measured = Measured()
    for step, accuracy in ((10, 0.2), (20, 0.6), (30, 0.5)):
        measured.add(metric(step, split="validation", accuracy=accuracy, chance=0.25))
    assert measured.best("validation", "accuracy") == (20, 0.6)
    assert measured.at("validation", "accuracy", 24) == 0.6 and measured.at("validation", "accuracy", 99) == 0.5
    assert measured.chance == 0.25 and measured.has_validation


def test_growing_past_its_room() -> None:
    growing = Growing()
    for step in range(1000):
        growing.append(step, 2 * step)
    assert len(growing) == 1000 and growing.points[1][-1] == 1998


def test_many_points_are_thinned_and_no_peak_is_lost() -> None:
    values = np.sin(np.arange(100_000) / 700)
    values[77_777] = 9
    values[12_345] = -9
    steps, kept = thinned((np.arange(100_000.0), values), most=1500)
    assert len(kept) <= 1600
    assert kept.max() == 9 and kept.min() == -9
    assert steps[-1] == 99_999 and steps[0] == 0
    every = values[::67]
    assert every.max() < 9, "taking every nth point would have lost the peak"


@given(arrays(np.float64, st.integers(1, 400), elements=floats), st.integers(4, 60))
def test_thinned_points_are_points_of_the_curve_in_order(values: np.ndarray, most: int) -> None:
    steps, kept = thinned((np.arange(len(values), dtype=float), values), most=most)
    assert (np.diff(steps) > 0).all() and kept.tolist() == values[steps.astype(int)].tolist()
    assert kept.max() == values.max() and kept.min() == values.min() and kept[-1] == values[-1]


@given(arrays(np.float64, st.integers(1, 60), elements=floats), st.integers(1, 20))
def test_a_mean_looks_back_only(values: np.ndarray, over: int) -> None:
    wanted = [values[max(0, i - over + 1):i + 1].mean() for i in range(len(values))]
    assert np.allclose(smoothed(values, over=over), wanted, rtol=1e-6, atol=1e-6)
