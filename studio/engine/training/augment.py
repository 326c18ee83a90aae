"""How elements are varied on the device: turned, coloured, blurred; each by the numbers that were drawn for it.

Legend: N elements of a batch, C channels, F frames, H height, W width. Values are 0 to 255.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.shapes import Floats

GREY = (0.299, 0.587, 0.114)
"""BT.601's weights of red, green and blue in luma."""


def turned(x_NCFHW: Tensor, affine_N5: Floats) -> Tensor:
    """Turn, scale, shear and shift all frames of an element alike, black where nothing was; zeros leave it as it is.

    The numbers are the angle in radians (clockwise), the logarithm of the scale, the shear, and the shift to the right
    and down as shares of the side.
    """
    moved_N = np.flatnonzero(affine_N5.any(axis=1))
    if not len(moved_N):
        return x_NCFHW
    chosen = torch.from_numpy(moved_N).to(x_NCFHW.device)
    theta_M23 = torch.from_numpy(_inverse(affine_N5[moved_N].astype(np.float64))).to(x_NCFHW)
    part = x_NCFHW[chosen]
    flat = part.flatten(1, 2)
    grid = nn.functional.affine_grid(theta_M23, list(flat.shape), align_corners=False)
    seen = nn.functional.grid_sample(flat, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    out = x_NCFHW.clone()
    out[chosen] = seen.unflatten(1, part.shape[1:3])
    return out


def _inverse(affine_M5: np.ndarray) -> np.ndarray:
    """From where each place of the output is taken: theta_M23 in `affine_grid`'s coordinates (-1 to 1)."""
    angle, scale, shear, right, down = affine_M5.T
    cos, sin, grown = np.cos(angle), np.sin(angle), np.exp(scale)
    one, zero = np.ones_like(angle), np.zeros_like(angle)
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    slant = np.stack([np.stack([one, shear], 1), np.stack([zero, one], 1)], 1)
    forward = grown[:, None, None] * turn @ slant
    back = np.linalg.inv(forward)
    shift = -back @ np.stack([2 * right, 2 * down], 1)[:, :, None]
    return np.concatenate([back, shift], axis=2)


def coloured(x_NCFHW: Tensor, colour_N4: Floats) -> Tensor:
    """Vary brightness, contrast and saturation by factors, then turn the hue; 1, 1, 1, 0 leaves it as it is.

    Contrast is about the element's own mean grey, so that all its frames change alike.
    """
    varied_N = np.flatnonzero((colour_N4 != np.array([1, 1, 1, 0], np.float32)).any(axis=1))
    if not len(varied_N) or x_NCFHW.shape[1] != 3:
        return x_NCFHW
    chosen = torch.from_numpy(varied_N).to(x_NCFHW.device)
    factors = torch.from_numpy(colour_N4[varied_N]).to(x_NCFHW).view(-1, 4, 1, 1, 1, 1)
    x = (x_NCFHW[chosen] * factors[:, 0]).clamp_(0, 255)
    mean = _grey(x).mean(dim=(1, 2, 3, 4), keepdim=True)
    x = ((x - mean) * factors[:, 1] + mean).clamp_(0, 255)
    grey = _grey(x)
    x = (x - grey) * factors[:, 2] + grey
    turns = torch.from_numpy(_hue_turns(colour_N4[varied_N, 3])).to(x_NCFHW)
    x = torch.einsum("nij,njfhw->nifhw", turns, x).clamp_(0, 255)
    out = x_NCFHW.clone()
    out[chosen] = x
    return out


def _grey(x_NCFHW: Tensor) -> Tensor:
    weights = x_NCFHW.new_tensor(GREY).view(1, 3, 1, 1, 1)
    return (x_NCFHW * weights).sum(dim=1, keepdim=True)


def _hue_turns(turn_M: Floats) -> np.ndarray:
    """Turns of the colour plane about the grey axis, as matrices of red, green and blue: luma stays (YIQ)."""
    to_yiq = np.array([GREY, (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135)])
    back = np.linalg.inv(to_yiq)
    angle = 2 * np.pi * turn_M.astype(np.float64)
    middle = np.zeros((len(turn_M), 3, 3))
    middle[:, 0, 0] = 1
    middle[:, 1, 1] = middle[:, 2, 2] = np.cos(angle)
    middle[:, 1, 2], middle[:, 2, 1] = -np.sin(angle), np.sin(angle)
    return back @ middle @ to_yiq


def blurred(x_NCFHW: Tensor, sigma_N: Floats) -> Tensor:
    """Blur every frame of an element by a Gaussian of that standard deviation in pixels; 0 leaves it as it is."""
    chosen_N = np.flatnonzero(sigma_N > 0)
    if not len(chosen_N):
        return x_NCFHW
    chosen = torch.from_numpy(chosen_N).to(x_NCFHW.device)
    reach = min(int(np.ceil(2.5 * sigma_N.max())), min(x_NCFHW.shape[-2:]) - 1)
    steps_K = np.arange(-reach, reach + 1)
    weights_MK = np.exp(-0.5 * (steps_K / sigma_N[chosen_N, None].astype(np.float64)) ** 2)
    kernel_MK = torch.from_numpy(weights_MK / weights_MK.sum(axis=1, keepdims=True)).to(x_NCFHW)
    part = x_NCFHW[chosen]
    frames = part.flatten(1, 2).transpose(0, 1)  # [C x F, M, H, W]: one kernel an element, as groups
    count = len(chosen_N)
    padded = nn.functional.pad(frames, (reach, reach, reach, reach), mode="replicate")
    across = nn.functional.conv2d(padded, kernel_MK[:, None, None, :], groups=count)
    both = nn.functional.conv2d(across, kernel_MK[:, None, :, None], groups=count)
    out = x_NCFHW.clone()
    out[chosen] = both.transpose(0, 1).unflatten(1, part.shape[1:3])
    return out
