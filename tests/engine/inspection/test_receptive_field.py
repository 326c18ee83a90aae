"""Receptive fields: the arithmetic against hand-worked figures and against what gradients reach."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from studio.engine.backbones import BACKBONES
from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import UsageError
from studio.engine.inspection.receptive_field import effective_box, field_of, gradient_share, receptive_fields

SMALL = {"clips": {"input_pixels": 48, "clip_frames": 8}, "frames": {"input_pixels": 80, "clip_frames": 1}}


def _reached(backbone: Backbone, layer: str, place: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Places of the input that a unit depends on, when no weight is 0 and no maximum hides a place."""
    for module in backbone.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)):
            nn.init.constant_(module.weight, 1e-3)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for name, module in list(backbone.named_modules()):
        if isinstance(module, (nn.MaxPool2d, nn.MaxPool3d)):
            parent = backbone.get_submodule(name.rpartition(".")[0])
            pool = nn.AvgPool2d if isinstance(module, nn.MaxPool2d) else nn.AvgPool3d
            setattr(parent, name.rpartition(".")[2], pool(
                module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode))
        if isinstance(module, nn.LocalResponseNorm):
            parent = backbone.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], nn.Identity())
    clips = torch.ones(1, backbone.channels, backbone.clip_frames, backbone.input_pixels, backbone.input_pixels)
    share = gradient_share(backbone.double().eval(), clips.double(), layer=layer, place=place)
    return [(int(where.min()), int(where.max()) + 1) for where in np.nonzero(share)]


@pytest.mark.parametrize("name", list(BACKBONES))
def test_the_arithmetic_is_what_gradients_reach(name: str) -> None:
    cls = BACKBONES[name]
    backbone = cls(**SMALL[cls.takes])
    fields = receptive_fields(backbone)
    assert list(fields) == list(backbone.layers())
    within = (backbone.clip_frames, backbone.input_pixels, backbone.input_pixels)
    for layer in list(fields)[:3]:
        place = (0, 1, 2)
        assert _reached(backbone, layer, place) == list(fields[layer].box(place, within=within)), layer


def test_hand_worked_fields() -> None:
    fields = receptive_fields(BACKBONES["caffenet"](input_pixels=80, clip_frames=1))
    assert [fields[layer].size[1] for layer in ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5")
            ] == [11, 19, 51, 67, 99, 131, 163, 195]  # AlexNet's well-known figures
    assert fields["conv5"].jump == (1, 16, 16)
    small = field_of(BACKBONES["r3d_small"](input_pixels=56, clip_frames=8), "conv2")
    assert small.size == (5, 9, 9)  # 3 + 2 frames; 5 + 2 x 2 pixels
    assert small.low == (-2, -4, -4)


def test_a_wrong_stride_would_be_found() -> None:
    backbone = BACKBONES["r3d_small"](input_pixels=64, clip_frames=8)
    right = field_of(backbone, "conv3")
    wrong = right._replace(jump=(1, 4, 4))
    within = (8, 64, 64)
    assert _reached(backbone, "conv3", (1, 3, 3)) == list(right.box((1, 3, 3), within=within))
    assert _reached(backbone, "conv3", (1, 3, 3)) != list(wrong.box((1, 3, 3), within=within))


def test_the_effective_field_holds_most_of_the_gradient_and_lies_inside() -> None:
    torch.manual_seed(1)
    backbone = BACKBONES["r3d_small"](input_pixels=56, clip_frames=8).eval()
    share = gradient_share(backbone, torch.randn(4, 3, 8, 56, 56), layer="conv4")
    assert share.sum() == pytest.approx(1, abs=1e-4)
    (t0, t1), (y0, y1), (x0, x1) = effective_box(share)
    assert share[t0:t1, y0:y1, x0:x1].sum() > 0.85
    whole = field_of(backbone, "conv4").box((1, 2, 2), within=(8, 56, 56))
    assert whole[1][0] <= y0 < y1 <= whole[1][1]
    assert (y1 - y0) <= (whole[1][1] - whole[1][0])


def test_an_unknown_layer_is_named() -> None:
    backbone = BACKBONES["r3d_small"](input_pixels=56, clip_frames=8)
    with pytest.raises(UsageError, match="conv99.*no such layer"):
        field_of(backbone, "conv99")
    with pytest.raises(UsageError, match="conv99.*no such layer"):
        gradient_share(backbone, torch.zeros(1, 3, 8, 56, 56), layer="conv99")
