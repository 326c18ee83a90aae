"""What a term is: a loss beside that of the pretext task, with a head of its own on the features of each element."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from studio.engine.sampling import Sampling
from studio.engine.tasks.task import Truth


class TermOptions(BaseModel):
    """The options of one term; a term extends it."""

    model_config = ConfigDict(extra="forbid")
    weight: float = Field(
        1.0, ge=0, le=100, title="Weight",
        description="How much it counts beside the pretext task's loss. Lower it when the pretext task gets worse "
                    "than without it.")


class Term(ABC):
    """A term. A new one is one file with a subclass, one line in `TERMS` and one test.

    Raises `ValueError` when it does not fit the sampling; a recipe says so with its own words around it.
    """

    title: ClassVar[str]
    learns: ClassVar[str]
    paper: ClassVar[str]
    Options: ClassVar[type[TermOptions]] = TermOptions

    def __init__(self, *, sampling: Sampling, options: TermOptions | None = None) -> None:
        self.sampling = sampling
        self.options = options or self.Options()

    @abstractmethod
    def head(self, feature_dim: int) -> nn.Module:
        """Make its head: features_BED -> outputs."""

    @abstractmethod
    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        """Mean loss of a batch, before its weight."""
