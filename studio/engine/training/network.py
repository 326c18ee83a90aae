"""The network that a recipe describes: a backbone that sees each clip, and a head that answers from a tuple's features.

Legend: B tuples, E elements, C channels, T frames, H height, W width, D feature, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.recipe import Recipe


class TupleNetwork(nn.Module):
    """A backbone, a head, and a head for each term. All clips of a batch go through the backbone in one pass."""

    def __init__(self, backbone: Backbone, head: nn.Module, terms: Mapping[str, nn.Module] | None = None) -> None:
        super().__init__()
        self.backbone, self.head, self.terms = backbone, head, nn.ModuleDict(terms or {})

    def features(self, clips_BECTHW: Tensor) -> Tensor:
        """clips_BECTHW -> features_BED."""
        return self.backbone(clips_BECTHW.flatten(0, 1)).unflatten(0, clips_BECTHW.shape[:2])

    def forward(self, clips_BECTHW: Tensor) -> Tensor:
        """clips_BECTHW -> the head's outputs, by default logits_BK."""
        return self.head(self.features(clips_BECTHW))


def build_network(recipe: Recipe) -> TupleNetwork:
    """Make the recipe's network with random weights, which depend on `training.seed` alone; on the processor, fp32."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        backbone = recipe.make_backbone()
        head = recipe.make_task().head(backbone.head_dim)
        return TupleNetwork(backbone, head, {name: term.head(backbone.head_dim)
                                             for name, term in recipe.make_terms().items()})
