"""Intervals when whole groups, and networks or trainings where there are several, are drawn anew (bootstrap).

Legend: Q questions (queries or tested videos, one after the other), S seeds, K groups, R repeats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.engine.shapes import Ints

FEWEST_GROUPS = 5
"""With fewer groups there is too little to draw anew, and an interval says less than it seems to."""


def interval_over_groups(value_Q: NDArray[np.float64], group_Q: Ints, *, seed_Q: Ints | None = None, seed: int = 0,
                         repeats: int = 2000) -> tuple[float, float]:
    """The 95 % interval of a mean over questions when whole groups are drawn anew (percentile bootstrap).

    `seed_Q` names the network or training that each value comes from; these are then drawn anew as well, each
    counting alike. With one group and one seed there is nothing to draw, and the interval has no width.
    """
    code_Q = np.unique(group_Q, return_inverse=True)[1]
    number_Q = np.zeros(len(code_Q), np.int64) if seed_Q is None else np.unique(seed_Q, return_inverse=True)[1]
    groups, seeds = int(code_Q.max(initial=0)) + 1, int(number_Q.max(initial=0)) + 1
    place_Q = number_Q * groups + code_Q
    sum_SK, count_SK = (np.bincount(place_Q, weights, seeds * groups).reshape(seeds, groups)
                        for weights in (value_Q, None))
    times_RK = np.random.default_rng([seed, 12]).multinomial(groups, np.full(groups, 1 / groups), repeats)
    times_RS = np.random.default_rng([seed, 13]).multinomial(seeds, np.full(seeds, 1 / seeds), repeats)
    value_R, count_R = (((times_RK @ part_SK.T) * times_RS).sum(axis=1) for part_SK in (sum_SK, count_SK))
    drawn_R = np.divide(value_R, count_R, out=np.full(repeats, np.nan), where=count_R > 0)
    low, high = np.nanpercentile(drawn_R, [2.5, 97.5])
    return float(low), float(high)
