"""What the videos of a project have against each other: near copies in other groups, mixed frame rates; and all
findings of a scan as plain values and warnings, one a kind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from studio.engine.catalogue import Catalogue, Finding, Video, display_path
from studio.engine.events import Warned
from studio.engine.video.alike import near_copies
from studio.engine.video.dicom_time import NO_TIME, SLICES

NEAR_COPY = "near-copy"
_RATE_STEP = 0.05
"""Rates that differ by less than this share count as one."""
_KINDS = {
    "black": ("have black frames", "Black frames teach nothing. Cut them off, or exclude the videos."),
    "static": ("have no motion", "Exclude them: a network that learns from time finds nothing in them."),
    "frozen": ("stand still for a while", "Cut those parts off, or let a recipe look only where something moves."),
    "repeated": ("repeat frames", "Choose a larger step between frames in the recipe: equal frames have no order."),
    "variable-rate": ("change their frame rate", "Choose a frame rate in the recipe, so that steps are equally long."),
    NO_TIME: ("tell no time of their frames", "Think in frames and not in seconds, or export them with their time."),
    SLICES: ("are stacks of slices", "Exclude them, or know that order in them is a place and not a time."),
    NEAR_COPY: ("look the same as one of another group", "Put both into one group, or exclude one."),
}


def find_near_copies(catalogue: Catalogue) -> None:
    """Say it in the rows of videos that look the same as one in another group; copies, byte for byte, share one."""
    signatures, rows = catalogue.signatures(), catalogue.videos()
    usable = [row for row in rows if row.readable and not row.excluded]
    twins: dict[int, str] = {}
    for one, other in near_copies([signatures.get(row.identity, b"") for row in usable],
                                  [row.group for row in usable]):
        first, second = usable[one], usable[other]
        twins.setdefault(first.id, display_path(second.path))
        twins.setdefault(second.id, display_path(first.path))
    for row in rows:
        if row.findings is None and row.id not in twins:
            continue
        wanted = tuple(finding for finding in row.findings or () if finding.code != NEAR_COPY)
        if row.id in twins:
            wanted += (Finding(NEAR_COPY, f"it looks the same as {twins[row.id]}, which is in another group: a leak "
                                          "between train and validation"),)
        if wanted != row.findings:
            catalogue.change([row.id], findings=wanted)


def frame_rates(rows: Sequence[Video]) -> list[dict[str, Any]]:
    """The different frame rates of the readable videos and how many have each, the commonest first."""
    counts: Counter[float] = Counter(round(row.frames_per_second, 2) for row in rows
                                     if row.readable and row.frames > 1 and row.frames_per_second > 0)
    merged: dict[float, int] = {}
    for rate, count in counts.most_common():
        near = next((kept for kept in merged if abs(kept - rate) <= _RATE_STEP * kept), rate)
        merged[near] = merged.get(near, 0) + count
    return [{"frames_per_second": rate, "videos": count}
            for rate, count in sorted(merged.items(), key=lambda item: -item[1])]


def told(rows: Sequence[Video]) -> dict[str, Any]:
    """What a scan's result says of the findings: each with its path, and the frame rates."""
    return {"findings": [{"path": display_path(row.path), "code": finding.code, "reason": finding.reason}
                         for row in rows if row.readable for finding in row.findings or ()],
            "frame_rates": frame_rates(rows)}


def warnings(rows: Sequence[Video]) -> Iterator[Warned]:
    """One warning for each kind of finding, with an example, and one for mixed frame rates."""
    by_code: dict[str, list[tuple[Video, Finding]]] = defaultdict(list)
    for row in rows:
        for finding in (row.findings or ()) if row.readable and not row.excluded else ():
            by_code[finding.code].append((row, finding))
    for code, (what, remedy) in _KINDS.items():
        if met := by_code.get(code):
            row, finding = met[0]
            message = f"{display_path(row.path)}: {finding.reason}."
            if len(met) > 1:
                message = f"{len(met)} videos {what}, such as {message}"
            yield Warned(code=code, message=message, remedy=remedy)
    rates = frame_rates([row for row in rows if not row.excluded])
    if len(rates) > 1:
        named = ", ".join(f"{rate['frames_per_second']:.3g} ({rate['videos']})" for rate in rates[:4])
        more = ", …" if len(rates) > 4 else ""
        yield Warned(code="mixed-rates", message=f"The frame rates of the videos differ: {named}{more} frames a "
                     "second, so a step of some frames is not the same time in each.",
                     remedy="Choose a frame rate in the recipe (sampling.frames_per_second).")
