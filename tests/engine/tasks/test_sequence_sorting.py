"""Sequence sorting against the released class table and layer sizes (METHODS 2)."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from studio.engine.orders import ORDERS, all_pairs
from studio.engine.sampling import Sampling
from studio.engine.tasks.sequence_sorting import SequenceSorting
from tests.engine.shapes import windows_at

OPN = Sampling(tuple_length=4, clip_frames=1, interval_frames=5)


def test_the_table_holds_one_of_each_order_and_its_reverse() -> None:
    assert len(ORDERS) == 12
    both = set(ORDERS) | {order[::-1] for order in ORDERS}
    assert both == {"".join(order) for order in itertools.permutations("1234")}


def test_the_label_tells_the_order_up_to_reversal() -> None:
    task = SequenceSorting(sampling=OPN)
    start = np.zeros(600, np.int64)
    dealt = task.deal(windows_at(start, span=task.span_frames), np.random.default_rng(1))
    directions = set()
    for frames, label in zip(dealt.frames_BEF[:, :, 0], dealt.label_B, strict=True):
        shown = "".join(str(place + 1) for place in np.argsort(np.argsort(frames)))
        assert ORDERS[label] in (shown, shown[::-1])
        directions.add(ORDERS[label] == shown)
    assert directions == {True, False}
    assert set(dealt.label_B) == set(range(12))


def test_other_lengths_halve_the_orders() -> None:
    for elements, classes in ((2, 1), (3, 3), (5, 60)):
        assert SequenceSorting(sampling=Sampling(tuple_length=elements, clip_frames=1)).classes == classes


def test_pairs_come_in_the_released_order() -> None:
    assert all_pairs(4) == [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]


def test_the_head_has_the_released_sizes() -> None:
    head = SequenceSorting(sampling=OPN).head(1024)
    weights = {name: tuple(value.shape) for name, value in head.named_parameters()}
    assert weights["fc6.0.weight"] == (1024, 1024)
    assert weights["fc7.weight"] == (512, 2048)
    assert weights["fc7_scale"] == (6, 512)
    assert weights["fc8.weight"] == (12, 3072)
    assert head(torch.randn(3, 4, 1024)).shape == (3, 12)


def test_words() -> None:
    task = SequenceSorting(sampling=OPN)
    assert task.label_text(0) == "in order"
    assert task.label_text(6) == "shown as 2, 1, 3, 4 or the reverse"
