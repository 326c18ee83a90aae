"""R(2+1)D-18, torchvision's own network and parameter names without its classifier: 31.30 M parameters.

Source: Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018.
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from torchvision.models.video import r2plus1d_18

from studio.engine.backbones.backbone import Backbone


class R2Plus1D18(Backbone):
    """Each 3D convolution split into one over space and one over time: 16x112x112 -> 2x7x7 -> 512.

    The parameters are named as torchvision names them, so that weights go both ways.
    """

    title = "R(2+1)D-18 (torchvision)"
    paper = "Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018"
    takes = "clips"
    feature_layer = "layer4"
    retrieves_with = "pooled"

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        whole = r2plus1d_18(weights=None)
        self.stem, self.layer1, self.layer2 = whole.stem, whole.layer1, whole.layer2
        self.layer3, self.layer4 = whole.layer3, whole.layer4

    @property
    def feature_dim(self) -> int:
        return 512
