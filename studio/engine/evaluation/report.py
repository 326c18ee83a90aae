"""The report of a run: one self-contained HTML page that says in words whether something was learned.

It names no video, folder or patient. With pictures it shows frames of the videos, and then says that it is not for
passing on.
"""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import studio
from studio.engine import files
from studio.engine.backbones.cost import cost
from studio.engine.errors import StudioError
from studio.engine.evaluation.finetuning import Finetuning
from studio.engine.evaluation.kept import kept_results, shown_path
from studio.engine.evaluation.page import facts, figure, page, picture, text, verdict
from studio.engine.evaluation.plot import Curve, plot, thinned
from studio.engine.evaluation.sections import section
from studio.engine.evaluation.verdict import Point, training_verdict
from studio.engine.events import Event, Events, Finished, Metric, Saved
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.runs import read_events, read_run

Result = dict[str, Any]


def report(project: Project, run_folder: Path, *, out: Path | None = None,
           pictures: Sequence[tuple[str, Path]] = ()) -> Events:
    """Write the report; the result holds its path and its verdicts."""
    path = write_report(project, run_folder, out=out, pictures=pictures)
    results = kept_results(run_folder)
    yield Saved(what="report", path=shown_path(path, project.root))
    yield Finished(operation="report", result={
        "run": run_folder.name, "report": shown_path(path, project.root), "training": judge_training(run_folder),
        **{protocol: result["verdict"] for protocol, result in results.items()}})


def write_report(project: Project, run_folder: Path, *, out: Path | None = None,
                 pictures: Sequence[tuple[str, Path]] = ()) -> Path:
    """Write the page to `out`, or to report.html in the run's folder. `pictures` are captions and PNG files."""
    path = out or run_folder / "report.html"
    recipe = recipe_from_toml(run_folder / "recipe.toml")
    events, results = read_events(run_folder)[0], kept_results(run_folder)
    body = [_head(run_folder, recipe), verdict(judge_training(run_folder), about="The question"),
            *(verdict(result["verdict"], about=_ABOUT[protocol]) for protocol, result in results.items()),
            "<h2>What was asked</h2>", _asked(project, run_folder, recipe),
            "<h2>How it went</h2>", _curves(events, recipe)]
    body += [piece for protocol, result in results.items() for piece in section(protocol, result)]
    body += _pictures(pictures)
    body += ["<h2>To repeat it</h2>", _commands(run_folder, results), _foot(with_pictures=bool(pictures))]
    files.write_text(path, page(f"{run_folder.name}: what was learned", "".join(body)))
    return path


_ABOUT = {"retrieval": "Neighbours", "linear": "Linear probe", "finetune": "Fine-tuning", "labels": "Labels needed"}


def judge_training(run_folder: Path) -> dict[str, str]:
    """Judge how the run answers its own question on held-out groups."""
    recipe = recipe_from_toml(run_folder / "recipe.toml")
    guessing = recipe.make_task().guessing
    return training_verdict(_validation(read_events(run_folder)[0], guessing.figure), guessing=guessing,
                            tuples=recipe.training.validation_tuples)


def _validation(events: Sequence[Event], figure: str) -> list[Point]:
    points = []
    for event in events:
        if isinstance(event, Metric) and event.split == "validation":
            loss, accuracy = event.values.get("loss"), event.values.get(figure)
            if loss is not None and accuracy is not None:
                points.append(Point(event.step, loss, accuracy))
    return points


def _head(run_folder: Path, recipe: Recipe) -> str:
    return (f'<header><p class="over">Unshuffle Studio · report of a run</p>'
            f"<h1>{text(recipe.make_task().question)}</h1>"
            f"<p>{text(recipe.title or recipe.name)} · {text(run_folder.name)}</p></header>")


def _asked(project: Project, run_folder: Path, recipe: Recipe) -> str:
    run, task, backbone = read_run(run_folder), recipe.make_task(), recipe.make_backbone()
    with project.catalogue(read_only=True) as catalogue:
        videos = catalogue.videos(usable_only=True)
    sampling, view = recipe.sampling, recipe.augmentation
    clip = "1 frame" if sampling.clip_frames == 1 else f"{sampling.clip_frames} frames"
    measured = _environment(run_folder)
    return facts([
        ("Pretext task", f"{task.title}: {task.classes} possible answers, guessing gives {100 * task.chance:.1f} %"),
        ("Shown", f"{sampling.tuple_length} elements of {clip}, {view.network_pixels} x {view.network_pixels} pixels"),
        ("Network", (f"{backbone.title}, {cost(backbone).parameters / 1e6:.2f} million parameters, "
                    f"{'given' if recipe.starts_from else 'random'} weights at the start")),
        ("Videos", (f"{len(videos)} usable, in {len({video.group or video.id for video in videos})} groups; "
                   f"{100 * recipe.training.validation_share:.0f} % held out by whole groups")),
        ("Training", (f"{run.step} of {run.total_steps or run.step} steps of {recipe.training.batch_size} questions in "
                     f"{_minutes(run.seconds)}; {run.state}")), *measured])


def _environment(run_folder: Path) -> list[tuple[str, str]]:
    """What the run's record says of device and versions; nothing that names a machine or a person."""
    try:
        record = files.read_json(run_folder / "environment.json")
    except StudioError:
        return []
    known = {name: record[name] for name in ("device", "precision", "torch", "python", "studio")
             if isinstance(record, dict) and isinstance(record.get(name), str)}
    return [("Machine", ", ".join(f"{name} {value}" for name, value in known.items()))] if known else []


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else \
        f"{seconds / 3600:.1f} h"


def _curves(events: Sequence[Event], recipe: Recipe) -> str:
    metrics = [event for event in events if isinstance(event, Metric)]

    def line(split: str, name: str) -> list[tuple[float, float]]:
        return [(float(metric.step), value) for metric in metrics
                if metric.split == split and (value := metric.values.get(name)) is not None]

    guessing, end = recipe.make_task().guessing, float(max((metric.step for metric in metrics), default=1))
    loss = [Curve("training", "train", thinned(line("train", "loss"))),
            Curve("held out", "validation", thinned(line("validation", "loss")))]
    accuracy = [Curve("training", "train", thinned(line("train", guessing.figure))),
                Curve("held out", "validation", thinned(line("validation", guessing.figure))),
                Curve(f"chance {100 * guessing.level:.0f} %", "chance", [(0, guessing.level), (end, guessing.level)])]
    if not metrics:
        return '<p class="quiet">The run recorded no measurements.</p>'
    return ('<div class="plots">'
            + figure(plot(accuracy, title="Accuracy over steps", x_title="step", percent=True),
                     f"Right answers{guessing.manner}")
            + figure(plot(loss, title="Loss over steps", x_title="step"),
                     "Loss: lower is better, but a falling loss is not success") + "</div>")


def _pictures(pictures: Sequence[tuple[str, Path]]) -> list[str]:
    shown = [figure(picture(path.read_bytes(), alternative=caption), caption)
             for caption, path in pictures if path.is_file()]
    return ["<h2>What it looks like</h2>", *shown] if shown else []


def _commands(run_folder: Path, results: dict[str, Result]) -> str:
    run = shlex.quote(run_folder.name)
    lines = [f"studio train PROJECT --recipe PROJECT/runs/{run}/recipe.toml"]
    for protocol, result in results.items():
        lines.append(f"studio evaluate PROJECT {run} --protocol {protocol} {_options(result)}")
    return "<pre>" + "\n".join(text(line) for line in lines) + "</pre>"


def _options(result: Result) -> str:
    """The options that a result was measured with."""
    split, seeds = result.get("split"), result.get("asked_seeds", 1)
    labels = "folders" if result["labels"]["from"] == "folders" else "LABELS.csv"
    parts = [f"--split {split['dataset']}/{split['number']}" if split else f"--labels {labels}",
             "--against " + ("random" if "random" in (result.get("against") or {}) else "nothing")]
    parts += [f"--seeds {seeds}"] if seeds > 1 else []
    if options := result.get("finetuning"):
        usual = Finetuning().model_dump()
        parts += ["--published"] if options["published"] else \
            [f"--set {name}={value}" for name, value in options.items() if name in usual and value != usual[name]]
    if result.get("learner") == "finetune":
        parts.append("--learner finetune")
    parts += ["--kinetics WEIGHTS"] if "kinetics" in (result.get("against") or {}) else []
    return " ".join(parts)


def _foot(*, with_pictures: bool) -> str:
    private = ("The pictures are frames of the videos: do not pass this page on without looking at what they show."
               if with_pictures else "This page names no file, folder or patient and shows no frame.")
    return (f"<footer><p>{private}</p><p>Unshuffle Studio {text(studio.__version__)}, "
            f"{datetime.datetime.now():%Y-%m-%d %H:%M}</p></footer>")
