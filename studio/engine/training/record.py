"""What a run writes about itself in its folder: recipe, environment, events, heartbeat. No paths, no names."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch

import studio
from studio.engine import files, runs
from studio.engine.backbones.cost import cost
from studio.engine.device import Device, available_cores
from studio.engine.errors import MachineError, UsageError
from studio.engine.events import Event, Preview, Progress
from studio.engine.guessing import Guessing
from studio.engine.project_lock import machine_mark
from studio.engine.recipe import Recipe
from studio.engine.training.network import TupleNetwork
from studio.engine.training.plan import Plan
from studio.engine.training.precision import Precision

BEAT_SECONDS = 2.0
PREVIEW_SECONDS = 30.0
FIRST_PATIENCE_SECONDS = 600.0
"""How long a run may stay silent before its first step was timed."""


class Record:
    """The writer of one run folder's record. `beat` holds what the heartbeat says; `write` appends an event."""

    def __init__(self, folder: Path, *, guessing: Guessing) -> None:
        self.folder = folder
        self._last_beat = self._last_preview = -1e9
        now = time.time()
        self.beat: dict[str, Any] = {
            "state": "running", "at": now, "started_at": now, "pid": os.getpid(), "machine": machine_mark(),
            "step": 0, "total_steps": 0,
            "loss": None, "accuracy": None, "balanced_accuracy": None, **guessing._asdict(), "seconds": 0.0,
            "message": "", "patience_seconds": FIRST_PATIENCE_SECONDS, "paused": False}

    def begin(self, recipe: Recipe, environment: dict[str, Any]) -> None:
        """Write what does not change while the run goes on. The recipe is last: it makes the folder a run.

        The environment says which entries of the queue it is of. It comes after the heartbeat, so that a run that goes
        on is seen to have begun before its entry is.
        """
        _end_a_cut_line(self.folder / runs.EVENTS)
        runs.forget_stop(self.folder)
        runs.forget_pause(self.folder)
        self.tell()
        files.write_json(self.folder / runs.ENVIRONMENT, environment)
        files.write_text(self.folder / runs.RECIPE, recipe.to_toml())

    def amend(self, **news: Any) -> None:
        """Change what the environment's record says."""
        path = self.folder / runs.ENVIRONMENT
        files.write_json(path, files.read_json(path) | news)

    def write(self, event: Event) -> None:
        """Keep an event. Progress is in the heartbeat, and a preview now and then is enough.

        Raises `MachineError` when the disk is full.
        """
        if isinstance(event, Progress) or (isinstance(event, Preview) and not self._preview_due()):
            self.tell_now_and_then()
            return
        path = self.folder / runs.EVENTS
        try:
            files.append_line(path, event.to_json())
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise files.disk_full(path) from error
            raise
        self.tell_now_and_then()

    def tell_now_and_then(self) -> None:
        """Write the heartbeat when the last is a while ago."""
        if time.monotonic() - self._last_beat >= BEAT_SECONDS:
            self.tell()

    def tell(self, **news: Any) -> None:
        """Write the heartbeat, with news."""
        self.beat |= news
        self.beat["at"] = time.time()
        self._last_beat = time.monotonic()
        files.write_json(self.folder / runs.HEARTBEAT, self.beat)

    def end(self, state: str, *, message: str = "") -> None:
        """Write how the run ended. On a full disk it stays unsaid, because the run's end has a reason of its own."""
        with contextlib.suppress(MachineError, OSError):
            self.tell(state=state, message=message, paused=False)
            runs.forget_stop(self.folder)
            runs.forget_pause(self.folder)

    def _preview_due(self) -> bool:
        if time.monotonic() - self._last_preview < PREVIEW_SECONDS:
            return False
        self._last_preview = time.monotonic()
        return True


def environment(plan: Plan, network: TupleNetwork, device: Device, precision: Precision, *,
                threads: int) -> dict[str, Any]:
    """What the run ran on: enough to judge and repeat it, nothing that names a person, a machine or a place."""
    backbone = cost(network.backbone)
    return {
        "device": device.title, "device_kind": device.kind, "device_reason": device.reason,
        "precision": precision.kind, "precision_detail": precision.detail,
        "layers_in_fp32": list(precision.fp32_layers), "channels_last": precision.channels_last,
        "step_seconds_tried": dict(precision.step_seconds), "threads": threads, "cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"studio": studio.__version__, "python": platform.python_version(), "torch": torch.__version__,
                     **{name: _version(name) for name in ("torchvision", "numpy", "safetensors")}},
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "backbone_parameters": backbone.parameters, "gmac_per_clip": round(backbone.gmac_per_clip, 3),
        "train_videos": len(plan.train.videos), "validation_videos": len(plan.validation.videos),
        "videos_too_short": plan.too_short, "groups_held_out": len(plan.held_out),
        "tier": plan.train.tier, "short_side_pixels": plan.recipe.augmentation.short_side_pixels,
        "tuples_at_a_time": plan.recipe.training.batch_size, "seed": plan.recipe.training.seed}


def refuse_if_running(folder: Path) -> None:
    """Raise `UsageError` when another process of this machine still trains the run."""
    run = runs.read_run(folder)
    if run.state != "running" or run.pid == os.getpid():
        return
    with contextlib.suppress(psutil.Error):
        if psutil.Process(run.pid).create_time() <= run.started_at:
            raise UsageError(run.name, f"this run is still training (process {run.pid})",
                             "Stop it first, or wait until it is done")


def _end_a_cut_line(path: Path) -> None:
    """A crash can leave a line without its end; the next event would be glued to it."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 1))
        last = stream.read()
    if last not in (b"", b"\n"):
        files.append_line(path, "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
