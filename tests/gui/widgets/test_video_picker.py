"""Picking a video and a second in it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest

from studio.gui.session import Session
from studio.gui.widgets.clip_tile import Turns
from studio.gui.widgets.video_picker import VideoPicker
from tests.gui.conftest import wait_for


@pytest.fixture
def picker(session: Session, sample_project: Path) -> Iterator[VideoPicker]:
    session.open_project(sample_project)
    owner = QObject()
    made = VideoPicker(session, Turns(owner), name="pick")
    made.refresh()
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def test_the_first_video_s_middle_is_picked_and_shown(picker: VideoPicker, session: Session) -> None:
    video = session.usable_videos[0]
    assert picker.value() == pytest.approx((video.id, video.seconds / 2), abs=0.01)
    wait_for(lambda: picker.preview.frames)
    cached = session.cached_video(video.id)
    assert cached and np.array_equal(picker.preview.picture(), cached.rgb([cached.frame_at(video.seconds / 2)])[0])


def test_the_time_moves_by_keys_and_each_step_is_told(picker: VideoPicker) -> None:
    told: list[tuple[int, float]] = []
    picker.value_changed.connect(lambda video, second: told.append((video, second)))
    video, second = picker.value() or (0, 0.0)
    QTest.keyClick(picker.time_slider, Qt.Key.Key_Right)
    assert told == [(video, pytest.approx(second + 0.04))], "one frame of a video of 25 a second"
    QTest.keyClick(picker.time_slider, Qt.Key.Key_Home)
    assert picker.value() == (video, 0.0)


def test_a_video_is_found_by_a_part_of_its_name(picker: VideoPicker, session: Session) -> None:
    edit = picker.video_box.lineEdit()
    edit.selectAll()
    QTest.keyClicks(edit, "walk")
    completer = picker.video_box.completer()
    assert completer.completionCount() == 2
    completer.popup().setCurrentIndex(completer.completionModel().index(0, 0))
    QTest.keyClick(completer.popup(), Qt.Key.Key_Return)
    video = picker.video()
    assert video and "walk" in video.path and video != session.usable_videos[0]


def test_the_end_of_a_long_name_is_in_sight(picker: VideoPicker, session: Session) -> None:
    for video in session.usable_videos[1:3]:
        picker.set_value(video.id, 0.0)
        line = picker.video_box.lineEdit()
        assert line.text().endswith(Path(video.path).name) and line.cursorPosition() == len(line.text())
    picker.video_box.showPopup()
    assert picker.video_box.view().textElideMode() == Qt.TextElideMode.ElideMiddle
    picker.video_box.hidePopup()


def test_what_is_not_there_cannot_be_picked(picker: VideoPicker) -> None:
    before = picker.value()
    picker.set_value(12345, 1.0)
    assert picker.value() == before
    picker.set_value(before[0] if before else 0, 99.0)
    assert picker.value() == (before[0] if before else 0, picker.video().seconds)  # type: ignore[union-attr]
