"""What a search for neighbours says to a person: the ranking, what stands beside it, and what both are worth."""

from __future__ import annotations

from typing import Any

from studio.commands.words import counted, share, table

Result = dict[str, Any]
_SHOWN_LABELS = 12


def neighbours_text(result: Result) -> str:
    """Say who was found, how many of them agree with their query by label and by group, and who is a hub."""
    beside = result["beside"]
    rankings = {"trained": result["neighbours"], "random weights": result["random"]}
    rankings |= {} if beside["name"] == "random" else {beside["title"]: beside["neighbours"]}
    rows = [["", *(part for title in rankings for part in (title, "at", "alike"))]]
    for number in range(max(len(found) for found in rankings.values())):
        cells = [_neighbour(found[number]) if number < len(found) else [""] * 3 for found in rankings.values()]
        rows.append([str(number + 1), *(part for cell in cells for part in cell)])
    shown = [f"The picture: {result['picture']}"] if result.get("picture") else []
    return "\n".join([_head(result), table(rows), *_agreement(result), result["hubs"]["sentence"], *_search(result),
                      *result["notes"], *shown])


def _head(result: Result) -> str:
    query = result["query"]
    what = query["video"] if "clips" in query else f"{query['video']} at {query['at_seconds']:.2f} s"
    reason = f" (partly readable: {query['reason']})" if query.get("reason") else ""
    return f"Most like {what}{reason} (left out: the same {result['leave_out']}):"


def _neighbour(entry: Result) -> list[str]:
    return [entry["video"] + (" (hub)" if entry.get("hub") else ""), f"{entry['at_seconds']:.2f} s",
            f"{entry['similarity']:.3f}"]


def _agreement(result: Result) -> list[str]:
    """By label the share of right ones among the nearest, and of those that are there the share found."""
    labels, groups, beside = result["labels"], result["groups"], result["beside"]
    lines = list[str]()
    if labels["each"]:
        lines += [f"Of each video's {labels['k']} nearest, how many have its {labels['by']}:",
                  _agreement_table(labels, beside["labels"], by=labels["by"], title=beside["title"])]
    if groups["queries"]:
        lines.append(f"With only the video itself left out, {share(groups['precision'])} of the {groups['k']} nearest "
                     f"are of its group ({beside['title']} {share(beside['groups']['precision'])}, by chance "
                     f"{share(groups['chance'])}).")
        lines.append(_agreement_table(groups, beside["groups"], by="group", title=beside["title"]))
    return lines


def _agreement_table(found: Result, compared: Result, *, by: str, title: str) -> str:
    """Precision and recall of each label or group, those with most videos first, and of all."""
    other = {one["name"]: one for one in compared["each"]}
    rows = [[by, "videos", "precision", title, "by chance", "recall", title]]
    for one, against in [*((one, other.get(one["name"], {})) for one in found["each"][:_SHOWN_LABELS]),
                         (found | {"name": "all"}, compared)]:
        rows.append([one["name"], str(one["queries"]), share(one["precision"]), share(against.get("precision")),
                     share(one["chance"]), share(one["recall"]), share(against.get("recall"))])
    return table(rows)


def _search(result: Result) -> list[str]:
    search = result["search"]
    if search["how"] == "exact":
        return []
    found = share(search["recall"])
    return [f"Searched by an index of {counted(search['clips'], 'clip')}: it finds {found} of the 10 nearest."]
