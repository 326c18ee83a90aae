"""Verdicts: the words that figures earn."""

from __future__ import annotations

import pytest

from studio.engine.evaluation.verdict import Point, retrieval_verdict, share_verdict, training_verdict


@pytest.mark.parametrize(("accuracies", "word", "said"), [
    ([0.17, 0.18, 0.19], "chance", "falling loss is not success"), ([0.17, 0.3, 0.5], "learned", "clearly"),
    ([0.17, 0.22, 0.24], "learned", "a little"), ([0.99] * 20, "suspicious", "leak"), ([], "unclear", "Nothing"),
    ([0.17] * 30 + [0.99], "learned", "clearly")])
def test_training(accuracies: list[float], word: str, said: str) -> None:
    points = [Point(step, 1.8 - step * 0.05, accuracy) for step, accuracy in enumerate(accuracies)]
    judged = training_verdict(points, chance=1 / 6, tuples=300)
    assert judged["word"] == word and said in judged["sentence"]


def test_few_questions_prove_little() -> None:
    assert training_verdict([Point(1, 1.0, 0.25)], chance=1 / 6, tuples=16)["word"] == "chance"


def _retrieval(top1: float, interval: list[float], ahead: list[float] | None) -> dict:
    result = {"top1": top1, "queries": 90, "chance_top1": 16.0, "intervals": {"top1": interval}, "feature": "pooled"}
    if ahead is not None:
        result |= {"gain": {"pooled": {"top1": {"points": ahead[0], "interval": ahead[1:]}}},
                   "against": {"random": {"top1": top1 - ahead[0]}}}
    return result


@pytest.mark.parametrize(("top1", "interval", "ahead", "word"), [
    (80, [70, 90], [30, 20, 40], "learned"), (40, [30, 50], [2, -6, 9], "unclear"),
    (40, [30, 50], [-20, -30, -9], "behind"), (18, [10, 26], [5, 1, 9], "chance"), (40, [30, 50], None, "unclear")])
def test_retrieval(top1: float, interval: list[float], ahead: list[float] | None, word: str) -> None:
    judged = retrieval_verdict(_retrieval(top1, interval, ahead))
    assert judged["word"] == word
    assert "16.0 %" in judged["sentence"]


@pytest.mark.parametrize(("accuracy", "random", "word"), [
    (0.9, 0.4, "learned"), (0.5, 0.48, "unclear"), (0.5, 0.9, "behind"), (0.3, 0.3, "chance"), (0.9, None, "unclear")])
def test_shares(accuracy: float, random: float | None, word: str) -> None:
    result = {"accuracy": accuracy, "chance": 0.25, "test": 60}
    if random is not None:
        result["against"] = {"random": {"accuracy": random}}
    assert share_verdict(result)["word"] == word
