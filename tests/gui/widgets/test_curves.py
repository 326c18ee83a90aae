"""Curves of a run whose answers are uneven, or whose loss is a sum: what is drawn, and what the cursor reads."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from studio.engine.events import Metric
from studio.gui.measured import Measured
from studio.gui.widgets.axes import ValueAxis
from studio.gui.widgets.curves import Curves
from tests.gui.conftest import wait_for

FIGURES = {"loss": 2.1, "accuracy": 0.8, "balanced_accuracy": 0.6}


@pytest.fixture
def shown(qapp: QApplication) -> Iterator[Callable[..., Curves]]:
    """Makes curves of what was measured at one step, with further values."""
    made: list[Curves] = []

    def show(**values: float) -> Curves:
        measured = Measured()
        for split in ("train", "validation"):
            measured.add(Metric(split=split, step=10, total_steps=20, epoch=1.0, values={**FIGURES, **values}))
        curves = Curves(name="curves")
        made.append(curves)
        curves.show()
        curves.set_measured(measured)
        wait_for(lambda: curves.accuracy.value() and not curves.drawing.isActive())
        curves.set_value(10)
        return curves

    yield show
    for curves in made:
        curves.hide()
        curves.deleteLater()


@pytest.mark.parametrize(("chances", "figure", "chance"), [
    ({"chance": 0.75, "balanced_chance": 0.5}, 60, 50), ({"chance": 0.5, "balanced_chance": 0.5}, 80, 50),
    ({"chance": 0.5}, 80, 50)])
def test_uneven_answers_are_drawn_each_counting_alike(shown: Callable[..., Curves], chances: dict[str, float],
                                                      figure: int, chance: int) -> None:
    curves = shown(**chances)
    assert [round(float(curve.points[1][-1])) for curve in curves.accuracy.value()] == [figure, figure]
    assert f"training {figure} % right" in curves.accessibleDescription()
    assert f"chance {chance} %" in curves.accessibleDescription()
    assert ("each answer counting alike" in curves._accuracy_title.text()) is (figure == 60)


def test_the_losses_that_make_up_the_sum_are_read_out(shown: Callable[..., Curves]) -> None:
    alone = shown(chance=0.5).accessibleDescription()
    assert "loss 2.100 ·" in alone and "contrast" not in alone
    both = shown(chance=0.5, loss_task=1.5, loss_contrast=1.2).accessibleDescription()
    assert "loss 2.100 (task 1.500, contrast 1.200)" in both


@pytest.fixture
def long_run(qapp: QApplication) -> Iterator[Curves]:
    """Curves of two hundred steps whose loss halves, with what was right before the first of them."""
    measured = Measured()
    measured.add(Metric(split="untrained", step=0, total_steps=200, epoch=0.0, values={"loss": 8.0, "accuracy": 0.21}))
    for step in range(1, 201):
        loss = 8.0 * 0.5 ** (step / 20)
        measured.add(Metric(split="train", step=step, total_steps=200, epoch=1.0, values={
            "loss": loss, "accuracy": step / 400, "chance": 0.17, "learning_rate": 0.01, "samples_per_second": 30.0}))
    curves = Curves(name="curves")
    curves.resize(1000, 500)
    curves.show()
    curves.set_measured(measured)
    wait_for(lambda: curves.accuracy.value() and not curves.drawing.isActive())
    yield curves
    curves.hide()
    curves.deleteLater()


def test_chance_and_what_was_right_before_training_stand_beside_the_curves(long_run: Curves) -> None:
    assert [(round(level.value), level.words) for level in long_run.accuracy.levels] == [
        (21, "before training 21 %"), (17, "chance 17 %")]
    assert [level.words for level in long_run.loss.levels] == ["before training 8.00"]
    long_run.set_value(10)
    assert "before training 21 %" in long_run.accessibleDescription()


def test_the_wheel_zooms_all_plots_and_each_end_says_what_is_in_sight(long_run: Curves) -> None:
    plot = long_run.loss
    place = QPointF(plot.width() / 3, plot.height() / 2)
    for _ in range(6):
        QApplication.sendEvent(plot.viewport(), QWheelEvent(
            place, plot.mapToGlobal(place), QPointF().toPoint(), QPointF(0, 120).toPoint(), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False))
    assert long_run.steps is not None
    first, last = long_run.steps
    assert 0 < first < last < 200 and last - first == pytest.approx(200 / 1.25**6, rel=0.02)
    wait_for(lambda: not long_run.drawing.isActive())
    for one in (long_run.accuracy, plot):
        (shown_first, _), _ = one.getViewBox().viewRange()
        assert shown_first == pytest.approx(first)
    assert plot.value()[0].words != "training 0.01" and long_run.findChild(QPushButton, "curves.whole").isEnabled()
    long_run.findChild(QPushButton, "curves.whole").click()
    wait_for(lambda: not long_run.drawing.isActive())
    assert long_run.steps is None and plot.value()[0].words == "training 0.01"


def test_keys_zoom_and_move_and_dragging_moves(long_run: Curves) -> None:
    long_run.setFocus()
    for _ in range(5):
        QTest.keyClick(long_run, Qt.Key.Key_Plus)
    first, last = long_run.steps
    assert (first + last) / 2 == pytest.approx(100, abs=1)
    QTest.keyClick(long_run, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert long_run.steps[0] == pytest.approx(first + 0.2 * (last - first))
    before, view = long_run.steps, long_run.accuracy.viewport()
    middle = view.rect().center()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    QTest.mouseMove(view, middle + QPointF(-60, 0).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert long_run.steps[0] > before[0]
    QTest.keyClick(long_run, Qt.Key.Key_0)
    assert long_run.steps is None


def test_a_logarithm_draws_the_same_values_elsewhere_and_smoothing_is_chosen(long_run: Curves) -> None:
    axis = long_run.loss.getAxis("left")
    assert isinstance(axis, ValueAxis) and not axis.logarithmic
    long_run._options.set_value((1, True))
    long_run._options.value_changed.emit((1, True))
    wait_for(lambda: not long_run.drawing.isActive())
    assert axis.logarithmic and not long_run.accuracy.getAxis("left").logarithmic
    low, high = long_run.loss.getViewBox().viewRange()[1]
    assert low == pytest.approx(-2.1, abs=0.4) and high == pytest.approx(0.9, abs=0.4)
    (curve,) = long_run.loss.value()
    assert curve.faint is None and curve.points[1][0] == pytest.approx(8.0, rel=0.05)  # not smoothed, still the loss
    long_run._options.set_value((100, False))
    long_run._options.value_changed.emit((100, False))
    wait_for(lambda: not long_run.drawing.isActive())
    (curve,) = long_run.loss.value()
    assert curve.faint is not None and curve.points[1][-1] > 5 * curve.faint[1][-1]


def test_drawing_anew_makes_no_new_items(long_run: Curves) -> None:
    before = len(long_run.loss.getPlotItem().items)
    for _ in range(3):
        long_run.set_measured(long_run._measured)
        wait_for(lambda: not long_run.drawing.isActive())
    assert len(long_run.loss.getPlotItem().items) == before
