"""The report's sections of results: a sentence on how each was measured, a table, what papers report beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from studio.engine.evaluation.page import figure, table, text
from studio.engine.evaluation.plot import Curve, plot
from studio.engine.evaluation.retrieval import TOPS

Result = dict[str, Any]
KIND_TITLES = {"average": "averaged feature", "pooled": "VCOP's pooled feature"}
ROW_TITLES = {"trained": "trained", "random": "random weights", "kinetics": "other weights"}
_TITLES = {"linear": "Linear probe: can a line separate the labels?",
           "finetune": "Fine-tuning: a good start for learning the labels?"}


def section(protocol: str, result: Result) -> list[str]:
    """The section of one protocol's result, as pieces of HTML."""
    if protocol == "retrieval":
        return [*_retrieval(result), *_papers(result)]
    if protocol == "labels":
        return [*_budgets(result), *_papers(result)]
    rows = [[ROW_TITLES.get(row, row), _share(measured["accuracy"]) + _interval(measured)]
            for row, measured in {"trained": result, **result.get("against", {})}.items()]
    rows.append(["commonest label", _share(result["chance"])])
    rows += [[_paper_title(paper), f"{paper['figures']['accuracy']:.1f} %"] for paper in result.get("published", [])]
    return [f"<h2>{_TITLES[protocol]}</h2>",
            (f"<p>{result['train']} videos to learn from, {result['test']} {_of_others(result)} to test; "
             f"{result['classes']} labels{_trainings(result)}. In small type: 95 % interval over groups.</p>"),
            table(["", "right"], rows), *_papers(result)]


def _retrieval(result: Result) -> list[str]:
    against = result.get("against", {})
    rows = []
    for kind, title in sorted(KIND_TITLES.items(), key=lambda item: item[0] != result["feature"]):
        rows.append([f"trained<small>{title}</small>", *_tops(result["features"][kind])])
        rows += [[f"{ROW_TITLES.get(row, row)}{_networks(other)}<small>{title}</small>",
                  *_tops(other["features"][kind])] for row, other in against.items()]
    rows.append(["chance", *(f"{result[key]:.1f} %" if (key := f"chance_top{k}") in result else "–" for k in TOPS)])
    rows += [[_paper_title(paper), *(f"{paper['figures'][f'top{k}']:.1f} %" for k in TOPS)]
             for paper in result.get("published", [])]
    own = "each query ranks the whole gallery" if result.get("split") else "its own group is left out"
    return ["<h2>Neighbours: do videos of one label find each other?</h2>",
            (f"<p>{result['queries']} queries in {result['groups']} groups, {result['gallery']} gallery videos, "
             f"ten clips a video, cosine. A query hits at k when one of its k nearest videos has its label; {own}. "
             "In small type: 95 % interval over groups.</p>"), table(["", *(f"top {k}" for k in TOPS)], rows)]


def _budgets(result: Result) -> list[str]:
    names = ["trained", *result.get("against", {})]
    rows = [[f"{entry['percent']} %", f"{entry['labels']:.0f}",
             *(f"{_share(entry[name]['accuracy'])}{_interval(entry[name])}" for name in names)]
            for entry in result["budgets"]]
    meanings = {"trained": "train", "random": "random", "kinetics": "validation"}
    curves = [Curve(ROW_TITLES.get(name, name), meanings.get(name, "validation"),
                    [(entry["percent"], entry[name]["accuracy"]) for entry in result["budgets"]]) for name in names]
    curves.append(Curve("commonest", "chance", [(0, result["chance"]), (100, result["chance"])]))
    learner = "a linear probe" if result["learner"] == "linear" else "fine-tuning"
    return ["<h2>Labels: how many are needed?</h2>",
            (f"<p>The same {result['test']} videos {_of_others(result)} are answered by {learner} that learned from a "
             f"share of the labels, at least one of each{_trainings(result)}. In small type: 95 % interval over "
             "groups.</p>"),
            table(["of the labels", "videos", *(ROW_TITLES.get(name, name) for name in names)], rows,
                  main_row=len(rows) - 1),
            figure(plot(curves, title="Accuracy over labels", x_title="percent of the labels", percent=True),
                   "Right answers over the share of the labels")]


def beside_rows(protocol: str, runs: Sequence[tuple[str, Result]]) -> tuple[list[str], list[list[str]]]:
    """Figures of several runs under one protocol, each run's random weights under it: the head and rows of a table."""
    if protocol == "labels":
        return _budgets_beside(runs)
    figures = _tops if protocol == "retrieval" else (lambda one: [_share(one["accuracy"]) + _interval(one)])
    head = ["", *(f"top {k}" for k in TOPS)] if protocol == "retrieval" else ["", "right"]
    rows = list[list[str]]()
    for name, result in runs:
        for row, one in {"trained": result, **(result.get("against") or {})}.items():
            rows.append([text(name) + ("" if row == "trained" else f"<small>{ROW_TITLES.get(row, row)}</small>"),
                         *figures(one)])
    rows += [["chance", f"{chance:.1f} %", *[""] * (len(head) - 2)] if protocol == "retrieval" else
             ["commonest label", _share(chance)]
             for chance in sorted({result["chance_top1" if protocol == "retrieval" else "chance"]
                                   for _, result in runs})]
    return head, rows


def _budgets_beside(runs: Sequence[tuple[str, Result]]) -> tuple[list[str], list[list[str]]]:
    columns = [(name, row, {entry["percent"]: entry[row] for entry in result["budgets"]}) for name, result in runs
               for row in ("trained", *(result.get("against") or {}))]
    head = ["of the labels", *(name if row == "trained" else f"{name}, {ROW_TITLES.get(row, row)}"
                               for name, row, _ in columns)]
    percents = sorted({entry["percent"] for _, result in runs for entry in result["budgets"]})
    return head, [[f"{percent} %", *(_share(found[percent]["accuracy"]) + _interval(found[percent])
                                     if percent in found else "" for _, _, found in columns)] for percent in percents]


def measured_on(result: Result) -> tuple[object, ...]:
    """What two results must have in common to be compared: counts of videos and groups, labels, split, learner."""
    split = result.get("split") or {}
    return (*(result.get(name) for name in ("queries", "gallery", "groups", "train", "test", "classes", "learner")),
            tuple(result["labels"]["names"]), result["labels"]["from"], split.get("dataset"), split.get("number"),
            json.dumps(result.get("finetuning"), sort_keys=True))


def _papers(result: Result) -> list[str]:
    """Where the papers' figures come from, and how much of the data set is missing."""
    lines = []
    if papers := result.get("published"):
        sources = sorted({paper["source"] for paper in papers})
        lines.append(f"Rows with a paper's name are its figures ({papers[0]['splits']}), read in: "
                     f"{'; '.join(sources)}.")
    if missing := result.get("incomplete"):
        lines.append(missing)
    return [f'<p class="quiet">{text(line)}</p>' for line in lines]


def _paper_title(paper: Result) -> str:
    return f"{text(paper['method'])}<small>{text(paper['network'])}</small>"


def _networks(result: Result) -> str:
    return f", mean of {result['networks']}" if result.get("networks", 1) > 1 else ""


def _trainings(result: Result) -> str:
    seeds, splits = result.get("seeds", 1), len(result.get("splits", []))
    if seeds > 1:
        return f"; the mean of {splits} trainings with {seeds} seeds"
    return f"; the mean of {splits} splits" if splits > 1 else ""


def _of_others(result: Result) -> str:
    return "of the published test list" if result.get("split") else "of other groups"


def _tops(scores: Result) -> list[str]:
    return [f"{scores[f'top{k}']:.1f} %<small>{scores['intervals'][f'top{k}'][0]:.0f} to "
            f"{scores['intervals'][f'top{k}'][1]:.0f}</small>" for k in TOPS]


def _interval(result: Result) -> str:
    if not (interval := result.get("interval")):
        return ""
    return f"<small>{100 * interval[0]:.0f} to {100 * interval[1]:.0f}</small>"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
