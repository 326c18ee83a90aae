"""The leak probe finds what gives the order away, and finds nothing where nothing does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.engine.inspection.leak_probe import judged, probe
from studio.engine.inspection.shortcuts import looks, see_border, see_colour, see_grain
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from tests.clips import write_clip


def test_looks_see_what_they_say(sample_project: Path) -> None:
    footage = open_footage(Project.open(sample_project))
    video = footage.cached[0]
    frames = np.array([0, 5, 9])
    by_hand = video.y_NHW[frames].mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(see_colour(video, frames)[:, 0], by_hand, rtol=1e-5)
    top = video.y_NHW[frames, :8].mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(see_border(video, frames)[:, :64].mean(axis=1), top, rtol=0.03)
    assert see_grain(video, frames).shape == (3, 6)
    for look in looks(footage):
        assert np.isfinite(look.see(video, frames)).all()


@pytest.mark.parametrize(("right", "leak"), [(100, False), (115, False), (200, True)])
def test_a_leak_is_more_than_luck(right: int, leak: bool, sample_project: Path) -> None:
    look = looks(open_footage(Project.open(sample_project)))[0]
    entry = judged(look, right, asked=600, chance=1 / 6)
    assert entry["leak"] is leak and entry["interval"][0] < entry["accuracy"] < entry["interval"][1]


def _noise(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    return np.random.default_rng([seed, number]).integers(80, 160, (height, width, 3), dtype=np.uint8)


def _brighter(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    return _noise(number, width=width, height=height, seed=seed, still=still) + np.uint8(number)


@pytest.fixture(scope="module")
def brightening(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Videos that grow brighter: the mean colour tells the order."""
    folder = tmp_path_factory.mktemp("bright")
    for number in range(6):
        write_clip(folder / "v" / f"{number}.mp4", frames=50, draw=_brighter, seed=number)
    return _scanned(folder)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Videos of noise that is new in every frame, kept without loss: nothing tells the order."""
    folder = tmp_path_factory.mktemp("steady")
    for number in range(6):
        write_clip(folder / "v" / f"{number}.mkv", frames=50, codec="ffv1", draw=_noise, seed=number)
    return _scanned(folder)


def _scanned(folder: Path) -> Project:
    project = Project.create(folder / "P")
    for _ in scan(project, [folder / "v"], workers=1):
        pass
    return project


RECIPE = {"name": "r", "task": "clip-order", "backbone": "r3d_small",
          "sampling": {"tuple_length": 3, "clip_frames": 8, "interval_frames": 4, "motion_weight": 0},
          "augmentation": {"crop_pixels": 112, "input_pixels": 56}, "training": {"max_steps": 1}}


def test_brightness_that_rises_is_found_out(brightening: Project) -> None:
    result = list(probe(brightening, make_recipe(RECIPE), train_tuples=400, test_tuples=200))[-1].result
    assert result["leak"] and "colour" in result["leaks"] and "Leak:" in result["sentence"]


def test_where_nothing_leaks_nothing_is_found(steady: Project) -> None:
    result = list(probe(steady, make_recipe(RECIPE), train_tuples=400, test_tuples=200))[-1].result
    assert not result["leak"], result["leaks"]
    assert "No leak" in result["sentence"]
