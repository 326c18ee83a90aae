"""What a backbone costs: parameters, and multiplications a clip. Nothing is computed: shapes alone pass through."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone


class Cost(NamedTuple):
    """Parameters of a backbone, and billions of multiply-adds of its forward pass over one clip."""

    parameters: int
    gmac_per_clip: float


def cost(backbone: Backbone | type[Backbone], *, input_pixels: int = 112, clip_frames: int = 16,
         channels: int = 3) -> Cost:
    """Count a backbone's parameters and the multiply-adds of one clip.

    A class is counted at `input_pixels` and `clip_frames`, an instance at its own. Convolutions and linear layers
    count, as in the published tables; normalisation and pooling do not.
    """
    if isinstance(backbone, Backbone):
        input_pixels, clip_frames, channels = backbone.input_pixels, backbone.clip_frames, backbone.channels
        backbone = type(backbone)
    multiplications = [0]

    def count(layer: nn.Module, _inputs: Any, output: Tensor) -> None:
        multiplications[0] += output.numel() * math.prod(layer.get_parameter("weight").shape[1:])

    with torch.device("meta"), torch.no_grad():
        twin = backbone(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels).eval()
        for layer in twin.modules():
            if isinstance(layer, (nn.Conv2d, nn.Conv3d, nn.Linear)):
                layer.register_forward_hook(count)
        twin(torch.empty(1, channels, clip_frames, input_pixels, input_pixels))
    return Cost(sum(parameter.numel() for parameter in twin.parameters()), multiplications[0] / 1e9)
