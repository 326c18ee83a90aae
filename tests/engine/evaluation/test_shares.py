"""Accuracies of answers: means, differences by pairs, and the videos behind each mix-up."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.shares import Outcome, confusion, share_gain, share_result

GROUP_V = np.array([0, 0, 1, 1, 2, 2])
IDS_V = np.array([10, 11, 12, 13, 14, 15])


def _tested(answers: list[int], *, seed: int = 0, videos: tuple[int, ...] = (0, 2, 4, 5)) -> Outcome:
    return Outcome(np.array(videos), np.array([0, 1, 1, 2]), np.array(answers), seed=seed)


def test_one_training() -> None:
    result = share_result([_tested([0, 1, 2, 2])], group_V=GROUP_V)
    assert (result["accuracy"], result["spread"], result["splits"]) == (0.75, 0, [0.75])
    low, high = result["interval"]
    assert low <= 0.75 <= high and low < high
    assert "each" not in result and "seeds" not in result


def test_several_seeds_say_how_far_they_lie_apart() -> None:
    result = share_result([_tested([0, 1, 2, 2]), _tested([0, 0, 2, 0], seed=1)], group_V=GROUP_V)
    assert (result["accuracy"], result["each"], result["seeds"]) == (0.5, [0.75, 0.25], 2)
    assert result["seed_spread"] == pytest.approx(np.std([0.75, 0.25], ddof=1), abs=1e-4)


def test_splits_of_one_seed_are_no_seeds() -> None:
    assert "each" not in share_result([_tested([0, 1, 2, 2]), _tested([0, 1, 1, 2])], group_V=GROUP_V)


def test_the_difference_is_taken_video_by_video() -> None:
    one, other = _tested([0, 1, 2, 0]), _tested([0, 0, 2, 0])
    assert share_gain([one], [other], group_V=GROUP_V)["points"] == 25
    assert share_gain([one], [one], group_V=GROUP_V) == {"points": 0, "interval": [0, 0]}


def test_mix_ups_are_counted_and_their_videos_named_once() -> None:
    tests = [_tested([0, 2, 2, 2]), _tested([0, 2, 1, 2], videos=(1, 2, 4, 5))]
    found = confusion(tests, names=["a", "b", "c"], ids_V=IDS_V)
    assert found["counts"] == [[2, 0, 0], [0, 1, 3], [0, 0, 2]] and found["labels"] == ["a", "b", "c"]
    cells = {(cell["label"], cell["answer"]): cell for cell in found["cells"]}
    assert cells[1, 2] == {"label": 1, "answer": 2, "count": 3, "videos": [12, 14]}
    assert cells[0, 0]["videos"] == [10, 11] and (0, 1) not in cells
    assert sum(cell["count"] for cell in found["cells"]) == 8
