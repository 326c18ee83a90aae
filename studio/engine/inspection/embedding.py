"""A network that looks at clips of a project: the step from clips as numbers to features.

Legend: B clips, E elements (here 1), C channels, T frames, H height, W width, D feature, P pooled feature, F frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from studio.engine.augmentation import Augmentation, crop_room
from studio.engine.backbones.backbone import Backbone
from studio.engine.device import choose_device
from studio.engine.recipe import Recipe
from studio.engine.sampling import Tuples, plain_tuples
from studio.engine.training.checkpoint import load_weights, random_network
from studio.engine.training.pixels import gather, network_input
from studio.engine.video.footage import Footage

_COPIES_OF_INPUT = 24
"""Peak memory of a forward pass without gradients, in copies of its input (R3D's first map is 5 times as large)."""
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
        clip_bytes = 4 * 3 * self.recipe.sampling.clip_frames * self.view.network_pixels ** 2
        memory = _CPU_BYTES
        if self.device.type == "cuda":
            memory = torch.cuda.mem_get_info(self.device)[0] // 4
        return int(min(256, max(1, memory // (_COPIES_OF_INPUT * clip_bytes))))

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
        """The clip of one video whose middle is at that second, cut from the middle of the frame.

        Near an end of the video it is the first or the last clip.
        """
        cached, sampling = self.footage.cached[position], self.recipe.sampling
        span = sampling.clip_span_frames
        start = min(max(0, cached.frame_at(at_seconds) - span // 2), max(0, cached.frames - span))
        offsets_F = np.arange(sampling.clip_frames) * sampling.frame_stride
        frames_BEF = np.minimum(start + offsets_F, cached.frames - 1)[None, None].astype(np.int64)
        room = (0, 0) if self.view.crop == "whole" else crop_room(cached, crop_pixels=self.view.crop_pixels)
        crop_BE2 = np.array(room, np.int64)[None, None] // 2
        return plain_tuples(np.array([position]), frames_BEF, crop_BE2)


def open_embedder(footage: Footage, run_folder: Path, *, random: bool = False) -> Embedder:
    """Load a run's backbone, or with `random` the same network as it was before training.

    A run that started from given weights is compared with random weights all the same.
    """
    recipe, network = load_weights(run_folder)
    if random:
        network = random_network(recipe)
    device = choose_device(recipe.training.device).device
    return Embedder(footage, recipe, network.backbone.to(device).eval().requires_grad_(False), device)
