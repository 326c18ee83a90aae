"""What a DICOM file tells of the time of its frames, and whether they are moments at all."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.engine.catalogue import Finding
from studio.engine.video.reader import Source

if TYPE_CHECKING:
    from pydicom import Dataset

NO_TIME, SLICES = "no-time", "slices"
ASSUMED_PER_SECOND = Source(codec="").frames_per_second
_SLICED = {"CT", "MR", "PT", "SEG", "RTDOSE"}
"""Modalities whose frames are places in the body, unless the file says that they are moments."""
_MOMENTS = (("FrameContentSequence", "TemporalPositionIndex"),
            ("TemporalPositionSequence", "TemporalPositionTimeOffset"),
            ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"))
"""Where a file with groups of functions says the moment of each frame."""


def first_number(value: Any) -> float | None:
    """A number, or the first of several; None when it is missing or empty."""
    if value is None or value == "":
        return None
    try:
        return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
    except (ValueError, IndexError):
        return None


def rate_of(dataset: Dataset) -> float:
    """Frames a second: by the time of a frame, or a rate that the file recommends; else the usual 25."""
    return _told_rate(dataset) or ASSUMED_PER_SECOND


def stamps_of(dataset: Dataset) -> list[float]:
    """Seconds of each frame by the file's time vector (milliseconds between frames); empty without one."""
    vector = dataset.get("FrameTimeVector")
    if vector is None or isinstance(vector, (int, float)):
        return []
    return [float(total) / 1000 for total in np.cumsum([float(step) for step in vector])]


def time_findings(dataset: Dataset) -> tuple[Finding, ...]:
    """Say that the frames are slices, or that their rate is assumed; nothing of files that tell their time."""
    frames, stamps = int(dataset.get("NumberOfFrames", 1) or 1), stamps_of(dataset)
    timed = len(stamps) >= frames and all(earlier < later for earlier, later in pairwise(stamps))
    if frames < 2 or timed or _told_rate(dataset):
        return ()
    if str(dataset.get("Modality")) in _SLICED and not _are_moments(dataset):
        return (Finding(SLICES, f"its {frames} frames are slices and not moments ({ASSUMED_PER_SECOND:g} a second are "
                                "assumed): order tasks learn anatomy from it, not motion"),)
    return (Finding(NO_TIME, f"it tells no time of its frames: {ASSUMED_PER_SECOND:g} frames a second are assumed, so "
                             "seconds are not real"),)


def _told_rate(dataset: Dataset) -> float | None:
    if (milliseconds := first_number(dataset.get("FrameTime"))) and milliseconds > 0:
        return 1000 / milliseconds
    rates = (first_number(dataset.get(name)) for name in ("CineRate", "RecommendedDisplayFrameRate"))
    return next((rate for rate in rates if rate and rate > 0), None)


def _are_moments(dataset: Dataset) -> bool:
    """Whether the file gives a moment: one of the heart's cycle, or different ones to its frames."""
    if dataset.get("TriggerTime") is not None or (first_number(dataset.get("NumberOfTemporalPositions")) or 0) > 1:
        return True
    groups = dataset.get("PerFrameFunctionalGroupsSequence", None) or []
    return any(len({str(item.get(name)) for group in groups for item in group.get(sequence, None) or []}) > 1
               for sequence, name in _MOMENTS)
