"""Accuracies of answers about labels: their mean, spread and intervals over groups, and what was mixed up with what.

Legend: V videos, Q tested videos, K labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.engine.evaluation.intervals import interval_over_groups
from studio.engine.shapes import Floats, Ints


@dataclass(frozen=True)
class Outcome:
    """What one training answered: positions of the tested videos, the numbers of their labels and of the answers.

    `seed` counts the trainings with seeds of their own from 0; several splits may share one.
    """

    video_Q: Ints
    label_Q: Ints
    answer_Q: Ints
    seed: int = 0

    @property
    def right_Q(self) -> Floats:
        """1 where the answer is right, else 0."""
        return (self.label_Q == self.answer_Q).astype(np.float32)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(self.right_Q.mean())


def share_result(tests: Sequence[Outcome], *, group_V: Ints, seed: int = 0) -> dict[str, Any]:
    """Mean accuracy (a share), its 95 % interval over groups, its spread between trainings and each training's share.

    With several seeds also each seed's mean (`each`) and their standard deviation (`seed_spread`).
    """
    shares = [test.accuracy for test in tests]
    result: dict[str, Any] = {"accuracy": round(float(np.mean(shares)), 4), "spread": round(float(np.std(shares)), 4),
                              "splits": [round(share, 4) for share in shares],
                              "interval": share_interval([test.right_Q for test in tests], tests, group_V=group_V,
                                                         seed=seed)}
    seeds = sorted({test.seed for test in tests})
    if len(seeds) > 1:
        each = [float(np.mean([test.accuracy for test in tests if test.seed == number])) for number in seeds]
        result |= {"seeds": len(seeds), "each": [round(share, 4) for share in each],
                   "seed_spread": round(float(np.std(each, ddof=1)), 4)}
    return result


def share_gain(tests: Sequence[Outcome], others: Sequence[Outcome], *, group_V: Ints, seed: int = 0) -> dict[str, Any]:
    """How many points answers are ahead of others about the same videos, training by training, with the interval."""
    ahead = [test.right_Q - other.right_Q for test, other in zip(tests, others, strict=True)]
    interval = share_interval(ahead, tests, group_V=group_V, seed=seed)
    return {"points": round(100 * float(np.mean([part.mean() for part in ahead])), 2),
            "interval": [round(100 * end, 2) for end in interval]}


def share_interval(values: Sequence[Floats], tests: Sequence[Outcome], *, group_V: Ints, seed: int = 0) -> list[float]:
    """The 95 % interval of the mean of `values`, one array a test, when groups and seeds are drawn anew."""
    low, high = interval_over_groups(
        np.concatenate(values).astype(np.float64), group_V[np.concatenate([test.video_Q for test in tests])],
        seed_Q=np.concatenate([np.full(len(test.video_Q), test.seed) for test in tests]), seed=seed)
    return [round(low, 4), round(high, 4)]


def confusion(tests: Sequence[Outcome], *, names: Sequence[str], ids_V: Ints) -> dict[str, Any]:
    """Count answers by label: `counts` has one row a label and one column an answer, over all trainings and splits.

    `cells` names the videos behind each pair that occurs, once each, by their numbers in the catalogue.
    """
    label_Q, answer_Q, video_Q = (np.concatenate([getattr(test, name) for test in tests])
                                  for name in ("label_Q", "answer_Q", "video_Q"))
    counts_KK = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts_KK, (label_Q, answer_Q), 1)
    cells = [{"label": int(label), "answer": int(answer), "count": int(counts_KK[label, answer]),
              "videos": sorted({int(number) for number in
                                ids_V[video_Q[(label_Q == label) & (answer_Q == answer)]]})}
             for label, answer in zip(*np.nonzero(counts_KK), strict=True)]
    return {"labels": list(names), "counts": counts_KK.tolist(), "cells": cells}
