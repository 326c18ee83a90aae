"""The one door to OpenCV: pictures are resized, written and labelled, and Qt is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np

from studio.engine.video import vision

ROOT = Path(__file__).parents[3]


def test_opencv_does_not_redirect_qt() -> None:
    program = "import os, studio.engine.video.vision; print([n for n in os.environ if n.startswith('QT_QPA')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={"PATH": ""})
    assert done.stdout.strip() == "[]"


def test_shrinking_averages_and_growing_keeps_the_values() -> None:
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 200
    assert np.array_equal(vision.resize(checks.astype(np.uint8), width=4, height=4), np.full((4, 4), 100))
    picture = np.full((4, 6, 3), (10, 20, 30), np.uint8)
    assert np.array_equal(vision.resize(picture, width=12, height=9), np.full((9, 12, 3), (10, 20, 30)))
    assert vision.resize(picture, width=6, height=4) is not picture


def test_a_png_keeps_every_pixel_and_the_order_of_colours(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8)
    vision.write_png(tmp_path / "a.png", picture)
    with av.open(str(tmp_path / "a.png")) as container:
        assert np.array_equal(next(container.decode(video=0)).to_ndarray(format="rgb24"), picture)


def test_text_is_drawn_in_place_in_its_colour() -> None:
    picture = np.zeros((30, 120, 3), np.uint8)
    vision.draw_text(picture, "größer 0.93 …", x=4, y=20, colour=(200, 100, 0))
    assert picture[..., 0].max() > 150
    assert picture[..., 2].max() == 0
    assert not picture[:5].any()
