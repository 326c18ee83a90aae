"""The Neighbours page, with the real worker on a small trained run."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from studio.engine.catalogue import Video
from studio.gui.likeness import chance_of_likeness, shares_in_words
from studio.gui.pages.neighbours import NeighboursPage
from studio.gui.session import Session
from studio.gui.widgets.in_sight import share_in_sight
from studio.gui.widgets.neighbour_grid import caption, spoken
from tests.gui.conftest import settle, wait_for


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


def test_asking_for_neighbours(page: NeighboursPage, sample_clips: Path) -> None:
    """One worker for the whole story: it takes seconds to load."""
    makes_features_and_says_how_far(page)
    ranks_other_videos_beside_random_weights(page)
    plays_together(page)
    the_map_points_both_ways(page)
    leads_on_and_back(page)
    raw_pixels_stand_beside(page)
    clips_of_the_map_are_asked_about(page)
    in_a_small_window_nothing_happens_out_of_sight(page)
    a_file_outside_is_asked_about(page, sample_clips)
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


def settled(page: NeighboursPage) -> None:
    wait_for(lambda: not page.question.busy and not page.map_question.busy, seconds=60)


def raw_pixels_stand_beside(page: NeighboursPage) -> None:
    settled(page)
    before = page.grid.random.value()
    page.beside_box.setCurrentIndex(1)
    settled(page)
    assert page.grid.random.value() != before and page.grid.random.accessibleName() == "Raw pixels"
    assert page.map_panel.shows(page.run_choice.value(), "pixels") and "--beside pixels" in page.command_line()
    head, *rows = page.worth.value()
    assert head[2:5] == ["precision", "raw pixels", "by chance"] and [row[0] for row in rows][-1] == "all"
    assert page.worth.hubs.text()


def clips_of_the_map_are_asked_about(page: NeighboursPage) -> None:
    panel = page.map_panel
    panel.controls.joined.setChecked(True)
    assert len(panel.trained._path) == 10 == len(panel.random._path), "one video's clips are joined"
    panel.trained.setFocus()
    panel.trained.point_at(0)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(panel.trained, key)
    taken = panel.selection.value()
    assert len(taken) == 2 == len(panel.random._taken) and not panel.selection.isHidden()
    page.findChild(QPushButton, "neighbours.taken.ask").click()
    settled(page)
    own = {clip.video_id for clip in taken}
    assert own.isdisjoint(entry["video_id"] for entry in page.grid.trained.value())
    assert f"--clips {taken[0].video_id}:{taken[0].clip}," in page.command_line()
    page.query.set_inside()
    settled(page)
    assert "--video" in page.command_line()


def in_a_small_window_nothing_happens_out_of_sight(page: NeighboursPage) -> None:
    panel = page.map_panel
    page.resize(1128, 682)  # what a window of 1280x720 leaves for it
    panel.selection.cleared.emit()
    page.scroll.verticalScrollBar().setValue(0)
    settle()
    assert share_in_sight(panel.trained) < 0.5
    panel.trained.setFocus()
    QTest.keyClick(panel.trained, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    parts = [panel.selection, panel.selection.list, panel.trained, panel.random, panel.tile]
    wait_for(lambda: all(share_in_sight(part) == 1 for part in parts))
    assert not panel.to_answers.isVisible() and share_in_sight(page.grid) < 0.5
    QTest.keyClick(panel.trained, Qt.Key.Key_Return)
    assert panel.to_answers.isVisible(), "the map stays where it is, and says where the neighbours are"
    settled(page)
    panel.to_answers.click()
    wait_for(lambda: share_in_sight(page.grid) == 1)
    assert not panel.to_answers.isVisible()
    page.scroll.verticalScrollBar().setValue(0)
    QTest.keyClick(panel.trained, Qt.Key.Key_Return)
    assert not panel.to_answers.isVisible(), "they are in sight"
    settled(page)
    page.resize(1140, 1300)


def a_file_outside_is_asked_about(page: NeighboursPage, clips: Path) -> None:
    page.query.set_file(clips / "walk" / "scene-01.mp4")
    settled(page)
    assert page.grid.trained.value()[0]["video"] == "walk/scene-01.mp4" and page.query.tile.frames == 8
    assert page.map_panel.trained.value() == -1, "the map has no such clip"
    page.query.set_file(clips / "nothing.mp4")
    settled(page)
    assert "cannot be read" in page._failure.value()


@pytest.mark.long
def test_a_map_settles_before_the_eyes_and_can_be_stopped(page: NeighboursPage) -> None:
    pytest.importorskip("openTSNE")
    page.refresh()
    answered(page)
    panel = page.map_panel
    wait_for(lambda: panel.run_shown and not page.map_question.busy, seconds=60)
    before, seen = panel.trained._xy_N2.copy(), list[np.ndarray]()
    page.map_question.progressed.connect(
        lambda event: seen.append(panel.trained._xy_N2.copy()) if event.get("pictures") else None)
    panel.controls.method_box.setCurrentIndex(1)
    wait_for(lambda: seen, seconds=60)
    assert len(seen[0]) == len(before) and not np.array_equal(seen[0], before) and panel.method_shown == "directions"
    page.map_question.stop()
    assert np.array_equal(panel.trained._xy_N2, before), "stopped: the map that was there before"
    assert panel.controls.method() == "directions"

    rooms, heard = set[tuple[int, int]](), len(seen)
    page.map_question.progressed.connect(lambda _event: rooms.add((panel.trained.width(), panel.trained.height())))
    panel.controls.method_box.setCurrentIndex(1)
    wait_for(lambda: panel.method_shown == "neighbours" and not page.map_question.busy, seconds=60)
    assert len(seen) > heard + 1 and rooms == {(panel.trained.width(), panel.trained.height())}, "nothing jumps"
    assert not np.array_equal(panel.trained._xy_N2, before) and len(panel.trained._near)


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
    assert caption(found[0]) == "similarity 0.500\n1.00 s · x\ng1"
    assert caption({**query, "label": "", "group": "day/a/1.mp4"}) == "1.00 s · a\n1"
    assert spoken(found[0]) == "a/1.mp4, at 1.00 s, label x, group g1, similarity 0.500"
    assert np.all([spoken(entry) for entry in found])
