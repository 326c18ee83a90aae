"""The curves of a run as arrays that grow, and how they are made short enough to draw. Pure arrays, no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.engine.events import Metric
from studio.engine.guessing import Guessing

Line = NDArray[np.float64]
Points = tuple[Line, Line]
_FIRST_ROOM = 256


class Growing:
    """Steps and values, appended one by one; steps never fall."""

    def __init__(self) -> None:
        self._steps, self._values = np.empty(_FIRST_ROOM), np.empty(_FIRST_ROOM)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def points(self) -> Points:
        """Views of the steps and the values so far."""
        return self._steps[:self._count], self._values[:self._count]

    def append(self, step: float, value: float) -> None:
        """Add a point. What a resumed run does again replaces what was lost."""
        if self._count and self._steps[self._count - 1] >= step:
            self._count = int(np.searchsorted(self._steps[:self._count], step))
        if self._count == len(self._steps):
            self._steps = np.concatenate([self._steps, np.empty_like(self._steps)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._steps[self._count], self._values[self._count] = step, value
        self._count += 1


class Measured:
    """What was measured of a run: one growing curve for each split and figure."""

    def __init__(self) -> None:
        self._curves: dict[tuple[str, str], Growing] = {}
        self.epoch = 0.0
        self.step = self.total_steps = 0
        self.chance: float | None = None
        self.balanced_chance: float | None = None

    def add(self, metric: Metric) -> None:
        """Take in the figures of a step or of a validation pass."""
        self.epoch, self.step, self.total_steps = metric.epoch, metric.step, metric.total_steps
        for name, value in metric.values.items():
            if value is None:
                continue
            if name == "chance":
                self.chance = value
            elif name == "balanced_chance":
                self.balanced_chance = value
            self._curves.setdefault((metric.split, name), Growing()).append(metric.step, value)

    def points(self, split: str, name: str) -> Points:
        """Steps and values of a figure."""
        found = self._curves.get((split, name))
        return found.points if found else (np.empty(0), np.empty(0))

    def last(self, split: str, name: str) -> float | None:
        """The newest value of a figure."""
        values = self.points(split, name)[1]
        return float(values[-1]) if len(values) else None

    def best(self, split: str, name: str) -> tuple[int, float] | None:
        """The step and the value of the largest of a figure."""
        steps, values = self.points(split, name)
        if not len(values):
            return None
        place = int(np.argmax(values))
        return int(steps[place]), float(values[place])

    def at(self, split: str, name: str, step: float) -> float | None:
        """The value of a figure at the measurement nearest to a step."""
        steps, values = self.points(split, name)
        if not len(steps):
            return None
        after = min(int(np.searchsorted(steps, step)), len(steps) - 1)
        before = max(0, after - 1)
        return float(values[before if step - steps[before] <= steps[after] - step else after])

    @property
    def guessing(self) -> Guessing:
        """What guessing gives, as far as it was told."""
        return Guessing.told(self.chance, self.balanced_chance)

    def names(self, split: str, *, beginning: str = "") -> list[str]:
        """The figures measured of a split whose names begin so."""
        return [name for one, name in self._curves if one == split and name.startswith(beginning)]

    @property
    def has_validation(self) -> bool:
        """Whether anything was measured on held-out videos."""
        return ("validation", "accuracy") in self._curves


def smoothed(values: Line, *, over: int) -> Line:
    """Give the mean of each value and the `over - 1` before it (fewer at the beginning)."""
    if over < 2 or len(values) < 2:
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - over)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def rounded_up(count: float) -> float:
    """Give the next number of two digits that is as much or more: 1, 84, 330, 12000."""
    if count <= 0:
        return count
    unit = 10.0 ** np.floor(np.log10(count)) / 10
    return float(unit * np.ceil(count / unit - 1e-9))


def thinned(points: Points, *, most: int = 1500) -> Points:
    """Give at most about `most` points that draw the same picture: the extremes of each stretch, and the last."""
    steps, values = points
    if len(values) <= most:
        return points
    size = -(-len(values) // max(1, most // 2))
    whole = len(values) // size * size
    first, blocks, rest = np.arange(0, whole, size), values[:whole].reshape(-1, size), values[whole:]
    extremes = [first + blocks.argmin(axis=1), first + blocks.argmax(axis=1)]
    if len(rest):
        extremes.append(whole + np.array([rest.argmin(), rest.argmax()]))
    keep = np.unique(np.concatenate([[0, len(values) - 1], *extremes]))
    return steps[keep], values[keep]
