"""Which part each video had in a run: learned from, held out, or not used because it is too short."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from studio.engine.errors import StudioError
from studio.engine.recipe import recipe_from_toml
from studio.engine.runs import CHECKPOINTS, RECIPE
from studio.engine.training.plan import make_plan
from studio.engine.video.footage import Footage

LEARNED, HELD_OUT, UNUSED = "learned from", "held out", "not used"


def parts_in_run(footage: Footage, run_folder: Path) -> list[str]:
    """The part of each video of the footage, in its order; nothing where the run's split cannot be told any more.

    Groups that came since the run began count as learned from, as they would be if it went on.
    """
    try:
        plan = make_plan(footage, recipe_from_toml(run_folder / RECIPE), held_out=_held_out(run_folder))
    except StudioError:
        return []
    held, learned = ({video.id for video in part.videos} for part in (plan.validation, plan.train))
    return [HELD_OUT if video.id in held else LEARNED if video.id in learned else UNUSED for video in footage.videos]


def _held_out(run_folder: Path) -> list[str] | None:
    """The keys of the groups that the newest checkpoint says were held out; None where there is none to read."""
    for path in sorted((run_folder / CHECKPOINTS).glob("step-*.safetensors"), reverse=True):
        try:
            with safe_open(path, framework="numpy") as opened:
                kept = json.loads((opened.metadata() or {}).get("state", "{}")).get("held_out")
        except (OSError, ValueError, AttributeError, SafetensorError):
            continue
        if isinstance(kept, list):
            return [str(key) for key in kept]
    return None
