"""`studio` and `python -m studio`: no arguments open the window, everything else is the command line."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

NO_DISPLAY = ("error: there is no display, so the window cannot be opened. Use the command line (studio --help), or "
              "see the demo without a window: studio demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window or run a command; returns the exit code."""
    multiprocessing.freeze_support()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        return open_window(None)
    from studio.cli import run

    return run(given, open_window=open_window)


def open_window(project: Path | None) -> int:
    """Open the window, on a project if one is given; says why where that cannot be done."""
    if not has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return 1
    try:
        from studio.gui.app import main as show
    except ImportError as error:
        print(f"error: the window cannot be loaded ({error}). See what to do about it with: studio doctor",
              file=sys.stderr)
        return 1
    return show(project)


def has_display() -> bool:
    """Tell whether a window can be shown here; a platform that Qt was told to use is taken at its word."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
