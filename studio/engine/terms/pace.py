"""The pace as a second question: at which speed was this clip shown?

Source: Wang et al., Self-supervised Video Representation Learning by Pace Prediction, ECCV 2020.
Legend: B tuples, E elements, P paces, D feature.
"""

from __future__ import annotations

from torch import Tensor, nn

from studio.engine.sampling import Sampling
from studio.engine.tasks.task import Truth
from studio.engine.terms.term import Term, TermOptions


class Pace(Term):
    """Every element tells the pace of its tuple: cross-entropy over `sampling.paces`."""

    title = "Pace"
    learns = "How fast things move"
    paper = "Wang et al., Self-supervised Video Representation Learning by Pace Prediction, ECCV 2020"

    def __init__(self, *, sampling: Sampling, options: TermOptions | None = None) -> None:
        super().__init__(sampling=sampling, options=options)
        if len(sampling.paces) < 2 or sampling.clip_frames < 2:
            raise ValueError(f"the pace is asked for, but sampling.paces = {sampling.paces} with clips of "
                             f"{sampling.clip_frames} frames shows only one; it needs two paces and two frames or more")

    def head(self, feature_dim: int) -> nn.Module:
        return nn.Linear(feature_dim, len(self.sampling.paces))

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        pace_N = truth.pace_B.repeat_interleave(outputs.shape[1])
        return nn.functional.cross_entropy(outputs.flatten(0, 1).float(), pace_N)
