"""What a pretext task is: it deals questions from windows, and gives the head and the loss that answer them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from studio.engine.sampling import Arrangement, Ints, Sampling


class TaskOptions(BaseModel):
    """The options that only one task has; a task extends it."""

    model_config = ConfigDict(extra="forbid")


class Task(ABC):
    """A pretext task. A new one is one file with a subclass, one line in `TASKS` and one test.

    `title`, `question` and `learns` are shown to the person; `paper` is its source.
    """

    title: ClassVar[str]
    question: ClassVar[str]
    learns: ClassVar[str]
    paper: ClassVar[str]
    Options: ClassVar[type[TaskOptions]] = TaskOptions

    def __init__(self, *, sampling: Sampling, options: TaskOptions | None = None) -> None:
        self.sampling = sampling
        self.options = options or self.Options()

    @property
    def span_frames(self) -> int:
        """Frames that one tuple's window needs."""
        return self.sampling.span_frames

    @property
    def elements(self) -> int:
        """Elements of a tuple."""
        return self.sampling.tuple_length

    @property
    @abstractmethod
    def classes(self) -> int:
        """Possible answers."""

    @property
    def chance(self) -> float:
        """Accuracy, as a share, of always giving the commonest answer."""
        return 1 / self.classes

    @abstractmethod
    def deal(self, start_B: Ints, stop_B: Ints, rng: np.random.Generator) -> Arrangement:
        """Make one question of each window [start, stop) in frames."""

    @abstractmethod
    def label_text(self, label: int) -> str:
        """Say an answer in words."""

    @abstractmethod
    def head(self, feature_dim: int) -> nn.Module:
        """Make the head: features_BED -> outputs, by default logits_BK over the classes."""

    def loss(self, outputs: Tensor, label_B: Tensor) -> Tensor:
        """Mean loss of a batch; cross-entropy unless the task says otherwise."""
        return nn.functional.cross_entropy(outputs.float(), label_B)

    def answers(self, outputs: Tensor) -> Tensor:
        """The class that the network chose, answer_B."""
        return outputs.argmax(dim=1)


def all_pairs(elements: int) -> list[tuple[int, int]]:
    """Pairs i < j, by their distance and then their place, as in OPN's released network."""
    return [(i, i + gap) for gap in range(1, elements) for i in range(elements - gap)]


def pair_features(features_BED: Tensor) -> Tensor:
    """Concatenate the features of all pairs: features_BP2D."""
    pairs = all_pairs(features_BED.shape[1])
    return torch.stack([torch.cat([features_BED[:, i], features_BED[:, j]], dim=1) for i, j in pairs], dim=1)
