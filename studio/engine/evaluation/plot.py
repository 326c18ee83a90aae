"""Curves as SVG that stands in a page: thin lines, labels at their ends, colours that follow the page's theme."""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 84, 14, 34


class Curve(NamedTuple):
    """One line: its label, the meaning that gives it its colour (train, validation, chance, random), its points.

    `soft` after the meaning draws it paler; a line without a label has none at its end.
    """

    label: str
    meaning: str
    points: Sequence[tuple[float, float]]


def plot(curves: Sequence[Curve], *, title: str, x_title: str, percent: bool = False) -> str:
    """Draw curves over each other; `percent` shows shares as 0 to 100 %. An empty string when there is no point."""
    points = [point for curve in curves for point in curve.points]
    if not points:
        return ""
    x_end = max(1.0, *(x for x, _ in points)) if len(points) > 1 else max(1.0, points[0][0])
    low, high = _range([y for _, y in points], percent=percent)

    def place(x: float, y: float) -> tuple[float, float]:
        return (_LEFT + (WIDTH - _LEFT - _RIGHT) * x / x_end,
                _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - y) / (high - low))

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">',
             f"<title>{html.escape(title)}</title>"]
    for y in _ticks(low, high):
        height = place(0, y)[1]
        text = f"{100 * y:.0f} %" if percent else f"{y:g}"
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
                     f'<text class="tick" x="{_LEFT - 7}" y="{height + 3.5:.1f}" text-anchor="end">{text}</text>')
    parts.extend(f'<text class="tick" x="{place(x, 0)[0]:.1f}" y="{HEIGHT - _BOTTOM + 16}" '
                 f'text-anchor="middle">{x:g}</text>' for x in _ticks(0, x_end))
    parts.append(f'<text class="axis" x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 3}" '
                 f'text-anchor="middle">{html.escape(x_title)}</text>')
    ends = _apart([place(*curve.points[-1])[1] if curve.points and curve.label else math.nan for curve in curves])
    for curve, end in zip(curves, ends, strict=True):
        if curve.points:
            parts.append(_line(curve, [place(x, y) for x, y in curve.points], end))
    return "".join(parts) + "</svg>"


def _line(curve: Curve, places: Sequence[tuple[float, float]], label_y: float) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dot = f'<circle class="{curve.meaning}" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="2"/>'
    label = "" if not curve.label else (f'<text class="label {curve.meaning}" x="{WIDTH - _RIGHT + 6}" '
                                        f'y="{label_y + 3.5:.1f}">{html.escape(curve.label)}</text>')
    return f'<polyline class="curve {curve.meaning}" points="{path}"/>' + (dot if len(places) == 1 else "") + label


def _range(values: Sequence[float], *, percent: bool) -> tuple[float, float]:
    low, high = (0.0, max(values)) if percent else (min(values), max(values))
    room = (high - low) * 0.08 or 0.1
    return (0.0 if percent else low - room), (min(1.0, high + room) if percent else high + room)


def _ticks(low: float, high: float) -> list[float]:
    """Four or five round numbers between."""
    raw = (high - low) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * number, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _apart(heights: Sequence[float], *, gap: float = 13.0) -> list[float]:
    """Move labels so that none overlaps another; their order stays."""
    order = sorted((place for place in range(len(heights)) if not math.isnan(heights[place])),
                   key=lambda place: heights[place])
    moved = list(heights)
    for before, place in itertools.pairwise(order):
        moved[place] = max(moved[place], moved[before] + gap)
    over = max([0.0, *(moved[place] - (HEIGHT - _BOTTOM) for place in order[-1:])])
    return [height - over for height in moved]


def thinned(points: Sequence[tuple[float, float]], *, most: int = 240) -> list[tuple[float, float]]:
    """Average neighbouring points, so that a long curve has `most` at the most; its last value stays near the end."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) // most)
    parts = [points[first:first + size] for first in range(0, len(points), size)]
    return [(part[-1][0], sum(y for _, y in part) / len(part)) for part in parts]
