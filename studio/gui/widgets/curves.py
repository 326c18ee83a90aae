"""The live curves of a run: right answers with the chance line, loss, learning rate, speed. One cursor reads all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.measured import Measured, Points, smoothed
from studio.gui.theme import current_theme
from studio.gui.widgets.line_plot import Curve, LinePlot
from studio.gui.words import number, share

Words = Callable[[float], str]
_PARTS = 25
_TURN_MILLISECONDS = 10
_LONGEST_MEAN = 100


class Curves(QWidget):
    """Draws what was measured. Its value is the step under the cursor, None while there is no cursor."""

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Curves of the run")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._measured = Measured()
        self._step: float | None = None
        self.accuracy = LinePlot(floor=0.0, ceiling=100.0, height_pixels=184)
        self.loss = LinePlot(height_pixels=184)
        self.rate = LinePlot(floor=0.0, bottom="steps", height_pixels=120)
        self.speed = LinePlot(floor=0.0, bottom="steps", height_pixels=120)
        self._readout = label("", "caption", wrap=True)
        self._readout.setMinimumHeight(self._readout.fontMetrics().height())
        self._draws = {"accuracy": self._draw_accuracy, "loss": self._draw_loss, "rate": self._draw_rate,
                       "speed": self._draw_speed}
        self._waiting: list[str] = []
        self._turn = QTimer(self, interval=_TURN_MILLISECONDS)
        self._turn.timeout.connect(self._draw_next)
        self._arrange()
        for plot in self._plots:
            plot.step_hovered.connect(lambda step: self.set_value(None if step < 0 else step))

    def value(self) -> float | None:
        """Give the step under the cursor."""
        return self._step

    def set_value(self, step: float | None) -> None:
        """Put the cursor on the measurement nearest to a step, or take it away."""
        steps = self._measured.points("train", "loss")[0]
        if step is not None and len(steps):
            step = float(steps[int(np.abs(steps - step).argmin())])
        elif step is not None:
            step = None
        if step != self._step:
            self._step = step
            for plot in self._plots:
                plot.set_cursor(step)
            self._read()
            self.value_changed.emit(step)

    def set_measured(self, measured: Measured) -> None:
        """Draw what was measured so far: one plot a turn of the event loop, so that the window never waits."""
        self._measured = measured
        self._waiting = list(self._draws)
        self._turn.start()
        self._read()

    def _draw_next(self) -> None:
        if self._waiting:
            self._draws[self._waiting.pop(0)]()
        if not self._waiting:
            self._turn.stop()

    def _draw_accuracy(self) -> None:
        chance = self._measured.chance
        self.accuracy.set_value(
            [*self._train("accuracy", scale=100, words=lambda value: f"training {value:.0f} %"),
             *self._held_out("accuracy", scale=100, words=lambda value: f"held out {value:.0f} %")],
            level=None if chance is None else (100 * chance, f"chance {share(chance)}"), steps=self._span)

    def _draw_loss(self) -> None:
        self.loss.set_value([*self._train("loss", scale=1, words=lambda value: f"training {value:.2f}"),
                             *self._held_out("loss", scale=1, words=lambda value: f"held out {value:.2f}")],
                            steps=self._span)

    def _draw_rate(self) -> None:
        self.rate.set_value(self._single("learning_rate", lambda value: f"{value:.2g}"), steps=self._span)

    def _draw_speed(self) -> None:
        self.speed.set_value(self._single("samples_per_second", rounded), steps=self._span)

    @property
    def _span(self) -> tuple[float, float]:
        return 0.0, float(max(1, self._measured.step))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = self._measured.points("train", "loss")[0]
        keys = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20,
                Qt.Key.Key_Home: -len(steps), Qt.Key.Key_End: len(steps)}
        if event.key() == Qt.Key.Key_Escape and self._step is not None:
            self.set_value(None)
        elif (move := keys.get(Qt.Key(event.key()))) is not None and len(steps):
            here = len(steps) - 1 if self._step is None else int(np.searchsorted(steps, self._step))
            self.set_value(float(steps[min(max(here + move, 0), len(steps) - 1)]))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_focus()

    @property
    def _plots(self) -> tuple[LinePlot, ...]:
        return self.accuracy, self.loss, self.rate, self.speed

    def _arrange(self) -> None:
        theme = current_theme()
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(24))
        grid.setVerticalSpacing(theme.px(2))
        titles = ("Right answers, %", "Loss", "Learning rate", "Questions a second")
        for place, (plot, title) in enumerate(zip(self._plots, titles, strict=True)):
            plot.setAccessibleName(title)
            plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(label(title, "caption"), place // 2 * 2, place % 2)
            grid.addWidget(plot, place // 2 * 2 + 1, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        layout.addLayout(grid)
        layout.addWidget(self._readout)

    def _train(self, name: str, *, scale: float, words: Words) -> list[Curve]:
        """The training curve as a mean of some measurements, the single ones faint behind it."""
        steps, values = self._measured.points("train", name)
        if not len(steps):
            return []
        mean = smoothed(values, over=mean_over(len(values))) * scale
        return [Curve((steps, mean), words(float(mean[-1])), current_theme().train,
                      faint=(steps, values * scale) if len(values) > 2 else None)]

    def _held_out(self, name: str, *, scale: float, words: Words) -> list[Curve]:
        steps, values = self._measured.points("validation", name)
        if not len(steps):
            return []
        return [Curve((steps, values * scale), words(float(values[-1] * scale)), current_theme().validation,
                      dots=True)]

    def _single(self, name: str, words: Words) -> list[Curve]:
        points: Points = self._measured.points("train", name)
        return [Curve(points, words(float(points[1][-1])), current_theme().quiet)] if len(points[0]) else []

    def _show_focus(self) -> None:
        for plot in self._plots:
            plot.set_focused(self.hasFocus())

    def _read(self) -> None:
        words = self._words()
        self._readout.setText(words)
        self.setAccessibleDescription(words)

    def _words(self) -> str:
        measured = self._measured
        if self._step is None:
            count = len(measured.points("train", "loss")[0])
            if not count:
                return ""
            over = mean_over(count)
            return ("Point at a curve, or press the arrow keys, to read all of them."
                    + (f" The training curves are means over {over} measurements; faint: each one." if over > 1
                       else ""))
        parts = [f"Step {number(self._step)}"]
        for split, title in (("train", "training"), ("validation", "held out")):
            found = measured.at(split, "accuracy", self._step)
            if found is not None:
                parts.append(f"{title} {share(found)} right, loss {measured.at(split, 'loss', self._step) or 0:.3f}")
        if measured.chance is not None:
            parts.append(f"chance {share(measured.chance)}")
        if (rate := measured.at("train", "learning_rate", self._step)) is not None:
            parts.append(f"learning rate {rate:.2g}")
        if (speed := measured.at("train", "samples_per_second", self._step)) is not None:
            parts.append(f"{rounded(speed)} questions a second")
        return " · ".join(parts)


def mean_over(count: int) -> int:
    """How many measurements a drawn mean covers, of `count` in all."""
    return max(1, min(_LONGEST_MEAN, count // _PARTS))


def rounded(value: float) -> str:
    """Write a speed: `0.85`, `8.5`, `85`."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else number(value)
