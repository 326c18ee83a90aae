"""Baselines against hand numbers, and on real videos: what looks alike finds each other. S frames, V videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.engine.inspection.baselines import (
    baseline_features,
    colour_histograms,
    small_pictures,
    spread_frames,
)
from studio.engine.project import Project
from studio.engine.video.footage import open_footage


@pytest.mark.parametrize(("frames", "count", "expected"), [
    (10, 2, [2, 7]), (100, 4, [12, 37, 62, 87]), (1, 3, [0, 0, 0]), (3, 3, [0, 1, 2])])
def test_frames_are_the_middles_of_equal_parts(frames: int, count: int, expected: list[int]) -> None:
    assert list(spread_frames(frames, count)) == expected


def test_small_pictures_are_means_of_areas() -> None:
    frames = np.zeros((1, 32, 48, 3), np.uint8)
    frames[0, :2, :3, 1] = 90  # the first of 16 x 16 places, in green
    frames[0, 2, 0, 0] = 60  # one of the six pixels of the place below, in red
    picture = small_pictures(frames).reshape(3, 16, 16)
    assert picture[1, 0, 0] == 90 and picture[0, 1, 0] == pytest.approx(10)
    assert picture.sum() == pytest.approx(100)


def test_histograms_count_shares_of_boxes() -> None:
    """A quarter of the pixels is white, the rest black: two boxes with the roots of their shares, wherever they lie."""
    left = np.zeros((1, 16, 16, 3), np.uint8)
    left[:, :8, :8] = 255
    right = np.zeros((1, 16, 16, 3), np.uint8)
    right[:, 8:, 8:] = 255
    found = colour_histograms(left)
    assert sorted(found[found > 0].tolist()) == pytest.approx([0.5, 0.75 ** 0.5])
    assert np.array_equal(found, colour_histograms(right))
    assert not np.array_equal(small_pictures(left), small_pictures(right))
    assert np.linalg.norm(found) == pytest.approx(1, rel=1e-5)
    red, blue = (colour_histograms(np.broadcast_to(np.array(colour, np.uint8), (1, 8, 8, 3)))
                 for colour in ((200, 0, 0), (0, 0, 200)))
    assert float((red * blue).sum()) == 0


def test_every_video_of_a_project_gets_both(sample_project: Path) -> None:
    footage = open_footage(Project.open(sample_project))
    found = baseline_features(footage, frames_per_video=3)
    assert found["pixels"].shape == (len(footage.videos), 768) and found["colours"].shape == (len(footage.videos), 512)
    looks_like_an_echo = np.array(["echo" in video.path for video in footage.videos])
    for features_VD in found.values():
        unit = features_VD / np.linalg.norm(features_VD, axis=1, keepdims=True)
        alike = unit @ unit.T - 2 * np.eye(len(unit))
        assert (looks_like_an_echo[alike.argmax(axis=1)] == looks_like_an_echo).all()
