"""Clip order against the published code's tables and counts (METHODS 4.1)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.engine.sampling import Sampling
from studio.engine.tasks.clip_order import ClipOrder, ClipOrderOptions, PairwiseOrderHead
from tests.engine.shapes import windows_at

SAMPLING = Sampling(tuple_length=3, clip_frames=2, interval_frames=1)


def test_the_class_table_is_that_of_itertools_permutations() -> None:
    task = ClipOrder(sampling=SAMPLING)
    assert task.orders == [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    assert task.classes == 6
    assert task.chance == pytest.approx(1 / 6)


def test_labels_tell_the_order_that_is_shown() -> None:
    task = ClipOrder(sampling=SAMPLING)
    start = np.full(300, 4)
    dealt = task.deal(windows_at(start, span=task.span_frames), np.random.default_rng(3))
    assert set(dealt.label_B) == set(range(6))
    for frames, label in zip(dealt.frames_BEF, dealt.label_B, strict=True):
        places = np.argsort(np.argsort(frames[:, 0]))
        assert tuple(places) == task.orders[label]


def test_merged_classes_hold_both_directions() -> None:
    task = ClipOrder(sampling=SAMPLING, options=ClipOrderOptions(merge_reversed=True))
    assert task.classes == 3
    start = np.zeros(300, np.int64)
    dealt = task.deal(windows_at(start, span=task.span_frames), np.random.default_rng(3))
    for order, label in zip(dealt.order_BE, dealt.label_B, strict=True):
        assert task.orders[label] in (tuple(order), tuple(order[::-1]))
    assert len({tuple(order) for order in dealt.order_BE}) == 6


@pytest.mark.parametrize(("elements", "classes", "parameters"),
                         [(3, 6, 534_022), (4, 24, 598_552), (5, 120, 1_139_320)])
def test_the_head_has_the_published_number_of_parameters(elements: int, classes: int, parameters: int) -> None:
    head = PairwiseOrderHead(feature_dim=512, elements=elements, classes=classes, hidden_features=512, dropout=0.5)
    assert sum(p.numel() for p in head.parameters()) == parameters
    assert head(torch.randn(2, elements, 512)).shape == (2, classes)


def test_answers_in_words() -> None:
    task = ClipOrder(sampling=SAMPLING)
    assert task.label_text(0) == "in order"
    assert task.label_text(3) == "shown as 2, 3, 1"
