"""The three networks of 18 layers that torchvision has, without their classifiers: R3D-18, MC3-18, R(2+1)D-18.

Source: Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018.
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import RecipeError


class Torchvision18(Backbone):
    """A network of torchvision's: a stem and four stages of two residual blocks, which end in 512 channels.

    The parameters are named as torchvision names them, so that weights go both ways, and begin as there (He et al.,
    by what goes out). Raises `RecipeError` for other than three channels, because the published stem has three.
    """

    paper = "Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018"
    takes = "clips"
    feature_layer = "layer4"
    retrieves_with = "pooled"
    maker: ClassVar[str]
    """The name of what makes it in `torchvision.models.video`, whose import takes as long as torch's: made on use."""

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        if channels != 3:
            raise RecipeError(f"an input of {channels} channels", f"{self.title} takes frames of three",
                              "Choose another encoding, or another backbone")
        from torchvision.models import video

        whole = getattr(video, self.maker)(weights=None)
        self.stem, self.layer1, self.layer2 = whole.stem, whole.layer1, whole.layer2
        self.layer3, self.layer4 = whole.layer3, whole.layer4

    @property
    def feature_dim(self) -> int:
        return 512

    def published_names(self) -> dict[str, str]:
        return {name: name for name in self.state_dict()}


class R3D18(Torchvision18):
    """3D convolutions throughout, 33.17 M parameters: 16x112x112 -> 2x7x7 -> 512. VCOP's R3D-10 has 14.36 M."""

    title = "R3D-18 (torchvision)"
    maker = "r3d_18"


class MC318(Torchvision18):
    """3D convolutions in the stem and the first stage alone, 11.49 M parameters: 16x112x112 -> 16x7x7 -> 512."""

    title = "MC3-18 (torchvision)"
    maker = "mc3_18"

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP, over eighths of the frames, all of which stay: then as long as the others' (9216)."""
        frames, height, width = map_BCTHW.shape[2:]
        return super().pooled_of_map(nn.functional.adaptive_avg_pool3d(map_BCTHW, (-(-frames // 8), height, width)))


class R2Plus1D18(Torchvision18):
    """Each 3D convolution split into one over space and one over time, 31.30 M parameters: 16x112x112 -> 2x7x7 -> 512.

    The width between the two is worked out once a block. VCOP's R(2+1)D-10 has 14.37 M parameters.
    """

    title = "R(2+1)D-18 (torchvision)"
    maker = "r2plus1d_18"
