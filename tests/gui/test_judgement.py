"""The window judges a run by the figure that tells, as the engine does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.engine.events import Metric
from studio.engine.runs import Run
from studio.gui.judgement import chance_share, guessing_in, judged, right_share, right_words
from studio.gui.measured import Measured
from studio.gui.widgets.run_list import in_words

COMMON = {"chance": 0.75, "balanced_chance": 0.5}


def _run(**values: Any) -> Run:
    return Run(**{"name": "r", "folder": Path("r"), "recipe": {}, "state": "running", **values})


def _measured(**values: float) -> Measured:
    measured = Measured()
    measured.add(Metric(split="validation", step=10, total_steps=20, epoch=1.0,
                        values={"loss": 0.5, "tuples": 400, **values}))
    return measured


@pytest.mark.parametrize(("values", "level", "said"), [
    ({"accuracy": 0.72, "balanced_accuracy": 0.7, **COMMON}, "good", "70.0 %"),
    ({"accuracy": 0.75, "balanced_accuracy": 0.5, **COMMON}, "warning", "guessing gives 50.0 %"),
    ({"accuracy": 0.72, "balanced_accuracy": 0.7, "chance": 0.5}, "good", "72.0 %")])
def test_a_run_with_a_common_answer_is_judged_with_each_answer_alike(values: dict[str, float], level: str,
                                                                    said: str) -> None:
    sentence, loudness = judged(_measured(**values), _run())
    assert loudness == level and said in sentence
    assert ("each answer counting alike" in sentence) is ("balanced_chance" in values)


def test_before_any_curve_the_record_says_what_guessing_gives() -> None:
    assert guessing_in(Measured(), _run(**COMMON)) == (0.75, 0.5)
    assert guessing_in(Measured(), _run(chance=0.25)) == (0.25, 0.25)


def test_where_one_answer_is_common_the_others_count_as_much() -> None:
    uneven = _run(accuracy=0.78, balanced_accuracy=0.61, **COMMON)
    assert (right_share(uneven), chance_share(uneven)) == (0.61, 0.5)
    assert right_words(uneven) == "61 % right, each answer counting alike, chance 50 %"
    assert right_words(uneven) in in_words(uneven) and "78" not in in_words(uneven)
    even = _run(accuracy=0.4, balanced_accuracy=0.35, chance=1 / 3, balanced_chance=1 / 3)
    assert right_words(even) == "40 % right, chance 33 %" and right_words(_run()) == ""
    old = _run(accuracy=0.4, chance=1 / 6)
    assert right_words(old) == "40 % right, chance 17 %", "a run from before balanced figures were written"
