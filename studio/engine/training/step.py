"""One training step: applied as a whole or not at all.

Legend: B tuples, E elements, C channels, T frames, H height, W width, K classes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from studio.engine.device import RandomState
from studio.engine.errors import MachineError
from studio.engine.recipe import Training
from studio.engine.sampling import Tuples
from studio.engine.shapes import Ints
from studio.engine.tasks.task import truth_of
from studio.engine.training.network import TupleNetwork
from studio.engine.training.objective import Objective
from studio.engine.training.precision import Precision, autocast, laid_out

_FUSED = ("cpu", "cuda")
"""One kernel for all weights: measured faster on both, and it asks for no memory that could run out half-way."""


@dataclass(frozen=True)
class StepResult:
    """What a step found. When `applied` is false the loss or the gradient was not finite and nothing was changed."""

    loss: float
    gradient_norm: float
    applied: bool
    answer_B: Ints
    probability_B: NDArray[np.float32] | None
    """Share that the network gave its answer; None where the task's outputs are no classes."""
    parts: dict[str, float]
    """The task's loss and each term's, before their weights."""


class Stepper:
    """The network with its optimiser and its random state. `micro_batch` tuples are computed at a time (0: all)."""

    def __init__(self, network: TupleNetwork, objective: Objective, training: Training, *, device: torch.device,
                 precision: Precision) -> None:
        self.network, self._objective, self._training = network, objective, training
        self._device, self._precision = device, precision
        self.optimiser = make_optimiser(network, training, device=device)
        self.random = RandomState(seed=training.seed, device=device)
        self.micro_batch = 0

    def step(self, clips_BECTHW: Tensor, tuples: Tuples, *, learning_rate: float) -> StepResult:
        """Learn from one batch. Where memory runs out, try again with half as many tuples at a time, all or nothing.

        Raises `MachineError` when not even one tuple fits.
        """
        while True:
            kept = [buffer.clone() for buffer in self.network.buffers()]
            try:
                with self.random.used(), _quick_convolutions(self._device):
                    found = self._compute(clips_BECTHW, tuples)
                if found.applied:
                    self._apply(found.gradient_norm, learning_rate)
                else:
                    self._put_back(kept)
                return found
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._put_back(kept)
                self._halve(len(tuples), error)
            finally:
                self.optimiser.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """All that going on exactly needs, by name."""
        tensors = {f"network/{name}": tensor for name, tensor in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            tensors |= {f"optimiser/{name}/{key}": value for key, value in self.optimiser.state[parameter].items()}
        return tensors | {f"random/{name}": state for name, state in self.random.tensors().items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `tensors` gave; the network's part is loaded apart (`checkpoint.load_into`)."""
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                for key, value in self.optimiser.state[parameter].items():
                    value.copy_(tensors[f"optimiser/{name}/{key}"])
        self.random.load({name.removeprefix("random/"): state for name, state in tensors.items()
                          if name.startswith("random/")})

    def _compute(self, clips_BECTHW: Tensor, tuples: Tuples) -> StepResult:
        """Losses and gradients of a batch, summed over its parts; nothing is applied yet."""
        self.network.train()
        truth, whole = truth_of(tuples, self._device), len(tuples)
        part = self.micro_batch or whole
        losses, outputs = [], []
        for first in range(0, whole, part):
            chosen = slice(first, first + part)
            asked = truth.part(chosen)
            with autocast(self._device, self._precision):
                found = self._objective.losses(self.network, laid_out(clips_BECTHW[chosen], self._precision), asked)
                share = len(asked) / whole
                loss = found.total * share
            loss.backward()
            losses.append(torch.stack([loss.detach(), *(share * value.detach() for value in found.parts.values())]))
            outputs.append(found.outputs.detach())
        gradients = [parameter.grad for parameter in self.network.parameters() if parameter.grad is not None]
        figures = torch.cat([nn.utils.get_total_norm(gradients)[None], torch.stack(losses).sum(0)])
        norm, loss, *parts = figures.tolist()
        output, task = torch.cat(outputs).float(), self._objective.task
        answer_B = task.answers(output)
        share_B = task.probabilities(output, answer_B)
        return StepResult(loss, norm, math.isfinite(loss) and math.isfinite(norm), answer_B.cpu().numpy(),
                          None if share_B is None else share_B.cpu().numpy(),
                          dict(zip(("task", *self._objective.terms), parts, strict=True)))

    def _apply(self, gradient_norm: float, learning_rate: float) -> None:
        if self._training.gradient_clip:
            nn.utils.clip_grads_with_norm_(self.network.parameters(), self._training.gradient_clip,
                                           torch.tensor(gradient_norm, device=self._device))
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate * group["rate"]
        self.optimiser.step()

    def _put_back(self, kept: list[Tensor]) -> None:
        """Undo what a forward pass changed: the running figures of the normalisation."""
        for buffer, before in zip(self.network.buffers(), kept, strict=True):
            buffer.copy_(before)

    def _halve(self, tuples: int, error: BaseException) -> None:
        present = self.micro_batch or tuples
        if present == 1:
            raise MachineError(f"one tuple of this recipe on {self._device}", "there is not enough memory for it",
                               "Close other programs, or choose smaller clips, a smaller input or a smaller backbone"
                               ) from error
        self.micro_batch = (present + 1) // 2
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def make_optimiser(network: nn.Module, training: Training, *, device: torch.device) -> torch.optim.Optimizer:
    """Make the recipe's optimiser with its state in place, so that no step asks for memory half-way.

    `rate` of a group is its share of the learning rate. With `double_bias_rate`, biases learn twice as fast and do
    not decay, as in Caffe.
    """
    named = list(network.named_parameters())
    biases = [parameter for name, parameter in named if training.double_bias_rate and name.endswith("bias")]
    chosen = {id(parameter) for parameter in biases}
    groups: list[dict[str, Any]] = [
        {"params": [parameter for _, parameter in named if id(parameter) not in chosen], "rate": 1.0,
         "weight_decay": training.weight_decay}]
    if biases:
        groups.append({"params": biases, "rate": 2.0, "weight_decay": 0.0})
    fused = device.type in _FUSED
    optimiser: torch.optim.Optimizer
    if training.optimiser == "adamw":
        optimiser = torch.optim.AdamW(groups, lr=training.learning_rate, fused=fused)
        for _, parameter in named:
            optimiser.state[parameter] = {
                "step": torch.zeros((), device=device if fused else "cpu"),
                "exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
    else:
        optimiser = torch.optim.SGD(groups, lr=training.learning_rate, momentum=training.momentum, fused=fused)
        for _, parameter in named:
            optimiser.state[parameter] = {"momentum_buffer": torch.zeros_like(parameter)} if training.momentum else {}
    return optimiser


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or on the machine."""
    words = ("not enough memory", "can't allocate memory", "out of memory", "cannot allocate memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(word in str(error) for word in words)


@contextlib.contextmanager
def _quick_convolutions(device: torch.device) -> Iterator[None]:
    """Let cuDNN try which of its algorithms is fastest; only inside the block."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        yield
