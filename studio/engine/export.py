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
from studio.engine.backbones.torchvision_18 import Torchvision18
from studio.engine.errors import MachineError, UsageError
from studio.engine.evaluation.card import write_card
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.training.checkpoint import load_weights

ONNX_BOUND = 1e-4
"""Largest difference of an ONNX graph's features from torch's, over their largest."""
_KINETICS_CLASSES = 400
FORMATS = {"safetensors": ".safetensors", "torchvision": ".pth", "onnx": ".onnx"}


def export_run(project: Project, run_folder: Path, *, format: str = "safetensors", out: Path,  # noqa: A002
               stop: Callable[[], bool] = lambda: False) -> Events:
    """Write a run's backbone in a format for other programs, and its model card (.card.md and .card.json) beside it.

    `safetensors`: the backbone's tensors and the recipe. `torchvision`: a state dict that torchvision's network takes
    as it is; its classifier, of which nothing was learned, is 0. `onnx`: a graph from clips_BCTHW to features_BD, any
    number of clips, checked against torch where onnxruntime is installed. Raises `UsageError` when the format is
    unknown or does not fit the backbone, `MachineError` when ONNX is not installed or the graph computes otherwise.
    """
    if format not in FORMATS:
        raise UsageError(f"--format {format}", "there is no such format", f"Name one of {', '.join(FORMATS)}")
    path = out / f"{run_folder.name}{FORMATS[format]}" if out.is_dir() else out
    recipe, network = load_weights(run_folder)
    backbone = network.backbone.cpu().eval()
    yield Progress(phase="export", done=0, total=2, detail=format)
    content = {"safetensors": as_safetensors, "torchvision": as_torchvision, "onnx": as_onnx}[format](backbone, recipe)
    checked = {"onnx_error": checked_onnx(content, backbone)} if format == "onnx" else {}
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
        "cards": [card.name for card in cards]} | checked)


def as_safetensors(backbone: Backbone, recipe: Recipe) -> bytes:
    """Pack the backbone's tensors, with what the network is to be shown in the header."""
    tensors = {name: tensor.contiguous() for name, tensor in backbone.state_dict().items()}
    return save(tensors, {
        "format": "pt", "made_by": f"Unshuffle Studio {studio.__version__}", "backbone": recipe.backbone,
        "input_pixels": str(backbone.input_pixels), "input_channels": str(backbone.channels),
        "input_frames": str(backbone.clip_frames), "clip_frames": str(recipe.sampling.clip_frames),
        "frame_stride": str(recipe.sampling.frame_stride),
        "frames_per_second": str(recipe.sampling.frames_per_second or "own"), "scaling": recipe.augmentation.scaling,
        "encoding": recipe.augmentation.encoding})


def as_torchvision(backbone: Backbone, recipe: Recipe) -> bytes:
    """Pack a state dict of torchvision's names, the classifier of 400 actions with zeros. Raises `UsageError`."""
    if not isinstance(backbone, Torchvision18):
        raise UsageError(f"--format torchvision of {recipe.backbone}", "torchvision has no such network",
                         "Export safetensors or onnx, or train with backbone=r3d_18, mc3_18 or r2plus1d_18")
    stream = io.BytesIO()
    torch.save({**backbone.state_dict(), "fc.weight": torch.zeros(_KINETICS_CLASSES, backbone.feature_dim),
                "fc.bias": torch.zeros(_KINETICS_CLASSES)}, stream)
    return stream.getvalue()


def as_onnx(backbone: Backbone, recipe: Recipe) -> bytes:
    """Make the graph from clips_BCTHW to features_BD. Raises `MachineError` when ONNX is not installed."""
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


def checked_onnx(content: bytes, backbone: Backbone) -> float | None:
    """Compare a graph with the backbone on clips of noise: the largest difference, over the features' size.

    None where onnxruntime is not installed. Raises `MachineError` when they differ by more than `ONNX_BOUND`.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    pixels, rng = backbone.input_pixels, torch.Generator().manual_seed(0)
    clips_BCTHW = torch.rand((3, backbone.channels, backbone.clip_frames, pixels, pixels), generator=rng)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(None, {"clips_BCTHW": clips_BCTHW.numpy()})[0])
    with torch.inference_mode():
        right = backbone.features(clips_BCTHW)
    error = float((found - right).abs().max() / right.abs().max().clamp_min(1e-12))
    if not error <= ONNX_BOUND:
        raise MachineError(f"the ONNX graph ({error:.1e} away)", f"it computes other features than torch (bound "
                           f"{ONNX_BOUND:.0e}), so it is not written", "Export safetensors, and report this")
    return error
