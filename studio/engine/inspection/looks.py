"""Ways to look at the clips of a project: trained weights, and what stands beside them.

A look has the features of all clips, and gives any other clip a feature of the same kind.
Legend: V videos, C clips of a video, D feature, F frames of a clip.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.events import Event
from studio.engine.inspection.approximate import ApproximateIndex
from studio.engine.inspection.embedding import Embedder, clip_around, open_embedder
from studio.engine.inspection.features import Features, all_alike, check_numbers, ensured_features
from studio.engine.inspection.gallery import Gallery
from studio.engine.inspection.raw_pixels import ensured_pixels, pixels_of
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.sampling import Tuples
from studio.engine.shapes import Floats, Ints
from studio.engine.video.footage import Footage

RANDOM, PIXELS = "random", "pixels"


class Way(NamedTuple):
    """Which look: a run's trained weights, the same network with random ones, or the raw pixels of its clips."""

    kind: Literal["trained", "random", "pixels"]
    run_folder: Path

    @property
    def name(self) -> str:
        """What `--beside` calls it."""
        return self.run_folder.name if self.kind == "trained" else self.kind

    @property
    def title(self) -> str:
        """What to call it."""
        return {"trained": f"run {self.run_folder.name}", "random": "random weights", "pixels": "raw pixels"}[self.kind]


class Seen(NamedTuple):
    """A clip as a look sees it: its feature, the second of its middle, and its frames by number."""

    feature_D: Floats
    at_seconds: float
    frames_F: Ints


@dataclass(frozen=True)
class Look:
    """The features of all clips of a project's usable videos, in the order of `footage`, and how a clip gets one."""

    way: Way
    footage: Footage
    features: Features
    recipe: Recipe
    embedder: Embedder | None
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was worked out of it before."""

    @cached_property
    def gallery(self) -> Gallery:
        """What is asked for neighbours."""
        return Gallery(self.features.average_VCD, group_numbers(self.footage.videos))

    @cached_property
    def index(self) -> tuple[ApproximateIndex, float]:
        """An approximate index of all clips, and its recall at 10. Raises `MachineError` without faiss."""
        made = ApproximateIndex(self.features.average_VCD.reshape(-1, self.features.average_VCD.shape[-1]))
        return made, made.recall()

    @cached_property
    def positions(self) -> dict[int, int]:
        """Where each video lies, by its number."""
        return {int(video_id): place for place, video_id in enumerate(self.features.video_ids_V)}

    @cached_property
    def collapsed(self) -> bool:
        """Whether all clips have the same feature, or none."""
        return all_alike(self.features.average_VCD * self.gallery.inverse_lengths_VC[..., None])

    def seen_at(self, position: int, *, at_seconds: float, footage: Footage | None = None) -> Seen:
        """Look at the clip of a video whose middle is at that second; `footage` is another than the project's."""
        footage = footage or self.footage
        clip = clip_around(footage, self.recipe, position, at_seconds=at_seconds)
        frames_F = clip.frames_BEF[0, 0]
        return Seen(self._feature_of(clip, footage),
                    float(footage.cached[position].times_N[frames_F[len(frames_F) // 2]]), frames_F)

    def _feature_of(self, clip: Tuples, footage: Footage) -> Floats:
        if self.embedder is None:
            return np.asarray(pixels_of(footage, clip)[0])
        return np.asarray(replace(self.embedder, footage=footage).features(clip).average_BD[0].numpy())


def beside_of(project: Project, run_folder: Path, beside: str) -> Way:
    """Say what stands beside a run: `random`, `pixels`, or another run by its name. Raises `UsageError`."""
    if beside == RANDOM:
        return Way("random", run_folder)
    if beside == PIXELS:
        return Way("pixels", run_folder)
    other = project.run_folder(beside)
    if other == run_folder:
        raise UsageError(f"beside = {beside}", "is the run itself", "Name another run, or random, or pixels")
    return Way("trained", other)


def layers_beside(project: Project, run_folder: Path, beside: str) -> Way:
    """Say whose layers stand beside a run's. Raises `UsageError` for raw pixels, which have none."""
    way = beside_of(project, run_folder, beside)
    if way.kind == PIXELS:
        raise UsageError(f"beside = {beside}", "raw pixels have no layers", "Name a run, or random")
    return way


def ensured_look(way: Way, footage: Footage, *, opened: Callable[[], Embedder] | None = None,
                 stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Look | None]:
    """Load a look's features or make and keep them; the generator's return value. None when stopped.

    `footage` is in the size of the way's run; `opened` gives its network where that is kept. Raises `CheckpointError`
    for weights that are missing, damaged, or give features that are no numbers.
    """
    recipe = recipe_from_toml(way.run_folder / "recipe.toml")
    random = way.kind == "random"
    if way.kind == "pixels":
        features = yield from ensured_pixels(way.run_folder, footage, recipe, stop=stop)
    else:
        features = yield from ensured_features(way.run_folder, footage, random=random, stop=stop)
    if features is None:
        return None
    check_numbers(features, title=way.title)
    if way.kind == "pixels":
        return Look(way, footage, features, recipe, None)
    embedder = opened() if opened else open_embedder(footage, way.run_folder, random=random)
    return Look(way, footage, features, recipe, embedder)


def group_numbers(videos: list[Video]) -> Ints:
    """The videos' groups as numbers; a video without a group is one of its own."""
    names = [video.group or f"video {video.id}" for video in videos]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
