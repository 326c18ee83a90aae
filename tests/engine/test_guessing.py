"""What guessing gives where answers are not equally common: figures worked out by hand and by throwing dice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.engine.guessing import Guessing
from studio.engine.training.validation import balanced_accuracy

COMMON, EVEN = Guessing(0.75, 0.5), Guessing(1 / 6, 1 / 6)


def test_equally_common_answers_are_judged_by_accuracy() -> None:
    assert (EVEN.skewed, EVEN.figure, EVEN.level, EVEN.manner) == (False, "accuracy", 1 / 6, "")
    assert EVEN.telling(96) == 96 and EVEN.of(accuracy=0.3, balanced_accuracy=0.2) == 0.3
    assert EVEN.loss == pytest.approx(math.log(6))


def test_a_common_answer_is_judged_with_each_answer_alike() -> None:
    assert (COMMON.skewed, COMMON.figure, COMMON.level) == (True, "balanced_accuracy", 0.5)
    assert COMMON.of(accuracy=0.75, balanced_accuracy=0.5) == 0.5
    assert COMMON.telling(96) == pytest.approx(72)  # 4 / (1 / 0.75 + 1 / 0.25) = 0.75
    assert COMMON.loss == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_the_questions_that_tell_are_those_whose_figure_varies_as_much() -> None:
    rng = np.random.default_rng(0)
    label_B = np.repeat([0, 1], [24, 72])
    found = [balanced_accuracy(rng.integers(0, 2, 96), label_B) for _ in range(4000)]
    assert np.std(found) == pytest.approx((0.25 / COMMON.telling(96)) ** 0.5, rel=0.05)
    assert np.mean(found) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("told", "expected"), [
    ((0.25, None), Guessing(0.25, 0.25)), ((0.75, 0.5), COMMON), ((None, None), Guessing(0.0, 0.0))])
def test_a_record_without_a_balanced_chance_asks_equally_common_answers(
        told: tuple[float | None, float | None], expected: Guessing) -> None:
    assert Guessing.told(*told) == expected
    assert Guessing(0.0, 0.0).loss == 0.0 and Guessing(0.0, 0.0).telling(10) == 10
