"""The window on a real X server, as most people on Linux have it, at the smallest size that it promises."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of 1280 x 720 without a monitor; its display."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("there is no Xvfb here")
    reading, writing = os.pipe()
    with subprocess.Popen([server, "-displayfd", str(writing), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
                          pass_fds=[writing], stderr=subprocess.DEVNULL) as running:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "the X server did not start"
        yield f":{number}"
        running.terminate()


def test_the_seven_pages_on_a_screen(display: str, project_with_runs: Path, home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.seven_pages", str(project_with_runs), str(tmp_path / "shots")], cwd=ROOT,
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}, capture_output=True, text=True, timeout=100,
        check=False)
    assert done.returncode == 0 and "xcb: 7 pages" in done.stdout, done.stdout + done.stderr
    shots = sorted((tmp_path / "shots").iterdir())
    sizes = [(image.width(), image.height()) for image in (QImage(str(shot)) for shot in shots)]
    assert sizes == [(1280, 720)] * 7
