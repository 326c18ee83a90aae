"""What a backbone is: it turns a clip into a feature and has layers with names.

Legend: B clips, C channels, T frames, H height, W width, N frames of all clips, D feature.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from studio.engine.errors import RecipeError


class Backbone(nn.Module):
    """A network that sees. A new one is one file with a subclass, one line in `BACKBONES` and one test.

    `title` is shown to the person, beside the number of parameters (`cost.cost`); `paper` is its source; `takes` says
    whether it was made for clips or for still frames (a still-frame network averages over the frames of a clip).
    """

    title: ClassVar[str]
    paper: ClassVar[str]
    takes: ClassVar[str]
    feature_layer: ClassVar[str]
    """Name of the layer whose map is the last before averaging (VCOP's conv5)."""
    retrieves_with: ClassVar[Literal["average", "pooled"]] = "average"
    """Which feature retrieval puts on top: the average, which neighbours are found by, or `pooled`, as published."""
    smallest_pixels: ClassVar[int] = 1
    smallest_frames: ClassVar[int] = 1
    """The smallest input and the shortest clip of which the strides leave something."""

    def __init__(self, *, input_pixels: int, clip_frames: int, channels: int = 3) -> None:
        """Raise `RecipeError` when the strides need more pixels or frames."""
        super().__init__()
        if input_pixels < self.smallest_pixels:
            raise RecipeError(f"an input of {input_pixels} pixels",
                              f"the strides of {self.title} need at least {self.smallest_pixels}",
                              "Choose a larger crop or input, or another backbone")
        if clip_frames < self.smallest_frames:
            raise RecipeError(f"a clip of {clip_frames} frames",
                              f"the strides of {self.title} need at least {self.smallest_frames}",
                              "Choose longer clips, or another backbone")
        self.input_pixels, self.clip_frames, self.channels = input_pixels, clip_frames, channels

    @property
    @abstractmethod
    def feature_dim(self) -> int:
        """Length D of the feature of one clip."""

    @property
    def head_dim(self) -> int:
        """Length of what the head gets of one clip: the feature, unless a projection comes between."""
        return self.feature_dim

    def map(self, clips_BCTHW: Tensor) -> Tensor:
        """Give the last layer's map_BCTHW before averaging: the layers one after the other, unless overridden."""
        x = clips_BCTHW
        for layer in self.layers().values():
            x = layer(x)
        return x

    def features(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> features_BD: what neighbours, evaluation and exports are made of."""
        return self.feature_of_map(self.map(clips_BCTHW))

    def forward(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> what the head gets, by default features_BD."""
        return self.features(clips_BCTHW)

    def feature_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> features_BD; averaged over time and space unless the network says otherwise."""
        return map_BCTHW.mean(dim=(2, 3, 4))

    def pooled_of_map(self, map_BCTHW: Tensor) -> Tensor:
        """map_BCTHW -> pooled_BP: the largest of 2x2 places, flattened (VCOP's retrieval feature: 9216 at 2x7x7)."""
        height, width = map_BCTHW.shape[-2:]
        return nn.functional.max_pool3d(map_BCTHW, (1, min(2, height), min(2, width))).flatten(1)

    def layers(self) -> dict[str, nn.Module]:
        """Give the named layers that can be looked at, from the input to the output."""
        return dict(self.named_children())

    def published_names(self) -> dict[str, str]:
        """Give the tensors that torchvision's weights of these layers hold: name in that file -> own name.

        Empty where torchvision has no such layers. What is not in it keeps its first values.
        """
        return {}


class FrameBackbone(Backbone):
    """A network for still frames: each frame of a clip goes through it alone, and their features are averaged."""

    takes = "frames"

    def map(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> the last layer's map of every frame, map_BCTHW."""
        frames_NCHW = super().map(clips_BCTHW.transpose(1, 2).flatten(0, 1))
        return torch.unflatten(frames_NCHW, 0, (clips_BCTHW.shape[0], clips_BCTHW.shape[2])).transpose(1, 2)


class FeaturesOf(nn.Module):
    """A backbone as a network that gives its features, without what is there for the head alone."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, clips_BCTHW: Tensor) -> Tensor:
        """clips_BCTHW -> features_BD."""
        return self.backbone.features(clips_BCTHW)
