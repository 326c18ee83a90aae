"""Several runs over each other: right answers on held-out videos, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import label
from studio.gui.judgement import guessing_in
from studio.gui.run_feed import RunFeed
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.curve_options import HOW_TO
from studio.gui.widgets.differences import Differences, run_colour
from studio.gui.widgets.line_plot import Curve, Level, LinePlot
from studio.gui.widgets.run_list import told_apart
from studio.gui.words import number, share

MOST = 6


class Comparison(QWidget):
    """Compares runs; its value is the runs."""

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self._runs: list[Run] = []
        self._feeds: dict[str, RunFeed] = {}
        self._prefix = prefix
        self._plot: LinePlot | None = None
        self._place = QVBoxLayout()
        self._note = label("", "caption", wrap=True)
        self._note.setObjectName(f"{prefix}.comparison_note")
        self._left_out = ""
        self._differences = Differences(name=f"{prefix}.differences")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        self._title = label("", "heading")
        layout.addWidget(self._title)
        layout.addWidget(label("Right answers on held-out videos, %", "caption"))
        layout.addLayout(self._place)
        layout.addWidget(self._note)
        layout.addSpacing(theme.px(8))
        layout.addWidget(label("Settings that differ", "heading"))
        layout.addWidget(self._differences)
        self.hide()

    @property
    def plot(self) -> LinePlot:
        """The curves; made when runs are compared for the first time, because that takes a while."""
        if self._plot is None:
            self._plot = LinePlot(floor=0.0, ceiling=100.0, bottom=noted("steps"), height_pixels=280)
            self._plot.setObjectName(f"{self._prefix}.comparison")
            self._plot.setAccessibleName(said("Right answers on held-out videos of the chosen runs, in percent"))
            self._plot.step_hovered.connect(self._read)
            self._plot.steps_wanted.connect(self._plot.set_steps)
            self._plot.setToolTip(said(HOW_TO))
            self._place.addWidget(self._plot)
        return self._plot

    def value(self) -> list[Run]:
        """Give the runs compared."""
        return list(self._runs)

    def set_value(self, runs: Sequence[Run]) -> None:
        """Compare runs (the first six of them); fewer than two end the comparison."""
        chosen = list(runs)[:MOST] if len(runs) > 1 else []
        self._title.setText(said("{count} runs beside each other", count=len(chosen)))
        self._left_out = said("Only the first {most} of {count} are shown.", most=MOST,
                              count=len(runs)) if len(runs) > MOST else ""
        for name in set(self._feeds) - {run.name for run in chosen}:
            feed = self._feeds.pop(name)
            feed.pause()
            feed.deleteLater()
        self._runs = chosen
        self._differences.set_value(chosen)
        self._follow()
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for feed in self._feeds.values():
            feed.pause()

    def _follow(self) -> None:
        if not self.isVisible():
            return
        for run in self._runs:
            if run.name not in self._feeds:
                self._feeds[run.name] = RunFeed(self)
                self._feeds[run.name].changed.connect(self._draw)
            self._feeds[run.name].follow(run.folder, live=run.state == "running")

    def _draw(self) -> None:
        if not self._runs and self._plot is None:
            return
        curves, chances, silent = [], set(), []
        names = told_apart(self._runs)
        for place, run in enumerate(self._runs):
            if (feed := self._feeds.get(run.name)) is None:
                continue
            guessing = guessing_in(feed.measured, run)
            steps, values = feed.measured.points("validation", guessing.figure)
            if len(steps):
                curves.append(Curve((steps, 100 * values), f"{names[run.name]} {share(float(values[-1]))}",
                                    run_colour(place), dots=True))
            elif feed.caught_up:
                silent.append(names[run.name])
            if guessing.level:
                chances.add(guessing.level)
        levels = [Level(100 * chance, said("chance {share}", share=share(chance)), current_theme().chance)
                  for chance in chances] if len(chances) == 1 else []
        end = max((run.step for run in self._runs), default=1)
        self.plot.set_value(curves, levels=levels, steps=(0.0, float(max(1, end))))
        self._write_note(chances, silent)

    def _write_note(self, chances: Collection[float], silent: Sequence[str]) -> None:
        """Say what the curves do not: which runs have none, and that guessing is not alike."""
        words = [self._left_out] + [said("{run}: no answers about held-out videos yet.", run=name) for name in silent]
        if len(chances) > 1:
            words.append(said("These runs answer questions of different difficulty: guessing gets ")
                         + ", ".join(share(chance) for chance in sorted(chances)) + ".")
        self._note.setText("\n".join(filter(None, words)))
        self._note.setVisible(any(words))

    def _read(self, step: float) -> None:
        """Say all curves at the step under the mouse."""
        if step < 0 or not self._runs:
            self.plot.set_cursor(None)
            self.plot.setToolTip(said(HOW_TO))
            return
        self.plot.set_cursor(step)
        names = told_apart(self._runs)
        words = [f"{names[run.name]}: {share(measured.at('validation', guessing_in(measured, run).figure, step))}"
                 for run in self._runs if run.name in self._feeds
                 for measured in [self._feeds[run.name].measured]]
        self.plot.setToolTip(said("Step {step}\n", step=number(step)) + "\n".join(words))
