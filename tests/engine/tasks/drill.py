"""Small networks that learn a few tuples by heart: the same for every task's scaled-down recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from studio.engine.device import threads_used
from studio.engine.recipe import Recipe
from studio.engine.sampling import Tuples
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.objective import Objective
from studio.engine.training.pixels import gather, network_input
from studio.engine.training.plan import deal_batch, make_plan
from studio.engine.training.precision import Precision
from studio.engine.training.step import Stepper, StepResult
from studio.engine.training.validation import Measured, validate
from studio.engine.video.footage import Footage

CPU = torch.device("cpu")


def shuffled(tuples: Tuples) -> Tuples:
    """The same tuples with their answers dealt anew: nothing about them can be learned but by heart."""
    label_B = np.roll(tuples.label_B, 1)
    assert (label_B != tuples.label_B).any()
    return replace(tuples, label_B=label_B)


def drilled(footage: Footage, recipe: Recipe, *, steps: int, rate: float,
            change: Callable[[Tuples], Tuples] = lambda tuples: tuples) -> tuple[TupleNetwork, Tuples, StepResult]:
    """Learn one batch for so many steps, as it was dealt or changed; the last step's answers are those in training."""
    plan = make_plan(footage, recipe)
    network = build_network(recipe)
    with threads_used(1):
        tuples = change(deal_batch(plan, step=0))
        clips = network_input(gather(plan.train, tuples, recipe.augmentation), tuples, recipe.augmentation, CPU)
        stepper = Stepper(network, Objective.of(recipe), recipe.training, device=CPU, precision=Precision("fp32"))
        for _ in range(steps):
            found = stepper.step(clips, tuples, learning_rate=rate)
    return network, tuples, found


def measured(footage: Footage, recipe: Recipe, network: TupleNetwork, *, part: int = 0) -> Measured:
    """Ask the fixed questions about held-out videos, `part` at a time (0: as many as in a batch)."""
    plan, found = make_plan(footage, recipe), list[Measured | None]()

    def one_pass() -> Iterator[object]:
        found.append((yield from validate(plan, network, step=1, device=CPU, precision=Precision("fp32"), part=part)))

    with threads_used(1):
        assert list(one_pass()) and found[0] is not None
    return found[0]
