"""The report of a run: one self-contained HTML page that says in words whether something was learned.

It names no video, folder or patient. With pictures it shows frames of the videos, and then says that it is not for
passing on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from studio.engine import files
from studio.engine.evaluation.kept import kept_results, shown_path
from studio.engine.evaluation.page import facts, figure, page, picture, text, verdict
from studio.engine.evaluation.parts import command_lines, curves, foot, leaks, questions, recipe_text, warned
from studio.engine.evaluation.pictured import Pictured, draw_pictures
from studio.engine.evaluation.sections import section
from studio.engine.evaluation.told import Told, asked_facts, data_facts, environment_facts, judged, tell
from studio.engine.events import Events, Finished, Saved
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml
from studio.engine.runs import RECIPE, read_events

Captioned = Sequence[tuple[str, Path]]


def report(project: Project, run_folder: Path, *, out: Path | None = None, with_pictures: bool = False,
           pictures: Captioned = (), stop: Callable[[], bool] = lambda: False) -> Events:
    """Write the report; the result holds its path and its verdicts.

    `with_pictures` draws questions and neighbours, for which features are made where they are missing; `pictures` are
    further captions and PNG files.
    """
    drawn: Pictured | None = None
    if with_pictures:
        drawn = yield from draw_pictures(project, run_folder, stop=stop)
        if drawn is None:
            yield Finished(operation="report", result={"run": run_folder.name}, stopped=True)
            return
    path = write_report(project, run_folder, out=out, drawn=drawn, pictures=pictures)
    results = kept_results(run_folder)
    yield Saved(what="report", path=shown_path(path, project.root))
    yield Finished(operation="report", result={
        "run": run_folder.name, "report": shown_path(path, project.root), "training": judge_training(run_folder),
        **{protocol: result["verdict"] for protocol, result in results.items()}})


def write_report(project: Project, run_folder: Path, *, out: Path | None = None, drawn: Pictured | None = None,
                 pictures: Captioned = ()) -> Path:
    """Write the page to `out`, or to report.html in the run's folder. `pictures` are captions and PNG files."""
    path, told = out or run_folder / "report.html", tell(project, run_folder)
    shown = drawn or Pictured([], [], [])
    body = [_head(told), *(verdict(one, about=about) for about, one in told.verdicts.items()),
            "<h2>What the videos are</h2>", facts(data_facts(told.data)),
            "<h2>What was asked</h2>", facts(asked_facts(told)), *_figures(shown.questions), questions(told),
            "<h2>How it went</h2>", curves(told), warned(told),
            "<h2>Can it be answered by cheating?</h2>", leaks(told)]
    if shown.neighbours:
        body += ["<h2>What is alike to it</h2>", *_figures(shown.neighbours)]
    body += [f'<p class="quiet">{text(sentence)}</p>' for sentence in shown.lacking]
    body += [piece for protocol, result in told.results.items() for piece in section(protocol, result)]
    if further := _figures(pictures):
        body += ["<h2>What it looks like</h2>", *further]
    body += ["<h2>Where it ran</h2>", facts(environment_facts(told)),
             "<h2>To repeat it</h2>", command_lines([told]), "<h2>The recipe</h2>", recipe_text(told),
             foot(with_pictures=bool(pictures or shown.questions or shown.neighbours))]
    files.write_text(path, page(f"{run_folder.name}: what was learned", "".join(body)))
    return path


def judge_training(run_folder: Path) -> dict[str, str]:
    """Judge how the run answers its own question on held-out groups."""
    return judged(recipe_from_toml(run_folder / RECIPE), read_events(run_folder)[0])


def _head(told: Told) -> str:
    recipe = told.recipe
    return (f'<header><p class="over">Unshuffle Studio · report of a run</p>'
            f"<h1>{text(recipe.make_task().question)}</h1>"
            f"<p>{text(recipe.title or recipe.name)} · {text(told.run.name)}</p></header>")


def _figures(pictures: Captioned) -> list[str]:
    shown = []
    for caption, path in pictures:
        try:
            shown.append(figure(picture(path.read_bytes(), alternative=caption), caption))
        except OSError:
            continue  # a picture that is gone makes no report fail
    return shown
