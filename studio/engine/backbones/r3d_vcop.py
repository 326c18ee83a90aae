"""R3D-10, the variant in VCOP's code: one residual block a stage, 14.36 M parameters. It is not R3D-18 (33 M).

Source: Xu et al., CVPR 2019, section 4, and the released network with layers (1, 1, 1, 1).
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone

Three = tuple[int, int, int]
"""Along T, H and W."""


class MakesConv(Protocol):
    """What makes a convolution that keeps the size at stride 1."""

    def __call__(self, channels_in: int, channels_out: int, *, kernel: Three, stride: Three) -> nn.Module:
        """Give the convolution, without normalisation after it."""


def whole_conv(channels_in: int, channels_out: int, *, kernel: Three, stride: Three) -> nn.Module:
    """Make a 3D convolution in one piece."""
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Conv3d(channels_in, channels_out, kernel, stride=stride, padding=padding, bias=False)


class R3DVcop(Backbone):
    """3D residual network: 16x112x112 -> 16x56x56 -> 16x56x56 -> 8x28x28 -> 4x14x14 -> 2x7x7 -> 512."""

    title = "R3D-10 (VCOP variant)"
    paper = "Xu et al., Self-supervised Spatiotemporal Learning via Video Clip Order Prediction, CVPR 2019"
    takes = "clips"
    feature_layer = "conv5"
    retrieves_with = "pooled"
    conv: MakesConv = staticmethod(whole_conv)

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = nn.Sequential(self.conv(channels, 64, kernel=(3, 7, 7), stride=(1, 2, 2)),
                                   nn.BatchNorm3d(64), nn.ReLU())
        self.conv2 = ResidualBlock(64, 64, stride=1, conv=self.conv)
        self.conv3 = ResidualBlock(64, 128, stride=2, conv=self.conv)
        self.conv4 = ResidualBlock(128, 256, stride=2, conv=self.conv)
        self.conv5 = ResidualBlock(256, 512, stride=2, conv=self.conv)

    @property
    def feature_dim(self) -> int:
        return 512


class ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions around a short cut, which is a strided 1x1x1 convolution where the size changes."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int, conv: MakesConv = whole_conv) -> None:
        super().__init__()
        strides = (stride, stride, stride)
        self.branch = nn.Sequential(
            conv(channels_in, channels_out, kernel=(3, 3, 3), stride=strides),
            nn.BatchNorm3d(channels_out), nn.ReLU(),
            conv(channels_out, channels_out, kernel=(3, 3, 3), stride=(1, 1, 1)), nn.BatchNorm3d(channels_out))
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(
            conv(channels_in, channels_out, kernel=(1, 1, 1), stride=strides), nn.BatchNorm3d(channels_out))

    def forward(self, x_BCTHW: Tensor) -> Tensor:
        """x_BCTHW -> map_BCTHW, half the size at stride 2."""
        return (self.shortcut(x_BCTHW) + self.branch(x_BCTHW)).relu()
