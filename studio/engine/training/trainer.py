"""The loop of one run: a step, then what is due of figures, pictures, validation and checkpoints."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from studio.engine import runs
from studio.engine.device import Device
from studio.engine.errors import StudioError, TrainingError
from studio.engine.events import Event, Finished, Metric, Progress, Saved, Warned
from studio.engine.training import alarms, schedule
from studio.engine.training.checkpoint import (
    WEIGHTS,
    load_into,
    load_newest,
    network_tensors,
    save_checkpoint,
    save_weights,
)
from studio.engine.training.loader import Batch, Loader
from studio.engine.training.plan import Plan
from studio.engine.training.precision import Precision
from studio.engine.training.record import Record
from studio.engine.training.state import State
from studio.engine.training.step import Stepper
from studio.engine.training.tally import Tally, preview
from studio.engine.training.validation import Measured, validate

METRIC_SECONDS = 0.5
PREVIEW_SECONDS = 3.0
PAUSE_TOLD_SECONDS, _PAUSE_POLL_SECONDS = 1.0, 0.1
FAILURES_IN_A_ROW = 5
ROLLBACKS = 2
_SAVING_SHARE = 0.02
"""An epoch's end saves a checkpoint too, when saving has cost less than this share of the time since the last one."""

_T = TypeVar("_T")


class Trainer:
    """Trains until the recipe's end or a wish to stop. `run` is the generator; it alone changes the state.

    While `pause` says so it waits between two steps, or two parts of a validation; that time is not training.
    """

    def __init__(self, plan: Plan, record: Record, stepper: Stepper, *, device: Device, precision: Precision,
                 state: State, stop: Callable[[], bool], pause: Callable[[], bool] = lambda: False) -> None:
        self.plan, self.record, self.stepper, self.state = plan, record, stepper, state
        self._stop, self._pause = stop, pause
        self._device, self._precision, self._training = device.device, precision, plan.recipe.training
        self._said: set[str] = set()
        self._seconds_before, self._began = state.seconds, time.monotonic()
        self._first_step = state.step
        self._saved_at, self._save_seconds, self._saved_step = time.monotonic(), 0.5, -1
        self._previewed_at = -1e9
        self._busy_seconds = 0.0
        self._last_loss: float | None = None
        state.held_out = sorted(plan.held_out)
        stepper.micro_batch = state.micro_batch

    def run(self) -> Generator[Event, None, None]:
        """Train; the last event is `Finished`. Whatever ends it early, what was reached is saved."""
        if self.state.step == 0:
            yield self._save()
        try:
            if self.state.step == 0:
                yield from self._ask_untrained()
            if self._pass_is_due():  # it was stopped before
                yield from self._validate()
            with Loader(self.plan, device=self._device, first_step=self.state.step) as loader:
                yield from self._steps(loader)
        except GeneratorExit:
            with contextlib.suppress(StudioError):
                self._save()
            raise
        stopped = self._stop()
        if not stopped and self._last_pass_step() != self.state.step:
            stopped = not (yield from self._validate())
        yield from self._end(stopped=stopped)

    def _steps(self, loader: Loader) -> Generator[Event, None, None]:
        tally = Tally()
        while self._share() < 1 and not self._stop():
            if self._pause():
                tally.skip((yield from self._wait()))
                continue
            start = time.monotonic()
            batch = loader.take()
            rate = schedule.learning_rate(self._training, step=self.state.step, share=self._share())
            yield from self._one_step(loader, batch, tally, rate)
            self._busy_seconds += time.monotonic() - start
            self.record.beat["patience_seconds"] = max(runs.PATIENCE_SECONDS, 20 * (time.monotonic() - start))
            first = self.state.step == self._first_step + 1
            if first or tally.seconds >= METRIC_SECONDS or self._share() >= 1:
                yield from self._tell(tally, rate, loader.waited_seconds)
                tally = Tally(waited_seconds=loader.waited_seconds)
            yield from self._what_is_due(tally)

    def _wait(self) -> Generator[Event, None, float]:
        """Wait as long as somebody wishes; the seconds that it took. What was learned is on the disk meanwhile."""
        if self._saved_step != self.state.step:
            yield self._save()
        start, told_at, total = time.monotonic(), -1e9, self._total_steps()
        self.record.tell(paused=True, step=self.state.step, total_steps=total, seconds=self.state.seconds)
        try:
            while self._pause() and not self._stop():
                if time.monotonic() - told_at >= PAUSE_TOLD_SECONDS:
                    told_at = time.monotonic()
                    yield Progress(phase="paused", done=self.state.step, total=total, unit="steps")
                time.sleep(_PAUSE_POLL_SECONDS)
        finally:
            seconds = time.monotonic() - start
            self._began += seconds
            self._saved_at += seconds
        self.record.tell(paused=False)
        return seconds

    def _waiting_between(self, events: Generator[Event, None, _T]) -> Generator[Event, None, _T]:
        """Pass events on, and what they come to; wait between them while somebody wishes."""
        with contextlib.closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    found: _T = end.value
                    return found
                yield event
                if self._pause():
                    yield from self._wait()

    def _one_step(self, loader: Loader, batch: Batch, tally: Tally, rate: float) -> Generator[Event, None, None]:
        before = self.stepper.micro_batch
        found = self.stepper.step(loader.clips(batch), batch.tuples, learning_rate=rate)
        self.state.step += 1
        self.state.seconds = self._seconds()
        tally.add(batch, found)
        if self.stepper.micro_batch != before:
            self.state.micro_batch = self.stepper.micro_batch
            self.record.amend(tuples_at_a_time=self.stepper.micro_batch, normalisation="sees parts of a batch")
            yield from self._warn(alarms.smaller_parts(len(batch.tuples), self.stepper.micro_batch,
                                                       contrast="contrast" in self.plan.recipe.terms))
        if found.applied:
            self.state.failures_in_a_row, self._last_loss = 0, found.loss
        else:
            yield from self._warn(alarms.not_applied(self.state.step))
            yield from self._after_failure()
        if found.applied and time.monotonic() - self._previewed_at >= PREVIEW_SECONDS:
            self._previewed_at = time.monotonic()
            yield preview(self.plan, batch, found)

    def _after_failure(self) -> Generator[Event, None, None]:
        """Count steps that were not finite; set the network back to the last checkpoint after too many in a row."""
        self.state.failures_in_a_row += 1
        if self.state.failures_in_a_row < FAILURES_IN_A_ROW:
            return
        if self.state.rollbacks >= ROLLBACKS:
            raise TrainingError(f"step {self.state.step}", "the loss or its gradient is not finite, step after step, "
                                f"even after the network was set back {ROLLBACKS} times",
                                "Choose a smaller training.learning_rate or training.precision=fp32, and start again")
        found = load_newest(self.record.folder)
        load_into(self.stepper.network, network_tensors(found.tensors), source=found.path.name)
        self.stepper.load(found.tensors)
        self.state.rollbacks += 1
        self.state.failures_in_a_row = 0
        yield alarms.rolled_back(self.state.step, to_step=int(found.state["step"]))
        yield self._save()

    def _what_is_due(self, tally: Tally) -> Generator[Event, None, None]:
        start = time.monotonic()
        if self._pass_is_due():
            yield from self._validate()
        if self._save_is_due():
            yield self._save()
        tally.skip(time.monotonic() - start)

    def _pass_is_due(self) -> bool:
        step = self.state.step
        return step > 0 and step % self._training.validate_every_steps == 0 and self._last_pass_step() != step

    def _save_is_due(self) -> bool:
        since = time.monotonic() - self._saved_at
        if since >= 60 * self._training.checkpoint_minutes:
            return True
        epoch_ended = self.state.step % self.plan.steps_per_epoch == 0
        return epoch_ended and self._save_seconds <= _SAVING_SHARE * since

    def _tell(self, tally: Tally, rate: float, waited_seconds: float) -> Generator[Event, None, None]:
        values = tally.values(learning_rate=rate, guessing=self.plan.task.guessing, waited_seconds=waited_seconds)
        total = self._total_steps()
        self.record.beat |= {"step": self.state.step, "total_steps": total, "seconds": self.state.seconds}
        if self._last_pass_step() is None:
            self.record.beat["loss"] = values["loss"]
        yield self._metric("train", values)
        yield Progress(phase="training", done=self.state.step, total=total, unit="steps",
                       seconds_left=schedule.seconds_left(self._training, **self._place()),
                       detail=f"{values['samples_per_second']:.1f} tuples a second")

    def _asked(self) -> Generator[Event, None, Measured | None]:
        """Ask the fixed questions about held-out groups; None when stopped."""
        return (yield from self._waiting_between(validate(
            self.plan, self.stepper.network, step=self.state.step, device=self._device, precision=self._precision,
            part=self.stepper.micro_batch, stop=self._stop)))

    def _ask_untrained(self) -> Generator[Event, None, None]:
        """Measure what the network answers before its first step: what every later figure stands beside.

        No pass counts it, neither the best weights nor an alarm, and no limit of minutes.
        """
        began, start = self._began, time.monotonic()
        measured = yield from self._asked()
        self._began = began + time.monotonic() - start  # a pause meanwhile is within
        self._saved_at += time.monotonic() - start
        if measured is not None:
            yield self._metric("untrained", {
                "loss": measured.loss, "accuracy": measured.accuracy, "balanced_accuracy": measured.balanced_accuracy,
                "tuples": measured.tuples})

    def _validate(self) -> Generator[Event, None, bool]:
        """Measure on held-out groups, keep the best weights; the return value is False when stopped."""
        measured = yield from self._asked()
        if measured is None:
            return False
        self.state.measured.append(dataclasses.asdict(measured))
        self._saved_step = -1  # what is known changed
        self.state.seconds = self._seconds()
        shares = {"loss": measured.loss, "accuracy": measured.accuracy,
                  "balanced_accuracy": measured.balanced_accuracy}
        self.record.tell(step=self.state.step, total_steps=self._total_steps(), seconds=self.state.seconds, **shares)
        yield self._metric("validation", {**shares, **self.plan.task.guessing._asdict(), **measured.measures,
                                          "spread": measured.spread, "tuples": measured.tuples})
        if measured.balanced_accuracy > self.state.best:
            self.state.best, self.state.best_step = measured.balanced_accuracy, self.state.step
            yield self._save_weights(dict(shares))
        for alarm in alarms.after_validation(self.state.passes, guessing=self.plan.task.guessing,
                                             classes=self.plan.task.classes, share_done=self._share()):
            yield from self._warn(alarm)
        return True

    def _end(self, *, stopped: bool) -> Generator[Event, None, None]:
        self.state.seconds = self._seconds()
        if not (self.record.folder / WEIGHTS).is_file():
            yield self._save_weights({})
        if self._saved_step != self.state.step:
            yield self._save()
        self.record.beat |= {"step": self.state.step, "total_steps": self._total_steps(),
                             "seconds": self.state.seconds}
        yield Finished(operation="train", result=self._result(), stopped=stopped)

    def _result(self) -> dict[str, Any]:
        last = self.state.passes[-1] if self.state.measured else None
        steps = self.state.step - self._first_step
        batch = self._training.batch_size
        return {
            "run": self.record.folder.name, "steps": self.state.step, "loss": last.loss if last else self._last_loss,
            "accuracy": last.accuracy if last else None, "balanced_accuracy": last.balanced_accuracy if last else None,
            **self.plan.task.guessing._asdict(), "measures": last.measures if last else {},
            "seconds": round(self.state.seconds, 2),
            "samples_per_second": round(steps * batch / max(1e-6, self._busy_seconds), 3),
            "best": {"step": self.state.best_step, "balanced_accuracy": self.state.best} if last else None,
            "validation_tuples": last.tuples if last else 0, "device": self._device.type,
            "precision": self._precision.kind, "parameters": sum(p.numel() for p in
                                                                 self.stepper.network.parameters())}

    def _save(self) -> Saved:
        """Write a checkpoint. Raises `MachineError` when the disk is full."""
        start = time.monotonic()
        self.state.seconds = self._seconds()
        path = save_checkpoint(self.record.folder, step=self.state.step, tensors=self.stepper.tensors(),
                               state=dataclasses.asdict(self.state), keep=self._training.keep_checkpoints)
        self._saved_at, self._saved_step = time.monotonic(), self.state.step
        self._save_seconds = self._saved_at - start
        return Saved(what="checkpoint", path=f"runs/{self.record.folder.name}/checkpoints/{path.name}")

    def _save_weights(self, measured: dict[str, float | None]) -> Saved:
        save_weights(self.record.folder, self.stepper.network, self.plan.recipe, step=self.state.step,
                     measured=measured)
        return Saved(what="weights", path=f"runs/{self.record.folder.name}/{WEIGHTS}")

    def _metric(self, split: str, values: dict[str, float | None]) -> Metric:
        return Metric(split=split, step=self.state.step, total_steps=self._total_steps(),
                      epoch=self.state.step / self.plan.steps_per_epoch, values=values)

    def _warn(self, alarm: Warned) -> Generator[Event, None, None]:
        """Say an alarm once."""
        if alarm.code not in self._said:
            self._said.add(alarm.code)
            yield alarm

    def _last_pass_step(self) -> int | None:
        return int(self.state.measured[-1]["step"]) if self.state.measured else None

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def _place(self) -> dict[str, Any]:
        return {"step": self.state.step, "seconds": self._seconds(), "steps_per_epoch": self.plan.steps_per_epoch}

    def _share(self) -> float:
        return schedule.share_done(self._training, **self._place())

    def _total_steps(self) -> int:
        return schedule.expected_steps(self._training, **self._place())
