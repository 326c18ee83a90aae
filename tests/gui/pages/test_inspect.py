"""The Inspect page, with the real worker on a small trained run."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from studio.gui.pages.inspect import HEAT, UNITS, WHY, InspectPage, agreement
from studio.gui.reporting import ReportDialog
from studio.gui.session import Notice, Session
from studio.gui.widgets.run_list import run_label
from tests.conftest import child_with
from tests.gui.conftest import wait_for


@pytest.fixture
def page(session: Session, tiny_run: Path) -> Iterator[InspectPage]:
    session.open_project(tiny_run.parents[1])
    made = InspectPage(session)
    made.resize(1140, 688)
    made.show()
    made.refresh()
    yield made
    made.hide()
    made.deleteLater()


def answered(page: InspectPage) -> None:
    wait_for(lambda: not page.question.busy and page.heats.trained.frames, seconds=60)


def test_what_the_page_waits_for(session: Session, sample_project: Path) -> None:
    page = InspectPage(session)
    assert (page.waits_for() or ("", ""))[1] == "library"
    session.open_project(sample_project)
    reason, where = page.waits_for() or ("", "")
    assert where == "training" and "trained run" in reason
    page.deleteLater()


def test_looking_into_a_network(page: InspectPage, tmp_path: Path) -> None:
    """One worker for the whole story: it takes seconds to load."""
    assert page.waits_for() is None
    answered(page)
    shows_both_heats(page)
    every_control_does_its_work(page)
    says_that_the_worker_died_and_tries_again(page)
    a_picture_is_saved_by_the_command_itself(page, tmp_path / "a picture.png")
    page.heats.play_button.click()
    assert page.heats.player.playing
    page.hide()
    assert not page.heats.player.playing, "a hidden page plays nothing"


def test_what_is_waited_for_can_be_stopped_and_asked_again(page: InspectPage) -> None:
    wait_for(page.waiting.isVisible)
    stop = page.findChild(QPushButton, "inspect.waiting.stop")
    assert stop is not None and page.question.busy
    stop.click()
    assert not page.question.busy and not page.waiting.isVisible()
    bar, retry = page._failure, page.findChild(QPushButton, "inspect.retry")
    assert bar.isVisible() and bar.value() == "Stopped." and bar.details.isHidden()
    assert retry is not None
    retry.click()
    assert page.question.busy and not bar.isVisible()


def shows_both_heats(page: InspectPage) -> None:
    trained, random = page.heats.trained.picture(), page.heats.random.picture()
    assert trained is not None and random is not None
    assert trained.shape == random.shape == (56, 56, 3), "the clip as the network gets it"
    assert not np.array_equal(trained, random)


def every_control_does_its_work(page: InspectPage) -> None:
    trained = page.heats.trained.picture()
    box = page.layer_choice.layer_box
    assert box.count() >= 3 and box.value() == box.itemData(box.count() - 1), "the last layer at first"

    box.setCurrentIndex(0)
    assert page.question.busy
    answered(page)
    other = page.heats.trained.picture()
    assert not np.array_equal(trained, other)
    assert f"--layer {box.value()}" in page.command_line()

    page.layer_choice.unit_box.setValue(1)
    answered(page)
    assert not np.array_equal(other, page.heats.trained.picture())
    assert page.command_line().endswith("--unit 1 -o activations.png")

    before = list(page.heats._frames)
    page.picker.time_slider.setValue(0)
    answered(page)
    wait_for(lambda: page.heats._frames != before)
    assert page.heats._frames[0] == 0

    QTest.keyClick(page.heats.trained, Qt.Key.Key_Right)
    assert page.heats.trained.value() == page.heats.random.value() == page.heats.frame_slider.value()
    page.heats.opacity_slider.setValue(0)
    clean = page.heats.trained.picture()
    assert np.array_equal(clean, page.heats.random.picture()), "without heat both are the clip itself"


def says_that_the_worker_died_and_tries_again(page: InspectPage) -> None:
    page.picker.time_slider.setValue(10)
    worker = child_with("service")
    assert worker
    worker.suspend()
    wait_for(lambda: page.question.busy and not page.question._timer.isActive())
    worker.kill()
    failure, retry = page.findChild(QWidget, "inspect.failure"), page.findChild(QPushButton, "inspect.retry")
    assert failure and retry
    wait_for(lambda: not failure.isHidden())
    page._failure.details.click()
    report = page.window().findChild(ReportDialog)
    assert report is not None and "The preview worker ended before it answered." in report.value()
    report.close()
    retry.click()
    answered(page)
    wait_for(failure.isHidden)


def a_picture_is_saved_by_the_command_itself(page: InspectPage, path: Path) -> None:
    told: list[Notice] = []
    page.session.notified.connect(told.append)
    page.save.save(path)
    assert not page.save.button.isEnabled()
    wait_for(lambda: not page.save.busy, seconds=60)
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert page.save.button.isEnabled() and told[-1].message == "The picture a picture.png was saved."


@pytest.mark.parametrize(("alike", "said"), [(1.0, "almost the same places"), (0.7, "similar"), (0.4, "share some"),
                                             (0.0, "different places"), (-0.5, "different places")])
def test_how_alike_is_said_in_words_with_the_figure(alike: float, said: str) -> None:
    sentence, meaning = agreement(alike)
    assert said in sentence and f"{alike:.2f}" in sentence and meaning.startswith("Training")


@pytest.mark.long
def test_units_and_why(page: InspectPage) -> None:
    """The two other views, and the way from a unit's clip back to its heat."""
    answered(page)
    page.views.setCurrentIndex(UNITS)
    assert page.units.units_question.busy
    page.views.setCurrentIndex(WHY)
    assert page.why_question.busy and not page.units.units_question.busy, "a view shows its own progress only"
    page.views.setCurrentIndex(UNITS)
    assert not page.why_question.busy
    grid = page.units.grid
    wait_for(lambda: grid.clips and grid.clips[0].frames > 1, seconds=60)
    assert len([tile for tile in grid.tiles if not tile.isHidden()]) == 12 and grid.tiles[0].selected
    for tile in (grid.tiles[0], grid.clips[0]):
        assert re.search(r"\n\d\.\d\d s$", tile._caption), "when; and every video is its own group here"
    assert page.command_line().startswith("studio units") and page.heats.isHidden()
    other = page.units_beside.grid
    wait_for(lambda: other.clips and other.clips[0].frames > 1, seconds=60)
    assert not np.array_equal(grid.tiles[0].picture(), other.tiles[0].picture()), "random weights beside it"
    assert page.command_line().endswith("--beside random -o units.png")
    first = grid.value()
    grid.tiles[1].clicked.emit()
    assert grid.value() != first
    wait_for(lambda: not page.units.clips_question.busy, seconds=60)
    grid.clips[0].clicked.emit()
    assert page.view == HEAT and page.layer_choice.value()[1] == grid.value()
    answered(page)

    clip = len(page.heats._frames)
    page.shown.setCurrentIndex(1)
    with page.session.project.catalogue(read_only=True) as catalogue:
        page.picker.set_value(max(catalogue.videos(usable_only=True), key=lambda video: video.frames).id, 0.0)
    page._ask()
    wait_for(lambda: not page.question.busy, seconds=60)
    assert len(page.heats._frames) == 3 * clip and "element 2 of 3" in page.heats._moment.text()
    assert "--question 0" in page.command_line() and "--at" not in page.command_line()

    page.views.setCurrentIndex(WHY)
    wait_for(lambda: not page.why_question.busy, seconds=60)
    if page._failure.isVisible():  # this video is too short for a tuple of the run
        assert "spans" in page._failure.value()
        with page.session.project.catalogue(read_only=True) as catalogue:
            longest = max(catalogue.videos(usable_only=True), key=lambda video: video.frames)
        page.picker.set_value(longest.id, 0.0)
        page._ask()
        wait_for(lambda: not page.why_question.busy, seconds=60)
    assert page.why.tiles["trained"][0].frames > 1 and "right answer" in page.why._question.text()
    before = page.why._question.text(), page.why.tiles["trained"][0].picture()
    page.why.another_button.click()
    wait_for(lambda: not page.why_question.busy, seconds=60)
    assert not np.array_equal(before[1], page.why.tiles["trained"][0].picture())
    assert page.command_line().endswith("--seed 1 -o attribution.png")


def test_another_run_stands_beside(session: Session, tiny_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "study"))
    shutil.copytree(root / "runs" / tiny_run.name, root / "runs" / "2020-01-01-0000-older")
    session.open_project(root)
    session.select_run(tiny_run.name)
    page = InspectPage(session)
    page.show()
    page.refresh()
    answered(page)
    page.beside.set_value("2020-01-01-0000-older")
    page._ask()
    wait_for(lambda: not page.question.busy, seconds=60)
    assert re.fullmatch(r"Run older · \d\d \w+ \d\d:\d\d", page.heats._beside.text())
    assert page.beside.currentText() == page.heats._beside.text()
    assert page.run_choice.box.currentText() == run_label(session.run(tiny_run.name))
    assert np.array_equal(page.heats.trained.picture(), page.heats.random.picture()), "the same weights answer alike"
    assert "--beside 2020-01-01-0000-older" in page.command_line()
    page.hide()
    page.deleteLater()
