"""Verdicts: the words that figures earn."""

from __future__ import annotations

import pytest

from studio.engine.evaluation.verdict import (
    Point,
    budget_verdict,
    retrieval_verdict,
    share_verdict,
    training_verdict,
)
from studio.engine.guessing import Guessing

SIX = Guessing(1 / 6, 1 / 6)


@pytest.mark.parametrize(("accuracies", "word", "said"), [
    ([0.17, 0.18, 0.19], "chance", "falling loss is not success"), ([0.17, 0.3, 0.5], "learned", "clearly"),
    ([0.17, 0.22, 0.24], "learned", "a little"), ([0.99] * 20, "suspicious", "leak"), ([], "unclear", "Nothing"),
    ([0.17] * 30 + [0.99], "learned", "clearly")])
def test_training(accuracies: list[float], word: str, said: str) -> None:
    points = [Point(step, 1.8 - step * 0.05, accuracy) for step, accuracy in enumerate(accuracies)]
    judged = training_verdict(points, guessing=SIX, tuples=300)
    assert judged["word"] == word and said in judged["sentence"]


def test_few_questions_prove_little() -> None:
    assert training_verdict([Point(1, 1.0, 0.25)], guessing=SIX, tuples=16)["word"] == "chance"


def test_where_one_answer_is_common_each_counts_alike() -> None:
    common = Guessing(0.75, 0.5)
    found = training_verdict([Point(1, 0.6, 0.5), Point(2, 0.5, 0.7)], guessing=common, tuples=200)
    assert found["word"] == "learned" and "70.0 %" in found["sentence"] and "guessing gives 50.0 %" in found["sentence"]
    assert "each answer counting alike" in found["sentence"]
    # 0.57 of 190 equally common questions would be more than luck; of 190 of which 142 have one answer it is not
    assert training_verdict([Point(1, 0.6, 0.572)], guessing=Guessing(0.5, 0.5), tuples=190)["word"] == "learned"
    assert training_verdict([Point(1, 0.6, 0.572)], guessing=common, tuples=190)["word"] == "chance"


def _retrieval(top1: float, interval: list[float], ahead: list[float] | None) -> dict:
    result = {"top1": top1, "queries": 90, "chance_top1": 16.0, "intervals": {"top1": interval}, "feature": "pooled"}
    if ahead is not None:
        result |= {"gain": {"pooled": {"top1": {"points": ahead[0], "interval": ahead[1:]}}},
                   "against": {"random": {"top1": top1 - ahead[0]}}}
    return result


@pytest.mark.parametrize(("top1", "interval", "ahead", "word"), [
    (80, [70, 90], [30, 20, 40], "learned"), (40, [30, 50], [2, -6, 9], "unclear"),
    (40, [30, 50], [-20, -30, -9], "behind"), (18, [10, 26], [5, 1, 9], "chance"),
    (4, [1, 9], [2, 1, 3], "chance"), (40, [30, 50], None, "unclear")])
def test_retrieval(top1: float, interval: list[float], ahead: list[float] | None, word: str) -> None:
    judged = retrieval_verdict(_retrieval(top1, interval, ahead))
    assert judged["word"] == word
    assert "16.0 %" in judged["sentence"] and ("worse than a random ranking" in judged["sentence"]) == (top1 == 4)


@pytest.mark.parametrize(("accuracy", "random", "word"), [
    (0.9, 0.4, "learned"), (0.5, 0.48, "unclear"), (0.5, 0.9, "behind"), (0.3, 0.3, "chance"), (0.9, None, "unclear")])
def test_shares(accuracy: float, random: float | None, word: str) -> None:
    result = {"accuracy": accuracy, "chance": 0.25, "test": 60}
    if random is not None:
        result["against"] = {"random": {"accuracy": random}}
    assert share_verdict(result)["word"] == word


def test_several_networks_are_said_with_their_range() -> None:
    result = _retrieval(80, [70, 90], [30, 20, 40])
    assert "networks" not in retrieval_verdict(result)["sentence"]
    result["against"]["random"] |= {"networks": 3, "each": {"top1": [41.0, 50.0, 59.0]}}
    sentence = retrieval_verdict(result)["sentence"]
    assert "on average of 3 networks (41.0 to 59.0 %)" in sentence and "over groups and networks" in sentence


def _shares(*, low: float, high: float, **values: object) -> dict:
    return {"accuracy": 0.6, "chance": 0.25, "test": 60, "interval": [0.5, 0.7], "groups": 20,
            "against": {"random": {"accuracy": 0.5}}, "gain": {"points": 10, "interval": [low, high]}, **values}


@pytest.mark.parametrize(("low", "high", "word"), [(2, 18, "learned"), (-3, 20, "unclear"), (-18, -2, "behind")])
def test_shares_are_judged_by_the_difference_over_groups(low: float, high: float, word: str) -> None:
    judged = share_verdict(_shares(low=low, high=high))
    assert judged["word"] == word and "over groups" in judged["sentence"] and "seeds" not in judged["sentence"]


def test_several_seeds_are_said_with_their_range() -> None:
    result = _shares(low=2, high=18, seeds=2, each=[0.55, 0.65])
    assert "(2 seeds: 55.0 % to 65.0 %)" in share_verdict(result)["sentence"]
    assert "over groups and seeds" in share_verdict(result)["sentence"]


def test_few_groups_tell_nothing_however_clear_it_looks() -> None:
    assert share_verdict(_shares(low=40, high=40, groups=4))["word"] == "unclear"
    assert "too few groups (4" in share_verdict(_shares(low=40, high=40, groups=4))["sentence"]
    assert retrieval_verdict(_retrieval(80, [70, 90], [30, 20, 40]) | {"groups": 4})["word"] == "unclear"


def _budgets(learned: list[float], random: list[float], ahead: list[float], chance: float = 0.2) -> dict:
    entries = [{"percent": percent, "labels": percent, "trained": {"accuracy": one}, "random": {"accuracy": other}}
               for percent, one, other in zip((10, 50, 100), learned, random, strict=True)]
    return {"budgets": entries, "accuracy": learned[-1], "chance": chance, "groups": 20,
            "gain_of_all": {"random": {"points": ahead[0], "interval": ahead[1:]}}}


@pytest.mark.parametrize(("learned", "random", "ahead", "word", "said"), [
    ([0.78, 0.8, 0.8], [0.4, 0.5, 0.8], [23, 10, 30], "learned", "10 % of them (10) are enough"),
    ([0.3, 0.5, 0.8], [0.3, 0.5, 0.7], [3, -5, 9], "unclear", "with fewer it falls"),
    ([0.3, 0.5, 0.6], [0.6, 0.7, 0.9], [-26, -30, -12], "behind", "as far with 10 %"),
    ([0.1, 0.1, 0.2], [0.1, 0.1, 0.2], [0, -1, 1], "chance", "no number of labels")])
def test_budgets(learned: list[float], random: list[float], ahead: list[float], word: str, said: str) -> None:
    judged = budget_verdict(_budgets(learned, random, ahead))
    assert judged["word"] == word and said in judged["sentence"]
