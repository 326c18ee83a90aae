"""R(2+1)D-10, the variant in VCOP's code: one residual block a stage, 14.37 M parameters. It is not R(2+1)D-18 (31 M).

Sources: Xu et al., CVPR 2019, section 4, and the released network with layers (1, 1, 1, 1); the split convolution is
that of Tran et al., CVPR 2018, section 3.5. Here, unlike there, its inner width is worked out for each convolution
(83 in the stem), and the 1x1x1 convolution of a short cut is split as well.
Legend: B clips, C channels, T frames, H height, W width, D feature.
"""

from __future__ import annotations

from torch import nn

from studio.engine.backbones.r3d_vcop import R3DVcop, Three


def split_conv(channels_in: int, channels_out: int, *, kernel: Three, stride: Three) -> nn.Module:
    """Make a convolution over space, normalised, and one over time, together as large as the 3D one in one piece."""
    time, height, width = kernel
    inner = time * height * width * channels_in * channels_out // (
        height * width * channels_in + time * channels_out)
    return nn.Sequential(
        nn.Conv3d(channels_in, inner, (1, height, width), stride=(1, *stride[1:]),
                  padding=(0, height // 2, width // 2), bias=False),
        nn.BatchNorm3d(inner), nn.ReLU(),
        nn.Conv3d(inner, channels_out, (time, 1, 1), stride=(stride[0], 1, 1), padding=(time // 2, 0, 0), bias=False))


class R2Plus1DVcop(R3DVcop):
    """The same stages as R3D-10 with split convolutions: 16x112x112 -> 2x7x7 -> 512."""

    title = "R(2+1)D-10 (VCOP variant)"
    conv = staticmethod(split_conv)
