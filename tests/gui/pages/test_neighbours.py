"""The Neighbours page, with the real worker on a small trained run."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.engine.catalogue import Video
from studio.gui.pages.neighbours import NeighboursPage, chance_of_likeness, shares_in_words
from studio.gui.session import Session
from studio.gui.widgets.neighbour_grid import caption, spoken
from tests.gui.conftest import wait_for


@pytest.fixture
def page(session: Session, tiny_run: Path, tmp_path: Path) -> Iterator[NeighboursPage]:
    """The page on a copy of the run, in which no features were made yet."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "study"))
    shutil.rmtree(root / "runs" / tiny_run.name / "features", ignore_errors=True)
    session.open_project(root)
    made = NeighboursPage(session)
    made.resize(1140, 1300)
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def answered(page: NeighboursPage) -> None:
    wait_for(lambda: not page.question.busy and page.grid.trained.value(), seconds=60)


def test_asking_for_neighbours(page: NeighboursPage) -> None:
    """One worker for the whole story: it takes seconds to load."""
    makes_features_and_says_how_far(page)
    ranks_other_videos_beside_random_weights(page)
    plays_together(page)
    the_map_points_both_ways(page)
    leads_on_and_back(page)
    page.hide()
    assert not page.player.playing, "a hidden page plays nothing"


def makes_features_and_says_how_far(page: NeighboursPage) -> None:
    heard: list[dict[str, Any]] = []
    page.question.progressed.connect(heard.append)
    page.question.progressed.connect(lambda event: heard[-1].update(words=page.waiting.value()))
    page.refresh()
    assert len(page.grid.trained.tiles) == 6, "the places are there before the clips are"
    answered(page)
    made = [event for event in heard if event.get("phase") == "features"]
    assert {event["detail"] for event in made} == {"trained weights", "random weights"}
    assert f"{made[0]['done']} of {made[0]['total']} clips" in made[0]["words"]


def ranks_other_videos_beside_random_weights(page: NeighboursPage) -> None:
    query = page.picker.value()
    assert query
    for ranking in (page.grid.trained, page.grid.random):
        entries = ranking.value()
        found = [entry["video_id"] for entry in entries]
        assert len(found) == 6 == len(set(found)) and query[0] not in found
        assert sorted((entry["similarity"] for entry in entries), reverse=True) == \
            [entry["similarity"] for entry in entries]
        assert "in the query's folder" in ranking.words() and "by chance" in ranking.words()


def plays_together(page: NeighboursPage) -> None:
    tiles = [*page.grid.trained.tiles, *page.grid.random.tiles, page.picker.preview]
    wait_for(lambda: all(tile.frames == 8 for tile in tiles))
    assert page.player.playing
    assert len({tile.value() for tile in tiles}) == 1


def leads_on_and_back(page: NeighboursPage) -> None:
    query, first = page.picker.value(), page.grid.trained.tiles[0]
    assert first.place
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert page.picker.value() == pytest.approx(first.place, abs=0.01), "a neighbour becomes the query"
    answered(page)
    assert "-k 6 --leave-out group -o" in page.command_line()
    wait_for(lambda: not page.question.busy)
    page.go_back()
    assert page.picker.value() == query
    page.count_box.setValue(3)
    answered(page)
    assert len(page.grid.trained.tiles) == len(page.grid.random.tiles) == 3


def the_map_points_both_ways(page: NeighboursPage) -> None:
    panel = page.map_panel
    wait_for(lambda: panel.run_shown, seconds=60)
    clips = 10 * len(page.session.usable_videos)
    assert panel._times_VC.size == clips and len(panel.legend.chips) == 5
    query = page.picker.value()
    assert query and panel._place_of(panel.trained.value())[0] == panel._place_of(panel.random.value())[0] == query[0]

    clip = next(number for number in range(clips) if panel._place_of(number)[0] != query[0])
    place = panel.trained.place_of(clip)
    clip = panel.trained.clip_at(place)
    QTest.mouseMove(panel.trained.viewport(), place.toPoint())
    wait_for(lambda: panel.tile.frames)
    assert panel.tile.place == panel._place_of(clip) and panel.random._pointed == clip and panel.player.playing
    QTest.mouseClick(panel.trained.viewport(), Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert page.picker.value() == pytest.approx(panel._place_of(clip), abs=0.01)
    answered(page)


def test_a_run_of_another_project_is_not_mistaken(page: NeighboursPage) -> None:
    page.refresh()
    assert page.question.busy
    page.session.close_project()
    assert not page.question.busy and (page.waits_for() or ("", ""))[1] == "library"
    assert page.command_line() == ""


def test_the_gallery_that_chance_is_counted_over() -> None:
    videos = [Video(id=number, source="day", path=f"{folder}/{number}.mp4", group=group, label=label)
              for number, folder, group, label in ((1, "a", "g1", "x"), (2, "a", "g1", "x"), (3, "b", "g2", "x"),
                                                   (4, "b", "g3", "y"))]
    query = {"video_id": 1, "video": "a/1.mp4", "group": "g1", "label": "x"}
    assert chance_of_likeness(query, videos, leave_out="video") == pytest.approx(2 / 3)
    assert chance_of_likeness(query, videos, leave_out="group") == pytest.approx(1 / 2)
    assert chance_of_likeness({**query, "label": ""}, videos, leave_out="video") == pytest.approx(1 / 3)
    assert chance_of_likeness(query, videos[:1], leave_out="group") is None


def test_neighbours_in_words() -> None:
    query = {"video_id": 1, "video": "a/1.mp4", "group": "g1", "label": "x", "at_seconds": 1.0}
    found = [{**query, "video_id": number, "label": label, "similarity": 0.5} for number, label in
             ((2, "x"), (3, "y"), (4, "x"))]
    assert shares_in_words(query, found, chance=0.5) == "2 of 3 have the query's label, x (by chance 1.5 of 3)."
    assert shares_in_words(query, [], chance=None) == "No other video is left to compare with."
    top = {**query, "label": "", "video": "1.mp4"}
    assert shares_in_words(top, found, chance=None).startswith("Mean similarity 0.500.")
    assert caption(found[0]) == "0.500 at 1.00 s\nx\ng1"
    assert caption({**query, "label": "", "group": "day/a/1.mp4"}) == "1.00 s\na\n1"
    assert spoken(found[0]) == "a/1.mp4, at 1.00 s, label x, group g1, similarity 0.500"
    assert np.all([spoken(entry) for entry in found])
