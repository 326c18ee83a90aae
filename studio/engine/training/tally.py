"""What happened since the last figures were told, and what the network was asked and answered.

Legend: B tuples, E elements, F frames of an element.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from studio.engine.events import Preview
from studio.engine.guessing import Guessing
from studio.engine.shapes import Ints
from studio.engine.training.loader import Batch
from studio.engine.training.plan import Plan
from studio.engine.training.step import StepResult
from studio.engine.training.validation import balanced_accuracy

SHOWN_TUPLES = 8


class Tally:
    """Sums over the steps since the last figures; each time anew."""

    def __init__(self, *, waited_seconds: float = 0.0) -> None:
        self._start, self._waited_before = time.monotonic(), waited_seconds
        self._losses: list[float] = []
        self._parts: list[dict[str, float]] = []
        self._norms: list[float] = []
        self._answers: list[Ints] = []
        self._labels: list[Ints] = []
        self._tuples = 0

    @property
    def seconds(self) -> float:
        """Seconds since the figures were last told."""
        return time.monotonic() - self._start

    def add(self, batch: Batch, found: StepResult) -> None:
        """Count a step. One that was not applied counts by its time alone."""
        self._tuples += len(batch.tuples)
        if found.applied:
            self._losses.append(found.loss)
            self._parts.append(found.parts)
            self._norms.append(found.gradient_norm)
            self._answers.append(found.answer_B)
            self._labels.append(batch.tuples.label_B)

    def skip(self, seconds: float) -> None:
        """Leave out time that was spent on something else than steps."""
        self._start += seconds

    def values(self, *, learning_rate: float, guessing: Guessing, waited_seconds: float) -> dict[str, float | None]:
        """The figures, means over the steps. `waited_seconds` counts from the run's beginning."""
        seconds = max(1e-6, self.seconds)
        answer_B = np.concatenate([np.zeros(0, np.int64), *self._answers])
        label_B = np.concatenate([np.zeros(0, np.int64), *self._labels])
        known = len(label_B) > 0
        parts = self._parts[0] if self._parts and len(self._parts[0]) > 1 else {}
        return {f"loss_{name}": _mean([part[name] for part in self._parts]) for name in parts} | {
            "loss": _mean(self._losses), "gradient_norm": _mean(self._norms),
            "accuracy": float((answer_B == label_B).mean()) if known else None,
            "balanced_accuracy": balanced_accuracy(answer_B, label_B) if known else None,
            "learning_rate": learning_rate, **guessing._asdict(), "samples_per_second": self._tuples / seconds,
            "wait_share": min(1.0, (waited_seconds - self._waited_before) / seconds)}


def preview(plan: Plan, batch: Batch, found: StepResult) -> Preview:
    """The first tuples of a batch, with what the network answered."""
    tuples = batch.tuples
    return Preview(step=batch.step + 1, tuples=[_entry(plan, batch, found, b)
                                                for b in range(min(SHOWN_TUPLES, len(tuples)))])


def _entry(plan: Plan, batch: Batch, found: StepResult, b: int) -> dict[str, Any]:
    tuples, label, answer = batch.tuples, int(batch.tuples.label_B[b]), int(found.answer_B[b])
    return {
        "video_id": plan.train.videos[tuples.video_B[b]].id, "frames": tuples.frames_BEF[b].tolist(),
        "order": tuples.order_BE[b].tolist(), "label": label, "label_text": plan.task.label_text(label),
        "answer": answer, "answer_text": plan.task.label_text(answer), "right": label == answer,
        "probability": None if found.probability_B is None else _finite(float(found.probability_B[b])),
        "motion": float(tuples.motion_B[b])}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
