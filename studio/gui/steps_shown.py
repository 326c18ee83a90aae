"""Which steps of a run are shown, and what zooming and moving make of it. None is all of them. Pure numbers, no Qt."""

from __future__ import annotations

Steps = tuple[float, float]
LEAST = 4.0
"""So many steps are shown at least."""
ZOOM, MOVE = 1.25, 0.2
"""One turn of the wheel or press of a key zooms by this factor, or moves by this share of what is shown."""


def zoomed(shown: Steps | None, whole: Steps, *, times: float, around: float | None = None) -> Steps | None:
    """Show fewer or more steps; the step `around` (the middle without it) stays where it is."""
    first, last = shown or whole
    around = (first + last) / 2 if around is None else min(max(around, first), last)
    width = max(LEAST, (last - first) / times)
    if width >= whole[1] - whole[0]:
        return None
    share = (around - first) / max(last - first, 1e-9)
    return _within(around - share * width, width, whole)


def moved(shown: Steps | None, whole: Steps, *, by: float) -> Steps | None:
    """Show other steps, `by` steps further; nothing moves while all are shown."""
    return None if shown is None else _within(shown[0] + by, shown[1] - shown[0], whole)


def _within(first: float, width: float, whole: Steps) -> Steps:
    first = min(max(first, whole[0]), whole[1] - width)
    return first, first + width
