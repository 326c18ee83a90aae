"""The motion curve follows a known motion, and its cells say where it was."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.video import vision
from studio.engine.video.cache import Form
from studio.engine.video.cells import grid_shape
from studio.engine.video.motion import MotionMeter, shrinking

Picture = np.ndarray


def texture(height: int, width: int) -> Picture:
    """Smooth blobs of some eight pixels."""
    noise = np.random.default_rng(4).normal(size=(height, width))
    spectrum = np.fft.rfft2(noise) * np.exp(-70 * (np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width) ** 2))
    blobs = np.fft.irfft2(spectrum, (height, width))
    return np.clip(128 + 60 * blobs / blobs.std(), 0, 255)


def shifted(picture: Picture, across: float) -> Picture:
    """Move a picture to the right, by parts of a pixel too; it comes back in on the left."""
    whole = int(np.floor(across))
    share = across - whole
    return np.roll(picture, whole, 1) * (1 - share) + np.roll(picture, whole + 1, 1) * share


@pytest.mark.parametrize("size", [(64, 86), (128, 170), (256, 340)])
def test_a_moving_picture_moves_by_what_it_was_moved(size: tuple[int, int]) -> None:
    picture, meter = texture(*size), MotionMeter()
    assert meter.next(picture.astype(np.uint8))[0] == 0
    place = 0.0
    for across in (1.0, 2.0, 0.5, 3.0):
        place += across
        mean, cells_YX = meter.next(shifted(picture, place).astype(np.uint8))
        assert mean == pytest.approx(across, rel=0.25, abs=0.1)
        assert cells_YX.shape == grid_shape(*size)
        assert float(np.median(cells_YX)) == pytest.approx(across, rel=0.25, abs=0.1)


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_cells_say_where_it_moved(method: str) -> None:
    ground, patch, meter = texture(128, 170), texture(40, 40)[::-1] * 0.9, MotionMeter(method)
    for left in (100, 102):
        picture = ground.copy()
        picture[40:80, left:left + 40] = patch
        _, cells_YX = meter.next(picture.astype(np.uint8))
    assert cells_YX[6:9, 14:16].mean() > 1
    assert cells_YX[:, :8].max() < 0.5


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_a_still_picture_does_not_move(method: str) -> None:
    picture, meter = texture(128, 170).astype(np.uint8), MotionMeter(method)
    meter.next(picture)
    mean, cells_YX = meter.next(picture)
    assert mean < 0.01
    assert cells_YX.max() < 0.05


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_more_motion_is_ranked_higher(method: str) -> None:
    picture, meter, place, seen = texture(128, 170), MotionMeter(method), 0.0, []
    steps = np.random.default_rng(1).gamma(1.0, 1.5, 40)
    meter.next(picture.astype(np.uint8))
    for step in steps:
        place += step
        seen.append(meter.next(shifted(picture, place).astype(np.uint8))[0])
    ranks = [np.argsort(np.argsort(values)) for values in (steps, seen)]
    assert np.corrcoef(*ranks)[0, 1] > 0.95


def test_the_cache_says_how_motion_was_measured() -> None:
    assert [str(form) for form in (Form(128), Form(128, "ab12"), Form(256, motion="farneback"),
                                   Form(256, "ab12", "farneback"))] == [
        "128", "128-ab12", "256-farneback", "256-ab12-farneback"]


def test_flow_is_measured_on_about_64_pixels() -> None:
    assert [shrinking(side, side * 2) for side in (64, 100, 128, 200, 256, 512)] == [1, 1, 2, 2, 4, 8]


@pytest.mark.parametrize("flow", [vision.Flow(), vision.Farneback()], ids=["dis", "farneback"])
def test_the_place_in_memory_does_not_change_a_bit(flow: vision.Flow | vision.Farneback) -> None:
    """OpenCV's own length of a vector does not: its last bit differed in two of fifty places."""
    rng = np.random.default_rng(0)
    wide = vision.resize(rng.integers(0, 255, (16, 24), np.uint8), width=100, height=64, bilinear=True)
    found, kept = set[bytes](), []
    for _ in range(60):
        kept.append(np.empty(int(rng.integers(1, 5000)), np.uint8))  # pushes what comes next to another place
        found.add(flow.magnitude(wide[:, :85].copy(), wide[:, 2:87].copy()).tobytes())
    assert len(found) == 1
