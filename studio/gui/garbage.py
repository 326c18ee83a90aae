"""When Python looks for garbage among what the window holds."""

from __future__ import annotations

import gc


def spare() -> None:
    """Look no more through what was loaded and stays: each time the window would stand still for long."""
    gc.freeze()


def sweep() -> None:
    """Let go now of pages that were put away, also of those that were spared.

    A page in a circle of references would live on in Python after Qt deleted it. What Qt makes next may lie at the
    address of a part of it, and PySide would then give the old part for it, which is already deleted.
    """
    spared = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect()
    if spared:
        gc.freeze()
