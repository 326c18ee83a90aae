"""Features of clips spread over every video, of the trained network and of the same network with random weights.

They are kept in the run's folder and made again when the weights, the videos or the view changed.
Legend: V videos, C clips of a video, D feature, P pooled feature, B clips of a batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from studio.engine import files
from studio.engine.errors import CheckpointError
from studio.engine.events import Event, Events, Finished, Progress, Saved, TimeLeft
from studio.engine.inspection.embedding import (
    Embedder,
    Weights,
    footage_of_run,
    open_embedder,
    seen_with,
    size_of_run,
)
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.sampling import Tuples, some_of, spread_clips
from studio.engine.shapes import Floats, Ints
from studio.engine.training.checkpoint import WEIGHTS
from studio.engine.video.footage import Footage, open_footage

FORMAT = 2
CLIPS_PER_VIDEO = 10
_LEAST_SPREAD = 1e-9
"""Mean squared distance of features of length 1 from their mean, below which they do not differ."""
_ARRAYS = ("video_ids", "times", "average", "pooled")


@dataclass(frozen=True)
class Features:
    """Features of the clips of V videos, in the order of the footage.

    `times_VC` are the seconds of the clips' middles. `average_VCD` is the backbone's feature of each clip, `pooled_VP`
    the mean over a video's clips of the 2x2 max-pooled last map (VCOP, retrieval).
    """

    video_ids_V: Ints
    times_VC: NDArray[np.float64]
    average_VCD: Floats
    pooled_VP: Floats

    @property
    def mean_VD(self) -> Floats:
        """The mean over each video's clips."""
        return np.asarray(self.average_VCD.mean(axis=1), np.float32)


@dataclass(frozen=True)
class Keeping:
    """Where features are kept and what they depend on: `key` for all of them, and one of `rows` for each video."""

    path: Path
    rows: list[str]
    key: str

    def load(self, *, exactly: bool = False) -> Features | None:
        """Give the features of these videos, out of kept ones of these and perhaps others; None when some are missing.

        With `exactly` they must be those of these videos alone.
        """
        try:
            with safe_open(self.path, framework="np") as stored:
                about = stored.metadata() or {}
                there = json.loads(about.get("videos", "[]")) if about.get("key") == self.key else []
                places = {row: place for place, row in enumerate(there)}
                if not self.rows or any(row not in places for row in self.rows) or (exactly and there != self.rows):
                    return None
                arrays = [stored.get_tensor(name) for name in _ARRAYS]
        except (OSError, SafetensorError, ValueError):
            return None
        chosen = [places[row] for row in self.rows]
        return Features(*(arrays if there == self.rows else [array[chosen] for array in arrays]))

    def save(self, features: Features) -> None:
        """Keep features. Raises `MachineError` when the disk is full."""
        arrays = (features.video_ids_V, features.times_VC, features.average_VCD, features.pooled_VP)
        named = {name: np.ascontiguousarray(array) for name, array in zip(_ARRAYS, arrays, strict=True)}
        files.write_bytes(self.path, save(named, {"key": self.key, "videos": json.dumps(self.rows)}))


def extract_features(project: Project, run_folder: Path, *, random: bool = False,
                     clips_per_video: int = CLIPS_PER_VIDEO, stop: Callable[[], bool] = lambda: False) -> Events:
    """Make and keep the features of every usable video, unless they are kept already.

    When stopped, nothing is kept: made again they are the same. Raises `ProjectError` without usable videos and
    `CheckpointError` without weights.
    """
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    features = None
    if footage is not None:
        features = yield from ensured_features(run_folder, footage, random=random, clips_per_video=clips_per_video,
                                               stop=stop)
    result = {"run": run_folder.name, "weights": "random" if random else "trained", "videos": 0, "clips": 0}
    if features is not None:
        result |= {"videos": len(features.video_ids_V), "clips": features.times_VC.size,
                   "feature_dim": features.average_VCD.shape[2]}
    yield Finished(operation="features", result=result, stopped=features is None)


def load_features(project: Project, run_folder: Path, *, random: bool = False,
                  clips_per_video: int = CLIPS_PER_VIDEO) -> Features | None:
    """Load the kept features, or None when there are none of these weights, videos and settings."""
    footage = open_footage(project, short_side_pixels=size_of_run(run_folder))
    keeping = _keeping(run_folder, footage, _weights(random), clips_per_video=clips_per_video)
    return keeping.load(exactly=True) if keeping else None


def ensured_features(run_folder: Path, footage: Footage, *, random: bool = False, weights: Weights | None = None,
                     clips_per_video: int = CLIPS_PER_VIDEO,
                     stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Features | None]:
    """Load features or make and keep them, with progress; the generator's return value. None when stopped.

    `weights` says which ones exactly, where trained or `random` is not enough. Kept features of more videos serve too:
    a video that is excluded, or taken in again, costs nothing.
    """
    weights = weights or _weights(random)
    keeping = _keeping(run_folder, footage, weights, clips_per_video=clips_per_video)
    if keeping and (kept := keeping.load()) is not None:
        return kept
    embedder = open_embedder(footage, run_folder, weights=weights)
    features = yield from _make(embedder, clips_per_video=clips_per_video, stop=stop, detail=weights.title)
    keeping = keeping or _keeping(run_folder, footage, weights, clips_per_video=clips_per_video)
    if features is not None and keeping:
        keeping.save(features)
        yield Saved(what="features", path=f"features/{keeping.path.name}")
    return features


def _make(embedder: Embedder, *, clips_per_video: int, detail: str,
          stop: Callable[[], bool]) -> Generator[Event, None, Features | None]:
    footage, recipe = embedder.footage, embedder.recipe
    tuples = spread_clips(footage.cached, clips_per_video=clips_per_video, sampling=recipe.sampling,
                          augmentation=recipe.augmentation)
    average_BD: list[Floats] = []
    pooled_VP: Floats | None = None
    left, step = TimeLeft(len(tuples)), embedder.batch_clips
    for first in range(0, len(tuples), step):
        if stop():
            return None
        yield Progress(phase="features", done=first, total=len(tuples), unit="clips", seconds_left=left(first),
                       detail=detail)
        part = some_of(tuples, slice(first, first + step))
        found = embedder.features(part)
        average_BD.append(found.average_BD.numpy())
        if pooled_VP is None:
            pooled_VP = np.zeros((len(footage.cached), found.pooled_BP.shape[1]), np.float32)
        np.add.at(pooled_VP, part.video_B, found.pooled_BP.numpy() / clips_per_video)
    yield Progress(phase="features", done=len(tuples), total=len(tuples), unit="clips", seconds_left=0, detail=detail)
    assert pooled_VP is not None
    shape = (len(footage.cached), clips_per_video)
    return Features(np.array([video.id for video in footage.videos], np.int64),
                    times_of(footage, tuples).reshape(shape), np.concatenate(average_BD).reshape(*shape, -1), pooled_VP)


def times_of(footage: Footage, tuples: Tuples) -> NDArray[np.float64]:
    """The seconds of the middles of clips (tuples of one element), times_B."""
    middle_B = tuples.frames_BEF[:, 0, tuples.frames_BEF.shape[2] // 2]
    return np.array([footage.cached[video].times_N[frame]
                     for video, frame in zip(tuples.video_B, middle_B, strict=True)], np.float64)


def rows_of(footage: Footage) -> list[str]:
    """What the features of each video depend on, as a text each."""
    return [json.dumps([video.id, cached.path.stem, cached.frames, cached.height, cached.width])
            for video, cached in zip(footage.videos, footage.cached, strict=True)]


def _weights(random: bool) -> Weights:
    return Weights("random" if random else "trained")


def _keeping(run_folder: Path, footage: Footage, weights: Weights, *, clips_per_video: int) -> Keeping | None:
    """Where these features are kept and what they depend on; None while the run has no weights."""
    if not (run_folder / WEIGHTS).is_file():
        return None
    recipe = seen_with(recipe_from_toml(run_folder / "recipe.toml"), weights)
    return Keeping(run_folder / "features" / f"{weights.name}.safetensors", rows_of(footage),
                   key=_key(run_folder, recipe, weights, clips_per_video=clips_per_video))


def _key(run_folder: Path, recipe: Recipe, weights: Weights, *, clips_per_video: int) -> str:
    """What the features of all videos depend on, hashed."""
    view: dict[str, Any] = {
        "format": FORMAT, "backbone": recipe.backbone, "clips": clips_per_video,
        "weights": (["random", recipe.training.seed] if weights.kind == "random" else
                    files.sha256_of_file(weights.file or run_folder / WEIGHTS)),
        "clip": [recipe.sampling.clip_frames, recipe.sampling.frame_stride,
                 *([recipe.sampling.frames_per_second] if recipe.sampling.frames_per_second else [])],
        "view": [recipe.augmentation.crop_pixels, recipe.augmentation.network_pixels, recipe.augmentation.scaling,
                 recipe.augmentation.encoding]}
    return hashlib.sha256(json.dumps(view).encode()).hexdigest()


def check_numbers(features: Features, *, title: str) -> None:
    """Raise `CheckpointError` when features are no numbers: nothing could be compared, and every figure would lie."""
    wrong = int((~np.isfinite(features.average_VCD).all(axis=-1)).sum())
    if wrong:
        raise CheckpointError(title, f"the features of {wrong} of {features.times_VC.size} clips are no numbers (NaN), "
                              "so nothing can be compared", "Train again with a lower learning rate")


def all_alike(unit_VCD: Floats) -> bool:
    """Whether features, each of length 1 or 0, do not differ: the network has collapsed."""
    far_VCD = unit_VCD - unit_VCD.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    return float(np.einsum("vcd,vcd->", far_VCD, far_VCD)) / (far_VCD.size / far_VCD.shape[-1]) < _LEAST_SPREAD
