"""Commands that look into a trained network and judge it: features, neighbours, activations, evaluate, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from studio.commands.edge import Work
from studio.commands.options import AtSeconds, Picture, ProjectFolder, RunName, VideoName, png


def features(
    project: ProjectFolder, run: RunName,
    random: Annotated[bool, Option("--random", help="Of the same network with random weights")] = False,
) -> Work:
    """Make and keep the features of clips spread over every video."""
    from studio.engine.inspection.features import extract_features
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: extract_features(opened, folder, random=random, stop=stop))


def neighbours(
    project: ProjectFolder, run: RunName, video: VideoName, at: AtSeconds,
    k: Annotated[int, Option("-k", help="How many neighbours")] = 10,
    leave_out: Annotated[Literal["group", "video"], Option(
        "--leave-out", help="Leave out the query's own video only, or its whole group")] = "group",
    out: Picture = None,
) -> Work:
    """Find the clips most like a clip, with trained and with random weights."""
    from studio.engine.inspection.neighbours import neighbours as find
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: find(opened, folder, video=video, at_seconds=at, k=k, leave_out=leave_out,
                                  out=png(out) if out else None, stop=stop))


def activations(
    project: ProjectFolder, run: RunName, video: VideoName, at: AtSeconds,
    layer: Annotated[str, Option("--layer", metavar="NAME", help="A layer of the network (usually the last)",
                                 show_default=False)] = "",
    unit: Annotated[int | None, Option("--unit", metavar="NUMBER", help="One unit of the layer (usually their mean)",
                                       show_default=False)] = None,
    out: Picture = None,
) -> Work:
    """Draw where a layer answers over a clip, trained and with random weights."""
    from studio.engine.inspection.activations import activations as draw
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: draw(opened, folder, video=video, at_seconds=at, layer=layer, unit=unit,
                                  out=png(out) if out else None, stop=stop))


def evaluate(
    project: ProjectFolder, run: RunName,
    protocol: Annotated[str, Option("--protocol", metavar="NAME", help="retrieval, linear or finetune")] = "retrieval",
    labels: Annotated[str, Option("--labels", metavar="folders|FILE.csv",
                                  help="Where the labels come from")] = "folders",
    against: Annotated[str, Option("--against", metavar="random|nothing", help="What to compare with")] = "random",
    steps: Annotated[int, Option("--steps", help="Steps of fine-tuning", min=1)] = 60,
    seed: Annotated[int, Option("--seed", help="Seed of splits and intervals", min=0)] = 0,
) -> Work:
    """Measure what was learned, by labels that training never saw, beside random weights and chance."""
    from studio.engine.evaluation.evaluate import evaluate as measure
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: measure(opened, folder, protocol=protocol, labels=labels, against=against, seed=seed,
                                     steps=steps, stop=stop))


def report(project: ProjectFolder, run: RunName,
           out: Annotated[Path | None, Option("-o", "--out", metavar="FILE.html", help="Usually report.html of the run",
                                              show_default=False)] = None) -> Work:
    """Write the report of a run: one page that says whether something was learned."""
    from studio.engine.evaluation.report import report as write
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda _stop: write(opened, folder, out=out))


def export(
    project: ProjectFolder, run: RunName,
    out: Annotated[Path, Option("-o", "--out", metavar="PATH", help="File or folder to write to", show_default=False)],
    format: Annotated[str, Option("--format", metavar="NAME",  # noqa: A002
                                  help="safetensors, torchvision or onnx")] = "safetensors",
) -> Work:
    """Write the trained weights for other programs, with a model card."""
    from studio.engine.export import export_run
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: export_run(opened, folder, format=format, out=out, stop=stop))
