"""C3D, the variant in VCOP's code: normalised, averaged instead of fully connected, 27.66 M parameters.

Sources: Xu et al., CVPR 2019, section 4, and the released network; Tran et al., Learning Spatiotemporal Features with
3D Convolutional Networks, ICCV 2015 (the eight convolutions; its two fully connected layers had 52 M more).
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from torch import nn

from studio.engine.backbones.backbone import Backbone


class C3DVcop(Backbone):
    """Eight 3x3x3 convolutions: 16x112x112 -> 16x56x56 -> 8x28x28 -> 4x14x14 -> 2x7x7 -> 512."""

    title = "C3D (VCOP variant)"
    paper = "Xu et al., Self-supervised Spatiotemporal Learning via Video Clip Order Prediction, CVPR 2019"
    takes = "clips"
    feature_layer = "conv5b"
    retrieves_with = "pooled"
    smallest_pixels = 16
    smallest_frames = 8

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = _conv(channels, 64)
        self.pool1 = nn.MaxPool3d((1, 2, 2), stride=(1, 2, 2))
        self.conv2 = _conv(64, 128)
        self.pool2 = nn.MaxPool3d(2, stride=2)
        self.conv3a, self.conv3b = _conv(128, 256), _conv(256, 256)
        self.pool3 = nn.MaxPool3d(2, stride=2)
        self.conv4a, self.conv4b = _conv(256, 512), _conv(512, 512)
        self.pool4 = nn.MaxPool3d(2, stride=2)
        self.conv5a, self.conv5b = _conv(512, 512), _conv(512, 512)

    @property
    def feature_dim(self) -> int:
        return 512


def _conv(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(channels_in, channels_out, 3, padding=1), nn.BatchNorm3d(channels_out), nn.ReLU())
