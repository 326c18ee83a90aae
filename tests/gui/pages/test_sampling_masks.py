"""The Sampling page says and hatches what masks hide, where the network gets black."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.masks import Mask, Rectangle
from studio.engine.preview import deal
from studio.engine.project import Project
from studio.engine.recipe import load_recipe
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from studio.engine.video.mask_edits import add_masks
from studio.gui.hiding import hidden_in_tuple, hidden_of
from studio.gui.pages.sampling import SamplingPage
from studio.gui.session import Session
from studio.gui.widgets.masked_row import masked_words
from studio.gui.widgets.tuple_view import Dealt
from tests.gui.warm import put_away

CLOCK, TRACE = Rectangle(x=0, y=0, width=1, height=0.15), Rectangle(x=0, y=0.7, width=0.4, height=0.3)
MASKS = [Mask(name="overlays", shapes=(CLOCK, TRACE))]
QUICK = ["sampling.clip_frames=2", "sampling.interval_frames=2", "sampling.frame_stride=1",
         "augmentation.input_pixels=0", "augmentation.colour_strength=0", "augmentation.grey_probability=0",
         "augmentation.blur_probability=0"]


@pytest.fixture(scope="module")
def masked(sample_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned project whose videos are masked; the one of the conftest stays as it is."""
    root = Path(shutil.copytree(sample_project, tmp_path_factory.mktemp("masked") / "project"))
    project = Project.open(root)
    for source in project.settings.sources:
        source.path = str(sample_project.parent / "clips")
    add_masks(project, MASKS)
    for _ in scan(project, [], workers=1):
        pass
    return root


@pytest.fixture
def page(session: Session, masked: Path) -> Iterator[SamplingPage]:
    session.open_project(masked)
    made = SamplingPage(session)
    made.resize(1100, 700)
    made.show()
    made.refresh()
    yield made
    put_away(made)


def dealt_of(masked: Path, *settings: str, count: int = 4) -> list[Dealt]:
    """Tuples as the engine deals them to the network, with what it tells of them."""
    dealt = deal(open_footage(Project.open(masked)), load_recipe("quick", [*QUICK, *settings]), count=count, seed=5)
    return [Dealt.of(record, picture) for record, picture in zip(dealt.described(), dealt.pictures(), strict=True)]


@pytest.mark.parametrize("settings", [(), ("augmentation.flip_probability=1",), ("augmentation.crop=whole",)],
                         ids=["crops", "mirrored", "whole"])
def test_what_is_hatched_is_what_the_network_gets_black(session: Session, masked: Path, settings: tuple[str]) -> None:
    session.open_project(masked)
    recipe = load_recipe("quick", [*QUICK, *settings])
    black, elsewhere = [], []
    for dealt in dealt_of(masked, *settings):
        assert dealt.masked_share == pytest.approx(0.15 + 0.4 * 0.3, abs=0.02)
        hidden_HW = hidden_of(session, dealt.video_id, short_side_pixels=recipe.augmentation.short_side_pixels)
        found_E = hidden_in_tuple(hidden_HW, dealt, recipe.augmentation.model_dump())
        assert any(one is not None for one in found_E)
        for found_HW, picture_FHW3 in zip(found_E, dealt.pictures_EFHW3, strict=True):
            if found_HW is None:
                continue
            rows = np.linspace(0, found_HW.shape[0] - 1, picture_FHW3.shape[1]).round().astype(int)
            columns = np.linspace(0, found_HW.shape[1] - 1, picture_FHW3.shape[2]).round().astype(int)
            inside_HW = found_HW[np.ix_(rows, columns)]
            black.append(picture_FHW3[:, inside_HW].mean())
            elsewhere.append(picture_FHW3[:, ~inside_HW].mean())
    assert max(black) < 12 < 2 * min(elsewhere), (black, elsewhere)


def test_the_page_says_how_much_is_hidden_and_hatches_it(qapp: QApplication, page: SamplingPage, masked: Path) -> None:
    page._take(dealt_of(masked), {"question": "Which?", "classes": 6, "chance": 1 / 6, "balanced_chance": 1 / 6,
                                  "span_frames": 8})
    assert page.masked.hatch.isVisible() and "28 %" in page.masked.words()
    view = page.tuples.views[0]
    assert "Masks hide" in view.facts() and any(tile.veil_HW is not None for tile in view.tiles)
    veil_HW = page.motion.strip.veil_HW
    assert veil_HW is not None and veil_HW.mean() == pytest.approx(0.27, abs=0.02)
    hatched = view.tiles[0].grab().toImage()
    page.masked.hatch.click()
    assert page.motion.strip.veil_HW is None and all(tile.veil_HW is None for tile in view.tiles)
    assert view.tiles[0].grab().toImage() != hatched
    page.masked.hatch.click()
    page._set_quiz_shown(True)
    assert not page.masked.hatch.isVisible(), "in the quiz nothing but the question is shown"


def test_without_masks_nothing_is_said(qapp: QApplication, session: Session, sample_project: Path) -> None:
    session.open_project(sample_project)
    assert hidden_of(session, session.usable_videos[0].id) is None and hidden_of(session, None) is None
    page = SamplingPage(session)
    page.show()
    page.refresh()
    assert not page.masked.hatch.isVisible() and page.motion.strip.veil_HW is None
    put_away(page)
    assert masked_words(0.0) == "Masks hide nothing of this video."


def test_an_element_that_was_turned_is_not_hatched(masked: Path, session: Session) -> None:
    session.open_project(masked)
    dealt = dealt_of(masked, count=1)[0]
    turned = replace(dealt, affine=((0.1, 0, 0, 0, 0), *[(0.0,) * 5] * (len(dealt.frames) - 1)))
    hidden_HW = np.ones((128, 170), bool)
    found = hidden_in_tuple(hidden_HW, turned, {"crop_pixels": 112})
    assert found[0] is None and found[1] is not None and found[1].shape == (112, 112)
