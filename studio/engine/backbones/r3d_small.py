"""R3D-small, the studio's own small 3D network for processors: 0.59 M parameters, 0.07 GMAC a clip of 8x56x56.

Plain convolutions, no short cuts: at 8 frames the last maps have two frames, and no temporal kernel of 3 runs over
two frames, because there PyTorch's bf16 gradient on processors is wrong and such a layer would fall back to fp32.
The feature is the strongest place, not the average, because what moves may be small. It is taken before the last
convolution, which learns what only the question needs (as the projection of SimCLR, Chen et al., ICML 2020).
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone


class R3DSmall(Backbone):
    """Four 3D convolutions: 8x56x56 -> 8x28x28 -> 8x14x14 -> 4x7x7 -> 2x4x4 -> 128; a fifth for the head alone: 256."""

    title = "R3D-small (ours, for processors)"
    paper = "The studio's own"
    takes = "clips"
    feature_layer = "conv4"

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        super().__init__(input_pixels=input_pixels, clip_frames=clip_frames, channels=channels)
        self.conv1 = _conv(channels, 16, kernel=(3, 5, 5), stride=(1, 2, 2))
        self.conv2 = _conv(16, 32, kernel=(3, 3, 3), stride=(1, 2, 2))
        self.conv3 = _conv(32, 64, kernel=(3, 3, 3), stride=(2, 2, 2))
        self.conv4 = _conv(64, 128, kernel=(3, 3, 3), stride=(2, 2, 2))
        self.projection = _conv(128, 256, kernel=(1, 3, 3), stride=(1, 1, 1))

    @property
    def feature_dim(self) -> int:
        return 128

    @property
    def head_dim(self) -> int:
        return 256

    def layers(self) -> dict[str, nn.Module]:
        return {name: layer for name, layer in self.named_children() if name != "projection"}

    def forward(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> what the head gets, the strongest places after the projection."""
        return self.feature_of_map(self.projection(self.map(clips_BCTHW)))

    def feature_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> features_BD: the strongest place of each frame, averaged over time: what is small counts too."""
        return map_BCTHW.amax(dim=(3, 4)).mean(dim=2)


def _conv(channels_in: int, channels_out: int, *, kernel: tuple[int, int, int],
          stride: tuple[int, int, int]) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    conv = nn.Conv3d(channels_in, channels_out, kernel, stride=stride, padding=padding, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm3d(channels_out), nn.ReLU())
