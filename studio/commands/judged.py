"""What an evaluation says to a person: the verdict, and a table of figures beside random weights and papers."""

from __future__ import annotations

from typing import Any

from studio.commands.words import counted, share, table

Result = dict[str, Any]
_ROWS = {"trained": "trained", "random": "random weights", "kinetics": "other weights"}


def evaluation_text(result: Result) -> str:
    """Say the result of `evaluate` in words."""
    made = {"retrieval": _retrieval, "labels": _labels}.get(result["protocol"], _shares)(result)
    return "\n".join([result["verdict"]["sentence"], *made, *_split(result), *_sources(result)])


def _retrieval(result: Result) -> list[str]:
    tops = [key for key in result if key.startswith("top") and key[3:].isdigit()]
    rows = [["the same label among the nearest", *(key[3:] for key in tops)]]
    for name, measured in _measured(result).items():
        title = _ROWS.get(name, name) + (f" (mean of {measured['networks']})" if measured.get("networks") else "")
        rows.append([title, *(f"{measured[key]:.1f}" for key in tops)])
        if result.get("published") and result.get("feature") == "average":
            pooled = measured["features"]["pooled"]
            rows.append([f"{title}, VCOP's pooled feature", *(f"{pooled[key]:.1f}" for key in tops)])
    rows += [[_paper(paper), *(f"{paper['figures'][key]:.1f}" for key in tops)]
             for paper in result.get("published", [])]
    return [table(rows), (f"(percent of {counted(result['queries'], 'query', 'queries')} in a gallery of "
                          f"{counted(result['gallery'], 'video')}; chance at 1: {result['chance_top1']:.1f})")]


def _shares(result: Result) -> list[str]:
    rows = [["labelled right", "", "95 % interval"]]
    rows += [[_ROWS.get(name, name), share(measured["accuracy"]), _interval(measured)]
             for name, measured in _measured(result).items()]
    rows.append(["commonest label", share(result["chance"]), ""])
    rows += [[_paper(paper), f"{paper['figures']['accuracy']:.1f} %", ""] for paper in result.get("published", [])]
    trainings = len(result.get("splits", []))
    mean = f", mean of {trainings} trainings" if trainings > 1 else ""
    return [table(rows), (f"({counted(result['test'], 'video')} tested, {counted(result['train'], 'video')} to learn "
                          f"from, {counted(result['classes'], 'label')}{mean}; intervals over groups)")]


def _labels(result: Result) -> list[str]:
    names = list(_measured(result))
    rows = [["of the labels", "videos", *(_ROWS.get(name, name) for name in names), "ahead", "95 % interval"]]
    for entry in result["budgets"]:
        ahead = (entry.get("gain") or {}).get("random")
        rows.append([f"{entry['percent']} %", f"{entry['labels']:.0f}",
                     *(share(entry[name]["accuracy"]) for name in names),
                     f"{ahead['points']:+.1f}" if ahead else "",
                     f"{ahead['interval'][0]:+.1f} to {ahead['interval'][1]:+.1f}" if ahead else ""])
    return [table(rows), (f"(labelled right of {counted(result['test'], 'video')}; ahead: points over random weights; "
                          "intervals over groups)")]


def _measured(result: Result) -> dict[str, Result]:
    """The rows by name, trained first."""
    return {"trained": result, **(result.get("against") or {})}


def _interval(result: Result) -> str:
    low, high = result["interval"]
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _paper(paper: Result) -> str:
    return f"{paper['method']}, {paper['network']}"


def _split(result: Result) -> list[str]:
    """How well a published split fits the project."""
    split = result.get("split")
    if not split:
        return []
    outside = f"; {counted(split['outside'], 'video')} of the project are not in it" if split["outside"] else ""
    head = (f"Split {split['number']} of {split['dataset'].upper()}: {split['train']} videos to learn from, "
            f"{split['test']} to test{outside}.")
    return [head, *([result["incomplete"]] if result.get("incomplete") else [])]


def _sources(result: Result) -> list[str]:
    papers = result.get("published")
    if not papers:
        return []
    return [f"Papers ({papers[0]['splits']}), as printed in: {'; '.join(sorted({row['source'] for row in papers}))}."]
