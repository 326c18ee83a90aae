"""Frames straight from the video: nothing but motion and times lies in the cache, a frame is decoded when asked for.

They are the very frames that the cache would hold: the same decoder, the same resize, the same masks. Decoding starts
at the last entry before the first wanted frame (`random_reader`); a few videos stay open with their last frames.
Legend: N frames of the video, S frames asked for, H, W height and width in pixels, Y, X motion cells.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.cache import Record, Tabled
from studio.engine.video.cells import grid_shape
from studio.engine.video.entries import Index
from studio.engine.video.opening import open_reader, stamp_of
from studio.engine.video.random_reader import RandomReader
from studio.engine.video.stored import Ints, Planes420, Window
from studio.engine.video.tiers.tier import Original, Shared

HELD_BYTES = 24 << 20
"""Decoded frames that each open video keeps: about 200 of 320 x 240, 17 of 1280 x 720."""


class _Decoder:
    """An opened video and what makes its frames small."""

    def __init__(self, original: Original, *, frames: int, index: Index | None) -> None:
        from studio.engine.video.make import FrameMaker  # slow to load, and the window seldom decodes

        reader = open_reader(original.path, frames_per_second=original.frames_per_second)
        try:
            first = next(reader.pictures(), None)
            if first is None:
                raise VideoError(original.path.name, "it gives no frame any more", "Scan its folder again")
            self.maker = FrameMaker(first.frame, pixel_aspect=reader.source.pixel_aspect, masks=original.masks,
                                    short_side_pixels=original.short_side_pixels)
        finally:
            reader.close()
        self.random = RandomReader(original.path, frames=frames, index=index, held_bytes=HELD_BYTES)

    def close(self) -> None:
        """Let go of the file."""
        self.random.close()


class StraightVideo(Tabled):
    """A video that is decoded when frames are asked for. Raises `VideoError` when its file went away or changed."""

    tier = "video"

    def __init__(self, path: Path, original: Callable[[], Original], *, name: str = "",
                 shared: Shared | None = None) -> None:
        self._shared = shared or Shared()
        super().__init__(path, name=name, maps=self._shared.maps)
        self._original = original()
        self._check()

    def _check(self) -> None:
        try:
            same = stamp_of(self._original.path) == self._original.stamp
        except OSError as error:
            raise VideoError(self._original.path.name, f"the file cannot be read ({error.strerror or error})",
                             "Attach its drive, or scan with --tier map, which keeps frames of its own") from error
        if not same:
            raise VideoError(self._original.path.name, "the file has changed since it was scanned", "Scan it again")

    @property
    def times_place(self) -> int:
        """Where among the tables the times are."""
        return self.frames * self.facts.grid_bytes

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame; the first frame repeats the second."""
        return self.table(0, (self.frames, *grid_shape(self.height, self.width)), np.float16)

    @property
    def index(self) -> Index | None:
        """By which the file is entered in its middle; None: it is decoded from its beginning."""
        if self.facts.entries < 0:
            return None
        place, count = self.times_place + 12 * self.frames, self.frames
        return Index(self.table(place, (count,), np.int64), self.table(place + 8 * count, (count,), np.int64),
                     self.table(place + 16 * count, (self.facts.entries,), np.int64))

    def planes(self, frames_S: Ints, window: Window | None = None) -> Planes420:
        """Decode frames, each once, from the first to the last."""
        wanted, back_S = np.unique(frames_S, return_inverse=True)
        record, half = Record.empty(self.height, self.width), (len(wanted), self.height // 2, self.width // 2)
        out = Planes420(np.empty((len(wanted), self.height, self.width), np.uint8), np.empty(half, np.uint8),
                        np.empty(half, np.uint8))
        with self._shared.readers.using(self.path, self._opened) as decoder:
            assert isinstance(decoder, _Decoder)
            for place, number in enumerate(wanted.tolist()):
                decoder.maker.fill(record, decoder.random.frames_at([number])[0])
                for plane_SHW, one_HW in zip(out, (record.y_HW, record.u_HW, record.v_HW), strict=True):
                    plane_SHW[place] = one_HW
        return Planes420(*(plane_SHW[back_S] for plane_SHW in out.cut(window)))

    def _opened(self) -> _Decoder:
        self._check()
        return _Decoder(self._original, frames=self.frames, index=self.index)
