"""The report of two runs beside each other: verdicts, settings that differ, curves over each other, figures, commands.

It names no video, folder or patient. Its figures stand beside each other only; which run is ahead is said where their
intervals tell it, and not where the runs were measured on different videos or labels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from studio.engine import files
from studio.engine.errors import UsageError
from studio.engine.evaluation.kept import Result, shown_path
from studio.engine.evaluation.page import facts, figure, page, picture, table, text, verdict
from studio.engine.evaluation.parts import command_lines, foot, leaks, plots, warned
from studio.engine.evaluation.pictured import Pictured, draw_pictures
from studio.engine.evaluation.plot import Curve, plot, thinned
from studio.engine.evaluation.sections import beside_rows, measured_on
from studio.engine.evaluation.told import (
    ABOUT,
    Told,
    asked_facts,
    data_facts,
    environment_facts,
    shareable_recipe,
    tell,
)
from studio.engine.events import Events, Finished, Saved
from studio.engine.project import Project

_UNSAID = {"name", "title", "summary", "paper"}
"""Parts of a recipe that change nothing about what is learned."""


class Pair(NamedTuple):
    """Two runs of one project."""

    one: Told
    other: Told

    @property
    def names(self) -> tuple[str, str]:
        """What they are called."""
        return self.one.run.name, self.other.run.name


def report_beside(project: Project, run_folder: Path, other_folder: Path, *, out: Path | None = None,
                  with_pictures: bool = False, stop: Callable[[], bool] = lambda: False) -> Events:
    """Write the report of two runs; the result holds its path and both verdicts about the pretext question.

    Raises `UsageError` for a run beside itself.
    """
    if run_folder == other_folder:
        raise UsageError(f"--beside {other_folder.name}", "is the run itself", "Name another run")
    drawn: Pictured | None = None
    if with_pictures:
        drawn = yield from draw_pictures(project, run_folder, beside=other_folder, stop=stop)
        if drawn is None:
            yield Finished(operation="report", result={"run": run_folder.name, "beside": other_folder.name},
                           stopped=True)
            return
    pair = Pair(tell(project, run_folder), tell(project, other_folder))
    path = out or run_folder / f"report-beside-{other_folder.name}.html"
    files.write_text(path, make_page(pair, drawn))
    yield Saved(what="report", path=shown_path(path, project.root))
    yield Finished(operation="report", result={
        "run": run_folder.name, "beside": other_folder.name, "report": shown_path(path, project.root),
        "training": pair.one.training, "beside_training": pair.other.training})


def make_page(pair: Pair, drawn: Pictured | None = None) -> str:
    """The whole page."""
    one, other = (text(name) for name in pair.names)
    body = [(f'<header><p class="over">Unshuffle Studio · two runs beside each other</p>'
            f'<h1><span class="one">{one}</span> and <span class="other">{other}</span></h1></header>'),
            _heads(pair), _verdicts(pair),
            "<h2>Settings that differ</h2>", _settings(pair),
            "<h2>How it went</h2>", _curves(pair), *_twice(pair, warned, without="No warnings."),
            *[piece for protocol in ABOUT for piece in _protocol(pair, protocol)],
            "<h2>Can it be answered by cheating?</h2>", *_leaks(pair)]
    lacking: list[str] = []
    if drawn is not None:
        lacking = [f'<p class="quiet">{text(sentence)}</p>' for sentence in drawn.lacking]
        pictures = [figure(picture(path.read_bytes(), alternative=caption), caption)
                    for caption, path in drawn.neighbours]
        body += ["<h2>What is alike to them</h2>", *pictures, *lacking]
    body += ["<h2>What the videos are</h2>", facts(data_facts(pair.one.data)),
             "<h2>What was asked</h2>", _facts_beside(pair, asked_facts),
             "<h2>Where they ran</h2>", _facts_beside(pair, environment_facts),
             "<h2>To repeat them</h2>", command_lines(pair),
             foot(with_pictures=drawn is not None and bool(drawn.neighbours))]
    return page(f"{pair.names[0]} and {pair.names[1]}", "".join(body))


def differing(pair: Pair) -> list[tuple[str, str, str]]:
    """The options in which the recipes differ, as `section.key` and both values in words."""
    one, other = (_flat(shareable_recipe(told.recipe)) for told in pair)
    return [(key, _written(one.get(key)), _written(other.get(key))) for key in {**one, **other}
            if one.get(key) != other.get(key)]


def _flat(recipe: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in recipe.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{within}{key}.")
        elif within or key not in _UNSAID:
            found[within + key] = value
    return found


def _written(value: Any) -> str:
    return "–" if value is None or value == "" else value if isinstance(value, str) else json.dumps(value)


def _heads(pair: Pair) -> str:
    return _pair(*(f'<p><b class="{side}">{text(told.run.name)}</b><br>{text(told.recipe.make_task().question)}<br>'
                   f'<span class="quiet">{text(told.recipe.title or told.recipe.name)}</span></p>'
                   for side, told in zip(("one", "other"), pair, strict=True)))


def _verdicts(pair: Pair) -> str:
    """Both runs' verdicts about the same thing in one line."""
    abouts = [about for about in ("The question", *ABOUT.values()) if any(about in told.verdicts for told in pair)]
    return "".join(_pair(*(verdict(told.verdicts[about], about=about) if about in told.verdicts else
                           f'<p class="quiet">{text(about)}: not measured for {text(told.run.name)}.</p>'
                           for told in pair)) for about in abouts)


def _settings(pair: Pair) -> str:
    rows = [[text(key), text(one), text(other)] for key, one, other in differing(pair)]
    if not rows:
        return '<p class="quiet">Both runs have the same settings.</p>'
    return table(["", *pair.names], rows, main_row=-1)


def _curves(pair: Pair) -> str:
    """Held-out accuracy and loss of both over each other, with where guessing stands."""
    guessings = [told.recipe.make_task().guessing for told in pair]
    end = max(1.0, *(told.last_step for told in pair))
    lines = list(zip(pair, guessings, ("train", "validation"), ("first", "second"), strict=True))
    accuracy = [*[Curve("", f"{meaning} soft", thinned(told.line("train", guessing.figure)))
                  for told, guessing, meaning, _ in lines],
                *[Curve(f"{place} run", meaning, thinned(told.line("validation", guessing.figure)))
                  for told, guessing, meaning, place in lines],
                *[Curve(f"chance {100 * level:.0f} %", "chance", [(0, level), (end, level)])
                  for level in sorted({guessing.level for guessing in guessings})]]
    loss = [*[Curve("", f"{meaning} soft", thinned(told.line("train", "loss"))) for told, _, meaning, _ in lines],
            *[Curve(f"{place} run", meaning, thinned(told.line("validation", "loss")))
              for told, _, meaning, place in lines]]
    if not any(curve.points for curve in loss):
        return '<p class="quiet">Neither run recorded measurements.</p>'
    unlike = "" if len({(told.recipe.task, guessing.level) for told, guessing, *_ in lines}) == 1 else (
        '<p class="quiet">The runs answer different questions: compare each curve with its own chance line, not the '
        "curves with each other.</p>")
    return ("<p>Labelled: on videos that training never saw; pale: on those that it learned from. The first run is "
            f'<b class="one">{text(pair.names[0])}</b>, the second <b class="other">{text(pair.names[1])}</b>.</p>'
            + plots(plot(accuracy, title="Accuracy over steps", x_title="step", percent=True),
                    plot(loss, title="Loss over steps", x_title="step")) + unlike)


def _protocol(pair: Pair, protocol: str) -> list[str]:
    results = [told.results.get(protocol) for told in pair]
    if not any(results):
        return []
    head, rows = beside_rows(protocol, [(told.run.name, result) for told, result in zip(pair, results, strict=True)
                                        if result])
    pieces = [f"<h2>{text(ABOUT[protocol])}: figures beside each other</h2>", table(head, rows, main_row=-1)]
    pieces.append(f'<p class="quiet">In small type: 95 % interval over groups. {text(_meaning(pair, protocol))}</p>')
    return pieces


def _meaning(pair: Pair, protocol: str) -> str:
    """What both figures say of each other."""
    found = [(told.run.name, result) for told in pair if (result := told.results.get(protocol))]
    if len(found) < 2:
        missing = next(told.run.name for told in pair if protocol not in told.results)
        return f"Not measured for {missing}."
    (one, first), (other, second) = found
    if measured_on(first) != measured_on(second):
        return "The runs were measured on different videos, labels or splits, so these figures cannot be compared."
    for name, result, against in ((one, first, other), (other, second, one)):
        if result.get("other") == against and (ahead := _gain_over_other(result)):
            low, high = ahead["interval"]
            meaning = "not told from luck" if low <= 0 <= high else "clear"
            where = "ahead of" if ahead["points"] >= 0 else "behind"
            return (f"Asked about the same videos at once, {name} is {abs(ahead['points']):.1f} points {where} "
                    f"{against} (95 % interval of the difference {low:+.1f} to {high:+.1f}): {meaning}.")
    (low, high), (low_other, high_other) = (_main_interval(result) for result in (first, second))
    if low > high_other:
        return f"{one} is ahead of {other}: the intervals lie apart."
    if low_other > high:
        return f"{other} is ahead of {one}: the intervals lie apart."
    return ("The intervals overlap, so these figures do not tell which run is better. Asked about the same videos at "
            f"once, less may do: studio evaluate PROJECT {one} --protocol {protocol} --kinetics {other}")


def _gain_over_other(result: Result) -> Result | None:
    """How far a result is ahead of the other weights that it was measured beside, where it was."""
    if "gain_of_all" in result:
        found: Result | None = result["gain_of_all"].get("kinetics")
        return found
    gain = result.get("gain_over_kinetics") or {}
    return gain.get(result.get("feature"), {}).get("top1") if "feature" in result else gain or None


def _main_interval(result: Result) -> tuple[float, float]:
    low, high = result["intervals"]["top1"] if "intervals" in result else result.get("interval", (0.0, 1.0))
    return float(low), float(high)


def _facts_beside(pair: Pair, of: Callable[[Told], list[tuple[str, str]]]) -> str:
    one, other = (dict(of(told)) for told in pair)
    rows = [[text(name), text(one.get(name, "–")), text(other.get(name, "–"))] for name in {**one, **other}]
    return table(["", *pair.names], rows, main_row=-1, free=True)


def _leaks(pair: Pair) -> list[str]:
    """The leak probe of both questions, or once where both runs ask the same one."""
    one, other = (leaks(told) for told in pair)
    return ["<p>Both runs ask the same question.</p>", one] if one == other and pair.one.probe else _twice(pair, leaks)


def _twice(pair: Pair, part: Callable[[Told], str], *, without: str = "") -> list[str]:
    made = [part(told) for told in pair]
    if not any(made):
        return []
    return [_pair(*(f'<div><p><b class="{side}">{text(told.run.name)}</b></p>{piece or text(without)}</div>'
                    for side, told, piece in zip(("one", "other"), pair, made, strict=True)))]


def _pair(one: str, other: str) -> str:
    return f'<div class="pair">{one}{other}</div>'
