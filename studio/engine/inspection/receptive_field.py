"""What of a clip a unit can see: its theoretical receptive field by arithmetic, and the part that it really uses.

Sources: the arithmetic of strides and kernels (Araujo et al., Computing Receptive Fields of Convolutional Neural
Networks, Distill 2019); the effective field by gradients (Luo et al., NeurIPS 2016).
Legend: B clips, C channels, T frames, H height, W width. Axes of a field are (T, H, W) of the network's input.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import UsageError

_MASS = 0.95
"""Share of the gradient that the effective field holds."""
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""First and last-plus-one place along T, H and W."""
_Window = nn.Conv2d | nn.Conv3d | nn.MaxPool2d | nn.MaxPool3d | nn.AvgPool2d | nn.AvgPool3d


class Field(NamedTuple):
    """Along each of T, H, W: unit 0 sees places `low` to `high` of the input, unit u the same moved by u x `jump`.

    Places before the first or after the last are padding.
    """

    low: tuple[int, int, int]
    high: tuple[int, int, int]
    jump: tuple[int, int, int]

    @property
    def size(self) -> tuple[int, int, int]:
        """Length along T, H, W, padding included."""
        frames, height, width = (high - low + 1 for low, high in zip(self.low, self.high, strict=True))
        return frames, height, width

    def box(self, place: Sequence[int], *, within: Sequence[int]) -> Box:
        """What the unit at that place of the map sees, cut off at the input's borders (`within`: its T, H, W)."""
        first, second, third = (
            (max(0, low + jump * at), min(length, high + jump * at + 1))
            for low, high, jump, at, length in zip(self.low, self.high, self.jump, place, within, strict=True))
        return first, second, third


_POINT = Field((0, 0, 0), (0, 0, 0), (1, 1, 1))


class _Seen(Tensor):
    """A tensor without numbers that carries a field; what is made of several sees what each of them does."""

    field: Field

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (),
                           kwargs: Mapping[str, Any] | None = None) -> Any:
        made = super().__torch_function__(func, types, args, kwargs or {})
        fields = [one.field for one in _flat(args) if isinstance(one, _Seen) and hasattr(one, "field")]
        for one in _flat((made,)):
            if isinstance(one, _Seen) and fields:
                one.field = functools.reduce(_united, fields)
        return made


def _flat(values: Any) -> list[Any]:
    found = []
    for value in values:
        found += _flat(value) if isinstance(value, (tuple, list)) else [value]
    return found


def _united(one: Field, other: Field) -> Field:
    low = tuple(min(pair) for pair in zip(one.low, other.low, strict=True))
    high = tuple(max(pair) for pair in zip(one.high, other.high, strict=True))
    jump = tuple(max(pair) for pair in zip(one.jump, other.jump, strict=True))
    return Field(low, high, jump)  # type: ignore[arg-type]  # three axes in, three axes out


def _through(field: Field, layer: _Window) -> Field:
    """Step through a window: its kernel widens the field, its stride the jump. A 2D window leaves time alone."""
    kernel, stride, padding, dilation = (
        _three(getattr(layer, name, 1), filler=filler) for name, filler in
        (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)))
    low = tuple(at - jump * pad for at, jump, pad in zip(field.low, field.jump, padding, strict=True))
    high = tuple(at + jump * ((wide - 1) * apart - pad) for at, jump, wide, apart, pad in
                 zip(field.high, field.jump, kernel, dilation, padding, strict=True))
    jump = tuple(jump * step for jump, step in zip(field.jump, stride, strict=True))
    return Field(low, high, jump)  # type: ignore[arg-type]  # three axes in, three axes out


def _three(value: Any, *, filler: int) -> tuple[int, int, int]:
    """Along T, H, W; a window of two axes, or one number for two, leaves time with `filler`."""
    if isinstance(value, int):
        return value, value, value
    return (filler, *value) if len(value) == 2 else tuple(value)


def receptive_fields(backbone: Backbone) -> dict[str, Field]:
    """The theoretical receptive field of a unit of each named layer; only shapes pass through the network."""
    found: dict[str, Field] = {}
    with torch.device("meta"):
        twin = type(backbone)(input_pixels=backbone.input_pixels, clip_frames=backbone.clip_frames,
                              channels=backbone.channels).eval()
        shape = (1, backbone.channels, backbone.clip_frames, backbone.input_pixels, backbone.input_pixels)
        clip = torch.empty(shape).as_subclass(_Seen)
    clip.field = _POINT
    hooks = [layer.register_forward_hook(_note_window) for layer in twin.modules() if isinstance(layer, _Window)]
    for name, layer in twin.layers().items():
        def note(_layer: nn.Module, _inputs: Any, output: Any, name: str = name) -> None:
            found[name] = output.field
        hooks.append(layer.register_forward_hook(note))
    try:
        with torch.no_grad():
            twin.map(clip)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _note_window(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
    assert isinstance(layer, _Window)
    if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
        layer_field = _flat_window(inputs[0].field, layer)
    else:
        layer_field = _through(inputs[0].field, layer)
    output.field = layer_field


def _flat_window(field: Field, layer: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) -> Field:
    """A window over H and W alone."""
    wide = _through(field, layer)
    return Field((field.low[0], *wide.low[1:]), (field.high[0], *wide.high[1:]), (field.jump[0], *wide.jump[1:]))


def field_of(backbone: Backbone, layer: str) -> Field:
    """The theoretical receptive field of a named layer. Raises `UsageError` for an unknown layer."""
    fields = receptive_fields(backbone)
    if layer not in fields:
        raise UsageError(layer, "the network has no such layer", f"Name one of {', '.join(fields)}")
    return fields[layer]


def gradient_share(backbone: Backbone, clips_BCTHW: Tensor, *, layer: str,
                   place: Sequence[int] | None = None) -> NDArray[np.float32]:
    """How much each place of the input moves the units of a layer at one place of its map: share_THW, its sum is 1.

    Mean over clips of the gradient's size, summed over channels; `place` is (T, H, W) of the map, by default its
    middle. Raises `UsageError` for an unknown layer.
    """
    return _gradient_share(backbone, clips_BCTHW, layer, place)[0]


def _gradient_share(backbone: Backbone, clips_BCTHW: Tensor, layer: str,
                    place: Sequence[int] | None) -> tuple[NDArray[np.float32], list[int]]:
    """The shares, and the place of the map that they belong to."""
    known = backbone.layers()
    if layer not in known:
        raise UsageError(layer, "the network has no such layer", f"Name one of {', '.join(known)}")
    kept: list[Tensor] = []
    handle = known[layer].register_forward_hook(lambda _layer, _inputs, output: kept.append(output))
    clips = clips_BCTHW.detach().clone().requires_grad_(True)
    try:
        with torch.enable_grad():
            backbone.map(clips)
    finally:
        handle.remove()
    found = kept[-1]
    if found.ndim == 4:
        found = torch.unflatten(found, 0, (len(clips), clips.shape[2])).transpose(1, 2)
    at = list(place) if place is not None else [side // 2 for side in found.shape[2:]]
    units_BC = found[:, :, at[0], at[1], at[2]]
    gradient, = torch.autograd.grad(units_BC.relu().sum() + units_BC.sum() * 1e-3, clips)
    size_THW = gradient.abs().sum(dim=1).mean(dim=0)
    return (size_THW / size_THW.sum().clamp_min(1e-30)).cpu().numpy(), at


def effective_box(share_THW: NDArray[np.float32], *, mass: float = _MASS) -> Box:
    """The smallest stretch along each axis that leaves (1 - mass) / 2 of the gradient out at each end."""
    ends = []
    for axis in range(3):
        total = np.cumsum(share_THW.sum(axis=tuple(other for other in range(3) if other != axis), dtype=np.float64))
        total /= max(total[-1], 1e-30)
        first = int(np.searchsorted(total, (1 - mass) / 2, side="right"))
        last = int(np.searchsorted(total, 1 - (1 - mass) / 2, side="left"))
        ends.append((first, min(last, len(total) - 1) + 1))
    return ends[0], ends[1], ends[2]


def effective_field(backbone: Backbone, clips_BCTHW: Tensor, *, layer: str) -> Field:
    """The part of a layer's receptive field that holds 95 % of the gradient, measured at the middle of its map.

    It is moved to the other places of the map like the field itself, of which it is never more than a part.
    Raises `UsageError` for an unknown layer.
    """
    field = field_of(backbone, layer)
    share_THW, place = _gradient_share(backbone, clips_BCTHW, layer, None)
    if not share_THW.any():
        return field  # nothing moves these units, as in a layer of which all are silent
    box = effective_box(share_THW)
    low = tuple(max(first, start - jump * at) for first, (start, _), jump, at in
                zip(field.low, box, field.jump, place, strict=True))
    high = tuple(min(last, stop - 1 - jump * at) for last, (_, stop), jump, at in
                 zip(field.high, box, field.jump, place, strict=True))
    return Field(low, high, field.jump)  # type: ignore[arg-type]  # three axes in, three axes out
