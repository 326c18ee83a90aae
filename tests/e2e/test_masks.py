"""A mask is drawn over what is burnt in; after a scan the network's own tuples do not show it any more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint

from studio.engine.project import Project
from studio.gui.mask_dialog import MaskDialog
from studio.gui.pages.sampling import SamplingPage
from studio.gui.window import Window
from tests.e2e.driver import Step, click, control, dialog, drag, play
from tests.gui.conftest import left_running

_BLACK = 8
"""Values up to this are black: hidden pixels are 0, and shrinking a frame brings a little over the mask's edge."""


def _black_below(page: SamplingPage) -> float:
    """The share of black pixels in the lower third of the tuples on the page; -1 while there are none."""
    pictures = [dealt.pictures_EFHW3 for dealt in page.tuples.tuples]
    if not pictures:
        return -1.0
    lowest = pictures[0].shape[2] * 2 // 3
    return float(np.mean([(one[:, :, lowest:].max(axis=-1) <= _BLACK).mean() for one in pictures]))


def _drawn(told: dict) -> object:
    def story(window: Window) -> Step:
        session = window.session
        yield lambda: session.description is not None
        click(window, "rail.sampling")
        page = window.page("sampling")
        assert isinstance(page, SamplingPage)
        yield lambda: page.tuples.tuples
        told["before"] = _black_below(page)
        click(window, "rail.library")
        click(window, "library.masks")
        yield lambda: dialog("masks") is not None
        masks = dialog("masks")
        assert isinstance(masks, MaskDialog)
        yield lambda: masks.canvas._picture is not None
        place = masks.canvas.place()
        drag(masks.canvas, QPoint(round(place.left()), round(place.center().y())),
             QPoint(round(place.right()) + 4, round(place.bottom()) + 4))  # the lower half, and a little over its edge
        (mask,) = masks.value()
        told["shape"] = [tuple(point) for point in mask.shapes[0].points]
        click(masks, "masks.save")
        scan = control(window, "library.scan")
        yield lambda: scan.isVisible() and "video" in scan.text()  # it says how many must be read anew
        click(window, "library.scan")
        yield lambda: session.jobs
        yield lambda: not session.jobs
        click(window, "rail.sampling")
        yield lambda: not page.dealing.waiting and _black_below(page) > told["before"]
        told["after"] = _black_below(page)

    return story


def _hashes(project: Path) -> dict[str, str]:
    """The content of every file in the folders that the project reads."""
    opened = Project.open(project)
    folders = [opened.source_folder(source.name) for source in opened.settings.sources]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_a_mask_that_is_drawn_hides_in_the_tuples(project: Path) -> None:
    originals = _hashes(project)
    told: dict = {}
    assert play(["open", str(project)], _drawn(told), seconds=50) == 0
    corners = np.array(told["shape"])
    assert corners.min(axis=0).tolist()[0] == 0.0 and abs(corners.min(axis=0)[1] - 0.5) < 0.02
    assert corners.max(axis=0).tolist() == [1.0, 1.0]
    assert told["before"] < 0.9 and told["after"] == 1.0, told
    assert len(originals) == 12 and _hashes(project) == originals, "originals are never written"
    assert left_running() == []
