"""What a report tells of one run, read once: verdicts, facts, curves, commands. One report or two runs beside."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.engine import files
from studio.engine.backbones.cost import cost
from studio.engine.errors import StudioError
from studio.engine.evaluation.finetuning import Finetuning
from studio.engine.evaluation.kept import Result, kept_results
from studio.engine.evaluation.verdict import Point, training_verdict
from studio.engine.events import Event, Metric, Preview, Warned
from studio.engine.inspection.data import Data, Three, summarise
from studio.engine.inspection.kept_probes import kept_probe
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.runs import ENVIRONMENT, RECIPE, Run, curve, read_events, read_run

ABOUT = {"retrieval": "Neighbours", "linear": "Linear probe", "finetune": "Fine-tuning", "labels": "Labels needed"}
_GROUPINGS = {"video": "each video its own group, where its name does not say otherwise",
              "folder": "one folder a group", "pattern": "groups by a pattern of the paths",
              "csv": "groups from a CSV file"}
_NAMING = ("no-size", "checkpoint-damaged")
"""Warnings whose words may hold the name of a file begin like this."""
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """A run with its record, what was measured on it, and what is known of its project's videos."""

    run: Run
    recipe: Recipe
    events: Sequence[Event]
    results: dict[str, Result]
    environment: dict[str, Any]
    data: Data
    probe: Result | None

    @property
    def training(self) -> dict[str, str]:
        """The verdict on how the run answers its own question about held-out groups."""
        return judged(self.recipe, self.events)

    @property
    def verdicts(self) -> dict[str, dict[str, str]]:
        """All verdicts, by what they are about."""
        return {"The question": self.training,
                **{ABOUT[protocol]: result["verdict"] for protocol, result in self.results.items()}}

    @property
    def last_step(self) -> float:
        """The last step that anything was measured at."""
        return float(max((event.step for event in self.events if isinstance(event, Metric)), default=0))

    def line(self, split: str, name: str) -> list[tuple[float, float]]:
        """One measured value over the steps; what a resumed run did again replaces what was lost."""
        return [(float(metric.step), value) for metric in curve(self.events, split)
                if (value := metric.values.get(name)) is not None]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The last questions of the record, with what the network answered."""
        return next((event.tuples for event in reversed(self.events) if isinstance(event, Preview)), [])

    @property
    def warnings(self) -> list[str]:
        """What the run warned of, each once, as it was said last; nothing that may hold the name of a file."""
        said = {event.code: event.message for event in self.events
                if isinstance(event, Warned) and not event.code.startswith(_NAMING)}
        return list(said.values())


def tell(project: Project, run_folder: Path) -> Told:
    """Read everything that a report tells of a run. Raises `ProjectError` when the folder holds no run."""
    recipe = recipe_from_toml(run_folder / RECIPE)
    try:
        environment = files.read_json(run_folder / ENVIRONMENT)
    except StudioError:
        environment = {}
    return Told(read_run(run_folder), recipe, read_events(run_folder)[0], kept_results(run_folder),
                environment if isinstance(environment, dict) else {}, summarise(project), kept_probe(project, recipe))


def judged(recipe: Recipe, events: Sequence[Event]) -> dict[str, str]:
    """Judge by a run's events how it answers its own question about held-out groups."""
    guessing = recipe.make_task().guessing
    points = [Point(metric.step, loss, accuracy) for metric in curve(events, "validation")
              if (loss := metric.values.get("loss")) is not None
              and (accuracy := metric.values.get(guessing.figure)) is not None]
    return training_verdict(points, guessing=guessing, tuples=recipe.training.validation_tuples)


def data_facts(data: Data) -> Facts:
    """What the project's videos are."""
    hidden = f"{data.masks} mask{'s' if data.masks > 1 else ''} hide parts of the picture" if data.masks else "none"
    found: Facts = [
        ("Videos", (f"{data.videos} usable in {data.groups} groups ({_GROUPINGS[data.grouping]}); in the project "
                   f"{data.good} good, {data.partial} partly readable, {data.unreadable} unreadable, "
                   f"{data.excluded} excluded")),
        ("Length", (f"{in_words(data.seconds)} of video, {data.frames} frames; "
                   f"a video {_range(data.length_seconds, 's')}")),
        ("Pictures", f"short side {_range(data.short_side_pixels, 'pixels')}; "
                     f"{_range(data.frames_per_second, 'frames a second')}; "
                     + ", ".join(f"{count} {codec}" for codec, count in data.codecs)),
        ("Motion", _range(data.motion_pixels, "pixels a frame"))]
    if data.labels:
        found.append(("Labels", (f"{len(data.labels)}, on {', '.join(map(str, data.labels[:12]))}"
                                f"{' and more' if len(data.labels) > 12 else ''} videos; training never saw them")))
    return [*found, ("Masks", hidden), ("Contents", (f"SHA-256 {data.sha256[:16]}… over the contents of all usable "
                                                    "videos, whatever their names are"))]


def asked_facts(told: Told) -> Facts:
    """What was asked of the network, and how it was trained."""
    run, recipe = told.run, told.recipe
    task, backbone, sampling, view = recipe.make_task(), recipe.make_backbone(), recipe.sampling, recipe.augmentation
    clip = "1 frame" if sampling.clip_frames == 1 else f"{sampling.clip_frames} frames"
    held, learned = told.environment.get("validation_videos"), told.environment.get("train_videos")
    return [
        ("Pretext task", f"{task.title}: {task.classes} possible answers, guessing gives {100 * task.chance:.1f} %"),
        ("Shown", f"{sampling.tuple_length} elements of {clip}, {view.network_pixels} x {view.network_pixels} pixels"),
        ("Network", (f"{backbone.title}, {cost(backbone).parameters / 1e6:.2f} million parameters, "
                    f"{'given' if recipe.starts_from else 'random'} weights at the start")),
        ("Split", f"{100 * recipe.training.validation_share:.0f} % held out by whole groups"
                  + (f": {learned} videos to learn from, {held} held out" if held and learned else "")),
        ("Training", (f"{run.step} of {run.total_steps or run.step} steps of {recipe.training.batch_size} questions in "
                     f"{in_words(run.seconds)}; {run.state}; seed {recipe.training.seed}"))]


def environment_facts(told: Told) -> Facts:
    """What the run's record says of machine and versions; nothing that names a machine or a person."""
    record = told.environment
    versions = record.get("versions")
    found = [("Machine", ", ".join(str(record[name]) for name in ("device", "system") if record.get(name))),
             ("Why there", str(record.get("device_reason") or "")),
             ("Numbers", str(record.get("precision_detail") or record.get("precision") or "")),
             ("Threads", str(record.get("threads") or "")),
             ("Versions", ", ".join(f"{name} {number}" for name, number in versions.items())
              if isinstance(versions, dict) else "")]
    return [(name, value) for name, value in found if value]


def commands(told: Told) -> list[str]:
    """The command lines that repeat the run and what was measured on it."""
    run = shlex.quote(told.run.name)
    lines = [f"studio train PROJECT --recipe PROJECT/runs/{run}/recipe.toml"]
    if told.probe is not None:
        lines.append(f"studio probe PROJECT --recipe PROJECT/runs/{run}/recipe.toml")
    return lines + [f"studio evaluate PROJECT {run} --protocol {protocol} {_options(result)}"
                    for protocol, result in told.results.items()]


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
    if "kinetics" in (result.get("against") or {}):
        other = result.get("other", "file")
        parts.append("--kinetics WEIGHTS" if other == "file" else f"--kinetics {shlex.quote(other)}")
    return " ".join(parts)


def shareable_recipe(recipe: Recipe) -> dict[str, Any]:
    """The recipe's values without the path of the weights that it started from."""
    return recipe.model_dump() | {"starts_from": "given weights" if recipe.starts_from else ""}


def in_words(seconds: float) -> str:
    """A span of time in seconds, minutes or hours."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else \
        f"{seconds / 3600:.1f} h"


def _range(values: Three, unit: str) -> str:
    low, middle, high = values
    return f"{low:.4g} {unit}" if low == high else f"{low:.4g} to {high:.4g} {unit}, the middle one {middle:.4g}"
