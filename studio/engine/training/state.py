"""What a run knows of itself besides tensors: plain values, kept in every checkpoint."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from studio.engine.training.validation import Measured


@dataclass
class State:
    """All of it goes into every checkpoint.

    `step` counts the batches dealt, `seconds` the time spent training since the run's first beginning.
    """

    machine: str
    fingerprint: str
    precision: dict[str, Any]
    held_out: list[str] = field(default_factory=list)
    step: int = 0
    seconds: float = 0.0
    micro_batch: int = 0
    failures_in_a_row: int = 0
    rollbacks: int = 0
    best: float = -1.0
    best_step: int = 0
    measured: list[dict[str, Any]] = field(default_factory=list)

    def going_on(self, kept: dict[str, Any]) -> State:
        """The state of a checkpoint, on this machine and these videos."""
        mine = ("machine", "fingerprint", "precision")
        known = {item.name for item in dataclasses.fields(self)} - set(mine)
        return dataclasses.replace(self, **{name: value for name, value in kept.items() if name in known})

    @property
    def passes(self) -> list[Measured]:
        """The validation passes so far."""
        return [Measured(**values) for values in self.measured]
