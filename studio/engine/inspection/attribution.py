"""Which pixels told the answer: what each place of a tuple adds to the network's answer to the pretext question.

Integrated gradients (Sundararajan, Taly, Yan, ICML 2017): from clips without motion or edges (each frame its own mean
colour) to the clips as they are; the parts add up to the difference of the answer's score.
Legend: B tuples, E elements, C channels, T frames, H height, W width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.engine.errors import CheckpointError
from studio.engine.tasks.task import Task
from studio.engine.training.network import TupleNetwork

STEPS = 16


class Attribution(NamedTuple):
    """Parts of one tuple: `parts_ETHW`, signed; `gain` is the score's difference that they should add up to.

    T are the pictures shown: the frames, or each difference of a stack.
    """

    parts_ETHW: NDArray[np.float32]
    answer: int
    gain: float
    """Score of the answer for the clips less that for their mean colours."""
    probability: float | None


def attribute(network: TupleNetwork, task: Task, clips_BECTHW: Tensor, *, answer: int | None = None,
              steps: int = STEPS) -> Attribution:
    """Attribute the score of an answer (by default the one that the network gives) to the places of one tuple.

    `clips_BECTHW` holds one tuple. The score is the task's (`Task.score`): what lifts every answer alike counts
    for nothing. Raises `CheckpointError` when the network answers no numbers.
    """
    network.eval()
    ground = clips_BECTHW.mean(dim=(-2, -1), keepdim=True).expand_as(clips_BECTHW)
    with torch.no_grad():
        outputs = network(clips_BECTHW)
        chosen = int(task.answers(outputs)[0]) if answer is None else answer
        share_B = task.probabilities(outputs, torch.tensor([chosen], device=outputs.device))
        gain = float((task.score(network(clips_BECTHW), chosen) - task.score(network(ground), chosen))[0])
    if not np.isfinite(gain):
        raise CheckpointError("the answer", "the network answers no numbers (NaN), so there is nothing to attribute",
                              "Train again with a lower learning rate")
    total = torch.zeros_like(clips_BECTHW)
    for step in range(steps):
        share = (step + 0.5) / steps
        mixed = (ground + share * (clips_BECTHW - ground)).detach().requires_grad_(True)
        with torch.enable_grad():
            gradient, = torch.autograd.grad(task.score(network(mixed), chosen).sum(), mixed)
        total += gradient / steps
    parts_ECTHW = (total * (clips_BECTHW - ground))[0]
    parts_ETHW = parts_ECTHW.unflatten(1, (-1, 3)).sum(dim=2).flatten(1, 2)
    return Attribution(parts_ETHW.detach().cpu().numpy(), chosen, gain,
                       None if share_B is None else float(share_B[0]))


def as_heat(parts_ETHW: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The size of the parts as heat, 0 to 255, on one scale for the whole tuple, a little smoothed: heat_ETHW."""
    size = torch.from_numpy(np.abs(parts_ETHW))
    smooth = torch.nn.functional.avg_pool2d(size.flatten(0, 1)[:, None], 5, stride=1, padding=2)[:, 0]
    top = float(np.percentile(smooth.numpy(), 99.5))
    return (255 * smooth.div(max(top, 1e-20)).clamp(0, 1)).round().byte().unflatten(0, size.shape[:2]).numpy()
