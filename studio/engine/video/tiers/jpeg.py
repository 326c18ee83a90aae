"""JPEG frames in one file a video: a fifth of the disk that planes take, and a little of the picture.

Legend: N frames of the video, S frames asked for, H, W height and width in pixels, Y, X motion cells.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.cache import Tabled, read_soon
from studio.engine.video.cells import grid_shape
from studio.engine.video.facts import HEADER_BYTES, refused
from studio.engine.video.stored import Bytes, Ints, Planes420, Window
from studio.engine.video.tiers.tier import Shared


class JpegVideo(Tabled):
    """A video of JPEG frames. Raises `VideoError`, with the number of the frame, where one is damaged."""

    tier = "jpeg"

    def __init__(self, path: Path, *, name: str = "", shared: Shared | None = None) -> None:
        self._shared = shared or Shared()
        super().__init__(path, name=name, maps=self._shared.maps)

    @property
    def tables_start(self) -> int:
        """Where the tables begin in the file."""
        return HEADER_BYTES + self.facts.jpeg_bytes

    @property
    def times_place(self) -> int:
        """Where among the tables the times are."""
        return self.frames * (self.facts.grid_bytes + 12) + 8

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame; the first frame repeats the second."""
        return self.table(0, (self.frames, *grid_shape(self.height, self.width)), np.float16)

    @property
    def _starts_N(self) -> Ints:
        """Where each frame begins, and the end of the last."""
        return self.table(self.frames * self.facts.grid_bytes, (self.frames + 1,), np.int64)

    def planes(self, frames_S: Ints, window: Window | None = None) -> Planes420:
        """Decode frames, each once."""
        wanted, back_S = np.unique(frames_S, return_inverse=True)
        height, width = (self.height, self.width) if window is None else (window.height, window.width)
        half = (len(wanted), height // 2, width // 2)
        out = Planes420(np.empty((len(wanted), height, width), np.uint8), np.empty(half, np.uint8),
                        np.empty(half, np.uint8))
        for place, number in enumerate(wanted.tolist()):
            y_HW, u_HW, v_HW = self._decoded(number)
            whole = Planes420(y_HW[None], u_HW[None], v_HW[None]).cut(window)
            for plane_SHW, one_1HW in zip(out, whole, strict=True):
                plane_SHW[place] = one_1HW[0]
        if len(wanted) == len(frames_S) and (back_S[1:] > back_S[:-1]).all():
            return out
        return Planes420(*(plane_SHW[back_S] for plane_SHW in out))

    def _decoded(self, number: int) -> list[Bytes]:
        starts_N = self._starts_N
        crcs_N = self.table(self.frames * (self.facts.grid_bytes + 8) + 8, (self.frames,), np.uint32)
        try:
            start, stop = int(starts_N[number]), int(starts_N[number + 1])
            content = self._maps.get(self.path)[start:stop]
            if zlib.crc32(content) != crcs_N[number]:
                raise self._damaged(number, "its bytes are not those that were written")
            planes = self._shared.decoders.decode(content)
            if planes[0].shape != (self.height, self.width):
                raise self._damaged(number, "it has another size")
        except ValueError as error:
            raise self._damaged(number, str(error)) from error
        return planes

    def _damaged(self, number: int, rule: str) -> VideoError:
        return refused(self.path, f"the cached JPEG of frame {number} is damaged ({rule})")

    def expect(self, frames_S: Ints) -> None:
        """Begin to read the JPEGs from the first to the last of these frames."""
        starts_N = self._starts_N
        read_soon(self._maps.get(self.path), int(starts_N[frames_S.min()]), int(starts_N[frames_S.max() + 1]))
