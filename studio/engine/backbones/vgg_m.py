"""VGG-M conv1 to conv5, the larger of the two networks that OPN reports (VGG-M-2048): 6.53 M parameters.

Sources: Chatfield et al., Return of the Devil in the Details, BMVC 2014, table 1, model CNN-M (in the 2048 variant the
last fully connected layer alone is narrower, so the convolutions are the same); Lee et al., ICCV 2017, and its solver
(Gaussian weights of 0.01). OPN's code has no VGG-M: where it may have normalised anew, this follows Chatfield et al.
Legend: B clips, C channels, T frames, H height, W width, N frames of all clips, D feature, P pooled feature.
"""

from __future__ import annotations

from torch import Tensor, nn

from studio.engine.backbones.backbone import FrameBackbone


class VGGM(FrameBackbone):
    """Five convolutions for still frames; the feature is pool5, flattened: 2048 long at 80 pixels, 18432 at 224."""

    title = "VGG-M-2048 conv1-5"
    paper = "Chatfield et al., Return of the Devil in the Details, BMVC 2014; used by Lee et al., ICCV 2017"
    feature_layer = "pool5"
    smallest_pixels = 41

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = _conv(nn.Conv2d(channels, 96, 7, stride=2))
        self.pool1 = _normed_pool()
        self.conv2 = _conv(nn.Conv2d(96, 256, 5, stride=2, padding=1))
        self.pool2 = _normed_pool()
        self.conv3 = _conv(nn.Conv2d(256, 512, 3, padding=1))
        self.conv4 = _conv(nn.Conv2d(512, 512, 3, padding=1))
        self.conv5 = _conv(nn.Conv2d(512, 512, 3, padding=1))
        self.pool5 = nn.MaxPool2d(3, stride=2, ceil_mode=True)

    @property
    def feature_dim(self) -> int:
        side = _pooled((self.input_pixels - 7) // 2 + 1)
        side = _pooled((side - 3) // 2 + 1)
        return 512 * _pooled(side) ** 2

    def feature_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> features_BD: the mean over the frames, flattened."""
        return map_BCTHW.mean(dim=2).flatten(1)

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP: pool5 is pooled already, so it is the feature itself."""
        return self.feature_of_map(map_BCTHW)


def _conv(conv: nn.Conv2d) -> nn.Sequential:
    nn.init.normal_(conv.weight, std=0.01)
    nn.init.zeros_(conv.get_parameter("bias"))
    return nn.Sequential(conv, nn.ReLU())


def _normed_pool() -> nn.Sequential:
    """Normalise across five channels as in Caffe, then pool, sizes rounded up."""
    return nn.Sequential(nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2),
                         nn.MaxPool2d(3, stride=2, ceil_mode=True))


def _pooled(side: int) -> int:
    """Side of the map after one pooling, sizes rounded up as in Caffe."""
    return -(-(side - 3) // 2) + 1
