"""The self-test of layers: is this machine right at a precision and memory format, at the shapes that a recipe has?

Each convolution and linear layer runs as it would in training, and its output and both gradients are compared with
float32 in the default format, several times, over memory that was filled with NaN before. On processors, PyTorch's
bf16 weight gradient of a 3D convolution with a temporal kernel of 3 over two frames reads memory that was never
written; a test of outputs alone, or over clean memory, does not see it.
Legend: B tuples, E elements, N clips, C channels, T frames, H height, W width.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from studio.engine.device import wait_for

ERROR_BOUND = {torch.bfloat16: 0.02, torch.float32: 1e-3}
"""Largest relative error (L2) beside float32; healthy layers have 0.003 to 0.007 in bf16, 1e-6 in float32."""
REPEATS = 3
_DIRTY_BYTES, _MOST_BLOCKS = 16 << 20, 32
"""How much memory is dirtied of each size. With every second block held, an unwritten gradient met NaN in 180 of 180
trials over three layer sizes; with none held in 155, with every fourth in 163."""
Layer = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear
Shape: TypeAlias = tuple[int, ...]
Layers: TypeAlias = dict[str, tuple[Layer, Shape]]


def layers_with_shapes(network: nn.Module, clips_BECTHW: Tensor) -> Layers:
    """The convolutions and linear layers by name, each with the shape of the input that it meets."""
    found: Layers = {}
    hooks = []
    for name, layer in network.named_modules():
        if isinstance(layer, Layer):
            def note(layer: nn.Module, inputs: tuple[Tensor, ...], name: str = name) -> None:
                assert isinstance(layer, Layer)
                found[name] = (layer, tuple(inputs[0].shape))
            hooks.append(layer.register_forward_pre_hook(note))
    was_training = network.training
    try:
        with torch.no_grad():
            network.eval()(clips_BECTHW)
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return found


def layer_errors(layer: nn.Module, shape: Shape, *, dtype: torch.dtype, device: torch.device,
                 channels_last: bool = False, repeats: int = REPEATS,
                 between: Callable[[Sequence[int], torch.device], object] | None = None) -> dict[str, float]:
    """The worst relative error (L2) of a layer's output, input gradient and weight gradient beside float32.

    `between` is done before each repeat; by default memory of the sizes that the layer uses is filled with NaN and
    freed, so that a kernel that reads what it never wrote is caught.
    """
    weight = layer.get_parameter("weight")
    rng = torch.Generator().manual_seed(7)
    x = torch.randn(shape, generator=rng).to(device)
    reference = _pass(layer, x, weight, torch.float32, None, channels_last=False)
    grad = torch.randn(reference["output"].shape, generator=rng).to(device)
    reference = _pass(layer, x, weight, torch.float32, grad, channels_last=False)
    worst = dict.fromkeys(reference, 0.0)
    for _ in range(repeats):
        held = (between or dirty_memory)([x.numel(), weight.numel(), grad.numel()], device)
        found = _pass(layer, x, weight, dtype, grad, channels_last=channels_last)
        del held
        for name, value in found.items():
            error = float((value.float() - reference[name]).norm() / reference[name].norm().clamp_min(1e-30))
            worst[name] = max(worst[name], error if math.isfinite(error) else math.inf)
    return worst


def failed_layers(layers: Layers, *, dtype: torch.dtype, device: torch.device,
                  channels_last: bool = False) -> tuple[str, ...]:
    """The names of the layers of which the output or a gradient is wrong."""
    bound = ERROR_BOUND[dtype]
    return tuple(name for name, (layer, shape) in layers.items()
                 if max(layer_errors(layer, shape, dtype=dtype, device=device,
                                     channels_last=channels_last).values()) > bound)


def dirty_memory(numels: Sequence[int], device: torch.device) -> list[Tensor]:
    """Fill memory of so many values, in two and in four bytes each, with NaN, and give half of it back.

    The pattern is NaN read as bf16 and as float32 alike. Every second block is returned, to be held until the layer
    has run: so the holes keep the very sizes that the layer asks for, and the system does not take the memory back to
    hand out clean pages.
    """
    blocks = []
    for numel in numels:
        for half in (1, 2):
            count = min(_MOST_BLOCKS, max(4, _DIRTY_BYTES // (2 * half * numel)))
            blocks += [torch.full((numel * half,), math.nan, dtype=torch.bfloat16, device=device) for _ in range(count)]
    return blocks[1::2]


def _pass(layer: nn.Module, x: Tensor, weight: nn.Parameter, dtype: torch.dtype, grad: Tensor | None, *,
          channels_last: bool) -> dict[str, Tensor]:
    """One forward pass of a layer, and with `grad` a backward pass, as training runs them."""
    with weights_channels_last(layer, channels_last):
        x = channels_last_of(x) if channels_last else x
        x = x.detach().requires_grad_(True)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
            output = layer(x)
        if grad is None:
            return {"output": output.detach()}
        to_input, to_weight = torch.autograd.grad(output, (x, weight), grad.to(output.dtype))
    return {"output": output.detach(), "input gradient": to_input, "weight gradient": to_weight}


def layer_seconds(layer: nn.Module, shape: Shape, *, dtype: torch.dtype, device: torch.device) -> float:
    """Seconds of a forward and a backward pass of one layer, the best of three."""
    x, weight = torch.randn(shape, generator=torch.Generator().manual_seed(7)).to(device), layer.get_parameter("weight")
    grad = torch.ones_like(_pass(layer, x, weight, dtype, None, channels_last=False)["output"])
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        _pass(layer, x, weight, dtype, grad, channels_last=False)
        wait_for(device)
        best = min(best, time.perf_counter() - start)
    return best


def costliest(layers: Layers) -> tuple[Layer, Shape]:
    """The layer with the most multiplications."""
    return max(layers.values(), key=lambda entry: _cost(*entry))


def _cost(layer: Layer, shape: Shape) -> float:
    weights = layer.get_parameter("weight").numel()
    if isinstance(layer, nn.Linear):
        return math.prod(shape[:-1]) * weights
    return shape[0] * math.prod(shape[2:]) / math.prod(layer.stride) * weights


@contextlib.contextmanager
def weights_channels_last(network: nn.Module, wanted: bool) -> Iterator[None]:
    """Lay the weights out with their channels last inside the block, where that is wanted."""
    if wanted:
        to_channels_last(network)
    try:
        yield
    finally:
        if wanted:
            for parameter in network.parameters():
                parameter.data = parameter.data.contiguous()


def to_channels_last(network: nn.Module) -> None:
    """Lay the weights of a network out with their channels last, in place."""
    for parameter in network.parameters():
        parameter.data = channels_last_of(parameter.data)


def channels_last_of(x: Tensor) -> Tensor:
    """The same values, channels last, where a format of that name exists for the number of axes."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return x.contiguous(memory_format=formats[x.dim()]) if x.dim() in formats else x
