"""Zooming and moving over the steps of a run: tables of numbers."""

from __future__ import annotations

import pytest

from studio.gui.measured import rounded_up
from studio.gui.steps_shown import Steps, moved, zoomed
from studio.gui.widgets.axes import values_between

WHOLE = (0.0, 100.0)


@pytest.mark.parametrize(("shown", "times", "around", "wanted"), [
    (None, 2, 50, (25.0, 75.0)), (None, 2, 0, (0.0, 50.0)), (None, 2, None, (25.0, 75.0)),
    ((25.0, 75.0), 0.5, 50, None), ((0.0, 50.0), 0.8, 0, (0.0, 62.5)), ((90.0, 100.0), 0.5, 90, (80.0, 100.0)),
    ((50.0, 54.0), 2, 52, (50.0, 54.0)), (None, 2, 400, (50.0, 100.0))])
def test_what_is_zoomed_stays_within_the_run_and_around_its_step(shown: Steps | None, times: float,
                                                                 around: float | None, wanted: Steps | None) -> None:
    assert zoomed(shown, WHOLE, times=times, around=around) == wanted


@pytest.mark.parametrize(("shown", "by", "wanted"), [
    (None, 10, None), ((20.0, 40.0), 10, (30.0, 50.0)), ((20.0, 40.0), -50, (0.0, 20.0)),
    ((20.0, 40.0), 500, (80.0, 100.0))])
def test_what_is_moved_stops_at_the_ends(shown: Steps | None, by: float, wanted: Steps | None) -> None:
    assert moved(shown, WHOLE, by=by) == wanted


@pytest.mark.parametrize(("low", "high", "wanted"), [
    (0.5, 60, [0.5, 1, 2, 5, 10, 20, 50]), (1.21, 1.79, [1.3, 1.4, 1.5, 1.6, 1.7]),
    (1e-6, 1, [10.0**n for n in range(-6, 1)]),
    (0.9, 2.4, [1, 1.25, 1.5, 1.75, 2, 2.25]), (1e-12, 1, [10.0**n for n in range(-12, 1, 2)])])
def test_an_axis_of_logarithms_says_round_values(low: float, high: float, wanted: list[float]) -> None:
    assert values_between(low, high) == pytest.approx(wanted)


@pytest.mark.parametrize(("count", "wanted"), [(0, 0), (1, 1), (84, 84), (325, 330), (101, 110), (11_999, 12_000)])
def test_the_end_of_an_axis_is_a_round_number(count: float, wanted: float) -> None:
    assert rounded_up(count) == pytest.approx(wanted)
