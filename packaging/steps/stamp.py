"""The stamp in .venv: what was installed there, so that a second set-up knows that nothing changed."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

STAMP_NAME = "unshuffle-studio.json"


@dataclass(frozen=True)
class Stamp:
    """What an environment was set up from. `torch_index` is None for the usual package index."""

    inputs: str
    extras: list[str] = field(default_factory=list)
    torch_index: str | None = None

    def covers(self, wanted: Stamp) -> bool:
        """Tell whether an environment with this stamp has everything that `wanted` asks for."""
        same = self.inputs == wanted.inputs and self.torch_index == wanted.torch_index
        return same and set(wanted.extras) <= set(self.extras)


def hash_of_inputs(root: Path, *, python_version: str | None = None) -> str:
    """Hash everything that decides what gets installed: pins, ranges, this Python, and where the checkout lies."""
    digest = hashlib.sha256()
    for part in (python_version or platform.python_version(), platform.machine(), str(root)):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    for name in ("pyproject.toml", "packaging/constraints.txt"):
        digest.update((root / name).read_bytes() + b"\0")
    return digest.hexdigest()


def read_stamp(venv: Path) -> Stamp | None:
    """Read the stamp of an environment; None where there is none or it can't be understood."""
    try:
        return Stamp(**json.loads((venv / STAMP_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(venv: Path, stamp: Stamp) -> None:
    """Write the stamp in one step: the old one or the new one is there, never half of one."""
    partial = venv / (STAMP_NAME + ".partial")
    partial.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
    partial.replace(venv / STAMP_NAME)


def mark_unfinished(venv: Path, wanted: Stamp) -> None:
    """Say, before anything in the environment is touched, that it holds no finished set-up; keeps the torch index."""
    write_stamp(venv, replace(wanted, inputs=""))
