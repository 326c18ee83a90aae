"""Ranks against plain numpy; what is left out; the mean of several clips; an index that agrees with exact search."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from studio.engine.inspection.approximate import ApproximateIndex
from studio.engine.inspection.gallery import Gallery, LeaveOut, nearest_clips


def _by_hand(query: np.ndarray, clips: np.ndarray, allowed: np.ndarray) -> list[tuple[int, int]]:
    cosine = (clips @ query) / (np.linalg.norm(clips, axis=-1) * np.linalg.norm(query))
    best = [(float(cosine[video].max()), video, int(cosine[video].argmax())) for video in np.flatnonzero(allowed)]
    return [(video, clip) for _, video, clip in sorted(best, reverse=True)]


def _random(videos: int, clips: int, dim: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(videos, clips, dim)).astype(np.float32)


@pytest.mark.parametrize("leave_out", ["video", "group"])
@pytest.mark.parametrize("left_out", [[], [0], [7], [29], [0, 7, 29]])
def test_ranks_are_those_of_plain_numpy(leave_out: LeaveOut, left_out: list[int]) -> None:
    clips_VCD, group_V = _random(30, 4, 16), np.arange(30) // 3
    query_D = clips_VCD[7, 1]
    gone = {video for video in range(30) if (video // 3 in {one // 3 for one in left_out} if leave_out == "group"
                                             else video in left_out)}
    allowed = np.array([video not in gone for video in range(30)])
    found = nearest_clips(query_D, Gallery(clips_VCD, group_V), left_out=left_out, k=6, leave_out=leave_out)
    assert [(int(v), int(c)) for v, c in zip(found[0], found[1], strict=True)] == _by_hand(
        query_D, clips_VCD, allowed)[:6]
    assert (np.diff(found[2]) <= 0).all()


def test_a_feature_of_no_length_is_like_nothing_and_not_nan() -> None:
    clips_VCD = np.zeros((3, 2, 4), np.float32)
    clips_VCD[0] = 1
    video_k, _, similarity_k = nearest_clips(clips_VCD[0, 0], Gallery(clips_VCD, np.arange(3)), left_out=[0], k=5)
    assert len(video_k) == 2 and similarity_k.tolist() == [0, 0]


def test_fewer_come_back_when_fewer_are_allowed() -> None:
    clips_VCD = np.ones((4, 1, 2), np.float32)
    found = nearest_clips(clips_VCD[0, 0], Gallery(clips_VCD, np.zeros(4, np.int64)), left_out=[0], k=3)
    assert len(found[0]) == 0


def test_the_mean_of_clips_does_not_depend_on_their_lengths() -> None:
    clips_VCD = np.array([[[3, 0]], [[0, 50]], [[1, 1]]], np.float32)
    mean_D = Gallery(clips_VCD, np.arange(3)).mean_of([(0, 0), (1, 0)])
    assert mean_D == pytest.approx([0.5, 0.5])
    found = nearest_clips(mean_D, Gallery(clips_VCD, np.arange(3)), left_out=[0, 1], k=3)
    assert found[0].tolist() == [2] and found[2] == pytest.approx([1])


@pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="faiss is not installed")
def test_an_index_that_looks_everywhere_answers_exactly() -> None:
    """Half of all videos are of the query's group, so the index is asked for more clips than at first."""
    clips_VCD, group_V = _random(400, 3, 8), np.minimum(np.arange(400) // 200, 1)
    clips_VCD[:200] = clips_VCD[0, 0] + 0.01 * clips_VCD[:200]
    gallery = Gallery(clips_VCD, group_V)
    index = ApproximateIndex(clips_VCD.reshape(-1, 8), lists=4, probed=4)
    exact, found = (nearest_clips(clips_VCD[0, 0], gallery, left_out=[0], k=5, index=one) for one in (None, index))
    assert found[0].tolist() == exact[0].tolist() and found[1].tolist() == exact[1].tolist()
    assert found[2] == pytest.approx(exact[2], abs=1e-5)
    few = nearest_clips(clips_VCD[0, 0], gallery, left_out=range(398), k=5, leave_out="video", index=index)
    assert sorted(few[0].tolist()) == [398, 399]
