"""Wilson's interval: how far a share of right answers can be trusted."""

from __future__ import annotations


def wilson(right: float, asked: float, *, z: float = 1.96) -> tuple[float, float]:
    """Give the 95 % interval (at z = 1.96) of a share of `right` answers out of `asked`; (0, 1) when none was asked.

    Source: Wilson, JASA 1927. It takes the answers for independent.
    """
    if asked <= 0:
        return 0.0, 1.0
    share, squared = right / asked, z * z / asked
    centre = (share + squared / 2) / (1 + squared)
    half = z / (1 + squared) * ((share * (1 - share) + squared / 4) / asked) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)
