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
    out: Annotated[Path | None, Option("-o", "--out", metavar="FILE.npz|FILE.csv",
                                       help="Write them for other programs besides", show_default=False)] = None,
) -> Work:
    """Make and keep the features of clips spread over every video."""
    from studio.engine.inspection.feature_files import write_features
    from studio.engine.inspection.features import extract_features
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    if out is not None:
        return Work(lambda stop: write_features(opened, folder, out=out, random=random, stop=stop))
    return Work(lambda stop: extract_features(opened, folder, random=random, stop=stop))


def neighbours(
    project: ProjectFolder, run: RunName,
    video: Annotated[str | None, Option(
        "--video", metavar="PATH", help="A video, as `studio scan` lists it; the end of its path is enough",
        show_default=False)] = None,
    at: AtSeconds = 0.0,
    file: Annotated[Path | None, Option(
        "--file", metavar="PATH", help="A video file that is not in the project, instead", show_default=False)] = None,
    clips: Annotated[str, Option(
        "--clips", metavar="VIDEO:CLIP,...", help="Several clips at once, instead: numbers of videos and of their "
        "clips, from 0", show_default=False)] = "",
    k: Annotated[int, Option("-k", help="How many neighbours")] = 10,
    leave_out: Annotated[Literal["group", "video"], Option(
        "--leave-out", help="Leave out the query's own video only, or its whole group")] = "group",
    beside: Annotated[str, Option("--beside", metavar="random|pixels|RUN",
                                  help="What else to compare with: raw pixels, or another run")] = "random",
    approximate: Annotated[bool, Option(
        "--approximate", help="Search by an index (faiss), as over a million clips always, and say how good it is",
        show_default=False)] = False,
    out: Picture = None,
) -> Work:
    """Find the clips most like a clip, with trained weights and beside them with random ones."""
    from studio.engine.inspection.neighbours import neighbours as find
    from studio.engine.inspection.queries import read_clips
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: find(
        opened, folder, video=video, at_seconds=at, clips=read_clips(clips), file=file, k=k, leave_out=leave_out,
        beside=beside, approximate=approximate, out=png(out) if out else None, stop=stop))


def activations(
    project: ProjectFolder, run: RunName, video: VideoName, at: AtSeconds = 0.0,
    question: Annotated[int | None, Option(
        "--question", metavar="SEED", help="Over the elements of a question that this seed deals of the video, instead "
        "of a clip", min=0, show_default=False)] = None,
    layer: Annotated[str, Option("--layer", metavar="NAME", help="A layer of the network (usually the last)",
                                 show_default=False)] = "",
    unit: Annotated[int | None, Option("--unit", metavar="NUMBER", help="One unit of the layer (usually their mean)",
                                       show_default=False)] = None,
    beside: Annotated[str, Option("--beside", metavar="random|RUN", help="What stands beside it")] = "random",
    out: Picture = None,
) -> Work:
    """Draw where a layer answers over a clip, beside random weights or another run."""
    from studio.engine.inspection.activations import activations as draw
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: draw(opened, folder, video=video, at_seconds=at, question=question, layer=layer,
                                  unit=unit, beside=beside, out=png(out) if out else None, stop=stop))


def units(
    project: ProjectFolder, run: RunName,
    layer: Annotated[str, Option("--layer", metavar="NAME", help="A layer of the network (usually the last)",
                                 show_default=False)] = "",
    count: Annotated[int, Option("-n", "--count", help="How many units, the most selective first")] = 12,
    random: Annotated[bool, Option("--random", help="Of the same network with random weights only")] = False,
    beside: Annotated[str, Option("--beside", metavar="random|RUN", help="Whose units follow below",
                                  show_default=False)] = "",
    out: Picture = None,
) -> Work:
    """Find the clips that excite the units of a layer most, with the receptive field of each."""
    from studio.engine.inspection.unit_sheet import units as find
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: find(opened, folder, layer=layer, count=count, random=random,
                                  beside=beside, out=png(out) if out else None, stop=stop))


def attribution(
    project: ProjectFolder, run: RunName, video: VideoName,
    seed: Annotated[int, Option("--seed", help="Another seed deals another question", min=0)] = 0,
    beside: Annotated[str, Option("--beside", metavar="random|RUN", help="Whose answer stands beside it")] = "random",
    out: Picture = None,
) -> Work:
    """Ask a trained network one question about a video and show which pixels told its answer."""
    from studio.engine.inspection.asked import attribution as ask
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    return Work(lambda stop: ask(opened, folder, video=video, seed=seed, beside=beside,
                                 out=png(out) if out else None, stop=stop))


def evaluate(
    project: ProjectFolder, run: RunName,
    protocol: Annotated[str, Option(
        "--protocol", metavar="NAME",
        help="retrieval, linear, finetune, or labels: how many are needed?")] = "retrieval",
    labels: Annotated[str, Option("--labels", metavar="folders|FILE.csv",
                                  help="Where the labels come from")] = "folders",
    split: Annotated[str, Option("--split", metavar="ucf101/N|hmdb51/N",
                                 help="A published split of UCF101 or HMDB51, with its labels",
                                 show_default=False)] = "",
    split_files: Annotated[Path | None, Option(
        "--split-files", metavar="DIR", help="Folder of the split's lists (usually found beside the videos)",
        show_default=False)] = None,
    against: Annotated[str, Option("--against", metavar="random|nothing", help="What to compare with")] = "random",
    kinetics: Annotated[str, Option(
        "--kinetics", metavar="RUN|FILE", help="Other weights to put beside: a run's, or a .safetensors "
        "or .pth file of Kinetics-400 weights for the same network", show_default=False)] = "",
    seeds: Annotated[int, Option("--seeds", help="Random networks to compare with, and trainings where labels are "
                                 "learned", min=1, max=100)] = 1,
    seed: Annotated[int, Option("--seed", help="First seed of splits, trainings and intervals", min=0)] = 0,
    learner: Annotated[str, Option("--learner", metavar="linear|finetune",
                                   help="What learns in the protocol labels")] = "linear",
    published: Annotated[bool, Option("--published", help="Fine-tune as published: SGD, 150 epochs (hours on a GPU)",
                                      show_default=False)] = False,
    steps: Annotated[int | None, Option("--steps", help="Steps of fine-tuning (usually 60)", min=1,
                                        show_default=False)] = None,
    settings: Annotated[list[str] | None, Option(
        "--set", metavar="KEY=VALUE", help="Change an option of fine-tuning: epochs, batch_size, optimiser, "
        "learning_rate, momentum, weight_decay, schedule, held_out_share; can be given many times",
        show_default=False)] = None,
) -> Work:
    """Measure what was learned, by labels that training never saw, beside random weights and chance."""
    from studio.engine.evaluation.evaluate import evaluate as measure
    from studio.engine.evaluation.finetuning import make_finetuning
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    options = make_finetuning(published=published, steps=steps, settings=settings or [])
    return Work(lambda stop: measure(
        opened, folder, protocol=protocol, labels=labels, split=split, split_files=split_files, against=against,
        kinetics=kinetics, seed=seed, seeds=seeds, learner=learner, finetuning=options, stop=stop))


def report(
    project: ProjectFolder, run: RunName,
    beside: Annotated[str, Option("--beside", metavar="RUN", help="Another run to put beside it: curves over each "
                                  "other, settings that differ, figures, verdicts", show_default=False)] = "",
    pictures: Annotated[bool, Option("--pictures/--no-pictures", help="With frames of the videos: questions, and "
                                     "neighbours; without them the page may be passed on")] = True,
    out: Annotated[Path | None, Option("-o", "--out", metavar="FILE.html", help="Usually report.html of the run",
                                       show_default=False)] = None,
) -> Work:
    """Write the report of a run, or of two: one page that says whether something was learned."""
    from studio.engine.evaluation.beside import report_beside
    from studio.engine.evaluation.report import report as write
    from studio.engine.project import Project

    opened = Project.open(project)
    folder = opened.run_folder(run)
    if beside:
        other = opened.run_folder(beside)
        return Work(lambda stop: report_beside(opened, folder, other, out=out, with_pictures=pictures, stop=stop))
    return Work(lambda stop: write(opened, folder, out=out, with_pictures=pictures, stop=stop))


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
