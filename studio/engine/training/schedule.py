"""How far a run is and how fast it learns there: pure functions of the step and the clock."""

from __future__ import annotations

import math

from studio.engine.recipe import Training


def step_limit(training: Training, *, steps_per_epoch: int) -> int:
    """Steps after which the run ends by steps or epochs, whichever is first; 0 when only the clock ends it."""
    limits = [training.max_steps, training.max_epochs * steps_per_epoch]
    return min((limit for limit in limits if limit), default=0)


def share_done(training: Training, *, step: int, seconds: float, steps_per_epoch: int) -> float:
    """Share of the run that is done, 0 to 1, by the limit that is nearest: steps, epochs or minutes."""
    limit = step_limit(training, steps_per_epoch=steps_per_epoch)
    by_steps = step / limit if limit else 0.0
    by_clock = seconds / (60 * training.max_minutes) if training.max_minutes else 0.0
    return min(1.0, max(by_steps, by_clock))


def expected_steps(training: Training, *, step: int, seconds: float, steps_per_epoch: int) -> int:
    """Steps that the run will have taken at its end: exact without a clock, else from the rate so far; 0: unknown."""
    limit = step_limit(training, steps_per_epoch=steps_per_epoch)
    if not training.max_minutes:
        return limit
    if not step or seconds <= 0:
        return limit
    by_clock = max(step, round(step * max(1.0, 60 * training.max_minutes / seconds)))
    return min(limit, by_clock) if limit else by_clock


def seconds_left(training: Training, *, step: int, seconds: float, steps_per_epoch: int) -> float | None:
    """Seconds until the nearest limit at the rate so far; None before the first step."""
    if not step or seconds <= 0:
        return None
    left = []
    if limit := step_limit(training, steps_per_epoch=steps_per_epoch):
        left.append((limit - step) * seconds / step)
    if training.max_minutes:
        left.append(60 * training.max_minutes - seconds)
    return max(0.0, min(left))


def learning_rate(training: Training, *, step: int, share: float) -> float:
    """The learning rate of step `step` (from 0), when `share` of the run is done.

    A warm-up rises in a straight line; `steps` divides at each given step; `cosine` falls to 0 at the run's end, by
    steps or by the clock.
    """
    rate = training.learning_rate
    if training.warmup_steps and step < training.warmup_steps:
        rate *= (step + 1) / training.warmup_steps
    if training.schedule == "steps":
        rate *= training.drop_factor ** sum(step >= drop for drop in training.drop_at_steps)
    elif training.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * share))
    return rate
