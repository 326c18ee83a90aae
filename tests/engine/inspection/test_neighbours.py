"""Neighbours against plain numpy, and the operation on a real run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.engine.errors import UsageError
from studio.engine.events import Finished, Saved
from studio.engine.inspection.neighbours import Gallery, nearest_clips, neighbours
from studio.engine.project import Project


def _by_hand(query: np.ndarray, clips: np.ndarray, allowed: np.ndarray) -> list[tuple[int, int]]:
    cosine = (clips @ query) / (np.linalg.norm(clips, axis=-1) * np.linalg.norm(query))
    best = [(float(cosine[video].max()), video, int(cosine[video].argmax())) for video in np.flatnonzero(allowed)]
    return [(video, clip) for _, video, clip in sorted(best, reverse=True)]


@pytest.mark.parametrize("leave_out", ["video", "group"])
def test_ranks_are_those_of_plain_numpy(leave_out: str) -> None:
    rng = np.random.default_rng(5)
    clips_VCD = rng.normal(size=(30, 4, 16)).astype(np.float32)
    group_V = np.arange(30) // 3
    for video in (0, 7, 29):
        query_D = clips_VCD[video, 1]
        allowed = group_V != group_V[video] if leave_out == "group" else np.arange(30) != video
        found = nearest_clips(query_D, Gallery(clips_VCD, group_V), video=video, k=6, leave_out=leave_out)
        assert [(int(v), int(c)) for v, c in zip(found[0], found[1], strict=True)] == _by_hand(
            query_D, clips_VCD, allowed)[:6]
        assert (np.diff(found[2]) <= 0).all()


def test_a_feature_of_no_length_is_like_nothing_and_not_nan() -> None:
    clips_VCD = np.zeros((3, 2, 4), np.float32)
    clips_VCD[0] = 1
    video_k, _, similarity_k = nearest_clips(clips_VCD[0, 0], Gallery(clips_VCD, np.arange(3)), video=0, k=5)
    assert len(video_k) == 2 and similarity_k.tolist() == [0, 0]


def test_fewer_come_back_when_fewer_are_allowed() -> None:
    clips_VCD = np.ones((4, 1, 2), np.float32)
    found = nearest_clips(clips_VCD[0, 0], Gallery(clips_VCD, np.zeros(4, np.int64)), video=0, k=3)
    assert len(found[0]) == 0


def test_on_a_real_run_both_weights_answer_and_a_picture_is_written(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    events = list(neighbours(project, tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=3,
                             out=tmp_path / "sheet.png"))
    last = events[-1]
    assert isinstance(last, Finished) and any(isinstance(event, Saved) for event in events)
    result = last.result
    assert result["query"]["video"].endswith("jump/scene-01.mp4")
    assert len(result["neighbours"]) == len(result["random"]) == 3
    assert all(not entry["video"].endswith("jump/scene-01.mp4") for entry in result["neighbours"])
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_video_and_group_are_left_out(tiny_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "clips" / "P"))
    project = Project.open(root)
    with project.catalogue() as catalogue:
        catalogue.change([video.id for video in catalogue.videos() if "scene-01" in video.path], group="one")
    result = list(neighbours(project, root / "runs" / tiny_run.name, video="jump/scene-01.mp4", at_seconds=1,
                             k=99))[-1].result
    assert result["neighbours"] and all(entry["group"] != "one" for entry in result["neighbours"])


@pytest.mark.parametrize(("video", "k", "said"), [("none.mp4", 3, "no such video"), ("jump/scene-01.mp4", 0, "from 1")])
def test_a_wrong_question_gets_a_sentence(tiny_run: Path, video: str, k: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        list(neighbours(Project.open(tiny_run.parents[1]), tiny_run, video=video, at_seconds=0, k=k))
