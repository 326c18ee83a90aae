"""A network that looks at clips of a project: the step from clips as numbers to features.

Legend: B clips, E elements (here 1), C channels, T frames, H height, W width, D feature, P pooled feature, F frames.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from studio.engine.augmentation import Augmentation, crop_room
from studio.engine.backbones.backbone import Backbone
from studio.engine.device import choose_device
from studio.engine.events import Event
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.resampling import at_rate, frame_shown_at
from studio.engine.sampling import Tuples, clip_frames, plain_tuples
from studio.engine.training.checkpoint import load_backbone, load_weights, random_network
from studio.engine.training.pixels import gather, network_input
from studio.engine.video.footage import Footage
from studio.engine.video.sizes import ensured_footage

_COPIES_OF_INPUT, _COPIES_OF_FRAMES = 24, 4
"""Peak memory of a forward pass without gradients, in copies of its input (R3D's first map is 5 times as large), and of
making that input, in copies of the frames that it is made of."""
_CPU_BYTES = 512 << 20


class ClipFeatures(NamedTuple):
    """Both features of B clips: the average, and the one that VCOP retrieves with."""

    average_BD: Tensor
    pooled_BP: Tensor


@dataclass(frozen=True)
class Embedder:
    """A backbone in evaluation mode, with the recipe that says what it is shown, on a project's footage."""

    footage: Footage
    recipe: Recipe
    backbone: Backbone
    device: torch.device

    @property
    def view(self) -> Augmentation:
        """What is cut out of a frame: the recipe's crop and scaling, nothing varied."""
        return self.recipe.augmentation

    @property
    def batch_clips(self) -> int:
        """Clips that are computed at once, from the memory that there is."""
        backbone, frames = self.backbone, self.recipe.sampling.clip_frames
        planes = max(_COPIES_OF_INPUT * backbone.channels * backbone.clip_frames, _COPIES_OF_FRAMES * 3 * frames)
        memory = _CPU_BYTES
        if self.device.type == "cuda":
            memory = torch.cuda.mem_get_info(self.device)[0] // 4
        return int(min(256, max(1, memory // (4 * planes * self.view.network_pixels ** 2))))

    def clips(self, tuples: Tuples) -> Tensor:
        """What the network is shown of tuples of one element: clips_BCTHW on the device."""
        planes = gather(self.footage, tuples, self.view)
        return network_input(planes, tuples, self.view, self.device)[:, 0]

    @torch.inference_mode()
    def features(self, tuples: Tuples) -> ClipFeatures:
        """The features of tuples of one element, in float32 on the processor."""
        map_BCTHW = self.backbone.map(self.clips(tuples)).float()
        return ClipFeatures(self.backbone.feature_of_map(map_BCTHW).cpu(),
                            self.backbone.pooled_of_map(map_BCTHW).cpu())

    def clip_at(self, position: int, *, at_seconds: float) -> Tuples:
        """The clip of one video whose middle is at that second; see `clip_around`."""
        return clip_around(self.footage, self.recipe, position, at_seconds=at_seconds)


def clip_around(footage: Footage, recipe: Recipe, position: int, *, at_seconds: float) -> Tuples:
    """The clip of one video whose middle is at that second, cut from the middle of the frame.

    Near an end of the video it is the first or the last clip.
    """
    cached, sampling, view = footage.cached[position], recipe.sampling, recipe.augmentation
    rate, span = sampling.frames_per_second, sampling.clip_span_frames
    shown = at_rate(cached, rate)
    middle = frame_shown_at(at_seconds, rate) if rate else cached.frame_at(at_seconds)
    start = min(max(0, middle - span // 2), max(0, shown.frames - span))
    frames_BEF = clip_frames(shown, np.array([start]), sampling)[:, None]
    room = (0, 0) if view.crop == "whole" else crop_room(cached, crop_pixels=view.crop_pixels)
    crop_BE2 = np.array(room, np.int64)[None, None] // 2
    return plain_tuples(np.array([position]), frames_BEF, crop_BE2)


def size_of_run(run_folder: Path) -> int:
    """The short side in pixels of the frames that a run's recipe reads."""
    return recipe_from_toml(run_folder / "recipe.toml").augmentation.short_side_pixels


def footage_of_run(project: Project, run_folder: Path, *,
                   stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Footage | None]:
    """Open a project's footage in the size of a run, made first where it is missing; None when stopped."""
    return (yield from ensured_footage(project, short_side_pixels=size_of_run(run_folder), stop=stop))


@dataclass(frozen=True)
class Weights:
    """Which weights a network has: those that a run learned, random ones, or those of a file.

    `number` counts random networks; number 0 is the run's own before training. `file` holds weights for the
    run's backbone, taken for weights of Kinetics-400, which want its scaling of the pixels.
    """

    kind: Literal["trained", "random", "given"] = "trained"
    number: int = 0
    file: Path | None = None

    @property
    def name(self) -> str:
        """A short name that files can have."""
        return f"{self.kind}-{self.number + 1}" if self.number else self.kind

    @property
    def title(self) -> str:
        """What to call them."""
        return f"{self.kind} weights" + (f", network {self.number + 1}" if self.number else "")


def open_embedder(footage: Footage, run_folder: Path, *, random: bool = False,
                  weights: Weights | None = None) -> Embedder:
    """Load a run's backbone, or with `random` the same network as it was before training, or with given `weights`.

    A run that started from given weights is compared with random weights all the same.
    """
    weights = weights or Weights("random" if random else "trained")
    if weights.kind == "trained":
        recipe, network = load_weights(run_folder)
    else:
        recipe = seen_with(recipe_from_toml(run_folder / "recipe.toml"), weights)
        network = random_network(recipe)
    if weights.file is not None:
        load_backbone(network, weights.file)
    device = choose_device(recipe.training.device).device
    return Embedder(footage, recipe, network.backbone.to(device).eval().requires_grad_(False), device)


def seen_with(recipe: Recipe, weights: Weights) -> Recipe:
    """Change a recipe to the seed that makes these weights, and to the scaling that they want."""
    seed = recipe.training.seed + weights.number
    view = recipe.augmentation.model_copy(update={"scaling": "kinetics"} if weights.kind == "given" else {})
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed}),
                                     "augmentation": view})
