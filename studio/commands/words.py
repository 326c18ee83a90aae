"""Numbers as people read them, on a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence


def seconds(value: float) -> str:
    """Say a time span."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 100:
        return f"{value:.0f} s"
    if value < 6000:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h"


def share(value: float | None) -> str:
    """Say a share (0 to 1) as percent."""
    return "?" if value is None else f"{100 * value:.1f} %"


def size(count_bytes: float) -> str:
    """Say a number of bytes."""
    for unit in ("B", "kB", "MB"):
        if count_bytes < 1000:
            return f"{count_bytes:.0f} {unit}"
        count_bytes /= 1000
    return f"{count_bytes:.1f} GB"


def counted(number: int, one: str, many: str = "") -> str:
    """Say a number of things."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Align columns: words to the left, numbers to the right; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = [all(_is_number(row[column]) for row in rows[1:]) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) if to_right else cell.ljust(width)
                       for cell, width, to_right in zip(row, widths, right, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _is_number(cell: str) -> bool:
    return not cell or re.fullmatch(r"[+-]?[\d./?]+( (%|s|min|h))?", cell) is not None
