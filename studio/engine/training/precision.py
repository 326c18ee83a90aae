"""Precision and memory format, chosen on this machine for this recipe: right first, then faster.

The layers that fail the self-test run in float32 inside the bf16 step; then the time of whole steps decides.
Legend: B tuples, E elements, N clips, C channels, T frames, H height, W width.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.engine import files
from studio.engine.backbones.cost import cost
from studio.engine.device import available_cores, wait_for
from studio.engine.errors import MachineError, ProjectError
from studio.engine.project import Project
from studio.engine.recipe import Recipe, make_recipe
from studio.engine.tasks.task import Truth, noise_truth
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.objective import Objective
from studio.engine.training.selftest import (
    Layers,
    channels_last_of,
    costliest,
    failed_layers,
    layer_seconds,
    layers_with_shapes,
    to_channels_last,
    weights_channels_last,
)

_WORTH = 0.95
"""A variant must take less than this share of the time of the plainer one, or noise would choose."""
_BENCH_GMAC = 15.0
"""Size of the batch that is timed on a processor: a few tenths of a second."""
_LONG_SECONDS = 2.0
"""A variant that took this long in all is not repeated."""
_CORNER = 14
_PATIENCE_SECONDS = 20.0
"""When the test has taken so long, what is plain is taken: the machine is slow or busy, and its times tell nothing."""
_BUSY = "float32: the machine is too slow or too busy to test"
_MOST_KEPT = 50
Times = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Precision:
    """How a step computes. `fp32_layers` run in float32 although the rest runs in bf16: they failed the self-test.

    `detail` says in words what was found; `step_seconds` what a small step took, by variant.
    """

    kind: str
    channels_last: bool = False
    fp32_layers: tuple[str, ...] = ()
    detail: str = ""
    step_seconds: Times = ()

    def to_json(self) -> dict[str, Any]:
        """As plain values, for the run's record and its checkpoints."""
        return {**asdict(self), "fp32_layers": list(self.fp32_layers), "step_seconds": dict(self.step_seconds)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Precision:
        """What `to_json` gave."""
        return cls(values["kind"], values["channels_last"], tuple(values["fp32_layers"]), values["detail"],
                   tuple(values["step_seconds"].items()))


def choose_precision(recipe: Recipe, device: torch.device, *, kept_in: Path | None = None) -> Precision:
    """Choose for this recipe on this device; the answer is kept for the life of the process.

    With `kept_in`, a file, it is also kept there for this machine: times differ from one moment to the next, and two
    runs of one seed shall not differ because of that. A recipe that asks for float32 is not tested.
    Raises `MachineError` when the recipe insists on bf16 and the device cannot.
    """
    if recipe.training.precision == "fp32":
        return Precision("fp32", detail="float32, as the recipe asks")
    part = recipe.model_dump(include={"task", "backbone", "sampling", "augmentation", "task_options"})
    training = {"max_steps": 1, "precision": recipe.training.precision, "batch_size": recipe.training.batch_size}
    alike = make_recipe({"name": "self-test", **part, "training": training})
    recipe_json, threads = alike.model_dump_json(), torch.get_num_threads()
    known, key = _read(kept_in), _key(recipe_json, device, threads)
    if key not in known:
        chosen = _chosen(recipe_json, str(device), threads)
        if kept_in is None or chosen.detail.startswith(_BUSY):
            return chosen
        known = {**dict(list(known.items())[-_MOST_KEPT:]), key: chosen.to_json()}
        with contextlib.suppress(MachineError, OSError):
            files.write_json(kept_in, known)
    return Precision.from_json(known[key])


def self_test_file(project: Project) -> Path:
    """Where a project keeps what was chosen on the machines that it was opened on."""
    return project.cache_folder / "self-test.json"


def _read(path: Path | None) -> dict[str, Any]:
    """What was chosen before; nothing when the file is missing or damaged."""
    if path is None or not path.is_file():
        return {}
    with contextlib.suppress(ProjectError, OSError):
        known = files.read_json(path)
        if isinstance(known, dict):
            return known
    return {}


def _key(recipe_json: str, device: torch.device, threads: int) -> str:
    """What the choice depends on, hashed: the recipe, the machine, the threads and torch."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.backends.cpu.get_cpu_capability()
    parts = (recipe_json, str(device), name, str(threads), torch.__version__, platform.node(), str(available_cores()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=16)
def _chosen(recipe_json: str, device_name: str, _threads: int) -> Precision:
    recipe, device = Recipe.model_validate_json(recipe_json), torch.device(device_name)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        return _choose(Bench.of(recipe, device), wanted=recipe.training.precision)


def _choose(bench: Bench, *, wanted: str) -> Precision:
    plain = bench.best_format("fp32")
    if wanted != "bf16" and bench.late:
        return replace(plain, detail=f"{_BUSY} anything else")
    if bench.device.type == "mps":
        return replace(plain, detail="float32: bf16 was never tested on Apple GPUs")
    if bench.device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        if wanted == "bf16":
            raise MachineError("precision bf16", "this GPU has no bf16 units", "Choose the precision auto or fp32")
        return replace(plain, detail="float32: this GPU has no bf16 units")
    if wanted == "auto" and not bench.costliest_layer_is_faster_in_bf16():
        return replace(plain, detail="float32: in the costliest layer, bf16 is not faster on this machine")
    return bench.judged(plain, insisted=wanted == "bf16")


@dataclass(frozen=True)
class Bench:
    """The recipe's network and a batch of noise, to be timed in variants."""

    network: TupleNetwork
    clips_BECTHW: Tensor
    truth: Truth
    objective: Objective
    layers: Layers
    device: torch.device
    began: float

    @classmethod
    def of(cls, recipe: Recipe, device: torch.device) -> Bench:
        """Make it: with a whole batch on a GPU, which a part would not fill, and with what takes a moment elsewhere."""
        objective, network = Objective.of(recipe), build_network(recipe)
        task, backbone = objective.task, network.backbone
        tuples = recipe.training.batch_size
        if device.type == "cpu":
            gmac = cost(network.backbone).gmac_per_clip * task.elements
            tuples = max(1, min(tuples, int(_BENCH_GMAC / max(gmac, 1e-6))))
        rng = torch.Generator().manual_seed(0)
        pixels = backbone.input_pixels
        shape = (tuples, task.elements, backbone.channels, backbone.clip_frames, pixels, pixels)
        clips_BECTHW = torch.randn(shape, generator=rng).to(device)
        truth = noise_truth(task, tuples, rng).to(device)
        layers = layers_with_shapes(network.to(device), clips_BECTHW[:1])
        return cls(network, clips_BECTHW, truth, objective, layers, device, time.monotonic())

    @property
    def late(self) -> bool:
        """Whether the test has taken longer than a person should wait for it."""
        return time.monotonic() - self.began > _PATIENCE_SECONDS

    def judged(self, plain: Precision, *, insisted: bool) -> Precision:
        """bf16 with the layers that fail in float32, where that is faster than `plain` or insisted on."""
        fast = self.best_format("bf16")
        if self.late and not insisted:
            return replace(plain, detail=f"{_BUSY} bf16")
        failed = failed_layers(self.layers, dtype=torch.bfloat16, device=self.device, channels_last=fast.channels_last)
        fast = replace(fast, fp32_layers=failed)
        times, seconds = dict(plain.step_seconds + fast.step_seconds), fast.step_seconds[-1][1]
        if failed:
            times["bf16, failed layers in fp32"] = seconds = self.step_seconds(fast)
        ratio = plain.step_seconds[-1][1] / seconds
        found = f"the self-test of {len(self.layers)} layers found all of them right"
        if failed:
            found = f"{len(failed)} of {len(self.layers)} layers failed the self-test and stay in float32"
        if ratio < 1 / _WORTH and not insisted:
            return replace(plain, detail=f"float32: a step in bf16 is not faster; {found}",
                           step_seconds=tuple(times.items()))
        return replace(fast, detail=f"bf16, {ratio:.1f} times as fast as float32; {found}",
                       step_seconds=tuple(times.items()))

    def best_format(self, kind: str) -> Precision:
        """The faster memory format: channels last where it is clearly faster and, in float32, its layers are right.

        The chosen variant's time is the last.
        """
        plain, last = Precision(kind), Precision(kind, channels_last=True)
        times = [(kind, self.step_seconds(plain))]
        if self.late:
            return replace(plain, step_seconds=tuple(times))
        times.append((f"{kind}, channels last", self.step_seconds(last)))
        faster = times[1][1] < _WORTH * times[0][1]
        if faster and (kind == "bf16" or not failed_layers(self.layers, dtype=torch.float32, device=self.device,
                                                           channels_last=True)):
            return replace(last, step_seconds=tuple(times))
        return replace(plain, step_seconds=tuple(times[::-1]))

    def step_seconds(self, precision: Precision) -> float:
        """Seconds of one forward and backward pass: the best of three, or the first where that takes long."""
        with layers_in_fp32(self.network, precision.fp32_layers), \
                weights_channels_last(self.network, precision.channels_last):
            best = total = math.inf
            for repeat in range(4):
                start = time.perf_counter()
                with autocast(self.device, precision):
                    clips_BECTHW = laid_out(self.clips_BECTHW, precision)
                    loss = self.objective.losses(self.network, clips_BECTHW, self.truth).total
                loss.backward()
                self.network.zero_grad(set_to_none=True)
                wait_for(self.device)
                took = time.perf_counter() - start
                best, total = min(best, took), took if not repeat else total + took
                if total > _LONG_SECONDS:
                    break
        return best

    def costliest_layer_is_faster_in_bf16(self) -> bool:
        """Look at a corner of one layer's input first: without bf16 units, bf16 can take a hundred times as long."""
        layer, shape = costliest(self.layers)
        if not isinstance(layer, nn.Linear):
            shape = (*shape[:2], *(min(side, _CORNER) for side in shape[2:]))
        return (layer_seconds(layer, shape, dtype=torch.bfloat16, device=self.device)
                < _WORTH * layer_seconds(layer, shape, dtype=torch.float32, device=self.device))


def autocast(device: torch.device, precision: Precision) -> contextlib.AbstractContextManager[Any]:
    """The block in which a forward pass runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision.kind == "bf16")


def prepared(network: TupleNetwork, precision: Precision) -> TupleNetwork:
    """Set a network up for good: its memory format, and its failed layers in float32."""
    if precision.channels_last:
        to_channels_last(network)
    for name, layer in network.named_modules():
        if name in precision.fp32_layers:
            _keep_in_fp32(layer)
    return network


def laid_out(clips_BECTHW: Tensor, precision: Precision) -> Tensor:
    """Clips in the memory format of the precision: every clip with its channels last."""
    if not precision.channels_last:
        return clips_BECTHW
    return channels_last_of(clips_BECTHW.flatten(0, 1)).unflatten(0, clips_BECTHW.shape[:2])


@contextlib.contextmanager
def layers_in_fp32(network: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Run the named layers in float32 inside the block, whatever the autocast around it."""
    kept = [layer for name, layer in network.named_modules() if name in names]
    for layer in kept:
        _keep_in_fp32(layer)
    try:
        yield
    finally:
        for layer in kept:
            vars(layer).pop("forward")  # the class's own again


def _keep_in_fp32(layer: nn.Module) -> None:
    plain = layer.forward

    def in_fp32(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return plain(x.float())

    layer.forward = in_fp32
