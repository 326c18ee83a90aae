"""The curves and levels of a run's plots, made from what was measured. Each is named with its value at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from studio.gui.measured import Measured, Points, smoothed
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.line_plot import Curve, Level
from studio.gui.words import rounded, share

_PARTS, _LONGEST_MEAN = 25, 100
Lines = tuple[list[Curve], list[Level]]
_Words = Callable[[float], str]


@dataclass(frozen=True)
class Drawing:
    """How curves are drawn: training means over so many measurements (0: as it suits), named at this step."""

    over: int = 0
    until: float | None = None

    def mean_over(self, count: int) -> int:
        """How many measurements a drawn mean covers, of `count` in all."""
        return self.over or max(1, min(_LONGEST_MEAN, count // _PARTS))


def accuracy_lines(measured: Measured, drawing: Drawing) -> Lines:
    """Right answers in percent; beside them chance, and what was right before the first step."""
    guessing, figure = measured.guessing, measured.guessing.figure
    levels = _before_training(measured, figure, scale=100, words=lambda value: share(value / 100))
    if measured.chance is not None:
        levels.append(Level(100 * guessing.level, said("chance {share}", share=share(guessing.level)),
                            current_theme().chance))
    return [*_training(measured, figure, drawing, scale=100, words=partial(_trained, form=".0f", unit=" %")),
            *_held_out(measured, figure, drawing, scale=100, words=partial(_held, form=".0f", unit=" %"))], levels


def loss_lines(measured: Measured, drawing: Drawing) -> Lines:
    """The loss, and what it was before the first step."""
    return [*_training(measured, "loss", drawing, scale=1, words=partial(_trained, form=".2f")),
            *_held_out(measured, "loss", drawing, scale=1, words=partial(_held, form=".2f"))], \
        _before_training(measured, "loss", scale=1, words=lambda value: f"{value:.2f}")


def rate_lines(measured: Measured, drawing: Drawing) -> Lines:
    """The learning rate."""
    return _single(measured, "learning_rate", drawing, words=lambda value: f"{value:.2g}"), []


def speed_lines(measured: Measured, drawing: Drawing) -> Lines:
    """Questions a second."""
    return _single(measured, "samples_per_second", drawing, words=rounded), []


def _training(measured: Measured, name: str, drawing: Drawing, *, scale: float, words: _Words) -> list[Curve]:
    """The training curve as a mean of some measurements, the single ones faint behind it."""
    steps, values = measured.points("train", name)
    if not len(steps):
        return []
    over = drawing.mean_over(len(values))
    mean = smoothed(values, over=over) * scale
    return [Curve((steps, mean), words(_last((steps, mean), drawing.until)), current_theme().train,
                  faint=(steps, values * scale) if len(values) > 2 and over > 1 else None)]


def _held_out(measured: Measured, name: str, drawing: Drawing, *, scale: float, words: _Words) -> list[Curve]:
    steps, values = measured.points("validation", name)
    if not len(steps):
        return []
    points = steps, values * scale
    return [Curve(points, words(_last(points, drawing.until)), current_theme().validation, dots=True)]


def _before_training(measured: Measured, name: str, *, scale: float, words: _Words) -> list[Level]:
    value = measured.last("untrained", name)
    return [] if value is None else [Level(value * scale, said("before training {value}", value=words(value * scale)),
                                           current_theme().random)]


def _single(measured: Measured, name: str, drawing: Drawing, *, words: _Words) -> list[Curve]:
    points = measured.points("train", name)
    return [Curve(points, words(_last(points, drawing.until)), current_theme().quiet)] if len(points[0]) else []


def _trained(value: float, *, form: str, unit: str = "") -> str:
    return said("training {value}", value=f"{value:{form}}{unit}")


def _held(value: float, *, form: str, unit: str = "") -> str:
    return said("held out {value}", value=f"{value:{form}}{unit}")


def _last(points: Points, until: float | None) -> float:
    """The value at the last step shown."""
    end = len(points[0]) if until is None else int(np.searchsorted(points[0], until + 1e-9))
    return float(points[1][max(end, 1) - 1])
