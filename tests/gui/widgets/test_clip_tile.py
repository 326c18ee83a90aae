"""Clips in tiles: which frames they show, and that reading them never holds the window up."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication

from studio.engine.catalogue import Video
from studio.gui.session import Session
from studio.gui.widgets.clip_tile import ClipShape, ClipTile, Turns, place_text
from studio.gui.widgets.player import Player
from tests.gui.conftest import wait_for


def test_a_recipe_says_what_a_clip_is() -> None:
    assert ClipShape.of_recipe({"sampling": {"clip_frames": 16, "frame_stride": 2}}) == ClipShape(16, 2)
    assert ClipShape.of_recipe({"sampling": {"clip_frames": 1}}) == ClipShape(8, 1), "a still is shown as a short clip"
    assert ClipShape.of_recipe({}) == ClipShape(16, 1)


@pytest.mark.parametrize(("at_seconds", "first", "last"), [(0.0, 0, 7), (1.0, 21, 28), (99.0, 81, 88)])
def test_a_clip_lies_around_its_second_and_inside_its_video(session: Session, sample_project: Path, at_seconds: float,
                                                            first: int, last: int) -> None:
    session.open_project(sample_project)
    video = session.videos[0]
    cached = session.cached_video(video.id)
    assert cached and cached.frames == 89 and video.frames_per_second == 25
    frames = ClipShape(8).around(cached, at_seconds=at_seconds)
    assert (frames[0], frames[-1], len(frames)) == (first, last, 8)
    assert ClipShape(200).around(cached, at_seconds=1.0)[-1] == 88
    assert ClipShape(8, 2).frames_per_second(cached) == pytest.approx(12.5)


def test_one_piece_of_work_a_turn(qapp: QApplication) -> None:
    turns, done = Turns(owner := QObject()), list[str]()

    def work(name: str, times: int) -> None:
        left = [times]

        def piece() -> bool:
            done.append(name)
            left[0] -= 1
            return left[0] > 0

        turns.add(piece)

    work("a", 2)
    work("b", 1)
    qapp.processEvents()
    assert done == ["a"], "not more than one piece a turn"
    wait_for(lambda: len(done) == 3)
    assert done == ["a", "a", "b"]
    work("c", 1)
    turns.clear()
    qapp.processEvents()
    assert done == ["a", "a", "b"]
    del owner


def test_a_tile_shows_the_frames_of_the_cache(session: Session, sample_project: Path) -> None:
    session.open_project(sample_project)
    video, owner = session.videos[0], QObject()
    tile = ClipTile(session, Turns(owner), player=Player(owner))
    tile.show_clip(video.id, 0.2, ClipShape(8))
    tile.show_clip(video.id, 1.0, ClipShape(8))
    wait_for(lambda: tile.frames)
    cached = session.cached_video(video.id)
    assert cached
    tile.set_value(3)
    assert np.array_equal(tile.picture(), cached.rgb([24])[0]), "the clip that was asked for last"
    tile.show_clip(12345, 1.0, ClipShape(8))
    wait_for(lambda: not tile.frames)
    assert "missing" in tile._message


def test_tiles_of_one_player_show_the_same_moment(session: Session, sample_project: Path) -> None:
    session.open_project(sample_project)
    owner = QObject()
    turns, player = Turns(owner), Player(owner)
    tiles = [ClipTile(session, turns, player=player) for _ in range(3)]
    for tile, video in zip(tiles, session.videos, strict=False):
        tile.show_clip(video.id, 1.0, ClipShape(8))
    wait_for(lambda: all(tile.frames for tile in tiles))
    player.play()
    wait_for(lambda: player.position >= 3)
    player.stop()
    assert len({tile.value() for tile in tiles}) == 1


def test_a_tile_whose_player_rests_plays_under_the_mouse(session: Session, sample_project: Path) -> None:
    session.open_project(sample_project)
    owner = QObject()
    player = Player(owner)
    tile = ClipTile(session, Turns(owner), player=player)
    tile.show_clip(session.videos[0].id, 1.0, ClipShape(8))
    wait_for(lambda: tile.frames)
    place = QPointF(5, 5)

    def over() -> bool:
        QApplication.sendEvent(tile, QEnterEvent(place, place, place))
        return player.playing

    def beside() -> bool:
        QApplication.sendEvent(tile, QEvent(QEvent.Type.Leave))
        return player.playing

    assert over() and not beside()
    player.play()
    assert over() and beside(), "what plays anyway goes on"
    player.stop()
    tile.show_nothing()
    assert not over(), "nothing is there to play"


def test_when_and_of_which_group_a_clip_is() -> None:
    video = Video(id=1, source="day", path="a/1.mp4", group="patient-01", label="weak")
    assert place_text(video, 1.5) == "1.50 s · patient-01"
    assert place_text(video, 1.5, label=True) == "1.50 s · weak · patient-01"
    assert place_text(Video(id=1, source="day", path="a/1.mp4", group="day/a/1.mp4", label=""), 1.5) == "1.50 s"
    assert place_text(None, 1.5) == "1.50 s"
