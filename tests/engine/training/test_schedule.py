from __future__ import annotations

import pytest

from studio.engine.recipe import Training
from studio.engine.training.schedule import expected_steps, learning_rate, seconds_left, share_done, step_limit


@pytest.mark.parametrize(("options", "limit"), [
    ({"max_steps": 100}, 100),
    ({"max_epochs": 3}, 21),
    ({"max_steps": 100, "max_epochs": 3}, 21),
    ({"max_steps": 10, "max_epochs": 3}, 10),
    ({"max_minutes": 2}, 0),
    ({"max_minutes": 2, "max_steps": 5}, 5),
])
def test_the_nearest_limit_of_steps_ends_a_run(options: dict, limit: int) -> None:
    assert step_limit(Training(**options), steps_per_epoch=7) == limit


@pytest.mark.parametrize(("options", "step", "seconds", "share"), [
    ({"max_steps": 100}, 0, 0, 0.0),
    ({"max_steps": 100}, 25, 1e9, 0.25),
    ({"max_minutes": 2}, 9999, 30, 0.25),
    ({"max_minutes": 2, "max_steps": 100}, 50, 30, 0.5),
    ({"max_minutes": 2, "max_steps": 100}, 10, 90, 0.75),
    ({"max_steps": 100}, 101, 0, 1.0),
])
def test_the_share_done_follows_steps_or_the_clock(options: dict, step: int, seconds: float, share: float) -> None:
    assert share_done(Training(**options), step=step, seconds=seconds, steps_per_epoch=7) == pytest.approx(share)


def test_steps_and_seconds_are_foretold_from_the_rate_so_far() -> None:
    clock = Training(max_minutes=1)
    assert expected_steps(clock, step=0, seconds=0, steps_per_epoch=7) == 0
    assert expected_steps(clock, step=10, seconds=6, steps_per_epoch=7) == 100
    assert expected_steps(clock, step=101, seconds=61, steps_per_epoch=7) == 101
    assert expected_steps(Training(max_minutes=1, max_steps=50), step=10, seconds=6, steps_per_epoch=7) == 50
    assert seconds_left(clock, step=0, seconds=0, steps_per_epoch=7) is None
    assert seconds_left(clock, step=10, seconds=6, steps_per_epoch=7) == pytest.approx(54)
    assert seconds_left(Training(max_steps=20), step=10, seconds=6, steps_per_epoch=7) == pytest.approx(6)


def _rates(options: dict, steps: int) -> list[float]:
    training = Training(max_steps=steps, learning_rate=1.0, **options)
    return [round(learning_rate(training, step=step, share=step / steps), 4) for step in range(steps)]


@pytest.mark.parametrize(("options", "rates"), [
    ({}, [1, 1, 1, 1]),
    ({"schedule": "steps", "drop_at_steps": [2, 3]}, [1, 1, 0.1, 0.01]),
    ({"schedule": "steps", "drop_at_steps": [1], "drop_factor": 0.5}, [1, 0.5, 0.5, 0.5]),
    ({"schedule": "cosine"}, [1, 0.8536, 0.5, 0.1464]),
    ({"warmup_steps": 2}, [0.5, 1, 1, 1]),
    ({"warmup_steps": 4, "schedule": "cosine"}, [0.25, 0.4268, 0.375, 0.1464]),
])
def test_learning_rates(options: dict, rates: list[float]) -> None:
    assert _rates(options, 4) == rates


def test_opns_released_solver() -> None:
    opn = Training(max_steps=170_000, learning_rate=0.01, schedule="steps", drop_at_steps=[130_000])
    assert learning_rate(opn, step=129_999, share=0.7) == 0.01
    assert learning_rate(opn, step=130_000, share=0.8) == pytest.approx(0.001)
