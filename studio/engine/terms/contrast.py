"""A contrastive term: elements of one video attract each other, those of other videos repel.

Source: Tao et al., Pretext-Contrastive Learning: Toward Good Practices in Self-supervised Video Representation
Learning, 2020 (weight 0.5 beside the pretext loss); the loss is NT-Xent (Chen et al., SimCLR, ICML 2020, section 2).
Legend: B tuples, E elements, N = B x E elements of the batch, D feature.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine.tasks.task import Truth
from studio.engine.terms.term import Term, TermOptions


class ContrastOptions(TermOptions):
    """Options of the contrastive term."""

    weight: float = Field(
        0.5, ge=0, le=100, title="Weight",
        description="How much it counts beside the pretext task's loss; 0.5 as published (PCL). Lower it when the "
                    "pretext task gets worse than without it.")
    temperature: float = Field(
        0.1, gt=0, le=2, title="Temperature",
        description="How sharply videos are told apart. Small values look at the nearest strangers most; raise it "
                    "when the loss jumps.")
    projection_features: int = Field(
        128, ge=8, le=2048, title="Width of the projection",
        description="Features are compared after two layers that only this term uses; this many numbers come out of "
                    "them. 128 as usual.")


class Contrast(Term):
    """NT-Xent over all elements of a batch; the positives of an element are the others of its video."""

    title = "Contrast between videos"
    learns = "What makes one video different from the others"
    paper = "Tao et al., Pretext-Contrastive Learning, 2020"
    Options = ContrastOptions
    options: ContrastOptions

    def head(self, feature_dim: int) -> nn.Module:
        return nn.Sequential(nn.Linear(feature_dim, feature_dim), nn.ReLU(),
                             nn.Linear(feature_dim, self.options.projection_features))

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        video_N = truth.video_B.repeat_interleave(outputs.shape[1])
        return nt_xent(outputs.flatten(0, 1), video_N, temperature=self.options.temperature)


def nt_xent(projected_ND: Tensor, video_N: Tensor, *, temperature: float) -> Tensor:
    """Mean over all pairs of one video of -log softmax of their cosine among all others; 0 without such a pair."""
    unit_ND = nn.functional.normalize(projected_ND.float(), dim=1)
    alike_NN = unit_ND @ unit_ND.T / temperature
    self_NN = torch.eye(len(unit_ND), dtype=torch.bool, device=unit_ND.device)
    share_NN = alike_NN.masked_fill(self_NN, -torch.inf).log_softmax(dim=1)
    pairs_NN = (video_N[:, None] == video_N[None]) & ~self_NN
    if not bool(pairs_NN.any()):
        return alike_NN.sum() * 0
    return -share_NN[pairs_NN].mean()
