"""The clips most like a clip: exact cosine over all clips of all other videos, the best clip of each video.

Legend: V videos, C clips of a video, D feature, k neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError
from studio.engine.events import Event, Events, Finished, Progress, Saved
from studio.engine.inspection.embedding import Embedder, open_embedder
from studio.engine.inspection.features import Features, ensured_features
from studio.engine.inspection.sheet import Row, write_sheet
from studio.engine.project import Project
from studio.engine.shapes import Floats, Ints
from studio.engine.video.footage import Footage, open_footage

LeaveOut = Literal["video", "group"]
_CHUNK_CLIPS = 1 << 17


@dataclass(frozen=True)
class Gallery:
    """Clip features of V videos that can be asked for neighbours again and again.

    `group_V` are the videos' groups as numbers. Lengths are computed once, on the first question.
    """

    clips_VCD: Floats
    group_V: Ints

    @cached_property
    def inverse_lengths_VC(self) -> Floats:
        """One over each feature's length; 0 for a feature of length 0, which is then like nothing."""
        length_VC = np.sqrt(np.einsum("vcd,vcd->vc", self.clips_VCD, self.clips_VCD))
        return np.divide(1, length_VC, out=np.zeros_like(length_VC), where=length_VC > 1e-12)

    def similarity(self, query_D: Floats) -> Floats:
        """Cosine of a query with every clip, similarity_VC, in chunks of bounded memory."""
        unit_D = np.asarray(query_D / max(float(np.linalg.norm(query_D)), 1e-12), np.float32)
        flat_BD = self.clips_VCD.reshape(-1, self.clips_VCD.shape[-1])
        parts = [flat_BD[first:first + _CHUNK_CLIPS] @ unit_D for first in range(0, len(flat_BD), _CHUNK_CLIPS)]
        return np.asarray(np.concatenate(parts).reshape(self.inverse_lengths_VC.shape) * self.inverse_lengths_VC)


def nearest_clips(query_D: Floats, gallery: Gallery, *, video: int, k: int,
                  leave_out: LeaveOut = "group") -> tuple[Ints, Ints, Floats]:
    """Rank the gallery for a query out of `video` (its position): (video_k, clip_k, similarity_k), best first.

    The query's own video never comes back; with `group` neither does another video of its group. Each video is
    there once, with its best clip; fewer than `k` come back when fewer are allowed.
    """
    similarity_VC = gallery.similarity(query_D)
    clip_V = similarity_VC.argmax(axis=1)
    best_V = np.take_along_axis(similarity_VC, clip_V[:, None], axis=1)[:, 0]
    allowed_V = gallery.group_V != gallery.group_V[video] if leave_out == "group" else np.ones(len(best_V), np.bool_)
    allowed_V[video] = False
    candidates = np.flatnonzero(allowed_V)
    if k < len(candidates):
        candidates = candidates[np.argpartition(-best_V[candidates], k - 1)[:k]]
    video_k = candidates[np.argsort(-best_V[candidates], kind="stable")]
    return video_k, clip_V[video_k], best_V[video_k]


def neighbours(project: Project, run_folder: Path, *, video: str | int, at_seconds: float, k: int = 10,
               leave_out: LeaveOut = "group", out: Path | None = None,
               stop: Callable[[], bool] = lambda: False) -> Events:
    """Find the neighbours of the clip around a second of a video, with trained and with random weights.

    `video` is a path as in the catalogue or a video's number. With `out` a PNG sheet is written besides.
    Raises `UsageError` for a video that is not there or not usable.
    """
    if k < 1:
        raise UsageError(f"-k {k}", "neighbours are counted from 1", "Write for example -k 10")
    footage = open_footage(project)
    position = find_position(project, footage, video)
    found: dict[bool, list[dict[str, Any]]] = {}
    asked: dict[str, Any] = {}
    for random in (False, True):
        features = yield from ensured_features(run_folder, footage, random=random, stop=stop)
        if features is None:
            yield Finished(operation="neighbours", result={"run": run_folder.name}, stopped=True)
            return
        yield Progress(phase="neighbours", done=int(random), total=2)
        embedder = open_embedder(footage, run_folder, random=random)
        asked, found[random] = ask(embedder, features, position=position, at_seconds=at_seconds, k=k,
                                   leave_out=leave_out)
    result = {"run": run_folder.name, "leave_out": leave_out, "query": asked, "neighbours": found[False],
              "random": found[True]}
    if out is not None:
        yield from _write(out, footage, asked, found)
        result["picture"] = out.name
    yield Finished(operation="neighbours", result=result)


def ask(embedder: Embedder, features: Features, *, position: int, at_seconds: float, k: int,
        leave_out: LeaveOut = "group") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Embed the clip at that second anew and rank the kept clips for it; both as plain values to show."""
    footage = embedder.footage
    clip = embedder.clip_at(position, at_seconds=at_seconds)
    query_D = embedder.features(clip).average_BD[0].numpy()
    gallery = Gallery(features.average_VCD, group_numbers(footage.videos))
    ranked = nearest_clips(query_D, gallery, video=position, k=k, leave_out=leave_out)
    middle = int(clip.frames_BEF[0, 0, clip.frames_BEF.shape[2] // 2])
    query = _described(footage.videos[position], float(footage.cached[position].times_N[middle]))
    found = [_described(footage.videos[place], float(features.times_VC[place, number]))
             | {"similarity": round(float(alike), 6)} for place, number, alike in zip(*ranked, strict=True)]
    return query, found


def find_position(project: Project, footage: Footage, video: str | int) -> int:
    """Where a video lies in the footage, by its path or number. Raises `UsageError` when it is not usable."""
    with project.catalogue(read_only=True) as catalogue:
        row = catalogue.video(video) if isinstance(video, int) else catalogue.find(video)
    for position, usable in enumerate(footage.videos):
        if usable.id == row.id:
            return position
    why = "is excluded" if row.excluded else f"is {row.verdict}" if not row.readable else "has no cached frames"
    raise UsageError(display_path(row.path), f"this video {why}", "Name another one, or scan its folder again")


def group_numbers(videos: Sequence[Video]) -> Ints:
    """The videos' groups as numbers; a video without a group is one of its own."""
    names = [video.group or f"video {video.id}" for video in videos]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _described(video: Video, at_seconds: float) -> dict[str, Any]:
    return {"video": display_path(video.path), "video_id": video.id, "at_seconds": round(at_seconds, 3),
            "group": video.group, "label": video.label}


def _write(out: Path, footage: Footage, asked: dict[str, Any],
           found: dict[bool, list[dict[str, Any]]]) -> Generator[Event, None, None]:
    places = {video.id: position for position, video in enumerate(footage.videos)}

    def tile(entry: dict[str, Any]) -> tuple[NDArray[np.uint8], str]:
        cached = footage.cached[places[entry["video_id"]]]
        alike = f"{entry['similarity']:.3f}  " if "similarity" in entry else ""
        return cached.rgb([cached.frame_at(entry["at_seconds"])])[0], f"{alike}{entry['at_seconds']:.1f} s"

    write_sheet(out, [Row("query", [tile(asked)]), Row("trained", [tile(entry) for entry in found[False]]),
                      Row("random weights", [tile(entry) for entry in found[True]])])
    yield Saved(what="picture", path=out.name)
