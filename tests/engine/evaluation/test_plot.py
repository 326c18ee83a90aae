"""Curves as SVG: well formed, labels apart, values where they belong."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

from studio.engine.evaluation.plot import HEIGHT, Curve, plot, thinned

CURVES = [Curve("training", "train", [(0, 0.1), (10, 0.5)]), Curve("held <out>", "validation", [(10, 0.49)]),
          Curve("chance", "chance", [(0, 0.48), (10, 0.48)]), Curve("none", "random", [])]


def test_is_well_formed_and_labels_do_not_overlap() -> None:
    root = ElementTree.fromstring(plot(CURVES, title="Accuracy", x_title="step", percent=True))
    labels = {node.text: float(node.get("y", "0")) for node in root.iter("text") if "label" in node.get("class", "")}
    assert set(labels) == {"training", "held <out>", "chance"}
    heights = sorted(labels.values())
    assert min(high - low for low, high in itertools.pairwise(heights)) >= 12.9
    assert all(0 <= height <= HEIGHT for height in heights)
    ticks = [node.text for node in root.iter("text") if node.get("class") == "tick"]
    assert "0 %" in ticks and "20 %" in ticks


def test_a_higher_value_lies_higher() -> None:
    root = ElementTree.fromstring(plot(CURVES[:1], title="Accuracy", x_title="step", percent=True))
    line = next(node for node in root.iter("polyline"))
    (first, last) = [tuple(map(float, place.split(","))) for place in line.get("points", "").split()]
    assert first[0] < last[0] and first[1] > last[1]


@pytest.mark.parametrize("points", [[], [(0, 1.0)], [(0, 1.0), (5, 1.0)]])
def test_few_points(points: list[tuple[float, float]]) -> None:
    drawn = plot([Curve("loss", "train", points)], title="Loss", x_title="step")
    assert bool(drawn) == bool(points) and "nan" not in drawn


def test_thinning_keeps_the_mean_and_the_end() -> None:
    points = [(float(x), float(x)) for x in range(1000)]
    few = thinned(points, most=100)
    assert len(few) == 100 and few[-1][0] == 999 and few[0][1] == 4.5
    assert thinned(points[:50], most=100) == points[:50]
