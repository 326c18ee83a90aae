"""The live curves of a run: right answers with the chance line, loss, learning rate, speed. One cursor reads all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.measured import Measured, Points, smoothed
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.line_plot import Curve, LinePlot
from studio.gui.words import number, share

Words = Callable[[float], str]
_PARTS = 25
_TURN_MILLISECONDS = 10
_LONGEST_MEAN = 100
_LOSS = "loss_"


@dataclass(frozen=True)
class _About:
    """What one of the plots is like."""

    title: str
    height_pixels: int
    floor: float | None = None
    ceiling: float | None = None
    bottom: str = ""


_PLOTS = {
    "accuracy": _About("Right answers, %", 184, floor=0.0, ceiling=100.0), "loss": _About("Loss", 184),
    "rate": _About("Learning rate", 120, floor=0.0, bottom="steps"),
    "speed": _About("Questions a second", 120, floor=0.0, bottom="steps")}


class Curves(QWidget):
    """Draws what was measured. Its value is the step under the cursor, None while there is no cursor."""

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Curves of the run"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._measured = Measured()
        self._step: float | None = None
        self._made: dict[str, LinePlot] = {}
        self._places: dict[str, QVBoxLayout] = {}
        self._readout, self._accuracy_title = label("", "caption", wrap=True), label("", "caption", wrap=True)
        self._accuracy_title.setText(said(_PLOTS["accuracy"].title))
        self._readout.setMinimumHeight(self._readout.fontMetrics().height())
        self._draws = {"accuracy": self._draw_accuracy, "loss": self._draw_loss, "rate": self._draw_rate,
                       "speed": self._draw_speed}
        self._waiting: list[str] = []
        self._turn = QTimer(self, interval=_TURN_MILLISECONDS)
        self._turn.timeout.connect(self._draw_next)
        self._arrange()
        self._turn.start()

    @property
    def accuracy(self) -> LinePlot:
        """Right answers in percent, with the chance line."""
        return self._plot("accuracy")

    @property
    def loss(self) -> LinePlot:
        """The loss."""
        return self._plot("loss")

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
        # A plot that waits already keeps its turn: curves that grow quickly must not starve the last of them.
        self._waiting += [name for name in self._draws if name not in self._waiting]
        self._turn.start()
        self._read()

    def _draw_next(self) -> None:
        """Make the plots one a turn, which takes longest, then draw those that wait."""
        if missing := [name for name in _PLOTS if name not in self._made]:
            self._plot(missing[0])
        elif self._waiting:
            self._draws[self._waiting.pop(0)]()
        if len(self._made) == len(_PLOTS) and not self._waiting:
            self._turn.stop()

    def _plot(self, name: str) -> LinePlot:
        if name not in self._made:
            about = _PLOTS[name]
            made = LinePlot(floor=about.floor, ceiling=about.ceiling, bottom=about.bottom,
                            height_pixels=about.height_pixels)
            made.setAccessibleName(said(about.title))
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            made.step_hovered.connect(lambda step: self.set_value(None if step < 0 else step))
            made.set_cursor(self._step)
            made.set_focused(self.hasFocus())
            self._places[name].setContentsMargins(0, 0, 0, 0)
            self._places[name].addWidget(made)
            self._made[name] = made
        return self._made[name]

    def _draw_accuracy(self) -> None:
        chance, guessing = self._measured.chance, self._measured.guessing
        self._accuracy_title.setText(said(_PLOTS["accuracy"].title) + guessing.manner)
        self.accuracy.set_value(
            [*self._train(guessing.figure, scale=100, words=lambda value: f"training {value:.0f} %"),
             *self._held_out(guessing.figure, scale=100, words=lambda value: f"held out {value:.0f} %")],
            level=None if chance is None else (100 * guessing.level, f"chance {share(guessing.level)}"),
            steps=self._span)

    def _draw_loss(self) -> None:
        self.loss.set_value([*self._train("loss", scale=1, words=lambda value: f"training {value:.2f}"),
                             *self._held_out("loss", scale=1, words=lambda value: f"held out {value:.2f}")],
                            steps=self._span)

    def _draw_rate(self) -> None:
        self._plot("rate").set_value(self._single("learning_rate", lambda value: f"{value:.2g}"), steps=self._span)

    def _draw_speed(self) -> None:
        self._plot("speed").set_value(self._single("samples_per_second", rounded), steps=self._span)

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
        return tuple(self._made.values())

    def _arrange(self) -> None:
        theme = current_theme()
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(24))
        grid.setVerticalSpacing(theme.px(2))
        for place, (name, about) in enumerate(_PLOTS.items()):
            self._places[name] = QVBoxLayout()  # with the room of the plot to come
            self._places[name].setContentsMargins(0, 0, 0, theme.px(about.height_pixels))
            title = self._accuracy_title if name == "accuracy" else label(about.title, "caption")
            grid.addWidget(title, place // 2 * 2, place % 2)
            grid.addLayout(self._places[name], place // 2 * 2 + 1, place % 2)
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
            return (said("Point at a curve, or press the arrow keys, to read all of them.")
                    + (said(" The training curves are means over {over} measurements; faint: each one.",
                            over=over) if over > 1
                       else ""))
        parts = [said("Step {step}", step=number(self._step))]
        for split, title in (("train", said("training")), ("validation", said("held out"))):
            found = measured.at(split, measured.guessing.figure, self._step)
            if found is not None:
                parts.append(said("{videos} {share} right, loss {loss}", videos=title, share=share(found),
                                  loss=f"{measured.at(split, 'loss', self._step) or 0:.3f}")
                             + self._losses(split, self._step))
        if measured.chance is not None:
            parts.append(said("chance {share}", share=share(measured.guessing.level)))
        if (rate := measured.at("train", "learning_rate", self._step)) is not None:
            parts.append(said("learning rate {rate}", rate=f"{rate:.2g}"))
        if (speed := measured.at("train", "samples_per_second", self._step)) is not None:
            parts.append(said("{speed} questions a second", speed=rounded(speed)))
        return " · ".join(parts)

    def _losses(self, split: str, step: float) -> str:
        """Say the losses that make up the sum, before their weights; nothing where there is only the task's."""
        said = [f"{name.removeprefix(_LOSS)} {self._measured.at(split, name, step) or 0:.3f}"
                for name in self._measured.names(split, beginning=_LOSS)]
        return f" ({', '.join(said)})" if said else ""


def mean_over(count: int) -> int:
    """How many measurements a drawn mean covers, of `count` in all."""
    return max(1, min(_LONGEST_MEAN, count // _PARTS))


def rounded(value: float) -> str:
    """Write a speed: `0.85`, `8.5`, `85`."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else number(value)
