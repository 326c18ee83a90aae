"""Features for other programs: NPZ and CSV, one row a clip, with the video, group, label and second of each.

Legend: V videos, C clips of a video, N = V x C rows, D feature.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from studio.engine import files
from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError
from studio.engine.events import Events, Finished, Saved
from studio.engine.inspection.embedding import footage_of_run
from studio.engine.inspection.features import Features, ensured_features
from studio.engine.project import Project

FORMATS = (".npz", ".csv")


def write_features(project: Project, run_folder: Path, *, out: Path, random: bool = False,
                   stop: Callable[[], bool] = lambda: False) -> Events:
    """Make the features of every usable video, unless they are kept, and write them to `out` (.npz or .csv).

    NPZ: `features_ND` (float32), `times_N` (seconds), `videos_N`, `groups_N`, `labels_N` (text), no pickled objects.
    Raises `UsageError` for another ending, `MachineError` when the disk is full.
    """
    if out.suffix.lower() not in FORMATS:
        raise UsageError(out.name, f"features are written as {' or '.join(FORMATS)}", "Name a file that ends so")
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    features = None
    if footage is not None:
        features = yield from ensured_features(run_folder, footage, random=random, stop=stop)
    if footage is None or features is None:
        yield Finished(operation="features", result={"run": run_folder.name}, stopped=True)
        return
    content = as_npz(features, footage.videos) if out.suffix.lower() == ".npz" else as_csv(features, footage.videos)
    files.write_bytes(out, content)
    yield Saved(what="features", path=out.name)
    yield Finished(operation="features", result={
        "run": run_folder.name, "weights": "random" if random else "trained", "videos": len(features.video_ids_V),
        "clips": features.times_VC.size, "feature_dim": features.average_VCD.shape[2], "file": out.name,
        "bytes": len(content)})


def as_npz(features: Features, videos: list[Video]) -> bytes:
    """Pack the rows; numpy opens the file with `allow_pickle=False`."""
    clips, stream = features.times_VC.shape[1], io.BytesIO()
    texts: dict[str, Any] = {f"{name}_N": np.repeat(np.array(one, dtype=np.str_), clips)
                             for name, one in _texts(videos).items()}
    np.savez(stream, features_ND=features.average_VCD.reshape(-1, features.average_VCD.shape[-1]),
             times_N=features.times_VC.ravel(), **texts)
    return stream.getvalue()


def as_csv(features: Features, videos: list[Video]) -> bytes:
    """Write the rows as text in UTF-8: video, group, label, seconds, then the numbers of the feature."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["video", "group", "label", "seconds", *(f"f{d}" for d in range(features.average_VCD.shape[2]))])
    texts = _texts(videos)
    for number in range(len(videos)):
        named = [texts[name][number] for name in ("videos", "groups", "labels")]
        for second, feature_D in zip(features.times_VC[number], features.average_VCD[number], strict=True):
            writer.writerow([*named, f"{second:.4f}", *(f"{value:.7g}" for value in feature_D)])
    return stream.getvalue().encode("utf-8")


def _texts(videos: list[Video]) -> dict[str, list[str]]:
    return {"videos": [display_path(f"{video.source}/{video.path}") for video in videos],
            "groups": [display_path(video.group) for video in videos],
            "labels": [display_path(video.label) for video in videos]}
