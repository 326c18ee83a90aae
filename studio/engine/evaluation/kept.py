"""The results that a run's folder keeps: the last one of each protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from studio.engine import files

Protocol = Literal["retrieval", "linear", "finetune", "labels"]
PROTOCOLS: tuple[Protocol, ...] = ("retrieval", "linear", "finetune", "labels")
Result = dict[str, Any]


def result_path(run_folder: Path, protocol: str) -> Path:
    """Where a protocol's result lies."""
    return run_folder / "evaluation" / f"{protocol}.json"


def kept_results(run_folder: Path) -> dict[str, Result]:
    """The last result of each protocol that was measured on a run."""
    paths = {protocol: result_path(run_folder, protocol) for protocol in PROTOCOLS}
    return {protocol: files.read_json(path) for protocol, path in paths.items() if path.is_file()}


def shown_path(path: Path, root: Path) -> str:
    """A path relative to the project where it lies inside, else its name alone."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
