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
from studio.engine.events import Event, Events, Finished, Progress, Saved, TimeLeft
from studio.engine.inspection.embedding import Embedder, open_embedder
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.sampling import some_of, spread_clips
from studio.engine.shapes import Floats, Ints
from studio.engine.training.checkpoint import WEIGHTS
from studio.engine.video.footage import Footage, open_footage

FORMAT = 1
CLIPS_PER_VIDEO = 10


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


def extract_features(project: Project, run_folder: Path, *, random: bool = False,
                     clips_per_video: int = CLIPS_PER_VIDEO, stop: Callable[[], bool] = lambda: False) -> Events:
    """Make and keep the features of every usable video, unless they are kept already.

    When stopped, nothing is kept: made again they are the same. Raises `ProjectError` without usable videos and
    `CheckpointError` without weights.
    """
    footage = open_footage(project)
    features = yield from ensured_features(run_folder, footage, random=random,
                                           clips_per_video=clips_per_video, stop=stop)
    result = {"run": run_folder.name, "weights": "random" if random else "trained", "videos": 0, "clips": 0}
    if features is not None:
        result |= {"videos": len(features.video_ids_V), "clips": features.times_VC.size,
                   "feature_dim": features.average_VCD.shape[2]}
    yield Finished(operation="features", result=result, stopped=features is None)


def load_features(project: Project, run_folder: Path, *, random: bool = False,
                  clips_per_video: int = CLIPS_PER_VIDEO) -> Features | None:
    """Load the kept features, or None when there are none of these weights, videos and settings."""
    return _load(run_folder, open_footage(project), random=random, clips_per_video=clips_per_video)


def ensured_features(run_folder: Path, footage: Footage, *, random: bool = False,
                     clips_per_video: int = CLIPS_PER_VIDEO,
                     stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Features | None]:
    """Load features or make and keep them, with progress; the generator's return value. None when stopped."""
    kept = _load(run_folder, footage, random=random, clips_per_video=clips_per_video)
    if kept is not None:
        return kept
    embedder = open_embedder(footage, run_folder, random=random)
    features = yield from _make(embedder, clips_per_video=clips_per_video, stop=stop,
                                detail="random weights" if random else "trained weights")
    if features is not None:
        path = _path(run_folder, random=random)
        key = _key(run_folder, embedder.recipe, footage, random=random, clips_per_video=clips_per_video)
        _save(path, features, key=key)
        yield Saved(what="features", path=f"features/{path.name}")
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
    middle_B = tuples.frames_BEF[:, 0, tuples.frames_BEF.shape[2] // 2]
    times_B = [footage.cached[video].times_N[frame] for video, frame in zip(tuples.video_B, middle_B, strict=True)]
    shape = (len(footage.cached), clips_per_video)
    return Features(np.array([video.id for video in footage.videos], np.int64),
                    np.array(times_B, np.float64).reshape(shape),
                    np.concatenate(average_BD).reshape(*shape, -1), pooled_VP)


def _path(run_folder: Path, *, random: bool) -> Path:
    return run_folder / "features" / f"{'random' if random else 'trained'}.safetensors"


def _key(run_folder: Path, recipe: Recipe, footage: Footage, *, random: bool, clips_per_video: int) -> str:
    """What features depend on, hashed."""
    view: dict[str, Any] = {
        "format": FORMAT, "backbone": recipe.backbone, "clips": clips_per_video,
        "weights": ["random", recipe.training.seed] if random else files.sha256_of_file(run_folder / WEIGHTS),
        "clip": [recipe.sampling.clip_frames, recipe.sampling.frame_stride],
        "view": [recipe.augmentation.crop_pixels, recipe.augmentation.network_pixels, recipe.augmentation.scaling,
                 recipe.augmentation.encoding],
        "videos": [[video.id, video.identity, cached.frames, cached.height, cached.width]
                   for video, cached in zip(footage.videos, footage.cached, strict=True)]}
    return hashlib.sha256(json.dumps(view).encode()).hexdigest()


def _save(path: Path, features: Features, *, key: str) -> None:
    arrays = {"video_ids": features.video_ids_V, "times": features.times_VC, "average": features.average_VCD,
              "pooled": features.pooled_VP}
    files.write_bytes(path, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"key": key}))


def _load(run_folder: Path, footage: Footage, *, random: bool, clips_per_video: int) -> Features | None:
    path = _path(run_folder, random=random)
    if not path.is_file() or not (run_folder / WEIGHTS).is_file():
        return None
    recipe = recipe_from_toml(run_folder / "recipe.toml")
    try:
        with safe_open(path, framework="np") as stored:
            if (stored.metadata() or {}).get("key") != _key(run_folder, recipe, footage, random=random,
                                                            clips_per_video=clips_per_video):
                return None
            return Features(*(stored.get_tensor(name) for name in ("video_ids", "times", "average", "pooled")))
    except SafetensorError:
        return None
