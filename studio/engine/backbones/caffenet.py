"""CaffeNet conv1 to conv5, as OPN trained it: 2.33 M parameters (2,336,128 with the scales of the normalisation).

Sources: Krizhevsky et al., NeurIPS 2012 (the grouped network); Lee et al., ICCV 2017, section 3.3 and the released
prototxt (normalisation and scale after conv3 to conv5, Caffe's pooling that rounds sizes up, Gaussian weights).
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import RecipeError

SMALLEST_PIXELS = 63


class CaffeNet(Backbone):
    """Five convolutions for still frames; the feature is pool5, flattened: 1024 long at 80 pixels, 9216 at 227.

    Raises `RecipeError` when the input is too small for its strides.
    """

    title = "CaffeNet conv1-5"
    paper = "Lee et al., Unsupervised Representation Learning by Sorting Sequences, ICCV 2017"
    takes = "frames"
    feature_layer = "pool5"

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        if input_pixels < SMALLEST_PIXELS:
            raise RecipeError(f"an input of {input_pixels} pixels",
                              f"CaffeNet's strides need at least {SMALLEST_PIXELS}", "Choose a larger crop or input")
        self.conv1 = nn.Sequential(nn.Conv2d(channels, 96, 11, stride=4), nn.ReLU())
        self.pool1 = nn.Sequential(_pool(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        self.conv2 = nn.Sequential(nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU())
        self.pool2 = nn.Sequential(_pool(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        self.conv3 = _normed_conv(256, 384, groups=1)
        self.conv4 = _normed_conv(384, 384, groups=2)
        self.conv5 = _normed_conv(384, 256, groups=2)
        self.pool5 = _pool()
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.get_parameter("bias"))
        nn.init.ones_(self.conv2.get_parameter("0.bias"))

    @property
    def feature_dim(self) -> int:
        side = (self.input_pixels - 11) // 4 + 1
        for _ in range(3):
            side = _pooled(side)
        return 256 * side * side

    def map(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> pool5 of every frame, map_BCTHW."""
        x = clips_BCTHW.transpose(1, 2).flatten(0, 1)
        for layer in self.layers().values():
            x = layer(x)
        return torch.unflatten(x, 0, (clips_BCTHW.shape[0], clips_BCTHW.shape[2])).transpose(1, 2)

    def feature_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> features_BD: the mean over the frames, flattened."""
        return map_BCTHW.mean(dim=2).flatten(1)

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP: pool5 is pooled already, so it is the feature itself."""
        return self.feature_of_map(map_BCTHW)


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


def _pooled(side: int) -> int:
    """Side of the map after one pooling, sizes rounded up as in Caffe."""
    return -(-(side - 3) // 2) + 1


def _normed_conv(channels_in: int, channels_out: int, *, groups: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, groups=groups),
                         nn.BatchNorm2d(channels_out), nn.ReLU())
