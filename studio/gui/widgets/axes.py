"""Axes of the studio's plots: steps as counts, and values that may be drawn by their logarithm."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg

from studio.gui.measured import Line
from studio.gui.words import number

_LEAST = 1e-12
"""What is drawn by its logarithm and is smaller is drawn as this."""
_TENTHS = (1, 2, 5)
_HALVES = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)
_MOST_TICKS, _FEW_TICKS = 8, 6


class StepAxis(pg.AxisItem):
    """Says steps as counts, never with a factor beside the axis."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        return [number(value) if value == round(value) else "" for value in values]


class ValueAxis(pg.AxisItem):
    """Says values; while `logarithmic`, its places are powers of ten and it still says the values."""

    def __init__(self) -> None:
        super().__init__("left")
        self.logarithmic = False

    def places_of(self, values: Line) -> Line:
        """Where values lie on the axis."""
        return np.log10(np.maximum(values, _LEAST)) if self.logarithmic else values

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logarithmic:
            return list(super().tickValues(minVal, maxVal, size))
        return [(1.0, [math.log10(value) for value in values_between(10**minVal, 10**maxVal)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if not self.logarithmic:
            return list(super().tickStrings(values, scale, spacing))
        return [f"{10**value:.3g}" for value in values]


def values_between(low: float, high: float) -> list[float]:
    """Round values for an axis of logarithms: 1, 2, 5, 10 … over decades, evenly spaced ones within a decade."""
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
    decades = [tenth * 10.0**power for power in range(first, last + 1) for tenth in _TENTHS]
    found = [value for value in decades if low <= value <= high]
    if len(found) > _MOST_TICKS:  # only the powers of ten, and of these some where they are many
        powers = [10.0**power for power in range(first, last + 1) if low <= 10.0**power <= high]
        return powers[::-(-len(powers) // _MOST_TICKS)]
    if len(found) >= 3:
        return found
    unit = 10.0 ** math.floor(math.log10(high - low)) if high > low else 1.0
    step = next((unit * part for part in _HALVES if (high - low) / (unit * part) <= _FEW_TICKS), unit)
    return [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
