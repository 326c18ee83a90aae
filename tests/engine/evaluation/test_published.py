"""The table of papers' figures: only what was read, and only where data set and protocol are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.engine.backbones import BACKBONES
from studio.engine.evaluation.published import published_rows
from studio.engine.files import resource
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.tasks import TASKS

ROWS = json.loads(resource("published.json").read_text(encoding="utf-8"))["rows"]
SPLIT = {"dataset": "ucf101", "number": 1}


def _recipe(**values: Any) -> Recipe:
    return load_recipe("clip-order", [f"{name}={value}" for name, value in values.items()])


def test_every_row_says_where_it_was_read() -> None:
    for row in ROWS:
        assert row["source"].startswith("README of ") and row["dataset"] in ("ucf101", "hmdb51")
        assert not row["backbone"] or row["backbone"] in BACKBONES
        assert row.get("task", "clip-order") in TASKS
        figures = row.get("tops") or [row["accuracy"]]
        assert figures == sorted(figures) and all(0 < figure < 100 for figure in figures)
        assert len(figures) == (5 if row["protocol"] == "retrieval" else 1)


def test_unread_figures_are_not_there() -> None:
    """Rows known from memory only: random C3D and R(2+1)D, and VCOP's R3D in retrieval on HMDB51."""
    random = {(row["dataset"], row["backbone"]) for row in ROWS if row["method"] == "random weights"}
    assert random == {("ucf101", "r3d_vcop"), ("hmdb51", "r3d_vcop"), ("ucf101", "r3d_18")}
    assert not [row for row in ROWS if (row["dataset"], row["protocol"], row["backbone"], row["method"])
                == ("hmdb51", "retrieval", "r3d_vcop", "VCOP")]


@pytest.mark.parametrize(("result", "methods"), [
    ({"protocol": "retrieval", "split": SPLIT}, True), ({"protocol": "retrieval"}, False),
    ({"protocol": "retrieval", "split": SPLIT | {"number": 2}}, False), ({"protocol": "linear", "split": SPLIT}, False),
    ({"protocol": "finetune", "split": SPLIT, "finetuning": {"published": False}}, False),
    ({"protocol": "finetune", "split": SPLIT, "finetuning": {"published": True}}, True)])
def test_only_the_same_protocol_and_split(result: dict[str, Any], methods: bool) -> None:
    rows = published_rows(result, _recipe())
    assert ("VCOP" in {row.method for row in rows}) is methods and bool(rows) is methods
    assert all("R3D" in row.network for row in rows), "the run's own network"


def test_another_network_gets_the_rows_of_its_task() -> None:
    rows = published_rows({"protocol": "retrieval", "split": SPLIT}, _recipe(backbone="r3d_small"))
    assert {row.method for row in rows} == {"VCOP"} and len({row.network for row in rows}) == 3
