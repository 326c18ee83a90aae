from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from studio.engine.device import choose_device
from studio.engine.guessing import Guessing
from studio.engine.training import alarms
from studio.engine.training.validation import Measured, balanced_accuracy, feature_spread

SIX = Guessing(1 / 6, 1 / 6)


def _passes(*accuracies: float, spread: float = 0.5, commonest: float = 0.3, tuples: int = 96) -> list[Measured]:
    return [Measured(step=100 * (i + 1), loss=1.0, accuracy=accuracy, balanced_accuracy=accuracy, spread=spread,
                     commonest_answer=commonest, tuples=tuples) for i, accuracy in enumerate(accuracies)]


@pytest.mark.parametrize(("passes", "share", "codes"), [
    (_passes(0.17), 0.1, []),
    (_passes(0.17, 0.18), 0.1, []),
    (_passes(0.17, 0.18), 0.4, ["stuck-at-chance"]),
    (_passes(0.17, 0.35), 0.4, []),
    (_passes(0.35, 0.17), 0.4, []),
    (_passes(0.99), 0.05, ["solved-at-once"]),
    (_passes(0.99), 0.5, ["solved-at-once"]),
    (_passes(0.3, 0.99), 0.5, []),
    (_passes(0.5, spread=1e-5), 0.5, ["features-collapsed"]),
    (_passes(0.3, 0.3, commonest=1.0), 0.1, ["one-answer"]),
    (_passes(0.3, commonest=1.0), 0.1, []),
])
def test_alarms_in_words(passes: list[Measured], share: float, codes: list[str]) -> None:
    found = alarms.after_validation(passes, guessing=SIX, classes=6, share_done=share)
    assert [alarm.code for alarm in found] == codes
    assert all(alarm.message.endswith(".") and alarm.remedy for alarm in found)


def test_guessing_raises_the_alarm_and_learning_does_not() -> None:
    rng = np.random.default_rng(0)
    raised = sum(alarms.stuck(_passes(*(rng.binomial(96, 1 / 6, 2) / 96)), guessing=SIX) for _ in range(500))
    assert raised > 400
    assert not any(alarms.stuck(_passes(*(rng.binomial(96, 0.4, 2) / 96)), guessing=SIX) for _ in range(500))


def _skewed(*shares: tuple[float, float], tuples: int = 96) -> list[Measured]:
    return [dataclasses.replace(one, balanced_accuracy=balanced) for one, (_, balanced) in
            zip(_passes(*(accuracy for accuracy, _ in shares), tuples=tuples), shares, strict=True)]


@pytest.mark.parametrize(("shares", "codes"), [
    ([(0.75, 0.5), (0.75, 0.5)], ["stuck-at-chance"]),  # always the commonest answer: right often, and nothing learned
    ([(0.75, 0.5), (0.72, 0.70)], []),  # fewer right answers than by guessing, and yet much was learned
    ([(0.6, 0.58), (0.7, 0.59)], ["stuck-at-chance"])])
def test_where_one_answer_is_common_each_counts_alike(shares: list[tuple[float, float]], codes: list[str]) -> None:
    found = alarms.after_validation(_skewed(*shares), guessing=Guessing(0.75, 0.5), classes=2, share_done=0.5)
    assert [alarm.code for alarm in found] == codes
    assert all("each answer counting alike" in alarm.message and "50.0 %" in alarm.message for alarm in found)


def test_broken_twin_that_judges_by_plain_accuracy_is_seen() -> None:
    learned = _skewed((0.75, 0.5), (0.72, 0.70))
    assert alarms.stuck(learned, guessing=Guessing(0.75, 0.75)) and not alarms.stuck(learned,
                                                                                    guessing=Guessing(0.75, 0.5))


def test_the_processor_is_said_loudly_with_the_reason() -> None:
    alarm = alarms.on_the_processor(choose_device("cpu"))
    assert alarm is not None
    assert "processor" in alarm.message
    assert "asked for" in alarm.message


def test_no_short_videos_no_alarm() -> None:
    assert alarms.too_short(0, span_frames=64) is None
    one = alarms.too_short(1, span_frames=64)
    assert one is not None
    assert one.message.startswith("1 video is left out")


def test_smaller_parts_say_what_they_cost() -> None:
    plain, contrast = alarms.smaller_parts(16, 4), alarms.smaller_parts(16, 4, contrast=True)
    assert "16 tuples is now computed 4 at a time" in plain.message and "fewer of them" not in plain.message
    assert contrast.message.startswith(plain.message) and "The contrast between videos has fewer" in contrast.message


def test_balanced_accuracy_is_not_fooled_by_a_common_answer() -> None:
    label_B = np.array([0] * 9 + [1])
    always_0 = np.zeros(10, np.int64)
    assert balanced_accuracy(always_0, label_B) == pytest.approx(0.5)
    assert float((always_0 == label_B).mean()) == pytest.approx(0.9)
    assert balanced_accuracy(label_B, label_B) == 1.0


def test_feature_spread() -> None:
    rng = torch.Generator().manual_seed(0)
    assert feature_spread(torch.randn(50, 8, generator=rng)) > 0.9
    assert feature_spread(torch.ones(50, 8) + 1e-5 * torch.randn(50, 8, generator=rng)) < alarms.COLLAPSED_SPREAD
    assert feature_spread(torch.zeros(5, 3)) == 0.0
    assert feature_spread(torch.full((5, 3), torch.nan)) == 0.0
