"""What papers report, to stand beside one's own figures where data set and protocol are the same.

`resources/published.json` holds only figures that were read in a repository's README or code, each with its source.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from studio.engine import files
from studio.engine.evaluation.retrieval import TOPS
from studio.engine.recipe import Recipe

Result = dict[str, Any]


class Published(NamedTuple):
    """One row: a method on a network, its figures in percent by name (`top1` ..., or `accuracy`)."""

    method: str
    network: str
    splits: str
    figures: dict[str, float]
    source: str

    @property
    def title(self) -> str:
        """What to call the row."""
        return f"{self.method}, {self.network}"


def published_rows(result: Result, recipe: Recipe) -> list[Published]:
    """The rows that may stand beside a kept result: of the same network, else of the same pretext task.

    None unless a published split was used with the published protocol: for retrieval split 1, for fine-tuning the
    published settings.
    """
    split = result.get("split") or {}
    protocol = result.get("protocol")
    comparable = (protocol == "retrieval" and split.get("number") == 1) or (
        protocol == "finetune" and (result.get("finetuning") or {}).get("published"))
    if not comparable:
        return []
    fitting = [row for row in _table() if (row["dataset"], row["protocol"]) == (split.get("dataset"), protocol)]
    chosen = [row for row in fitting if row["backbone"] == recipe.backbone] or \
        [row for row in fitting if row.get("task") == recipe.task]
    return [Published(row["method"], row["network"], row["splits"], _figures(row), row["source"]) for row in chosen]


def _table() -> list[dict[str, Any]]:
    return list(json.loads(files.resource("published.json").read_text(encoding="utf-8"))["rows"])


def _figures(row: dict[str, Any]) -> dict[str, float]:
    if "tops" in row:
        return {f"top{k}": value for k, value in zip(TOPS, row["tops"], strict=True)}
    return {"accuracy": row["accuracy"]}


def incomplete(result: Result) -> str:
    """Say how much of the published split the project lacks; empty where it has all of it, or none was used."""
    split = result.get("split") or {}
    missing = {side: split.get(f"missing_{side}", 0) for side in ("train", "test")}
    if not any(missing.values()):
        return ""
    return (f"The project lacks {missing['train']} of the {split['train'] + missing['train']} training and "
            f"{missing['test']} of the {split['test'] + missing['test']} test videos of this split, so these figures "
            "are not those of the whole data set.")
