"""What a kept evaluation says, as rows beside each other: trained, random weights, chance, an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.engine.evaluation.retrieval import TOPS
from studio.engine.inspection.wilson import wilson
from studio.gui.judgement import LEVELS
from studio.gui.texts import noted, said
from studio.gui.words import counted

TITLES = {"retrieval": noted("Retrieval"), "linear": noted("Linear probe"), "finetune": noted("Fine-tuning"),
          "labels": noted("How many labels?")}


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
        form = "+.0f" if self.signed else ".0f"
        return said("{low} to {high}", low=f"{self.low:{form}}", high=f"{self.high:{form}}")


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
    verdict = result["verdict"]
    labels = result.get("labels") or {}
    if names := labels.get("names"):
        source = said("folder names") if labels.get("from") == "folders" else said("a CSV file")
        about = [*about, said("{labels} from {source}", labels=counted(len(names), "label"), source=source)]
    if labels.get("unlabelled"):
        about = [*about, said("{videos} without a label", videos=counted(labels["unlabelled"], "video"))]
    return Scores(columns, rows, verdict["sentence"], LEVELS.get(verdict["word"], "info"), about)


def _gained(one: Mapping[str, Any]) -> Score:
    low, high = one["interval"]
    return Score(one["points"], low, high, signed=True)


def _retrieval(result: Mapping[str, Any], before: Earlier) -> _Parts:
    rows = [Row(said("Trained"), _tops(result), "train", said("this run"))]
    if random := (result.get("against") or {}).get("random"):
        rows.append(Row(said("Random weights"), _tops(random), "random", said("the same network, untrained")))
    chances = [Score(result[key]) if (key := f"chance_top{k}") in result else None for k in TOPS]
    rows.append(Row(said("Chance"), chances, "chance", said("a random ranking")))
    if gain := (result.get("gain") or {}).get(result.get("feature", "pooled")):
        rows.append(Row(said("Gain over random"), [_gained(gain[f"top{k}"]) for k in TOPS],
                        note=said("points, with interval")))
    if before:
        rows.append(Row(said("Run before"), _tops(before[1]), "validation", before[0]))
    about = [said("{queries} in {groups}", queries=counted(result["queries"], "query", "queries"),
                  groups=counted(result["groups"], "group")),
             said("{videos} to be found", videos=counted(result["gallery"], "video")),
             said("a video's own group is left out")]
    return [said("Top {count}", count=k) for k in TOPS], rows, about


def _tops(result: Mapping[str, Any]) -> list[Score | None]:
    return [Score(result[f"top{k}"], *result["intervals"][f"top{k}"]) for k in TOPS]


def _shares(protocol: str, result: Mapping[str, Any], before: Earlier) -> _Parts:
    rows = [Row(said("Trained"), [_accuracy(result)], "train", _spread(result) or said("this run"))]
    if random := (result.get("against") or {}).get("random"):
        rows.append(Row(said("Random weights"), [_accuracy(random)], "random",
                        _spread(random) or said("the same network, untrained")))
    rows.append(Row(said("Commonest label"), [Score(100 * result["chance"])], "chance",
                    said("what needs no network")))
    if before:
        rows.append(Row(said("Run before"), [_accuracy(before[1])], "validation", before[0]))
    about = [said("{videos} to learn from", videos=counted(result["train"], "video")), _tested(result)]
    if protocol == "finetune" and result.get("steps"):
        about.append(counted(result["steps"], "step"))
    return [said("Labelled right")], rows, about


def _budgets(result: Mapping[str, Any], before: Earlier) -> _Parts:
    """One column a share of the labels."""
    entries = result["budgets"]
    rows = [Row(said("Trained"), [_accuracy(entry["trained"]) for entry in entries], "train", said("this run"))]
    for name, title, colour in (("random", said("Random weights"), "random"),
                                ("kinetics", said("Other weights"), "validation")):
        if name in entries[0]:
            rows.append(Row(title, [_accuracy(entry[name]) for entry in entries], colour))
    rows.append(Row(said("Commonest label"), [Score(100 * result["chance"])] * len(entries), "chance",
                    said("what needs no network")))
    if "random" in entries[0].get("gain", {}):
        rows.append(Row(said("Gain over random"), [_gained(entry["gain"]["random"]) for entry in entries],
                        note=said("points, with interval")))
    if before:
        known = {entry["percent"]: entry for entry in before[1].get("budgets", ())}
        scores = [_accuracy(known[entry["percent"]]["trained"]) if entry["percent"] in known else None
                  for entry in entries]
        rows.append(Row(said("Run before"), scores, "validation", before[0]))
    about = [said("{videos} to learn from with all labels", videos=counted(round(entries[-1]["labels"]), "video")),
             _tested(result)]
    return [f"{entry['percent']} %" for entry in entries], rows, about


def _tested(result: Mapping[str, Any]) -> str:
    return said("{videos} of other groups to test", videos=counted(result["test"], "video"))


def _accuracy(result: Mapping[str, Any]) -> Score:
    """A share as a percentage, with its interval over groups; over videos where an older result has none."""
    if "interval" in result:
        low, high = result["interval"]
    else:
        low, high = wilson(result["accuracy"] * result["test"], result["test"])
    return Score(100 * result["accuracy"], 100 * low, 100 * high)


def _spread(result: Mapping[str, Any]) -> str:
    shares = result.get("splits") or []
    if len(shares) < 2:
        return ""
    return said("{low} % to {high} % over {count} splits", low=f"{100 * min(shares):.0f}",
                high=f"{100 * max(shares):.0f}", count=len(shares))
