"""From cached planes to the network's input: cut out on the processor as bytes, everything else on the device.

Legend: B tuples, E elements, N = B x E clips, C channels, T = F frames, H height, W width, S = W window side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Tuples, some_of
from studio.engine.shapes import Ints
from studio.engine.training.augment import blurred, coloured, turned
from studio.engine.video.footage import Footage

OPN_MEAN = 96.5
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_SPREAD = (0.22803, 0.22145, 0.216989)
RED_V, GREEN_U, GREEN_V, BLUE_U = 1.402, -0.344136, -0.714136, 1.772
"""Full-range BT.601: what a step of the colour planes adds to red, green and blue."""
_AT_ONCE = 2
"""Tuples that a processor colours and resizes at a time."""


@dataclass(frozen=True)
class Planes:
    """Windows around the crops of B tuples, uint8, as they lie in the cache: luma, and chroma at half the size.

    A window starts at an even place, because chroma has one value for 2 x 2 pixels; `parity_BE2` is how far (0 or 1)
    the crop lies inside it, down and to the right.
    """

    y_BEFHW: Tensor
    u_BEFHW: Tensor
    v_BEFHW: Tensor
    parity_BE2: Ints

    def part(self, chosen: slice) -> Planes:
        """The windows of some of the tuples."""
        return Planes(self.y_BEFHW[chosen], self.u_BEFHW[chosen], self.v_BEFHW[chosen], self.parity_BE2[chosen])

    def pinned(self) -> Planes:
        """The same in page-locked memory, from which a GPU copies while it computes."""
        return Planes(self.y_BEFHW.pin_memory(), self.u_BEFHW.pin_memory(), self.v_BEFHW.pin_memory(), self.parity_BE2)


def gather(footage: Footage, tuples: Tuples, augmentation: Augmentation) -> Planes:
    """Cut the windows of `tuples` straight from the memory maps, in the order in which they lie in the files.

    `tuples.video_B` counts positions in the footage. Window side: the crop and its parity, rounded up to even.
    """
    count, elements, frames = tuples.frames_BEF.shape
    half = (augmentation.crop_pixels + 2) // 2
    y_BEFHW = torch.zeros((count, elements, frames, 2 * half, 2 * half), dtype=torch.uint8)
    u_BEFHW, v_BEFHW = (torch.zeros((count, elements, frames, half, half), dtype=torch.uint8) for _ in "uv")
    outs = [(y_BEFHW.numpy(), 2), (u_BEFHW.numpy(), 1), (v_BEFHW.numpy(), 1)]
    even_BE2 = tuples.crop_BE2 // 2
    for b, e in _in_file_order(tuples):
        video = footage.cached[tuples.video_B[b]]
        top, left = even_BE2[b, e]
        chosen = _steps(tuples.frames_BEF[b, e])
        for plane_NHW, (out, scale) in zip((video.y_NHW, video.u_NHW, video.v_NHW), outs, strict=True):
            cut = plane_NHW[chosen, scale * top:scale * (top + half), scale * left:scale * (left + half)]
            out[b, e, :, :cut.shape[1], :cut.shape[2]] = cut
    return Planes(y_BEFHW, u_BEFHW, v_BEFHW, tuples.crop_BE2 - 2 * even_BE2)


def _in_file_order(tuples: Tuples) -> list[tuple[int, int]]:
    """All (tuple, element), by video and then by frame, so that a cold cache is read forwards."""
    first_BE = tuples.frames_BEF[:, :, 0]
    video_BE = np.broadcast_to(tuples.video_B[:, None], first_BE.shape)
    order = np.lexsort((first_BE.ravel(), video_BE.ravel()))
    return [divmod(int(place), first_BE.shape[1]) for place in order]


def _steps(frames_F: Ints) -> slice | Ints:
    """Evenly spaced frame numbers as a slice, which copies without an index."""
    if len(frames_F) == 1:
        return slice(int(frames_F[0]), int(frames_F[0]) + 1)
    step = int(frames_F[1] - frames_F[0])
    if step > 0 and (np.diff(frames_F) == step).all():
        return slice(int(frames_F[0]), int(frames_F[-1]) + 1, step)
    return frames_F


def network_input(planes: Planes, tuples: Tuples, augmentation: Augmentation, device: torch.device | str) -> Tensor:
    """Make clips_BECTHW, float32, on the device: colour, exact crop, mirror, one channel, size, scaling."""
    device = torch.device(device)
    count, elements = planes.y_BEFHW.shape[:2]
    if device.type == "cpu" and count > _AT_ONCE:  # a few fit the processor's cache: a third faster, and the same
        slices = [slice(first, first + _AT_ONCE) for first in range(0, count, _AT_ONCE)]
        return torch.cat([network_input(planes.part(chosen), some_of(tuples, chosen), augmentation, device)
                          for chosen in slices])
    y, u, v = (plane.to(device, non_blocking=True).flatten(0, 1) for plane in
               (planes.y_BEFHW, planes.u_BEFHW, planes.v_BEFHW))
    yuv_NCFHW = torch.stack([y, _doubled(u), _doubled(v)], dim=1)
    cut_NCFHW = _crop(yuv_NCFHW, planes.parity_BE2.reshape(-1, 2), augmentation.crop_pixels).float()
    if augmentation.network_pixels < augmentation.crop_pixels:  # first, because everything after it is then cheaper
        cut_NCFHW = _resize(cut_NCFHW, augmentation.network_pixels)
    rgb_NCFHW = to_rgb(cut_NCFHW)
    rgb_NCFHW = _mirror(rgb_NCFHW, np.repeat(tuples.flip_B, elements))
    rgb_NCFHW = _resize(rgb_NCFHW, augmentation.network_pixels)
    rgb_NCFHW = turned(rgb_NCFHW, tuples.affine_BE5.reshape(-1, 5))
    rgb_NCFHW = coloured(rgb_NCFHW, tuples.colour_BE4.reshape(-1, 4))
    rgb_NCFHW = blurred(rgb_NCFHW, tuples.blur_BE.reshape(-1))
    rgb_NCFHW = _one_channel(rgb_NCFHW, tuples.channel_BE.reshape(-1))
    if augmentation.encoding == "differences":
        rgb_NCFHW = _residual(rgb_NCFHW)
    return _scale(rgb_NCFHW, augmentation.scaling).unflatten(0, (count, elements))


def displayable(clips_BECTHW: Tensor, augmentation: Augmentation) -> Tensor:
    """Undo the scaling: what the network sees as a picture, uint8 [B, E, T, H, W, 3]."""
    x = clips_BECTHW.float()
    if augmentation.scaling == "kinetics":
        mean, spread = (x.new_tensor(values).view(3, 1, 1, 1) for values in (KINETICS_MEAN, KINETICS_SPREAD))
        x = (x * spread + mean) * 255
    else:
        x = x + OPN_MEAN if augmentation.scaling == "mean-96.5" else x * 255
    return x.round().clamp(0, 255).to(torch.uint8).movedim(2, -1)


def to_rgb(yuv_NCFHW: Tensor) -> Tensor:
    """Full-range BT.601 to red, green and blue, 0 to 255, not rounded; chroma is given at full size."""
    y, u, v = yuv_NCFHW[:, 0], yuv_NCFHW[:, 1] - 128, yuv_NCFHW[:, 2] - 128
    return torch.stack([torch.add(y, v, alpha=RED_V), torch.add(y, u, alpha=GREEN_U).add_(v, alpha=GREEN_V),
                        torch.add(y, u, alpha=BLUE_U)], dim=1).clamp_(0, 255)


def _doubled(plane_NFHW: Tensor) -> Tensor:
    """Every value four times: chroma at the size of luma."""
    n, f, h, w = plane_NFHW.shape
    return plane_NFHW[:, :, :, None, :, None].expand(n, f, h, 2, w, 2).reshape(n, f, 2 * h, 2 * w)


def _crop(x_NCFHW: Tensor, parity_N2: Ints, crop_pixels: int) -> Tensor:
    """Cut the exact crop out of the even windows: one copy for each of the four parities that occur."""
    parities = np.unique(parity_N2, axis=0)
    if len(parities) == 1:
        top, left = parities[0]
        return x_NCFHW[..., top:top + crop_pixels, left:left + crop_pixels]
    out = x_NCFHW.new_empty((*x_NCFHW.shape[:-2], crop_pixels, crop_pixels))
    for top, left in parities:
        chosen = torch.from_numpy(np.flatnonzero((parity_N2 == (top, left)).all(axis=1))).to(x_NCFHW.device)
        out[chosen] = x_NCFHW[chosen, ..., top:top + crop_pixels, left:left + crop_pixels]
    return out


def _mirror(x_NCFHW: Tensor, flip_N: np.ndarray) -> Tensor:
    if not flip_N.any():
        return x_NCFHW
    chosen = torch.from_numpy(np.flatnonzero(flip_N)).to(x_NCFHW.device)
    x_NCFHW[chosen] = x_NCFHW[chosen].flip(-1)
    return x_NCFHW


def _one_channel(x_NCFHW: Tensor, channel_N: Ints) -> Tensor:
    """Show one channel as grey where a channel was drawn (OPN's channel splitting)."""
    split_N = np.flatnonzero(channel_N >= 0)
    if not len(split_N):
        return x_NCFHW
    chosen = torch.from_numpy(split_N).to(x_NCFHW.device)
    channel = torch.from_numpy(channel_N[split_N]).to(x_NCFHW.device)
    x_NCFHW[chosen] = x_NCFHW[chosen, channel][:, None].expand(-1, x_NCFHW.shape[1], -1, -1, -1)
    return x_NCFHW


def _resize(x_NCFHW: Tensor, pixels: int) -> Tensor:
    """Resize frames by area; enlarging is bilinear, because an area of less than a pixel has nothing to average."""
    side = x_NCFHW.shape[-1]
    if side == pixels:
        return x_NCFHW
    frames_MHW = x_NCFHW.flatten(0, 2)[:, None]
    if pixels < side:
        if side % pixels == 0:
            small = nn.functional.avg_pool2d(frames_MHW, side // pixels)
        else:
            small = nn.functional.adaptive_avg_pool2d(frames_MHW, pixels)
    else:
        small = nn.functional.interpolate(frames_MHW, size=(pixels, pixels), mode="bilinear", align_corners=False)
    return small[:, 0].unflatten(0, x_NCFHW.shape[:3])


def _residual(x_NCFHW: Tensor) -> Tensor:
    """Half of what each frame differs from the one before, about the middle grey; the first frame repeats the second's.

    Source: the residual clips of Tao et al., Self-supervised Video Representation Learning Using Inter-intra
    Contrastive Framework, ACM MM 2020; there the first frame is compared with the last.
    """
    if x_NCFHW.shape[2] < 2:
        return x_NCFHW
    step_NCFHW = x_NCFHW.diff(dim=2)
    return torch.cat([step_NCFHW[:, :, :1], step_NCFHW], dim=2).add_(255).mul_(0.5)


def _scale(x_NCFHW: Tensor, scaling: str) -> Tensor:
    if scaling == "unit":
        return x_NCFHW / 255
    if scaling == "mean-96.5":
        return x_NCFHW - OPN_MEAN
    mean, spread = (x_NCFHW.new_tensor(values).view(3, 1, 1, 1) for values in (KINETICS_MEAN, KINETICS_SPREAD))
    return (x_NCFHW / 255 - mean) / spread
