"""Curves of a run whose answers are uneven, or whose loss is a sum: what is drawn, and what the cursor reads."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.events import Metric
from studio.gui.measured import Measured
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
        wait_for(lambda: curves.accuracy.value() and not curves._turn.isActive())
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
