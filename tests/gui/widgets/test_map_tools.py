"""Taking clips on the map: rectangle, lasso and keys; moving the map; joined clips; a hundred thousand of them."""

import csv
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest

from studio.gui.session import Session
from studio.gui.widgets.clip_selection import ClipSelection, TakenClip
from studio.gui.widgets.feature_map import FeatureMap
from studio.gui.widgets.point_plot import inside_N
from tests.gui.conftest import wait_for
from tests.gui.widgets.conftest import LEFT, MIDDLE, RIGHT, UP


def taken_from(feature_map: FeatureMap) -> list[list[int]]:
    told: list[list[int]] = []
    feature_map.taken.connect(told.append)
    return told


def drag(feature_map: FeatureMap, *places: QPointF) -> None:
    points = [place.toPoint() for place in places]
    view = feature_map.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=points[0])
    for before, after in pairwise(points):
        for step in range(1, 6):
            feature_map.mouseMoveEvent(_moved(QPointF(before + (after - before) * step / 5)))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=points[-1])


def _moved(place: QPointF) -> QMouseEvent:
    return QMouseEvent(QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
                       Qt.KeyboardModifier.NoModifier)


def test_a_rectangle_takes_what_is_inside(feature_map: FeatureMap) -> None:
    told = taken_from(feature_map)
    feature_map.set_tool("rectangle")
    up, right = feature_map.place_of(UP), feature_map.place_of(RIGHT)
    drag(feature_map, QPointF(up.x() - 10, up.y() - 10), QPointF(right.x() + 10, right.y() + 10))
    assert told == [[MIDDLE, RIGHT, UP]]


def test_a_lasso_goes_around_a_clip_that_its_rectangle_would_take(feature_map: FeatureMap) -> None:
    told = taken_from(feature_map)
    feature_map.set_tool("lasso")
    left, up, right, middle = (feature_map.place_of(clip) for clip in (LEFT, UP, RIGHT, MIDDLE))
    drag(feature_map, left + QPointF(-12, 12), up + QPointF(0, -12), right + QPointF(12, 12), middle + QPointF(0, -20))
    assert told == [[RIGHT, LEFT, UP]]
    drag(feature_map, QPointF(2, 2), QPointF(12, 2), QPointF(12, 12))
    assert told[-1] == [], "an empty lasso takes none"


def test_dragging_moves_the_map_and_takes_none(feature_map: FeatureMap) -> None:
    told, before = taken_from(feature_map), feature_map.place_of(MIDDLE)
    drag(feature_map, before + QPointF(40, 40), before + QPointF(70, 50))
    moved = feature_map.place_of(MIDDLE) - before
    assert told == [] and feature_map.value() == -1
    assert moved.x() == pytest.approx(30, abs=1.5) and moved.y() == pytest.approx(10, abs=1.5)


def test_everything_by_keyboard(feature_map: FeatureMap) -> None:
    told = taken_from(feature_map)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(feature_map, key)
    assert told == [[UP], [RIGHT, UP]]
    QTest.keyClick(feature_map, Qt.Key.Key_Space)
    QTest.keyClick(feature_map, Qt.Key.Key_Left)
    QTest.keyClick(feature_map, Qt.Key.Key_Left)
    QTest.keyClick(feature_map, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert told[-1] == [MIDDLE, RIGHT, LEFT, UP], "the rectangle from the clip taken last to the one pointed at"
    QTest.keyClick(feature_map, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert told[-1] == [0, 1, 2, 3, 4]
    QTest.keyClick(feature_map, Qt.Key.Key_Escape)
    assert told[-1] == [] and feature_map.value() == -1


def test_zoom_by_keys_and_wheel_and_back(feature_map: FeatureMap) -> None:
    apart = feature_map.place_of(RIGHT).x() - feature_map.place_of(MIDDLE).x()
    QTest.keyClick(feature_map, Qt.Key.Key_Plus)
    assert feature_map.place_of(RIGHT).x() - feature_map.place_of(MIDDLE).x() == pytest.approx(1.25 * apart, rel=0.02)
    QTest.keyClick(feature_map, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(feature_map, Qt.Key.Key_0)
    assert feature_map.place_of(RIGHT).x() - feature_map.place_of(MIDDLE).x() == pytest.approx(apart, rel=0.02)
    right = feature_map.place_of(RIGHT)
    for modifier, times in ((Qt.KeyboardModifier.NoModifier, 1.0), (Qt.KeyboardModifier.ControlModifier, 1.25)):
        before = feature_map.place_of(RIGHT).x() - feature_map.place_of(MIDDLE).x()
        feature_map.wheelEvent(QWheelEvent(right, right, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, modifier,
                                           Qt.ScrollPhase.NoScrollPhase, False))
        after = feature_map.place_of(RIGHT).x() - feature_map.place_of(MIDDLE).x()
        assert after == pytest.approx(times * before, rel=0.02), "without Ctrl the page scrolls, not the map"
    assert feature_map.place_of(RIGHT).x() == pytest.approx(right.x(), abs=1.5), "what is under the mouse stays there"


def test_inside_an_outline_against_a_half_plane_test() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, size=(2000, 2))
    triangle = np.array([(-0.8, -0.7), (0.9, -0.2), (0.1, 0.8)])
    turns = [(b - a)[0] * (points - a)[:, 1] - (b - a)[1] * (points - a)[:, 0]
             for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True)]
    assert (inside_N(points, triangle) == (np.array(turns) > 0).all(axis=0)).all()
    assert not inside_N(points, triangle[:2]).any()


def test_a_hundred_thousand_clips_move_fluidly(feature_map: FeatureMap) -> None:
    """A frame of moving and zooming, with hovering and a tenth taken, drawn by the processor alone."""
    feature_map.resize(560, 320)
    feature_map.set_points(np.random.default_rng(1).normal(size=(100_000, 2)).astype(np.float32))
    feature_map.set_classes(np.arange(100_000) % 7, ["#56b4e9"] * 7)
    feature_map.set_taken(range(0, 100_000, 10))
    feature_map.grab()
    frames = []
    for number in range(12):
        start = time.perf_counter()
        feature_map.pan(7, 3)
        feature_map.zoom(1.1 if number % 2 else 1 / 1.1)
        feature_map.clip_at(QPointF(200 + number, 150))
        feature_map.viewport().grab()
        frames.append(time.perf_counter() - start)
    assert min(frames) < 0.04, frames
    assert feature_map._layers[0]._most < 100_000
    wait_for(lambda: feature_map._layers[0]._most == 100_000)


def test_drawn_whole_they_would_move_more_slowly(feature_map: FeatureMap, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: what is gained by drawing a part of them while they move."""
    feature_map.set_points(np.random.default_rng(1).normal(size=(100_000, 2)).astype(np.float32))

    def fastest() -> float:
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            feature_map.pan(1, 1)
            feature_map.viewport().grab()
            taken.append(time.perf_counter() - start)
        return min(taken)

    part = fastest()
    monkeypatch.setattr(feature_map, "_move", lambda: feature_map._draw_most(100_000))
    assert part < 0.7 * fastest()


@pytest.fixture
def selection(session: Session, project: Path) -> Iterator[ClipSelection]:
    session.open_project(project)
    made = ClipSelection(session, name="neighbours.taken")
    yield made
    made.hide()
    made.deleteLater()


def test_the_list_is_written_and_its_videos_are_excluded_and_taken_in_again(
        selection: ClipSelection, session: Session, tmp_path: Path) -> None:
    first, second = (video for video in session.usable_videos[:2])
    selection.set_value([TakenClip(0, first.id, 0, 0.5), TakenClip(1, first.id, 1, 1.25),
                         TakenClip(10, second.id, 0, 0.5)])
    assert selection.isVisibleTo(selection.parentWidget()) or not selection.isHidden()
    assert "3 clips of 2 videos" in selection._head.text()
    asked: list[list[tuple[int, int]]] = []
    selection.ask_wanted.connect(asked.append)
    selection._ask()
    assert asked == [[(first.id, 0), (first.id, 1), (second.id, 0)]]
    selection.label_box.set_value("standing, or not")
    selection.save_labels(tmp_path / "labels.csv")
    selection.save_list(tmp_path / "clips.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{"path": f"{video.source}/{video.path}", "label": "standing, or not"} for video in (first, second)]
    with (tmp_path / "clips.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["clip"] for row in csv.DictReader(stream)] == [f"{first.id}:0", f"{first.id}:1", f"{second.id}:0"]
    count = len(session.usable_videos)
    selection.exclude()
    assert len(session.usable_videos) == count - 2
    selection.set_value([])
    assert not selection.isHidden(), "the way back stays in sight"
    selection.undo.click()
    assert len(session.usable_videos) == count


def test_points_that_move_keep_their_marks_and_the_view_follows(feature_map: FeatureMap) -> None:
    feature_map.set_taken([UP])
    feature_map.set_value(LEFT)
    feature_map.set_path([LEFT, UP])
    feature_map.move_points(3 * feature_map._xy_N2.astype(np.float32))
    assert feature_map.value() == LEFT and list(feature_map._taken) == [UP] and feature_map._path == [LEFT, UP]
    assert feature_map._line.yData.tolist() == [0.0, 3.0], "the path moves along"
    inside = feature_map.rect()
    assert all(inside.contains(feature_map.place_of(clip).toPoint()) for clip in range(5)), "all are in sight"
    feature_map.zoom(4)
    before = feature_map.getViewBox().viewRange()
    feature_map.move_points(feature_map._xy_N2.astype(np.float32) / 3)
    assert feature_map.getViewBox().viewRange() == before, "a view that a person chose stays"
    feature_map.show_all()
    assert feature_map.getViewBox().viewRange() != before
