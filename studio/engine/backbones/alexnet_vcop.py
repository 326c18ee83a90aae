"""AlexNet-BN, the network for still frames in VCOP's code: 2.47 M parameters.

Sources: Krizhevsky, One Weird Trick for Parallelizing Convolutional Neural Networks, 2014 (64-192-384-256-256, no
groups); the released code of Xu et al., CVPR 2019 (normalisation after each convolution, averaged at the end).
The convolutions are those of torchvision's AlexNet.
Legend: B clips, C channels, T frames, H height, W width, N frames of all clips, D feature, P pooled feature.
"""

from __future__ import annotations

from torch import Tensor, nn

from studio.engine.backbones.backbone import FrameBackbone


class AlexNetVcop(FrameBackbone):
    """Five convolutions for still frames: 224x224 -> 55x55 -> 27x27 -> 13x13 -> 256."""

    title = "AlexNet-BN (VCOP variant)"
    paper = "Xu et al., Self-supervised Spatiotemporal Learning via Video Clip Order Prediction, CVPR 2019"
    feature_layer = "conv5"
    retrieves_with = "pooled"
    smallest_pixels = 31

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = _normed(nn.Conv2d(channels, 64, 11, stride=4, padding=2))
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = _normed(nn.Conv2d(64, 192, 5, padding=2))
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = _normed(nn.Conv2d(192, 384, 3, padding=1))
        self.conv4 = _normed(nn.Conv2d(384, 256, 3, padding=1))
        self.conv5 = _normed(nn.Conv2d(256, 256, 3, padding=1))

    @property
    def feature_dim(self) -> int:
        return 256

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP: the largest of 3x3 places, every second, averaged over the frames (9216 at 224)."""
        kernel = min(3, *map_BCTHW.shape[-2:])
        return nn.functional.max_pool3d(map_BCTHW, (1, kernel, kernel), stride=(1, 2, 2)).mean(dim=2).flatten(1)

    def published_names(self) -> dict[str, str]:
        return {f"features.{place}.{kind}": f"conv{number}.0.{kind}"
                for number, place in enumerate((0, 3, 6, 8, 10), start=1) for kind in ("weight", "bias")}


def _normed(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU())
