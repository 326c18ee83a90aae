"""The last leak probe of each question, kept in the project: whoever judges a run wants to know whether it leaks."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from studio.engine import files
from studio.engine.errors import StudioError
from studio.engine.inspection.data import seen_hash
from studio.engine.project import Project
from studio.engine.recipe import Recipe

PROBES = "probes"
_ASKED = {"task", "task_options", "sampling", "augmentation"}
"""The parts of a recipe that decide what is asked; how the network looks and learns does not matter."""


def keep_probe(project: Project, recipe: Recipe, result: dict[str, Any]) -> None:
    """Keep the result of a probe. A project that cannot be written to goes without."""
    with contextlib.suppress(StudioError, OSError):
        files.write_json(_path(project, recipe), result | {"seen": seen_hash(project)})


def kept_probe(project: Project, recipe: Recipe) -> dict[str, Any] | None:
    """The last probe of a recipe's question, with `outdated` when the videos or masks changed since; None without."""
    try:
        result = files.read_json(_path(project, recipe))
    except StudioError:
        return None
    if not isinstance(result, dict) or not isinstance(result.get("probes"), list):
        return None
    return result | {"outdated": result.get("seen") != seen_hash(project)}


def _path(project: Project, recipe: Recipe) -> Path:
    asked = json.dumps(recipe.model_dump(include=_ASKED), sort_keys=True, default=str)
    return project.root / PROBES / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
