"""What training makes small: the pretext task's loss, and those of the recipe's terms beside it.

Legend: B tuples, E elements, C channels, T frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from studio.engine.recipe import Recipe
from studio.engine.tasks.task import Task, Truth
from studio.engine.terms.term import Term
from studio.engine.training.network import TupleNetwork


class Losses(NamedTuple):
    """The sum to be made small, its parts before their weights (`task`, and each term), and the task's outputs."""

    total: Tensor
    parts: dict[str, Tensor]
    outputs: Tensor


@dataclass(frozen=True)
class Objective:
    """The losses of a network on tuples of which the truth is known."""

    task: Task
    terms: Mapping[str, Term] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe) -> Objective:
        """Make a recipe's objective."""
        return cls(recipe.make_task(), recipe.make_terms())

    def losses(self, network: TupleNetwork, clips_BECTHW: Tensor, truth: Truth) -> Losses:
        """Compute the outputs and all losses of a batch."""
        features_BED = network.features(clips_BECTHW)
        outputs = network.head(features_BED)
        parts = {"task": self.task.loss(outputs, truth)}
        total = parts["task"]
        for name, term in self.terms.items():
            parts[name] = term.loss(network.terms[name](features_BED), truth)
            total = total + term.options.weight * parts[name]
        return Losses(total, parts, outputs)
