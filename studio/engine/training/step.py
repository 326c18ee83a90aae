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
from studio.engine.sampling import Ints
from studio.engine.tasks.task import Task
from studio.engine.training.network import TupleNetwork
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


class Stepper:
    """The network with its optimiser and its random state. `micro_batch` tuples are computed at a time (0: all)."""

    def __init__(self, network: TupleNetwork, task: Task, training: Training, *, device: torch.device,
                 precision: Precision) -> None:
        self.network, self._task, self._training = network, task, training
        self._device, self._precision = device, precision
        self.optimiser = make_optimiser(network, training, device=device)
        self.random = RandomState(seed=training.seed, device=device)
        self.micro_batch = 0

    def step(self, clips_BECTHW: Tensor, label_B: Ints, *, learning_rate: float) -> StepResult:
        """Learn from one batch. Where memory runs out, try again with half as many tuples at a time, all or nothing.

        Raises `MachineError` when not even one tuple fits.
        """
        while True:
            kept = [buffer.clone() for buffer in self.network.buffers()]
            try:
                with self.random.used(), _quick_convolutions(self._device):
                    found = self._compute(clips_BECTHW, label_B)
                if found.applied:
                    self._apply(found.gradient_norm, learning_rate)
                else:
                    self._put_back(kept)
                return found
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._put_back(kept)
                self._halve(len(label_B), error)
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

    def _compute(self, clips_BECTHW: Tensor, label_B: Ints) -> StepResult:
        """Losses and gradients of a batch, summed over its parts; nothing is applied yet."""
        self.network.train()
        labels = torch.from_numpy(label_B).to(self._device, non_blocking=True)
        part = self.micro_batch or len(label_B)
        losses, outputs = [], []
        for first in range(0, len(label_B), part):
            clips, label = clips_BECTHW[first:first + part], labels[first:first + part]
            with autocast(self._device, self._precision):
                output = self.network(laid_out(clips, self._precision))
                loss = self._task.loss(output, label) * (len(label) / len(label_B))
            loss.backward()
            losses.append(loss.detach())
            outputs.append(output.detach())
        gradients = [parameter.grad for parameter in self.network.parameters() if parameter.grad is not None]
        loss, norm = torch.stack([torch.stack(losses).sum(), nn.utils.get_total_norm(gradients)]).tolist()
        output = torch.cat(outputs).float()
        answer_B = self._task.answers(output)
        return StepResult(loss, norm, math.isfinite(loss) and math.isfinite(norm), answer_B.cpu().numpy(),
                          _probabilities(output, answer_B, self._task.classes))

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


def _probabilities(output: Tensor, answer_B: Tensor, classes: int) -> NDArray[np.float32] | None:
    if output.dim() != 2 or output.shape[1] != classes:
        return None
    return output.softmax(dim=1).gather(1, answer_B[:, None])[:, 0].cpu().numpy()


@contextlib.contextmanager
def _quick_convolutions(device: torch.device) -> Iterator[None]:
    """Let cuDNN try which of its algorithms is fastest; only inside the block."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        yield
