"""Checkpoints and weights: safetensors beside a small JSON file with its SHA-256, which is checked before all else.

A checkpoint holds all that going on exactly needs: tensors of the network, of the optimiser and of the random state,
and a state of plain values. `weights.safetensors` holds the network of the best validation, for everybody else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of
from torch import Tensor

from studio.engine import files
from studio.engine.errors import CheckpointError, StudioError, UsageError
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.runs import CHECKPOINTS
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.published import KNOWN, fitted, read_published

FORMAT = "1"
WEIGHTS = "weights.safetensors"
_NETWORK = "network/"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: tensors by name, plain values, and the damaged newer ones that were passed over."""

    path: Path
    tensors: dict[str, Tensor]
    state: dict[str, Any]
    refused: tuple[str, ...] = ()


def save_checkpoint(run_folder: Path, *, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any],
                    keep: int) -> Path:
    """Write the checkpoint of `step` and delete all but the newest `keep`.

    Raises `MachineError` when the disk is full; the earlier checkpoints are then as they were.
    """
    path = run_folder / CHECKPOINTS / f"step-{step:09}.safetensors"
    _write(path, tensors, {"state": json.dumps(dict(state), allow_nan=False)})
    for old in _newest_first(run_folder)[keep:]:
        for part in (sidecar(old), old):
            with contextlib.suppress(OSError):
                part.unlink()
    return path


def load_newest(run_folder: Path) -> Checkpoint:
    """Load the newest checkpoint that is whole, and name the damaged ones that were passed over.

    Raises `CheckpointError` when there is none.
    """
    refused: list[str] = []
    for path in _newest_first(run_folder):
        try:
            tensors, header = read_tensors(path)
            return Checkpoint(path, tensors, _state(path, header), tuple(refused))
        except CheckpointError as error:
            refused.append(f"{path.name}: {error.rule}")
    raise CheckpointError(run_folder.name, "this run has no whole checkpoint" + (f" ({'; '.join(refused)})" if refused
                          else ""), "Train it anew with its recipe.toml")


def save_weights(run_folder: Path, network: TupleNetwork, recipe: Recipe, *, step: int,
                 measured: Mapping[str, float | None]) -> Path:
    """Write the network's weights, with what they are, for inspection, evaluation and export."""
    path = run_folder / WEIGHTS
    _write(path, network.state_dict(), {
        "backbone": recipe.backbone, "task": recipe.task, "step": str(step), "measured": json.dumps(dict(measured))})
    return path


def load_weights(run_folder: Path) -> tuple[Recipe, TupleNetwork]:
    """Load a run's recipe and its network with the best weights; those of the newest checkpoint where there are none.

    The network is on the processor, in training mode. Raises `CheckpointError` when nothing whole is there.
    """
    recipe = recipe_from_toml(run_folder / "recipe.toml")
    network = random_network(recipe)
    if (run_folder / WEIGHTS).is_file():
        tensors, _ = read_tensors(run_folder / WEIGHTS)
    else:
        tensors = network_tensors(load_newest(run_folder).tensors)
    load_into(network, tensors, source=run_folder.name)
    return recipe, network


def random_network(recipe: Recipe) -> TupleNetwork:
    """Make the recipe's network as it is before any training and without given weights."""
    return build_network(recipe)


class Start(NamedTuple):
    """Where a backbone's first weights came from; for the record, so without the file's name."""

    kind: str
    sha256: str
    tensors: int
    left_out: list[str]
    as_before: list[str]


def start_from(network: TupleNetwork, source: str, project: Project) -> Start:
    """Give the backbone the weights of a safetensors or PyTorch file, or of a run (`starts_from`).

    A file may hold the backbone alone (an export, torchvision's weights, of which the classifier is left out) or a
    run's whole network, of which the backbone is taken.
    Raises `UsageError` when there is no such file or run, `CheckpointError` naming what does not fit.
    """
    path = Path(source)
    if path.is_file():
        return load_backbone(network, path)
    try:
        path = project.run_folder(source) / WEIGHTS
    except UsageError as error:
        raise UsageError(f"starts_from = {source}", "there is no such weights file and no such run",
                         "Give the path of a .safetensors or .pth file, or a run's name") from error
    return load_backbone(network, path)._replace(kind="a run")


def load_backbone(network: TupleNetwork, path: Path) -> Start:
    """Give the backbone the weights of a safetensors or PyTorch file, as in `start_from`. Raises `CheckpointError`."""
    if path.suffix.lower() != ".safetensors":
        return _start_published(network, path)
    tensors, _ = read_tensors(path)
    prefix = "backbone."
    if any(name.startswith(prefix) for name in tensors):
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    load_into(network.backbone, tensors, source=path.name)
    return Start("a weights file", files.sha256_of_file(path), len(tensors), [], [])


def _start_published(network: TupleNetwork, path: Path) -> Start:
    tensors, sha256 = read_published(path)
    found = fitted(network.backbone, tensors)
    load_into(network.backbone, found.tensors, source=path.name)
    return Start(KNOWN.get(path.name, "a PyTorch file"), sha256, len(found.tensors) - len(found.as_before),
                 found.left_out, found.as_before)


def load_into(module: Any, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Load tensors into a module. Raises `CheckpointError` naming the first that does not fit."""
    own = module.state_dict()
    problems = [f"{name} is missing" for name in own if name not in tensors]
    problems += [f"{name} is unknown" for name in tensors if name not in own]
    problems += [f"{name} is {_shape(tensors[name])} where {_shape(own[name])} is needed" for name in own
                 if name in tensors and tensors[name].shape != own[name].shape]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise CheckpointError(source, f"these weights are of another network: {problems[0]}{more}",
                              "Choose weights of the same backbone, input and clip length")
    module.load_state_dict(dict(tensors))


def network_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's part of a checkpoint's tensors."""
    return {name.removeprefix(_NETWORK): tensor for name, tensor in tensors.items() if name.startswith(_NETWORK)}


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Name tensors for a checkpoint: `prefix/name`."""
    return ((f"{prefix}/{name}", tensor) for name, tensor in tensors.items())


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file of which the SHA-256 is known, or a foreign one without: its tensors and its header.

    The hash is checked before the content is looked at. Raises `CheckpointError` with a reason in words.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(path.name, f"the file cannot be read ({error.strerror})", "Check the path") from error
    if sidecar(path).is_file():
        _check_hash(path, content)
    try:
        tensors = tensors_of(content)
        size = int.from_bytes(content[:8], "little")
        return tensors, dict(json.loads(content[8:8 + size]).get("__metadata__", {}))
    except (SafetensorError, ValueError, KeyError, AttributeError, RuntimeError, OverflowError, MemoryError) as error:
        raise CheckpointError(path.name, "this is no readable safetensors file", "Use another one") from error


def sidecar(path: Path) -> Path:
    """Where the SHA-256 of a tensor file is kept."""
    return path.with_suffix(".json")


def _check_hash(path: Path, content: bytes) -> None:
    try:
        known = files.read_json(sidecar(path))["sha256"]
    except (StudioError, KeyError, TypeError) as error:
        raise CheckpointError(path.name, "the record of its hash is damaged", "Use an earlier one") from error
    if hashlib.sha256(content).hexdigest() != known:
        raise CheckpointError(path.name, "the file is damaged: its SHA-256 is not the one recorded",
                              "Use an earlier one, or a copy of it")


def _write(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors, then their hash. Without its hash a checkpoint does not count."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = bytes_of(plain, {"format": "pt", "studio_format": FORMAT, **header})
    with contextlib.suppress(FileNotFoundError):
        sidecar(path).unlink()
    files.write_bytes(path, content)
    files.write_json(sidecar(path), {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})


def _newest_first(run_folder: Path) -> list[Path]:
    """The checkpoints that have a hash, newest first."""
    found = (run_folder / CHECKPOINTS).glob("step-*.safetensors")
    return sorted((path for path in found if sidecar(path).is_file()), reverse=True)


def _state(path: Path, header: Mapping[str, str]) -> dict[str, Any]:
    try:
        state = json.loads(header["state"])
    except (KeyError, ValueError) as error:
        raise CheckpointError(path.name, "this is no checkpoint (it lacks its state)", "Use an earlier one") from error
    if not isinstance(state, dict):
        raise CheckpointError(path.name, "this is no checkpoint (it lacks its state)", "Use an earlier one")
    return state


def _shape(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape) or "a number"
