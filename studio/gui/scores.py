"""What a kept evaluation says, as rows beside each other: trained, random weights, chance, an earlier run. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.engine.evaluation.retrieval import TOPS
from studio.engine.inspection.wilson import wilson
from studio.gui.judgement import LEVELS
from studio.gui.words import counted

TITLES = {"retrieval": "Retrieval", "linear": "Linear probe", "finetune": "Fine-tuning", "labels": "How many labels?"}


@dataclass(frozen=True)
class Score:
    """A percentage and its 95 % interval, where there is one. `signed` is a difference in points."""

    value: float
    low: float | None = None
    high: float | None = None
    signed: bool = False

    @property
    def text(self) -> str:
        """The figure alone."""
        return f"{self.value:+.1f}" if self.signed else f"{self.value:.1f} %"

    @property
    def interval(self) -> str:
        """The interval in words, empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:+.0f} to {self.high:+.0f}" if self.signed else f"{self.low:.0f} to {self.high:.0f}"


@dataclass(frozen=True)
class Row:
    """One line of the table. `colour` names one of the theme's plot colours, or is empty."""

    title: str
    scores: list[Score | None]
    colour: str = ""
    note: str = ""

    @property
    def drawn(self) -> bool:
        """Whether it belongs into the picture: a share, not a difference."""
        return not any(score and score.signed for score in self.scores)


@dataclass(frozen=True)
class Scores:
    """A whole result: what was asked, the verdict, and how loudly to say it."""

    columns: list[str]
    rows: list[Row]
    sentence: str
    level: str
    about: list[str] = field(default_factory=list)


Earlier = tuple[str, Mapping[str, Any]] | None
_Parts = tuple[list[str], list[Row], list[str]]


def scores_of(protocol: str, result: Mapping[str, Any], *, before: Earlier = None) -> Scores:
    """Lay out a kept result; `before` is an earlier run's name and its result of the same protocol."""
    if protocol == "retrieval":
        columns, rows, about = _retrieval(result, before)
    elif protocol == "labels":
        columns, rows, about = _budgets(result, before)
    else:
        columns, rows, about = _shares(protocol, result, before)
    said = result["verdict"]
    labels = result.get("labels") or {}
    if names := labels.get("names"):
        source = "folder names" if labels.get("from") == "folders" else "a CSV file"
        about = [*about, f"{counted(len(names), 'label')} from {source}"]
    if labels.get("unlabelled"):
        about = [*about, f"{counted(labels['unlabelled'], 'video')} without a label"]
    return Scores(columns, rows, said["sentence"], LEVELS.get(said["word"], "info"), about)


def _gained(one: Mapping[str, Any]) -> Score:
    low, high = one["interval"]
    return Score(one["points"], low, high, signed=True)


def _retrieval(result: Mapping[str, Any], before: Earlier) -> _Parts:
    rows = [Row("Trained", _tops(result), "train", "this run")]
    if random := (result.get("against") or {}).get("random"):
        rows.append(Row("Random weights", _tops(random), "random", "the same network, untrained"))
    rows.append(Row("Chance", [Score(result["chance_top1"]), *[None] * (len(TOPS) - 1)], "chance", "a random ranking"))
    if gain := (result.get("gain") or {}).get(result.get("feature", "pooled")):
        rows.append(Row("Gain over random", [_gained(gain[f"top{k}"]) for k in TOPS], note="points, with interval"))
    if before:
        rows.append(Row("Run before", _tops(before[1]), "validation", before[0]))
    about = [f"{counted(result['queries'], 'query', 'queries')} in {counted(result['groups'], 'group')}",
             f"{counted(result['gallery'], 'video')} to be found", "a video's own group is left out"]
    return [f"Top {k}" for k in TOPS], rows, about


def _tops(result: Mapping[str, Any]) -> list[Score | None]:
    return [Score(result[f"top{k}"], *result["intervals"][f"top{k}"]) for k in TOPS]


def _shares(protocol: str, result: Mapping[str, Any], before: Earlier) -> _Parts:
    rows = [Row("Trained", [_accuracy(result)], "train", _spread(result) or "this run")]
    if random := (result.get("against") or {}).get("random"):
        rows.append(Row("Random weights", [_accuracy(random)], "random",
                        _spread(random) or "the same network, untrained"))
    rows.append(Row("Commonest label", [Score(100 * result["chance"])], "chance", "what needs no network"))
    if before:
        rows.append(Row("Run before", [_accuracy(before[1])], "validation", before[0]))
    about = [f"{counted(result['train'], 'video')} to learn from",
             f"{counted(result['test'], 'video')} of other groups to test"]
    if protocol == "finetune" and result.get("steps"):
        about.append(counted(result["steps"], "step"))
    return ["Labelled right"], rows, about


def _budgets(result: Mapping[str, Any], before: Earlier) -> _Parts:
    """One column a share of the labels."""
    entries = result["budgets"]
    rows = [Row("Trained", [_accuracy(entry["trained"]) for entry in entries], "train", "this run")]
    for name, title, colour in (("random", "Random weights", "random"), ("kinetics", "Other weights", "validation")):
        if name in entries[0]:
            rows.append(Row(title, [_accuracy(entry[name]) for entry in entries], colour))
    rows.append(Row("Commonest label", [Score(100 * result["chance"])] * len(entries), "chance",
                    "what needs no network"))
    if "random" in entries[0].get("gain", {}):
        rows.append(Row("Gain over random", [_gained(entry["gain"]["random"]) for entry in entries],
                        note="points, with interval"))
    if before:
        known = {entry["percent"]: entry for entry in before[1].get("budgets", ())}
        rows.append(Row("Run before", [_accuracy(known[entry["percent"]]["trained"]) if entry["percent"] in known
                                       else None for entry in entries], "validation", before[0]))
    about = [f"{entries[-1]['labels']:.0f} videos to learn from with all labels",
             f"{counted(result['test'], 'video')} of other groups to test"]
    return [f"{entry['percent']} %" for entry in entries], rows, about


def _accuracy(result: Mapping[str, Any]) -> Score:
    """A share as a percentage, with its interval over groups; over videos where an older result has none."""
    if "interval" in result:
        low, high = result["interval"]
    else:
        low, high = wilson(result["accuracy"] * result["test"], result["test"])
    return Score(100 * result["accuracy"], 100 * low, 100 * high)


def _spread(result: Mapping[str, Any]) -> str:
    shares = result.get("splits") or []
    return f"{min(shares):.0%} to {max(shares):.0%} over {len(shares)} splits".replace("%", " %") if len(shares) > 1 \
        else ""
