"""The operation `preflight`: one real step is measured before anybody waits for thousands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from studio.engine import files
from studio.engine.device import (
    Device,
    choose_device,
    free_memory_bytes,
    threads_used,
    used_memory_bytes,
    wait_for,
)
from studio.engine.events import Events, Finished, Progress, Warned
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.training import alarms, schedule
from studio.engine.training.loader import Loader
from studio.engine.training.network import build_network
from studio.engine.training.objective import Objective
from studio.engine.training.plan import Plan, make_plan
from studio.engine.training.precision import Precision, choose_precision, prepared, self_test_file
from studio.engine.training.step import Stepper
from studio.engine.video.sizes import ensured_footage

_PATIENT_SECONDS = 5.0
_PESSIMISM = 1.4
"""How much longer than measured a run may take: other programs, a hot machine, longer validation."""
_FORWARD_SHARE = 0.35
"""What a forward pass alone takes of a training step."""
_LONG_HOURS = 12
_RAM = torch.device("cpu")
"""The machine's own memory, where the process and the batches that it makes lie even when a GPU computes."""


@dataclass(frozen=True)
class _Measured:
    step_seconds: float
    peak_memory_bytes: int
    free_memory_bytes: int
    peak_ram_bytes: int
    free_ram_bytes: int
    checkpoint_bytes: int
    parameters: int


def preflight(project: Project, recipe: Recipe, *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Measure one real step of a recipe on a project; only what the self-test found is kept, in the cache.

    The result tells device, precision, memory, disk, steps and the time to expect as a range, with warnings.
    Raises what `train` raises before its first step, and `MachineError` when one tuple does not fit the memory.
    """
    with threads_used(recipe.training.threads):
        yield Progress(phase="preflight", done=0, total=3, detail="opening the videos")
        device = choose_device(recipe.training.device)
        footage = yield from ensured_footage(project, short_side_pixels=recipe.augmentation.short_side_pixels,
                                             stop=stop)
        if footage is None:
            yield Finished(operation="preflight", result={}, stopped=True)
            return
        plan = make_plan(footage, recipe)
        yield Progress(phase="preflight", done=1, total=3, detail="testing the layers on this machine")
        precision = choose_precision(recipe, device.device, kept_in=self_test_file(project))
        yield Progress(phase="preflight", done=2, total=3, detail="one real step")
        measured = None if stop() else _one_step(plan, device.device, precision)
        if measured is None:
            yield Finished(operation="preflight", result={}, stopped=True)
            return
        result = _result(plan, device, precision, measured, disk_free_bytes=files.free_bytes(project.root))
        yield Progress(phase="preflight", done=3, total=3)
        yield Finished(operation="preflight", result=result)


def _one_step(plan: Plan, device: torch.device, precision: Precision) -> _Measured:
    """Take up to three steps from the real loader; the first one warms up, unless it takes long."""
    free, free_ram = free_memory_bytes(device), free_memory_bytes(_RAM)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    before = 0 if device.type == "cuda" else used_memory_bytes(device)
    network = prepared(build_network(plan.recipe).to(device), precision)
    stepper = Stepper(network, Objective.of(plan.recipe), plan.recipe.training, device=device, precision=precision)
    seconds, used, ram = math.inf, 0, 0
    with Loader(plan, device=device) as loader:
        for _ in range(3):
            batch = loader.take()
            start = time.perf_counter()
            stepper.step(loader.clips(batch), batch.tuples, learning_rate=0.0)
            wait_for(device)
            took = time.perf_counter() - start
            seconds, used = min(seconds, took), max(used, used_memory_bytes(device) - before)
            ram = max(ram, used_memory_bytes(_RAM))
            if took > _PATIENT_SECONDS:
                break
    size = sum(tensor.numel() * tensor.element_size() for tensor in stepper.tensors().values())
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return _Measured(seconds, used, free, ram, free_ram, size, parameters)


def _result(plan: Plan, device: Device, precision: Precision, measured: _Measured, *,
            disk_free_bytes: int) -> dict[str, Any]:
    training, task = plan.recipe.training, plan.task
    steps, seconds = _expected(plan, measured.step_seconds)
    disk = measured.checkpoint_bytes * (training.keep_checkpoints + 1) + 4 * measured.parameters
    warnings = _warnings(plan, device, measured, disk_needed=disk, disk_free=disk_free_bytes, seconds=seconds[0])
    return {
        "device": device.title, "device_reason": device.reason, "precision": precision.kind,
        "precision_detail": precision.detail, "parameters": measured.parameters,
        "step_seconds": round(measured.step_seconds, 5),
        "samples_per_second": round(training.batch_size / measured.step_seconds, 2),
        "peak_memory_bytes": measured.peak_memory_bytes, "free_memory_bytes": measured.free_memory_bytes,
        "peak_ram_bytes": measured.peak_ram_bytes, "free_ram_bytes": measured.free_ram_bytes,
        "disk_needed_bytes": disk, "disk_free_bytes": disk_free_bytes, "steps": steps, "expected_seconds": seconds,
        "chance": task.chance, "balanced_chance": task.balanced_chance, "classes": task.classes,
        "videos": len(plan.train.videos) + len(plan.validation.videos),
        "train_videos": len(plan.train.videos), "validation_videos": len(plan.validation.videos),
        "too_short": plan.too_short, "span_frames": task.span_frames,
        "warnings": [{"code": one.code, "message": one.message, "remedy": one.remedy} for one in warnings]}


def _expected(plan: Plan, step_seconds: float) -> tuple[int, list[float]]:
    """Steps, and the seconds to expect at best and at worst: training, with a validation pass now and then."""
    training = plan.recipe.training
    a_pass = step_seconds * _FORWARD_SHARE * training.validation_tuples / training.batch_size
    a_step = step_seconds + a_pass / training.validate_every_steps
    steps = schedule.step_limit(training, steps_per_epoch=plan.steps_per_epoch)
    low, high = steps * a_step + a_pass, steps * a_step * _PESSIMISM + 2 * a_pass
    if training.max_minutes:
        clock = 60 * training.max_minutes
        low, high = (min(low, clock) if steps else clock), (min(high, clock) if steps else clock) + 2 * a_pass
        steps = min(steps, int(clock / a_step)) if steps else int(clock / a_step)
    return steps, [round(low, 1), round(high, 1)]


def _warnings(plan: Plan, device: Device, measured: _Measured, *, disk_needed: int, disk_free: int,
              seconds: float) -> list[Warned]:
    found = [alarms.on_the_processor(device), alarms.too_short(plan.too_short, span_frames=plan.task.span_frames)]
    if disk_needed > disk_free:
        found.append(Warned(code="disk-too-small", message=f"Checkpoints need {disk_needed / 1e9:.2f} GB and the disk "
                            f"has {disk_free / 1e9:.2f} GB free.", remedy="Free some space, or keep fewer checkpoints"))
    if measured.peak_memory_bytes > 0.9 * measured.free_memory_bytes:
        found.append(Warned(code="memory-short", message=f"A step takes {measured.peak_memory_bytes / 1e9:.1f} GB of "
                            f"{measured.free_memory_bytes / 1e9:.1f} GB that are free.",
                            remedy="Close other programs, or choose a smaller batch or input"))
    if seconds > 3600 * _LONG_HOURS:
        found.append(Warned(code="takes-long", message=f"This takes {seconds / 3600:.0f} hours or more on this "
                            "machine.",
                            remedy="Train on a GPU, choose a smaller recipe, or set training.max_minutes"))
    if len(plan.validation.videos) < 5:
        found.append(Warned(code="few-held-out", message=f"Only {len(plan.validation.videos)} videos are held out, so "
                            "the accuracy will jump about.", remedy="Add videos, or hold out a larger share"))
    return [one for one in found if one]
