"""How a run goes: its state, how far it is and how long still, and its key numbers beside chance and the run before."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from studio.engine.events import Progress
from studio.engine.runs import Run
from studio.gui.blocks import Figure, column, fill, label
from studio.gui.judgement import guessing_in, right_share
from studio.gui.measured import Measured
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.run_list import STATES, short_name, when
from studio.gui.words import duration, number, rounded, share

SILENCE_SECONDS = 30.0
PAUSED = "paused"
"""The phase of a run that waits."""
_PHASES = {"training": noted("training"), "validation": noted("asking about held-out videos"),
           "self-test": noted("testing which precision is right and fast here")}
_WHOLE = 1000
_PLATEAU_PASSES = 3
"""Validation passes without a better one after which that is said."""


class RunHead(QWidget):
    """Shows one run; its value is the run."""

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self._run: Run | None = None
        self._heard_at = time.monotonic()
        self._title, self._state = label("", "heading"), label("", "quiet", wrap=True)
        self._steps, self._step_words = _bar(f"{prefix}.steps")
        self._epochs, self._epoch_words = _bar(f"{prefix}.epochs")
        self._right = Figure(said("Right on held-out videos"), name=f"{prefix}.right")
        self._best = Figure(said("Best so far"), name=f"{prefix}.best")
        self._loss = Figure(said("Loss on held-out videos"), name=f"{prefix}.loss")
        self._speed = Figure(said("Questions a second"), name=f"{prefix}.speed")
        self._left = Figure(said("Time"), name=f"{prefix}.left")
        bars = QHBoxLayout()
        bars.setSpacing(theme.px(24))
        bars.addLayout(column(self._step_words, self._steps), 3)
        bars.addLayout(column(self._epoch_words, self._epochs), 2)
        self._bars = QWidget()
        self._bars.setLayout(bars)
        bars.setContentsMargins(0, 0, 0, 0)
        figures = QWidget()
        flow = FlowLayout(figures, spacing=16)
        for figure in (self._right, self._best, self._loss, self._speed, self._left):
            figure.setMinimumWidth(theme.px(116))
            flow.addWidget(figure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(12))
        layout.addLayout(column(self._title, self._state, spacing=2))
        layout.addWidget(self._bars)
        layout.addWidget(figures)
        self._silence = QTimer(self, interval=1000)
        self._silence.timeout.connect(self._write_state)
        self._phase: Progress | None = None
        self._stopping = self._pausing = self._going_on = False

    def value(self) -> Run | None:
        """Give the run shown."""
        return self._run

    @property
    def state_words(self) -> str:
        """What is said of the run's state."""
        return self._state.text()

    def hear(self, progress: Progress | None = None) -> None:
        """Take note that the run gave a sign of life, perhaps with its phase."""
        self._heard_at = time.monotonic()
        if progress is not None:
            self._phase = progress
            self._write_state()
            self._write_steps(self._run)

    def set_value(self, run: Run, measured: Measured, *, before: Run | None = None, stopping: bool = False,
                  pausing: bool = False, going_on: bool = False) -> None:
        """Show a run, what was measured of it, the run before it, and what it was asked to do."""
        if self._run is None or run.name != self._run.name:
            self._phase, self._heard_at = None, time.monotonic()
        if run != self._run:
            self._heard_at = time.monotonic()
        self._run, self._stopping, self._pausing, self._going_on = run, stopping, pausing, going_on
        self._title.setText(short_name(run.name))
        self._title.setToolTip(run.name)
        self._write_state()
        self._write_steps(run)
        self._write_epoch(run, measured)
        self._write_figures(run, measured, before)
        self._follow_silence()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_silence()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._silence.stop()

    def _follow_silence(self) -> None:
        if self._run is not None and self._run.state == "running" and self.isVisible():
            self._silence.start()
        else:
            self._silence.stop()

    def _write_state(self) -> None:
        run = self._run
        if run is None:
            return
        words = [said(run.title)] if run.title != short_name(run.name) else []
        words += [when(run)] if when(run) else []
        kind = "quiet"
        if run.state == "running":
            words.append(self._doing(run))
            if (silent := time.monotonic() - self._heard_at) > SILENCE_SECONDS and not run.paused:
                words.append(said("no word from it for {time}", time=duration(silent)))
                kind = "warning"
        elif self._going_on:
            words.append(said("going on; the first step comes in a few seconds"))
        else:
            words.append(said(STATES[run.state]))
            if run.state == "interrupted":
                words.append(said("its process ended without a word; go on from its last checkpoint with Resume"))
        if run.message and not self._going_on:
            words.append(run.message)
            kind = "bad" if run.state == "failed" else kind
        self._state.setText(" · ".join(words))
        self.setAccessibleName(said("Run {run}: {state}", run=short_name(run.name), state=self._state.text()))
        if self._state.property("kind") != kind:
            set_kind(self._state, kind)

    def _doing(self, run: Run) -> str:
        """Say what a run that trains is at."""
        phase = self._phase.phase if self._phase else "training"
        if self._stopping:
            return said("stopping after this step; all is kept")
        if run.paused or phase == PAUSED:
            return said("paused; what it learned is saved, and its memory stays taken") if self._pausing else said(
                "going on")
        return said("pausing after this step") if self._pausing else said(_PHASES.get(phase, phase))

    def _write_steps(self, run: Run | None) -> None:
        if run is None:
            return
        step, total = run.step, run.total_steps
        phase = self._phase if run.state == "running" else None
        if phase is not None and phase.phase == "training":
            step, total = phase.done, phase.total
        _fill(self._steps, step / total if total else 0.0)
        words = said("Step {step}", step=number(step))
        if total:
            words = said("Step {step} of about {total}" if _by_the_clock(run, total) else "Step {step} of {total}",
                         step=number(step), total=number(total))
        if phase is not None and phase.phase not in ("training", PAUSED) and phase.total:
            words += f" · {said(_PHASES.get(phase.phase, phase.phase))}: {round(100 * phase.done / phase.total)} %"
        self._step_words.setText(words)
        self._steps.setAccessibleName(words)

    def _write_epoch(self, run: Run, measured: Measured) -> None:
        epochs = int((run.recipe.get("training") or {}).get("max_epochs", 0))
        whole, part = divmod(measured.epoch, 1)
        done = bool(epochs) and measured.epoch >= epochs
        words = said("Epoch {epoch} of {epochs}" if epochs else "Epoch {epoch}",
                     epoch=number(whole if done else whole + 1), epochs=number(epochs))
        _fill(self._epochs, 1.0 if done else part)
        self._epoch_words.setText(words)
        self._epochs.setAccessibleName(f"{words}, {round(100 * part)} %")

    def _write_figures(self, run: Run, measured: Measured, before: Run | None) -> None:
        guessing = guessing_in(measured, run)
        beside = said("chance {share}", share=share(guessing.level)) if guessing.level else ""
        if guessing.skewed:
            beside += (said("\neach answer counting alike; of all {right}, always the commonest {chance}",
                            right=share(run.accuracy), chance=share(guessing.chance)))
        first = int((run.recipe.get("training") or {}).get("validate_every_steps", 0))
        if run.state == "running" and run.accuracy is None and 0 < first <= (run.total_steps or first):
            beside += said("\nfirst asked at step {step}", step=number(first))
        self._right.set_value(share(right_share(run)), beside.strip())
        best = measured.best("validation", guessing.figure)
        words = []
        if best is not None:
            steps = measured.points("validation", guessing.figure)[0]
            since = int((steps > best[0]).sum())
            words.append(said("at step {best}", best=number(best[0])))
            if since >= _PLATEAU_PASSES:
                words.append(said("no better for {steps} steps", steps=number(steps[-1] - best[0])))
        if before is not None and before.accuracy is not None:
            words.append(said("run before {share}", share=share(right_share(before))))
        self._best.set_value(share(best[1] if best else None), "\n".join(words))
        self._write_loss(run, measured, guessing.loss, before)
        self._write_speed(run, measured, before)
        self._write_left(run)

    def _write_loss(self, run: Run, measured: Measured, guessed: float | None, before: Run | None) -> None:
        loss = measured.last("validation", "loss")
        words = [said("guessing {loss}", loss=f"{guessed:.2f}")] if guessed else []
        if before is not None and before.accuracy is not None and before.loss is not None and _alike(run, before):
            words.append(said("run before {loss}", loss=f"{before.loss:.2f}"))
        self._loss.set_value("–" if loss is None else f"{loss:.2f}", "\n".join(words))

    def _write_speed(self, run: Run, measured: Measured, before: Run | None) -> None:
        speed = measured.last("train", "samples_per_second")
        waited = measured.last("train", "wait_share")
        words = []
        if waited and waited >= 0.05:
            words.append(said("{share} waiting for videos", share=share(waited)))
        elif speed and _batch(run) / speed >= 1:
            words.append(said("{time} a step", time=duration(_batch(run) / speed)))
        if before is not None and before.step and before.seconds:
            words.append(said("run before {speed}", speed=rounded(before.step * _batch(before) / before.seconds)))
        self._speed.set_value("–" if speed is None else rounded(speed), "\n".join(words))

    def _write_left(self, run: Run) -> None:
        if run.state != "running":
            self._left.set_value(duration(run.seconds) if run.seconds else "–", said("of training"))
            return
        left = self._phase.seconds_left if self._phase and self._phase.phase == "training" else None
        if left is None and run.step and run.total_steps:
            left = run.seconds / run.step * max(0, run.total_steps - run.step)
        self._left.set_value(duration(left) if left is not None else said("not known"),
                             said("left, {time} so far", time=duration(run.seconds)))


def _bar(name: str) -> tuple[QProgressBar, QLabel]:
    made = QProgressBar()
    made.setObjectName(name)
    made.setTextVisible(False)
    made.setRange(0, _WHOLE)
    return made, label("", "caption")


def _fill(bar: QProgressBar, part: float) -> None:
    fill(bar, round(_WHOLE * min(1.0, max(0.0, part))))


def _by_the_clock(run: Run, total: int) -> bool:
    """Whether the number of steps is a guess, because minutes end the run."""
    training = run.recipe.get("training") or {}
    return bool(training.get("max_minutes")) and run.state != "finished" and total != training.get("max_steps")


def _alike(run: Run, other: Run) -> bool:
    """Whether two runs answer the same question, so that their losses can be compared."""
    return run.recipe.get("task") == other.recipe.get("task") and run.chance == other.chance


def _batch(run: Run) -> int:
    return int((run.recipe.get("training") or {}).get("batch_size", 1))
