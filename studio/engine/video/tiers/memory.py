"""Planes in memory: every frame of the videos in one array, filled from wherever they lie before the work begins.

Legend: N frames of a video, S frames asked for, H, W height and width in pixels, Y, X motion cells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import MachineError
from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.video.stored import Bytes, Ints, Planes420, StoredVideo, Window, evenly

_TELL_EVERY_SECONDS = 0.2
_AT_ONCE = 64
"""Frames that are read at a time."""


class ResidentVideo(StoredVideo):
    """A video whose planes lie in memory; what is known of it comes from where it was read."""

    tier = "memory"

    def __init__(self, stored: StoredVideo, pixels: Bytes) -> None:
        self._stored = stored
        self.path, self.name, self.facts = stored.path, stored.name, stored.facts
        luma = self.frames * self.height * self.width
        half = (self.frames, self.height // 2, self.width // 2)
        self._planes = Planes420(pixels[:luma].reshape(self.frames, self.height, self.width),
                                 pixels[luma:luma * 5 // 4].reshape(half), pixels[luma * 5 // 4:].reshape(half))

    def read(self, first: int) -> int:
        """Read a few frames from where they lie, from `first` on; gives the number of the frame after them."""
        stop = min(first + _AT_ONCE, self.frames)
        for plane_NHW, read_SHW in zip(self._planes, self._stored.planes(np.arange(first, stop)), strict=True):
            plane_NHW[first:stop] = read_SHW
        return stop

    @property
    def times_N(self) -> NDArray[np.float64]:
        """Seconds from the first frame."""
        return self._stored.times_N

    @property
    def motion_N(self) -> NDArray[np.float32]:
        """Mean motion from the frame before, in cached pixels."""
        return self._stored.motion_N

    @property
    def motion_grid_NYX(self) -> NDArray[np.float16]:
        """Motion by cells, in cached pixels a frame."""
        return self._stored.motion_grid_NYX

    def planes(self, frames_S: Ints, window: Window | None = None) -> Planes420:
        """Look at frames in memory; evenly spaced ones are not copied."""
        spaced, found = evenly(frames_S), self._planes.cut(window)
        chosen = frames_S if spaced is None else slice(spaced.start, spaced.stop, spaced.step)
        return Planes420(*(plane_NHW[chosen] for plane_NHW in found))


def pixel_bytes(videos: Sequence[StoredVideo]) -> int:
    """Bytes of the planes of all frames of these videos."""
    return sum(video.frames * video.height * video.width * 3 // 2 for video in videos)


def resident(videos: Sequence[StoredVideo], *,
             stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, list[StoredVideo] | None]:
    """Read videos into memory, with progress; gives them in their order, or None when stopped.

    Raises `MachineError` when the memory is not there.
    """
    total = pixel_bytes(videos)
    try:
        pixels = np.empty(total, np.uint8)
    except MemoryError as error:
        raise MachineError(f"{total / 1e9:.1f} GB of frames", "they do not fit the memory",
                           "Choose tier = \"map\" in project.toml") from error
    place, left, loaded, told_at = 0, TimeLeft(total), list[StoredVideo](), time.monotonic()
    for video in videos:
        one, first = ResidentVideo(video, pixels[place:place + pixel_bytes([video])]), 0
        while first < one.frames:
            first = one.read(first)
            if time.monotonic() - told_at > _TELL_EVERY_SECONDS:
                told_at = time.monotonic()
                yield Progress(phase="loading", done=place >> 20, total=total >> 20, unit="MB",
                               seconds_left=left(place), detail=video.name)
                if stop():
                    return None
        loaded.append(one)
        place += pixel_bytes([video])
    return loaded
