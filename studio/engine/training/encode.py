"""What the network sees of a clip: its frames, their differences, or one picture of the whole clip.

Every picture of differences is centred on the middle grey and stays in 0 to 255: nothing moves where it is 127.5.
Legend: N clips, C = 3 channels, F frames, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.engine.augmentation import Encoding
from studio.engine.shapes import Floats

GREY = 127.5


def encoded(x_NCFHW: Tensor, encoding: Encoding) -> Tensor:
    """Encode clips of 0 to 255. A stack has 3 channels for each pair of frames, and one frame as all pictures have."""
    if encoding == "frames" or x_NCFHW.shape[2] < 2:
        return x_NCFHW
    if encoding == "differences":
        return differences(x_NCFHW)
    if encoding == "stack-of-differences":
        steps_NCSHW = _about_grey(x_NCFHW.diff(dim=2))
        return steps_NCSHW.transpose(1, 2).flatten(1, 2)[:, :, None]
    if encoding == "sum-of-differences":
        return _about_grey(x_NCFHW[:, :, -1:] - x_NCFHW[:, :, :1])
    weights_F = torch.from_numpy(rank_pooling_weights(x_NCFHW.shape[2])).to(x_NCFHW)
    weights_F = weights_F / weights_F.clamp_min(0).sum()
    return _about_grey((x_NCFHW * weights_F.view(-1, 1, 1)).sum(dim=2, keepdim=True))


def differences(x_NCFHW: Tensor) -> Tensor:
    """Half of what each frame differs from the one before; the first frame repeats the second's.

    Source: the residual clips of Tao et al., Self-supervised Video Representation Learning Using Inter-intra
    Contrastive Framework, ACM MM 2020; there the first frame is compared with the last.
    """
    step_NCFHW = x_NCFHW.diff(dim=2)
    return _about_grey(torch.cat([step_NCFHW[:, :, :1], step_NCFHW], dim=2))


def rank_pooling_weights(frames: int) -> Floats:
    """Weights of the frames in a dynamic image, weights_F; they add up to 0.

    Source: Bilen et al., Dynamic Image Networks for Action Recognition, CVPR 2016, approximate rank pooling:
    2 (T - t + 1) - (T + 1) (H_T - H_{t-1}) with the harmonic numbers H.
    """
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, frames + 1))])
    place = np.arange(1, frames + 1)
    weights = 2 * (frames - place + 1) - (frames + 1) * (harmonic[frames] - harmonic[place - 1])
    return weights.astype(np.float32)


def _about_grey(difference: Tensor) -> Tensor:
    """Half of a difference of -255 to 255, about the middle grey."""
    return difference * 0.5 + GREY
