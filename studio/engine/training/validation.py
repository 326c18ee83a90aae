"""Progress measured on held-out groups: fixed questions, the same at every pass and after every resume.

Legend: B tuples, E elements, D feature, K classes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.sampling import some_of
from studio.engine.shapes import Ints
from studio.engine.tasks.task import truth_of
from studio.engine.training.network import TupleNetwork
from studio.engine.training.pixels import gather, network_input
from studio.engine.training.plan import Plan, validation_tuples
from studio.engine.training.precision import Precision, autocast, laid_out


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One validation pass. Accuracies are shares; a loss that is not finite is None.

    `commonest_answer` is the share of the answer that was given most; `spread` how far the features of different
    elements lie apart, as a share of their length: next to 0, all look alike to the network (collapse). `measures` are
    the task's own figures.
    """

    step: int
    loss: float | None
    accuracy: float
    balanced_accuracy: float
    commonest_answer: float
    spread: float
    tuples: int
    measures: dict[str, float] = field(default_factory=dict)


def validate(plan: Plan, network: TupleNetwork, *, step: int, device: torch.device, precision: Precision,
             part: int = 0, stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Measured | None]:
    """Ask the fixed questions, `part` tuples at a time; the generator's return value, None when stopped."""
    tuples, part = validation_tuples(plan), part or plan.recipe.training.batch_size
    augmentation, left = plan.recipe.augmentation, TimeLeft(len(tuples))
    losses, answers, features = [], [], []
    sums: dict[str, float] = defaultdict(float)
    network.eval()
    try:
        for first in range(0, len(tuples), part):
            if stop():
                return None
            yield Progress(phase="validation", done=first, total=len(tuples), unit="tuples", seconds_left=left(first))
            some = some_of(tuples, slice(first, first + part))
            planes = gather(plan.validation, some, augmentation)
            with torch.inference_mode(), autocast(device, precision):
                features_BED = network.features(laid_out(network_input(planes, some, augmentation, device), precision))
                outputs = network.head(features_BED)
                truth = truth_of(some, device)
                losses.append(float(plan.task.loss(outputs, truth)) * len(some))
                for name, value in plan.task.measures(outputs, truth).items():
                    sums[name] += value * len(some)
            answers.append(plan.task.answers(outputs).cpu().numpy())
            features.append(features_BED.float().flatten(0, 1).cpu())
    finally:
        network.train()
    answer_B, loss = np.concatenate(answers), sum(losses) / len(tuples)
    return Measured(
        step=step, loss=loss if math.isfinite(loss) else None, accuracy=float((answer_B == tuples.label_B).mean()),
        balanced_accuracy=balanced_accuracy(answer_B, tuples.label_B),
        commonest_answer=float(np.bincount(answer_B).max() / len(answer_B)),
        spread=feature_spread(torch.cat(features)), tuples=len(tuples),
        measures={name: value / len(tuples) for name, value in sums.items() if math.isfinite(value)})


def balanced_accuracy(answer_B: Ints, label_B: Ints) -> float:
    """Mean over the answers that were right somewhere of the share that was found: 1/K by guessing, however skewed."""
    return float(np.mean([(answer_B[label_B == label] == label).mean() for label in np.unique(label_B)]))


def feature_spread(features_ND: Tensor) -> float:
    """Root mean square distance of features from their mean, as a share of their root mean square length."""
    length = float(features_ND.square().sum(dim=1).mean().sqrt())
    distance = float((features_ND - features_ND.mean(dim=0)).square().sum(dim=1).mean().sqrt())
    return distance / length if length > 0 and math.isfinite(distance) else 0.0
