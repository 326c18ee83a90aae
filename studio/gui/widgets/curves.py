"""The live curves of a run: right answers with the chance line, loss, learning rate, speed. One cursor reads all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.judgement import manner
from studio.gui.measured import Measured
from studio.gui.steps_shown import MOVE, ZOOM, Steps, moved, zoomed
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.curve_lines import Drawing, Lines, accuracy_lines, loss_lines, rate_lines, speed_lines
from studio.gui.widgets.curve_options import HOW_TO, CurveOptions
from studio.gui.widgets.curve_readout import how_to_read, read_at
from studio.gui.widgets.line_plot import LinePlot

_TURN_MILLISECONDS = 10
_BESIDE_PIXELS, _SMALL_SCREEN_PIXELS = 520, 800
"""Two plots beside each other need so much at the usual size of text; a small screen has so much for them."""


@dataclass(frozen=True)
class _About:
    """What one of the plots is like."""

    title: str
    height_pixels: int
    lines: Callable[[Measured, Drawing], Lines]
    floor: float | None = None
    ceiling: float | None = None


_PLOTS = {
    "accuracy": _About(noted("Right answers, %"), 196, accuracy_lines, floor=0.0, ceiling=100.0),
    "loss": _About(noted("Loss"), 196, loss_lines),
    "rate": _About(noted("Learning rate"), 120, rate_lines, floor=0.0),
    "speed": _About(noted("Questions a second"), 120, speed_lines, floor=0.0)}
_BY_LOGARITHM = ("loss", "rate")


class Curves(QWidget):
    """Draws what was measured. Its value is the step under the cursor, None while there is no cursor.

    All plots show the same steps: what one is asked to show, all show.
    """

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Curves of the run"))
        self.setToolTip(said(HOW_TO))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._measured = Measured()
        self._step: float | None = None
        self._made: dict[str, LinePlot] = {}
        self._columns = 2 if current_theme().px(_BESIDE_PIXELS) <= _SMALL_SCREEN_PIXELS else 1
        self._places: dict[str, QVBoxLayout] = {}
        self._readout, self._accuracy_title = label("", "caption", wrap=True), label("", "caption", wrap=True)
        self._accuracy_title.setText(said(_PLOTS["accuracy"].title))
        self._readout.setMinimumHeight(self._readout.fontMetrics().height())
        self._options = CurveOptions(name=name)
        self._options.value_changed.connect(self._draw_all)
        self._options.whole_wanted.connect(lambda: self.set_steps(None))
        self._shown: Steps | None = None
        self._waiting: list[str] = []
        self.drawing = QTimer(self, interval=_TURN_MILLISECONDS)
        """Runs while a plot waits to be made or drawn."""
        self.drawing.timeout.connect(self._draw_next)
        self._arrange()
        self.drawing.start()

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
        self._draw_all()

    def set_steps(self, shown: Steps | None) -> None:
        """Show some steps only, or all."""
        if shown != self._shown:
            self._shown = shown
            self._options.set_zoomed(shown is not None)
            for plot in self._plots:
                plot.set_steps(shown)
            self._draw_all()

    @property
    def steps(self) -> Steps | None:
        """The steps shown; None while all are."""
        return self._shown

    @property
    def _drawing(self) -> Drawing:
        return Drawing(over=self._options.value()[0], until=self._shown[1] if self._shown else None)

    def _draw_all(self) -> None:
        # A plot that waits already keeps its turn: curves that grow quickly must not starve the last of them.
        self._waiting += [name for name in _PLOTS if name not in self._waiting]
        self.drawing.start()
        self._read()

    def _draw_next(self) -> None:
        """Make the plots one a turn, which takes longest, then draw those that wait."""
        if missing := [name for name in _PLOTS if name not in self._made]:
            self._plot(missing[0])
        elif self._waiting:
            self._draw(self._waiting.pop(0))
        if len(self._made) == len(_PLOTS) and not self._waiting:
            self.drawing.stop()

    def _draw(self, name: str) -> None:
        curves, levels = _PLOTS[name].lines(self._measured, self._drawing)
        if name == "accuracy":
            self._accuracy_title.setText(said(_PLOTS[name].title) + manner(self._measured.guessing))
        plot = self._plot(name)
        plot.set_logarithmic(name in _BY_LOGARITHM and self._options.value()[1])
        plot.set_value(curves, levels=levels, steps=self._span)
        first = list(_PLOTS).index(name) % self._columns
        column = [self._made[one] for one in list(_PLOTS)[first::self._columns] if one in self._made]
        room = max(one.names_pixels for one in column)
        for one in column:
            one.set_names_pixels(room)

    def _plot(self, name: str) -> LinePlot:
        if name not in self._made:
            about = _PLOTS[name]
            made = LinePlot(floor=about.floor, ceiling=about.ceiling, bottom=noted("steps"),
                            height_pixels=about.height_pixels)
            made.setAccessibleName(said(about.title))
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            made.step_hovered.connect(lambda step: self.set_value(None if step < 0 else step))
            made.steps_wanted.connect(self.set_steps)
            made.set_steps(self._shown)
            made.set_cursor(self._step)
            made.set_focused(self.hasFocus())
            self._places[name].setContentsMargins(0, 0, 0, 0)
            self._places[name].addWidget(made)
            self._made[name] = made
        return self._made[name]

    @property
    def _span(self) -> tuple[float, float]:
        return 0.0, float(max(1, self._measured.step))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._zoomed_by(Qt.Key(event.key()), shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
            return
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

    def _zoomed_by(self, key: Qt.Key, *, shift: bool) -> bool:
        """Do what a key does about the steps shown; whether it does anything."""
        whole, width = self._span, (self._shown[1] - self._shown[0]) if self._shown else 0.0
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            times = 1 / ZOOM if key == Qt.Key.Key_Minus else ZOOM
            self.set_steps(zoomed(self._shown, whole, times=times, around=self._step))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and shift:
            self.set_steps(moved(self._shown, whole, by=MOVE * width * (1 if key == Qt.Key.Key_Right else -1)))
        elif key == Qt.Key.Key_0:
            self.set_steps(None)
        else:
            return False
        return True

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
        columns = self._columns
        for place, (name, about) in enumerate(_PLOTS.items()):
            self._places[name] = QVBoxLayout()  # with the room of the plot to come
            self._places[name].setContentsMargins(0, 0, 0, theme.px(about.height_pixels))
            title = self._accuracy_title if name == "accuracy" else label(about.title, "caption")
            grid.addWidget(title, place // columns * 2, place % columns)
            grid.addLayout(self._places[name], place // columns * 2 + 1, place % columns)
        for column in range(columns):
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        layout.addWidget(self._options)
        layout.addLayout(grid)
        layout.addWidget(self._readout)

    def _show_focus(self) -> None:
        for plot in self._plots:
            plot.set_focused(self.hasFocus())

    def _read(self) -> None:
        words = (how_to_read(self._measured, self._drawing) if self._step is None else
                 read_at(self._measured, self._step))
        self._readout.setText(words)
        self.setAccessibleDescription(words)
