"""What every benchmark says of itself: when and with what it was measured, in JSON, printed and kept if asked."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from studio.engine import files

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("torch", "torchvision", "av", "opencv-python", "numpy", "pillow")
_ROOT = Path(__file__).parents[2]


def options(text: str | None) -> argparse.ArgumentParser:
    """A command line that can keep its result."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--keep", action="store_true", help=f"write the result into {RESULTS.relative_to(_ROOT)}")
    return made


def tell(found: Mapping[str, Any], *, name: str, keep: bool) -> None:
    """Print what was found with date, versions and command; keep it as `name`.json if asked."""
    whole = {"date": datetime.date.today().isoformat(), "command": command(name), "cores": os.cpu_count(),
             "versions": {"python": platform.python_version(), **{one: version(one) for one in _PACKAGES}}, **found}
    print(json.dumps(whole, indent=2))
    if keep:
        RESULTS.mkdir(exist_ok=True)
        files.write_json(RESULTS / f"{name}.json", whole)


def command(name: str) -> str:
    """The command line; folders are named without their place."""
    words = [Path(word).name if os.sep in word else word for word in sys.argv[1:] if word != "--keep"]
    return shlex.join(["python", "-m", f"tests.benchmarks.{name}", *words])
