"""CaffeNet conv1 to conv5, as OPN trained it: 2.33 M parameters (2,336,128 with the scales of the normalisation).

Sources: Krizhevsky et al., NeurIPS 2012 (the grouped network); Lee et al., ICCV 2017, section 3.3 and the released
prototxt (normalisation and scale after conv3 to conv5, Caffe's pooling that rounds sizes up, Gaussian weights).
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from studio.engine.backbones.backbone import FrameBackbone


class CaffeNet(FrameBackbone):
    """Five convolutions for still frames; the feature is pool5, flattened: 1024 long at 80 pixels, 9216 at 227."""

    title = "CaffeNet conv1-5"
    paper = "Lee et al., Unsupervised Representation Learning by Sorting Sequences, ICCV 2017"
    feature_layer = "pool5"
    smallest_pixels = 63
    scaled_norm: ClassVar[bool] = True
    """Whether the normalisation after conv3 to conv5 learns a scale and a shift."""

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = nn.Sequential(nn.Conv2d(channels, 96, 11, stride=4), nn.ReLU())
        self.pool1 = nn.Sequential(_pool(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        self.conv2 = nn.Sequential(nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU())
        self.pool2 = nn.Sequential(_pool(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        self.conv3 = _normed_conv(256, 384, groups=1, scaled=self.scaled_norm)
        self.conv4 = _normed_conv(384, 384, groups=2, scaled=self.scaled_norm)
        self.conv5 = _normed_conv(384, 256, groups=2, scaled=self.scaled_norm)
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

    def feature_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> features_BD: the mean over the frames, flattened."""
        return map_BCTHW.mean(dim=2).flatten(1)

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP: pool5 is pooled already, so it is the feature itself."""
        return self.feature_of_map(map_BCTHW)


class CaffeNetPlain(CaffeNet):
    """The same with normalisation that learns nothing, as Shuffle and Learn trained it: 2,334,080 parameters."""

    title = "CaffeNet conv1-5, plain normalisation"
    paper = "Misra, Zitnick, Hebert, Shuffle and Learn, ECCV 2016"
    scaled_norm = False


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


def _pooled(side: int) -> int:
    """Side of the map after one pooling, sizes rounded up as in Caffe."""
    return -(-(side - 3) // 2) + 1


def _normed_conv(channels_in: int, channels_out: int, *, groups: int, scaled: bool) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, groups=groups),
                         nn.BatchNorm2d(channels_out, affine=scaled), nn.ReLU())
