"""What a person should know of a video that can be read: frames that repeat, stand still or are black, an odd rate.

It is measured on the cached luma while a video is read, on what masks leave visible.
Legend: N frames, H, W cached height and width in pixels, R runs of frames, S glimpses of a video.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Finding
from studio.engine.video import vision
from studio.engine.video.motion import SAME

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
GLIMPSES, GLIMPSE_PIXELS = 8, 16
"""A video is compared with others by that many small pictures of it, at fixed shares of its length."""
_MOST_KEPT = 256
_NEARLY_SAME, _NEARLY_SAME_SHARE = 0.4, 0.12
"""A frame repeats the one before when its luma differs by `motion.SAME` in the mean, or by less than the first of these
and this share of what the livelier frames of the video differ by: a repeat that was encoded again is not quite equal,
and dark frames differ little without being repeats."""
_LIVELY = 90
_BLACK_LUMA, _BLACK_SHARE = 12, 0.001
_STATIC_PIXELS, _STATIC_MEAN_PIXELS, _STATIC_LUMA = 0.1, 0.01, 1.0
"""Nothing moves where no frame moves further, where all move by less in the mean, and where no frame changes more."""
_FROZEN_SECONDS, _FROZEN_FRAMES = 1.0, 8
_REPEATED_SHARE, _DARK_SHARE, _DARK_FRAMES = 0.05, 0.02, 3
_ODD_INTERVAL, _ODD_SHARE = 0.25, 0.05
_RUNS_NAMED = 3


class Health:
    """Looks at the luma planes of a video one after the other."""

    def __init__(self, height: int, width: int, *, hidden: int = 0) -> None:
        """Expect planes of this size, of which `hidden` pixels are masked."""
        self._visible = max(1, height * width - hidden)
        self._before = np.zeros((height, width), np.uint8)
        self._changed: list[float] = []
        self._lit: list[int] = []
        self._glimpses: list[Bytes] = []
        self._step = 1

    def next(self, luma_HW: Bytes) -> None:
        """Take the next plane."""
        self._changed.append(vision.difference(luma_HW, self._before) * luma_HW.size / self._visible)
        self._lit.append(int(np.count_nonzero(luma_HW > _BLACK_LUMA)))
        self._before[:] = luma_HW
        if (len(self._lit) - 1) % self._step == 0:
            height, width = luma_HW.shape
            half_HW = vision.resize(luma_HW, width=width // 2, height=height // 2)  # by 2 x 2, which is quick
            self._glimpses.append(vision.resize(half_HW, width=GLIMPSE_PIXELS, height=GLIMPSE_PIXELS))
            if len(self._glimpses) > _MOST_KEPT:
                self._glimpses, self._step = self._glimpses[::2], 2 * self._step

    def glimpses(self) -> Bytes:
        """Small pictures of the video at fixed shares of its length: uint8 [S, 16, 16]."""
        places = (np.arange(GLIMPSES) + 0.5) / GLIMPSES * len(self._lit) / self._step
        return np.stack([self._glimpses[min(int(place), len(self._glimpses) - 1)] for place in places])

    def findings(self, times_N: NDArray[np.float64], motion_N: NDArray[np.float32] | None) -> tuple[Finding, ...]:
        """Say what was met; `motion_N` is None when it was not measured."""
        repeats_N = _repeats(np.asarray(self._changed))
        black_N = np.asarray(self._lit) <= _BLACK_SHARE * self._visible
        found = [_black(black_N), _rate(times_N)]
        if (still := _static(repeats_N, motion_N, most_changed=max(self._changed[1:], default=0.0))) is not None:
            found.append(None if black_N.all() else still)
        else:
            frozen_N = _frozen(repeats_N & ~black_N, times_N)
            found += [_standing(frozen_N), _repeated(repeats_N & ~black_N & ~frozen_N, frozen_N)]
        return tuple(one for one in found if one is not None)


def _repeats(changed_N: NDArray[np.float64]) -> Bools:
    """Which frames show what the one before showed."""
    repeats_N = changed_N <= SAME
    if len(changed_N) > 1:
        lively = float(np.percentile(changed_N[1:], _LIVELY))
        repeats_N |= changed_N <= min(_NEARLY_SAME, _NEARLY_SAME_SHARE * lively)
    repeats_N[0] = False
    return repeats_N


def runs_of(marked_N: Bools) -> list[tuple[int, int]]:
    """The runs of True as [first, last]."""
    edges = np.nonzero(np.diff(np.concatenate([[0], marked_N.view(np.int8), [0]])))[0]
    return [(int(first), int(stop) - 1) for first, stop in edges.reshape(-1, 2)]


def _named(runs: list[tuple[int, int]]) -> str:
    """Runs in words, the longest ones, in their order."""
    longest = sorted(sorted(runs, key=lambda run: run[0] - run[1])[:_RUNS_NAMED])
    words = [f"{first}-{last}" if last > first else str(first) for first, last in longest]
    more = f" and {len(runs) - len(longest)} more runs" if len(runs) > len(longest) else ""
    return f"{', '.join(words)}{more}"


def _black(black_N: Bools) -> Finding | None:
    if black_N.all():
        return Finding("black", "all its frames are black")
    if black_N.sum() < max(_DARK_FRAMES, _DARK_SHARE * len(black_N)):
        return None
    return Finding("black", f"frames {_named(runs_of(black_N))} are black")


def _static(repeats_N: Bools, motion_N: NDArray[np.float32] | None, *, most_changed: float) -> Finding | None:
    """Whether there is nothing to learn from: no frame differs from the one before, or nothing moves."""
    if len(repeats_N) == 1:
        return Finding("static", "it is a single picture: there is nothing to learn from")
    moves = (motion_N is None or motion_N.max() >= _STATIC_PIXELS or motion_N.mean() >= _STATIC_MEAN_PIXELS
             or most_changed > _STATIC_LUMA)
    if repeats_N[1:].all() or not moves:
        return Finding("static", "nothing moves in it: there is nothing to learn from")
    return None


def _frozen(repeats_N: Bools, times_N: NDArray[np.float64]) -> Bools:
    """Frames of runs of repeats that are long enough to be seen, with the frame that they repeat."""
    frozen_N = np.zeros_like(repeats_N)
    for first, last in runs_of(repeats_N):
        if last - first + 1 >= _FROZEN_FRAMES and times_N[last] - times_N[first - 1] >= _FROZEN_SECONDS:
            frozen_N[first - 1:last + 1] = True
    return frozen_N


def _standing(frozen_N: Bools) -> Finding | None:
    return Finding("frozen", f"frames {_named(runs_of(frozen_N))} stand still") if frozen_N.any() else None


def _repeated(repeats_N: Bools, frozen_N: Bools) -> Finding | None:
    """Single repeats, as of a recording at a higher rate than its source had; frozen runs are told of by themselves."""
    share = float(repeats_N.sum()) / max(1, int((~frozen_N).sum()))
    if share < _REPEATED_SHARE or repeats_N.sum() < _DARK_FRAMES:
        return None
    return Finding("repeated", f"{100 * share:.0f} % of its frames repeat the one before")


def _rate(times_N: NDArray[np.float64]) -> Finding | None:
    """Whether the time between frames changes along the video."""
    intervals = np.diff(times_N)
    if len(intervals) < _FROZEN_FRAMES:
        return None
    usual = float(np.median(intervals))
    odd = np.abs(intervals - usual) > _ODD_INTERVAL * usual
    if usual <= 0 or odd.mean() < _ODD_SHARE:
        return None
    slow, fast = (1 / max(float(one), 1e-4) for one in np.percentile(intervals, [97.5, 2.5]))
    return Finding("variable-rate", f"its frame rate changes, between {slow:.3g} and {fast:.3g} frames a second")

