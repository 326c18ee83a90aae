"""Trained weights for other programs, each with a model card beside it that says what they are and are worth.

Nothing that is written names a file, a folder or a patient.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

import studio
from studio.engine import files
from studio.engine.backbones.backbone import Backbone, FeaturesOf
from studio.engine.backbones.cost import cost
from studio.engine.backbones.r2plus1d_18 import R2Plus1D18
from studio.engine.errors import MachineError, UsageError
from studio.engine.evaluation.card import write_card
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.training.checkpoint import load_weights

FORMATS = {"safetensors": ".safetensors", "torchvision": ".pth", "onnx": ".onnx"}


def export_run(project: Project, run_folder: Path, *, format: str = "safetensors", out: Path,  # noqa: A002
               stop: Callable[[], bool] = lambda: False) -> Events:
    """Write a run's backbone in a format for other programs, and its model card (.card.md and .card.json) beside it.

    `safetensors`: the backbone's tensors and the recipe. `torchvision`: a state dict with torchvision's names.
    `onnx`: a graph from clips_BCTHW to features_BD, any number of clips. Raises `UsageError` when the format is unknown
    or does not fit the backbone, `MachineError` when ONNX is not installed.
    """
    if format not in FORMATS:
        raise UsageError(f"--format {format}", "there is no such format", f"Name one of {', '.join(FORMATS)}")
    path = out / f"{run_folder.name}{FORMATS[format]}" if out.is_dir() else out
    recipe, network = load_weights(run_folder)
    backbone = network.backbone.cpu().eval()
    yield Progress(phase="export", done=0, total=2, detail=format)
    content = {"safetensors": _safetensors, "torchvision": _torchvision, "onnx": _onnx}[format](backbone, recipe)
    if stop():
        yield Finished(operation="export", result={"run": run_folder.name, "format": format}, stopped=True)
        return
    files.write_bytes(path, content)
    yield Saved(what="weights", path=path.name)
    yield Progress(phase="export", done=1, total=2, detail="model card")
    cards = write_card(project, run_folder, recipe, backbone, weights=path, format_name=format)
    for card in cards:
        yield Saved(what="model card", path=card.name)
    yield Finished(operation="export", result={
        "run": run_folder.name, "format": format, "file": path.name, "bytes": len(content),
        "sha256": files.sha256_of_file(path), "parameters": cost(backbone).parameters,
        "cards": [card.name for card in cards]})


def _safetensors(backbone: Backbone, recipe: Recipe) -> bytes:
    tensors = {name: tensor.contiguous() for name, tensor in backbone.state_dict().items()}
    return save(tensors, {
        "format": "pt", "made_by": f"Unshuffle Studio {studio.__version__}", "backbone": recipe.backbone,
        "input_pixels": str(backbone.input_pixels), "clip_frames": str(backbone.clip_frames),
        "frame_stride": str(recipe.sampling.frame_stride), "scaling": recipe.augmentation.scaling,
        "encoding": recipe.augmentation.encoding})


def _torchvision(backbone: Backbone, recipe: Recipe) -> bytes:
    if not isinstance(backbone, R2Plus1D18):
        raise UsageError(f"--format torchvision of {recipe.backbone}", "torchvision has no such network",
                         "Export safetensors or onnx, or train with backbone=r2plus1d_18")
    stream = io.BytesIO()
    torch.save(backbone.state_dict(), stream)
    return stream.getvalue()


def _onnx(backbone: Backbone, recipe: Recipe) -> bytes:
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        raise MachineError(" and ".join(missing), "is not installed, and ONNX files need it",
                           'Install it with: pip install "unshuffle-studio[onnx]"')
    pixels = recipe.augmentation.network_pixels
    example_BCTHW = torch.zeros(2, backbone.channels, backbone.clip_frames, pixels, pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            FeaturesOf(backbone), (example_BCTHW,), dynamo=True, input_names=["clips_BCTHW"],
            output_names=["features_BD"],
            dynamic_shapes={"clips_BCTHW": {0: torch.export.Dim("clips", min=1, max=4096)}}, verbose=False)
    return bytes(program.model_proto.SerializeToString())
