"""From cached planes to the network's input: cut out and made small on the processor as bytes, the rest on the device.

Crops that the network gets smaller than they are cut are shrunk as planes, by area and rounded to bytes, before they
are coloured: a quarter of the pixels is then a quarter of the work. Training, previews and inspection all do so here.
Legend: B tuples, E elements, N = B x E clips, C channels, T = F frames, H height, W width, S = W window side.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Tuples, some_of
from studio.engine.shapes import Ints
from studio.engine.training import squeeze
from studio.engine.training.augment import blurred, coloured, turned
from studio.engine.training.encode import encoded
from studio.engine.video.footage import Footage
from studio.engine.video.stored import Bytes, Planes420, StoredVideo, Window

MEANS = {"mean-96.5": 96.5, "mean-127.5": 127.5}
"""What is taken from 0 to 255: OPN's mean, or the middle grey."""
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_SPREAD = (0.22803, 0.22145, 0.216989)
RED_V, GREEN_U, GREEN_V, BLUE_U = 1.402, -0.344136, -0.714136, 1.772
"""Full-range BT.601: what a step of the colour planes adds to red, green and blue."""
_VALUES_AT_ONCE = 1 << 18
"""Numbers of the network's input that a processor makes at a time: they stay in its cache."""


@dataclass(frozen=True)
class Planes:
    """What was cut out for B tuples, uint8: luma, and chroma at half the size, in windows around the crops.

    A window starts at an even place, because chroma has one value for 2 x 2 pixels; `parity_BE2` is how far (0 or 1)
    the crop lies inside it, down and to the right. Where crops were shrunk all planes have the network's size instead.
    """

    y_BEFHW: Tensor
    u_BEFHW: Tensor
    v_BEFHW: Tensor
    parity_BE2: Ints

    @property
    def shrunk(self) -> bool:
        """Whether the planes have the network's size already."""
        return self.y_BEFHW.shape == self.u_BEFHW.shape

    def part(self, chosen: slice) -> Planes:
        """The windows of some of the tuples."""
        return Planes(self.y_BEFHW[chosen], self.u_BEFHW[chosen], self.v_BEFHW[chosen], self.parity_BE2[chosen])

    def pinned(self) -> Planes:
        """The same in page-locked memory, from which a GPU copies while it computes."""
        return Planes(self.y_BEFHW.pin_memory(), self.u_BEFHW.pin_memory(), self.v_BEFHW.pin_memory(), self.parity_BE2)


def gather(footage: Footage, tuples: Tuples, augmentation: Augmentation, *, pool: Executor | None = None) -> Planes:
    """Cut out what `tuples` show, in the order in which it lies in the files; video by video in a `pool` where given.

    `tuples.video_B` counts positions in the footage. Window side: the crop and its parity, rounded up to even. Raises
    `VideoError` where frames are damaged or gone.
    """
    count, elements, frames = tuples.frames_BEF.shape
    half, small = (augmentation.crop_pixels + 2) // 2, augmentation.network_pixels
    shrinks = augmentation.crop == "whole" or small < augmentation.crop_pixels
    side, colour_side = (small, small) if shrinks else (2 * half, half)
    outs = [np.zeros((count, elements, frames, one, one), np.uint8) for one in (side, colour_side, colour_side)]
    cutter = _Cutter(tuples, outs, augmentation, shrinks=shrinks)
    places = _in_file_order(tuples)
    if pool is None:
        for b, e in places:
            cutter.cut(footage.cached[tuples.video_B[b]], b, e)
    else:
        videos = list(dict.fromkeys(int(tuples.video_B[b]) for b, _ in places))
        of_video = {video: [(b, e) for b, e in places if tuples.video_B[b] == video] for video in videos}
        for _ in pool.map(lambda video: cutter.cut_all(footage.cached[video], of_video[video]), videos):
            pass
    even_BE2 = tuples.crop_BE2 // 2
    parity_BE2 = np.zeros_like(even_BE2) if shrinks else tuples.crop_BE2 - 2 * even_BE2
    y_BEFHW, u_BEFHW, v_BEFHW = (torch.from_numpy(out) for out in outs)
    return Planes(y_BEFHW, u_BEFHW, v_BEFHW, parity_BE2)


def expect(footage: Footage, tuples: Tuples) -> None:
    """Let the disk begin to read what `tuples` show, video by video."""
    for b in np.argsort(tuples.video_B, kind="stable"):
        video, frames_EF = footage.cached[tuples.video_B[b]], tuples.frames_BEF[b]
        close = np.ptp(frames_EF) < 2 * frames_EF.size  # then what lies between is worth less than another request
        for frames_F in frames_EF.reshape(1, -1) if close else frames_EF:
            video.expect(frames_F)


@dataclass(frozen=True)
class _Cutter:
    """Fills the planes `outs` with what elements show: each writes to a place of its own."""

    tuples: Tuples
    outs: Sequence[Bytes]
    augmentation: Augmentation
    shrinks: bool

    def cut_all(self, video: StoredVideo, places: Sequence[tuple[int, int]]) -> None:
        for b, e in places:
            self.cut(video, b, e)

    def cut(self, video: StoredVideo, b: int, e: int) -> None:
        """Fill the place of one element."""
        frames_F, out = self.tuples.frames_BEF[b, e], Planes420(*[plane[b, e] for plane in self.outs])
        if self.augmentation.crop == "whole":
            squeeze.whole(video.planes(frames_F), out)
            return
        top, left = self.tuples.crop_BE2[b, e].tolist()
        crop = self.augmentation.crop_pixels
        side = 2 * ((crop + 2) // 2)
        first, start = top // 2 * 2, left // 2 * 2
        found = video.planes(frames_F, Window(first, start, min(side, video.height - first),
                                              min(side, video.width - start)))
        if self.shrinks:
            squeeze.cropped(found, out, top=top - first, left=left - start, crop_pixels=crop)
            return
        for plane_FHW, out_FHW in zip(found, out, strict=True):
            if plane_FHW.shape != out_FHW.shape:  # at the lower or right edge
                out_FHW = out_FHW[:, :plane_FHW.shape[1], :plane_FHW.shape[2]]
            out_FHW[...] = plane_FHW


def _in_file_order(tuples: Tuples) -> list[tuple[int, int]]:
    """All (tuple, element), by video and then by frame, so that a cold cache is read forwards."""
    first_BE = tuples.frames_BEF[:, :, 0]
    video_BE = np.broadcast_to(tuples.video_B[:, None], first_BE.shape)
    order = np.lexsort((first_BE.ravel(), video_BE.ravel()))
    return [divmod(int(place), first_BE.shape[1]) for place in order]


def network_input(planes: Planes, tuples: Tuples, augmentation: Augmentation, device: torch.device | str) -> Tensor:
    """Make clips_BECTHW, float32, on the device: colour, exact crop, mirror, one channel, size, scaling."""
    device = torch.device(device)
    count, elements = planes.y_BEFHW.shape[:2]
    at_once = max(1, _VALUES_AT_ONCE // (3 * elements * planes.y_BEFHW[0, 0].numel())) if count else 1
    if device.type == "cpu" and count > at_once:  # half as fast again, and the same
        slices = [slice(first, first + at_once) for first in range(0, count, at_once)]
        return torch.cat([network_input(planes.part(chosen), some_of(tuples, chosen), augmentation, device)
                          for chosen in slices])
    y, u, v = (plane.to(device, non_blocking=True).flatten(0, 1) for plane in
               (planes.y_BEFHW, planes.u_BEFHW, planes.v_BEFHW))
    if planes.shrunk:
        rgb_NCFHW = _rgb(y, u, v)
    else:
        yuv_NCFHW = torch.stack([y, _doubled(u), _doubled(v)], dim=1)
        rgb_NCFHW = to_rgb(_crop(yuv_NCFHW, planes.parity_BE2.reshape(-1, 2), augmentation.crop_pixels))
    rgb_NCFHW = _mirror(rgb_NCFHW, np.repeat(tuples.flip_B, elements))
    rgb_NCFHW = _resize(rgb_NCFHW, augmentation.network_pixels)
    rgb_NCFHW = turned(rgb_NCFHW, tuples.affine_BE5.reshape(-1, 5))
    rgb_NCFHW = coloured(rgb_NCFHW, tuples.colour_BE4.reshape(-1, 4))
    rgb_NCFHW = blurred(rgb_NCFHW, tuples.blur_BE.reshape(-1))
    rgb_NCFHW = _one_channel(rgb_NCFHW, tuples.channel_BE.reshape(-1))
    shown_NCFHW = encoded(rgb_NCFHW, augmentation.encoding)
    return _scale(shown_NCFHW, augmentation.scaling).unflatten(0, (count, elements))


def displayable(clips_BECTHW: Tensor, augmentation: Augmentation) -> Tensor:
    """Undo the scaling: what the network sees as pictures, uint8 [B, E, T, H, W, 3]; a stack shows one each step."""
    x = clips_BECTHW.float()
    if x.shape[2] > 3:
        x = x.unflatten(2, (-1, 3)).transpose(2, 3).flatten(3, 4)
    if augmentation.scaling == "kinetics":
        mean, spread = (x.new_tensor(values).view(3, 1, 1, 1) for values in (KINETICS_MEAN, KINETICS_SPREAD))
        x = (x * spread + mean) * 255
    elif augmentation.scaling == "caffe":
        x = (x + x.new_tensor(CAFFE_MEAN_BGR).view(3, 1, 1, 1)).flip(2)
    else:
        x = x * 255 if augmentation.scaling == "unit" else x + MEANS[augmentation.scaling]
    return x.round().clamp(0, 255).to(torch.uint8).movedim(2, -1)


def to_rgb(yuv_NCFHW: Tensor) -> Tensor:
    """Full-range BT.601 to red, green and blue, 0 to 255, not rounded; chroma is given at full size."""
    return _rgb(*yuv_NCFHW.unbind(1))


def _rgb(y_NFHW: Tensor, u_NFHW: Tensor, v_NFHW: Tensor) -> Tensor:
    y, u, v = y_NFHW.float(), u_NFHW.float() - 128, v_NFHW.float() - 128
    rgb_NCFHW = y.new_empty((len(y), 3, *y.shape[1:]))
    torch.add(y, v, alpha=RED_V, out=rgb_NCFHW[:, 0])
    torch.add(y, u, alpha=GREEN_U, out=rgb_NCFHW[:, 1]).add_(v, alpha=GREEN_V)
    torch.add(y, u, alpha=BLUE_U, out=rgb_NCFHW[:, 2])
    return rgb_NCFHW.clamp_(0, 255)


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


def _scale(x_NCFHW: Tensor, scaling: str) -> Tensor:
    """Scale the pixels; a stack of pictures has three channels of each."""
    if scaling == "unit":
        return x_NCFHW / 255
    if scaling in MEANS:
        return x_NCFHW - MEANS[scaling]
    colours = x_NCFHW.unflatten(1, (-1, 3))
    if scaling == "caffe":
        return (colours.flip(2) - colours.new_tensor(CAFFE_MEAN_BGR).view(3, 1, 1, 1)).flatten(1, 2)
    mean, spread = (255 * x_NCFHW.new_tensor(values).view(3, 1, 1, 1) for values in (KINETICS_MEAN, KINETICS_SPREAD))
    return ((colours - mean) / spread).flatten(1, 2)
