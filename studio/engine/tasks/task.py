"""What a pretext task is: it deals questions from windows, and gives the head and the loss that answer them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from studio.engine.errors import RecipeError
from studio.engine.guessing import Guessing
from studio.engine.sampling import Arrangement, Sampling, Tuples, Windows


class TaskOptions(BaseModel):
    """The options that only one task has; a task extends it."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Truth:
    """What was dealt, as tensors on the device: all that losses compare outputs with."""

    label_B: Tensor
    order_BE: Tensor
    affine_BE5: Tensor
    pace_B: Tensor
    video_B: Tensor

    def __len__(self) -> int:
        return len(self.label_B)

    def part(self, chosen: slice) -> Truth:
        """The truth about some of the tuples."""
        return Truth(**{name: tensor[chosen] for name, tensor in vars(self).items()})

    def to(self, device: torch.device) -> Truth:
        """The same on a device."""
        return Truth(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def truth_of(tuples: Tuples, device: torch.device | str) -> Truth:
    """Put what losses need of tuples on the device."""
    return Truth(**{name: torch.from_numpy(np.ascontiguousarray(getattr(tuples, name))).to(device, non_blocking=True)
                    for name in Truth.__annotations__})


def noise_truth(task: Task, tuples: int, rng: torch.Generator) -> Truth:
    """Make up a truth of `tuples` tuples, to time a step with: labels at random, each a video of its own."""
    elements = task.elements
    return Truth(label_B=torch.randint(0, task.classes, (tuples,), generator=rng),
                 order_BE=torch.rand((tuples, elements), generator=rng).argsort(dim=1),
                 affine_BE5=torch.zeros(tuples, elements, 5), pace_B=torch.zeros(tuples, dtype=torch.long),
                 video_B=torch.arange(tuples))


def misfit(option: str, rule: str, remedy: str) -> RecipeError:
    """Make the error that an option of `Sampling` does not fit a task: it is named as on the page of the options."""
    return RecipeError(str(Sampling.model_fields[option].title), rule, remedy)


class Task(ABC):
    """A pretext task. A new one is one file with a subclass, one line in `TASKS` and one test.

    `title`, `question` and `learns` are shown to the person; `paper` is its source. Raises `RecipeError` when the
    sampling does not fit it.
    """

    title: ClassVar[str]
    question: ClassVar[str]
    learns: ClassVar[str]
    paper: ClassVar[str]
    picks_element: ClassVar[bool] = False
    """Whether answer k means the k-th element shown, so that a person can answer by pointing at it."""
    choices: ClassVar[tuple[str, ...]] = ()
    """The answers in a word or two each, where a person chooses one; none where it is an order or an element."""
    transforms: ClassVar[bool] = False
    """Whether elements are also turned, scaled and shifted, which is a second question."""
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
    def asked_elements(self) -> int:
        """How many elements, from the first, the question is about; others are there for a second question."""
        return self.elements

    @property
    @abstractmethod
    def classes(self) -> int:
        """Possible answers."""

    @property
    def chance(self) -> float:
        """Accuracy, as a share, of always giving the commonest answer."""
        return 1 / self.classes

    @property
    def balanced_chance(self) -> float:
        """Balanced accuracy, as a share, of any guessing: each answer counts alike, however common it is."""
        return 1 / self.classes

    @property
    def guessing(self) -> Guessing:
        """What guessing gives, and by which figure the network is compared with it."""
        return Guessing(self.chance, self.balanced_chance)

    @abstractmethod
    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Make one question of each window."""

    @abstractmethod
    def label_text(self, label: int) -> str:
        """Say an answer in words."""

    @abstractmethod
    def head(self, feature_dim: int) -> nn.Module:
        """Make the head: features_BED -> outputs, by default logits_BK over the classes."""

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        """Mean loss of a batch; cross-entropy unless the task says otherwise."""
        return nn.functional.cross_entropy(outputs.float(), truth.label_B)

    def answers(self, outputs: Tensor) -> Tensor:
        """The class that the network chose, answer_B; the first `classes` columns are logits unless overridden."""
        return outputs[:, :self.classes].argmax(dim=1)

    def measures(self, outputs: Tensor, truth: Truth) -> dict[str, float]:  # noqa: ARG002
        """Figures about a batch that validation tells beside the accuracy, means over its tuples, by name."""
        return {}

    def score(self, outputs: Tensor, answer: int) -> Tensor:
        """How much an answer is favoured before the others, score_B: its logit less the mean of all."""
        logits_BK = outputs[:, :self.classes].float()
        return logits_BK[:, answer] - logits_BK.mean(dim=1)

    def probabilities(self, outputs: Tensor, answer_B: Tensor) -> Tensor | None:
        """The share that the network gave its answer, probability_B; None where its outputs are no shares."""
        logits_BK = outputs[:, :self.classes].float()
        return logits_BK.softmax(dim=1).gather(1, answer_B[:, None])[:, 0]
