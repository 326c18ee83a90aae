"""Where a layer answers: its map over a clip, as heat, of the trained network and of the same with random weights.

Legend: B clips, C channels, T frames of the map, F frames of the clip, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.catalogue import display_path
from studio.engine.errors import CheckpointError, UsageError
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.inspection.dealt import question_of_run
from studio.engine.inspection.embedding import Embedder, footage_of_run, open_embedder
from studio.engine.inspection.looks import RANDOM, Way, layers_beside
from studio.engine.inspection.neighbours import find_position
from studio.engine.inspection.sheet import Row, heat_over, write_sheet
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml
from studio.engine.sampling import Tuples
from studio.engine.shapes import Ints
from studio.engine.training.pixels import displayable, gather, network_input

_PERCENTILES = (1, 99.5)
_MOST_FRAMES = 12


@dataclass(frozen=True)
class Heat:
    """A layer's heat over one clip.

    `clip_FHW3` is what the network sees; `heat_FHW` 0 to 255, between two percentiles of this clip's own map;
    `frames` and `times` (seconds) are those of the video.
    """

    clip_FHW3: NDArray[np.uint8]
    heat_FHW: NDArray[np.uint8]
    frames: list[int]
    times: list[float]

    @property
    def flat(self) -> bool:
        """Whether the layer answers alike everywhere in this clip, so that there is nothing to see."""
        return bool(self.heat_FHW.max() == self.heat_FHW.min())


def layer_maps(backbone: Backbone, clips_BCTHW: Tensor, layer: str) -> Tensor:
    """The output of a named layer, map_BCTHW; frames of a still-frame network are put back in their clips.

    Raises `UsageError` for an unknown layer, `CheckpointError` where it answers no numbers.
    """
    known = backbone.layers()
    if layer not in known:
        raise UsageError(layer, "the network has no such layer", f"Name one of {', '.join(known)}")
    kept: list[Tensor] = []

    def keep(_layer: nn.Module, _inputs: Any, output: Tensor) -> None:
        kept.append(output.detach())

    handle = known[layer].register_forward_hook(keep)
    try:
        with torch.inference_mode():
            backbone.map(clips_BCTHW)
    finally:
        handle.remove()
    found = kept[-1].float()
    if found.device.type != "meta" and not bool(torch.isfinite(found).all()):
        raise CheckpointError(f"layer {layer}", "its answers are no numbers (NaN), so there is nothing to see",
                              "Train again with a lower learning rate")
    if found.ndim == 4:
        found = torch.unflatten(found, 0, (len(clips_BCTHW), clips_BCTHW.shape[2])).transpose(1, 2)
    return found


def heat_of_map(map_BCTHW: Tensor, *, size: tuple[int, int, int], unit: int | None = None) -> Tensor:
    """Mean |activation| over the channels, or one unit's, enlarged to a clip's (frames, height, width): heat_BFHW.

    Scaled to 0 to 1 between two percentiles of each clip's own heat. Raises `UsageError` for an unknown unit.
    """
    return torch.stack([_scaled(heat_FHW) for heat_FHW in _enlarged(map_BCTHW, size, unit)])


def _enlarged(map_BCTHW: Tensor, size: tuple[int, int, int], unit: int | None) -> Tensor:
    channels = map_BCTHW.shape[1]
    if unit is not None and not 0 <= unit < channels:
        raise UsageError(f"unit {unit}", f"this layer has units 0 to {channels - 1}", "Choose one of them")
    chosen_BTHW = map_BCTHW.abs().mean(dim=1) if unit is None else map_BCTHW[:, unit].clamp_min(0)
    return nn.functional.interpolate(chosen_BTHW[:, None], size=size, mode="trilinear", align_corners=False)[:, 0]


def _scaled(heat_FHW: Tensor) -> Tensor:
    low, high = np.percentile(heat_FHW.cpu().numpy(), _PERCENTILES)
    return ((heat_FHW - float(low)) / max(float(high - low), 1e-12)).clamp(0, 1)


def describe_layers(backbone: Backbone) -> list[dict[str, Any]]:
    """Each layer's name, channels and shape (frames, height, width) of its map; only shapes are computed."""
    with torch.device("meta"):
        twin = type(backbone)(input_pixels=backbone.input_pixels, clip_frames=backbone.clip_frames,
                              channels=backbone.channels).eval()
        clips_BCTHW = torch.empty(1, backbone.channels, backbone.clip_frames, backbone.input_pixels,
                                  backbone.input_pixels)
    shapes = {name: layer_maps(twin, clips_BCTHW, name).shape for name in twin.layers()}
    return [{"name": name, "channels": shape[1], "shape": list(shape[2:])} for name, shape in shapes.items()]


def heat_at(embedder: Embedder, position: int, *, at_seconds: float, layer: str = "", unit: int | None = None) -> Heat:
    """The heat of a layer (by default the last) over the clip around a second of a video."""
    clip = embedder.clip_at(position, at_seconds=at_seconds)
    clips_BCTHW = embedder.clips(clip)
    map_BCTHW = layer_maps(embedder.backbone, clips_BCTHW, layer or embedder.backbone.feature_layer)
    shown_FHW3 = displayable(clips_BCTHW[:, None].cpu(), embedder.view)[0, 0].numpy()
    frames, height, width = shown_FHW3.shape[:3]
    heat_BFHW = heat_of_map(map_BCTHW, size=(frames, height, width), unit=unit)
    return Heat(shown_FHW3, (255 * heat_BFHW[0]).round().byte().cpu().numpy(),
                *_moments(embedder, position, clip.frames_BEF[0], count=frames))


def heat_of_question(embedder: Embedder, question: Tuples, *, layer: str = "", unit: int | None = None) -> Heat:
    """The heat of a layer over the elements of one tuple, one after the other as they are shown, on one scale."""
    position = int(question.video_B[0])
    clips_BECTHW = network_input(gather(embedder.footage, question, embedder.view), question, embedder.view,
                                 embedder.device)
    map_ECTHW = layer_maps(embedder.backbone, clips_BECTHW[0], layer or embedder.backbone.feature_layer)
    shown_EFHW3 = displayable(clips_BECTHW.cpu(), embedder.view)[0].numpy()
    heat_NHW = _scaled(_enlarged(map_ECTHW, shown_EFHW3.shape[1:4], unit).flatten(0, 1))
    return Heat(shown_EFHW3.reshape(-1, *shown_EFHW3.shape[2:]), (255 * heat_NHW).round().byte().cpu().numpy(),
                *_moments(embedder, position, question.frames_BEF[0], count=shown_EFHW3.shape[1]))


def _moments(embedder: Embedder, position: int, frames_EF: Ints, *, count: int) -> tuple[list[int], list[float]]:
    """Frames and seconds of the pictures shown: of all frames, of those that end a step, or of the middle one."""
    chosen_EF = frames_EF[:, -count:] if count > 1 else frames_EF[:, frames_EF.shape[1] // 2, None]
    frames = [int(frame) for frame in chosen_EF.ravel()]
    return frames, [float(embedder.footage.cached[position].times_N[frame]) for frame in frames]


def activations(project: Project, run_folder: Path, *, video: str | int, at_seconds: float = 0.0,
                question: int | None = None, layer: str = "", unit: int | None = None, beside: str = RANDOM,
                out: Path | None = None, stop: Callable[[], bool] = lambda: False) -> Events:
    """Draw a layer's heat over the clip around a second of a video, and `beside` it that of random weights or of a run.

    With `question`, a seed, over the elements of the tuple that it deals of the video.

    With `out` a PNG sheet is written: the frames, the trained heat, the heat beside it.
    Raises `UsageError` for a video, layer or unit that is not there, or a run that sees clips of another size.
    """
    other = heat_beside(project, run_folder, beside)
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        yield Finished(operation="activations", result={"run": run_folder.name}, stopped=True)
        return
    position = find_position(project, footage, video)
    heats: list[Heat] = []
    layers: list[dict[str, Any]] = []
    for number, way in enumerate((Way("trained", run_folder), other)):
        yield Progress(phase="activations", done=number, total=2)
        if stop():
            yield Finished(operation="activations", result={"run": run_folder.name}, stopped=True)
            return
        embedder = open_embedder(footage, way.run_folder, random=way.kind == "random")
        layers = layers or describe_layers(embedder.backbone)
        layer = layer or embedder.backbone.feature_layer
        heats.append(heat_at(embedder, position, at_seconds=at_seconds, layer=layer, unit=unit) if question is None
                     else heat_of_question(embedder, question_of_run(footage, run_folder, position, seed=question),
                                           layer=layer, unit=unit))
    shown = footage.videos[position]
    result = {"run": run_folder.name, "video": display_path(shown.path), "video_id": shown.id, "layer": layer,
              "unit": unit, "frames": heats[0].frames, "times": [round(second, 3) for second in heats[0].times],
              "layers": layers, "alike": round(alike(*heats), 4), "beside": other.name, "question": question,
              "flat": heats[0].flat}
    if out is not None:
        write_sheet(out, sheet_rows(*heats, beside=other.title, title="clip" if question is None else "question"))
        yield Saved(what="picture", path=out.name)
        result["picture"] = out.name
    yield Finished(operation="activations", result=result)


def heat_beside(project: Project, run_folder: Path, beside: str) -> Way:
    """Say whose heat stands beside a run's: of random weights, or of another run that sees the same clips.

    Raises `UsageError` for raw pixels, an unknown run, or one that sees clips of another size.
    """
    way = layers_beside(project, run_folder, beside)
    own, other = (recipe_from_toml(folder / "recipe.toml") for folder in (run_folder, way.run_folder))
    seen = [(recipe.sampling.clip_frames, recipe.sampling.frame_stride, recipe.augmentation.network_pixels,
             recipe.augmentation.crop_pixels, recipe.augmentation.crop, recipe.augmentation.short_side_pixels,
             recipe.augmentation.one_picture) for recipe in (own, other)]
    if seen[0] != seen[1]:
        raise UsageError(f"beside = {beside}", "that run sees clips of another size", "Name a run that sees the same")
    return way


def sheet_rows(trained: Heat, other: Heat, *, beside: str = "random weights", title: str = "clip") -> list[Row]:
    """Rows of a sheet: up to twelve frames, and both heats over them."""
    chosen = np.unique(np.linspace(0, len(trained.frames) - 1, _MOST_FRAMES).round().astype(int))
    rows = [Row(title, [(trained.clip_FHW3[frame], f"{trained.times[frame]:.2f} s") for frame in chosen])]
    for name, heat in (("trained", trained), (beside, other)):
        rows.append(Row(name, [(heat_over(heat.clip_FHW3[frame], heat.heat_FHW[frame]), "") for frame in chosen]))
    return rows


def alike(trained: Heat, random: Heat) -> float:
    """Correlate both heats: 1 when training changed nothing about where the layer answers."""
    first, second = (heat.heat_FHW.astype(np.float64).ravel() - heat.heat_FHW.mean() for heat in (trained, random))
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / lengths if lengths else 0.0
