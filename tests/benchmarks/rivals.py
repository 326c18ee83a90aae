"""Other ways to bring tuples to a training step, written to be fair: the same frames, the same crops, one process.

Each gives one tuple as uint8 [E, F, H, W, 3], or as float [E, 3, F, H, W] where its transforms make that. Legend: E
elements, F frames of an element, H, W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

Ask = tuple[int, np.ndarray, np.ndarray]
"""Number of the video, frames_EF, and the crops' (top, left), crop_E2."""
SIZE = (128, 171)
"""VCOP's height and width."""
CROP = 112


def vcop_style(paths: Sequence[Path]) -> Callable[[Ask], Tensor]:
    """VCOP's dataset: the whole video is decoded for each tuple; each of its frames goes through PIL transforms.

    Its reader was a pipe from an ffmpeg process; PyAV in this process, as here, is faster.
    """
    def load(ask: Ask) -> Tensor:
        video, frames_EF, crop_E2 = ask
        with av.open(str(paths[video])) as container:
            container.streams.video[0].thread_type = "NONE"
            whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        clips = []
        for frames_F, (top, left) in zip(frames_EF, crop_E2, strict=True):
            shown = [functional.to_tensor(functional.crop(functional.resize(Image.fromarray(whole[frame]), list(SIZE)),
                                                          int(top), int(left), CROP, CROP)) for frame in frames_F]
            clips.append(torch.stack(shown, dim=1))
        return torch.stack(clips)
    return load


def seeking(paths: Sequence[Path]) -> Callable[[Ask], Tensor]:
    """PyAV on demand: seek before each clip, decode up to its end, resize by FFmpeg, and keep only the crop."""
    def load(ask: Ask) -> Tensor:
        video, frames_EF, crop_E2 = ask
        out_EFHW3 = np.zeros((*frames_EF.shape, CROP, CROP, 3), np.uint8)
        with av.open(str(paths[video])) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            rate, base = float(stream.average_rate), float(stream.time_base)
            start = stream.start_time or 0
            for e, (frames_F, (top, left)) in enumerate(zip(frames_EF, crop_E2, strict=True)):
                container.seek(start + int(frames_F.min() / rate / base), stream=stream, backward=True)
                wanted = {int(frame): place for place, frame in enumerate(frames_F)}
                for frame in container.decode(stream):
                    number = round((frame.pts - start) * base * rate)
                    if (place := wanted.pop(number, None)) is not None:
                        small = frame.to_ndarray(format="rgb24", width=SIZE[1], height=SIZE[0])
                        out_EFHW3[e, place] = small[top:top + CROP, left:left + CROP]
                    if not wanted or number > frames_F.max():
                        break
        return torch.from_numpy(out_EFHW3)
    return load


def write_jpegs(paths: Sequence[Path], folder: Path) -> None:
    """Make the folder of JPEG frames that the third way reads: one folder a video, VCOP's size, quality 95."""
    for number, path in enumerate(paths):
        (folder / str(number)).mkdir(parents=True)
        with av.open(str(path)) as container:
            for place, frame in enumerate(container.decode(video=0)):
                small = frame.to_ndarray(format="rgb24", width=SIZE[1], height=SIZE[0])
                Image.fromarray(small).save(folder / str(number) / f"{place:06}.jpg", quality=95)


class JpegFolder(torch.utils.data.Dataset[Tensor]):
    """Frames as JPEG files, read by PIL: what later versions of the published loaders do."""

    def __init__(self, folder: Path, asks: Sequence[Ask]) -> None:
        self._folder, self._asks = folder, asks

    def __len__(self) -> int:
        return len(self._asks)

    def __getitem__(self, place: int) -> Tensor:
        video, frames_EF, crop_E2 = self._asks[place]
        out_EFHW3 = np.zeros((*frames_EF.shape, CROP, CROP, 3), np.uint8)
        for e, (frames_F, (top, left)) in enumerate(zip(frames_EF, crop_E2, strict=True)):
            for f, frame in enumerate(frames_F):
                with Image.open(self._folder / str(video) / f"{frame:06}.jpg") as picture:
                    out_EFHW3[e, f] = np.asarray(picture.crop((int(left), int(top), int(left) + CROP, int(top) + CROP)))
        return torch.from_numpy(out_EFHW3)
