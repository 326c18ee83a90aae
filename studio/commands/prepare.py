"""Commands up to a trained network: scan, preview, probe, preflight, train, runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from studio.commands.edge import Work
from studio.commands.options import ProjectFolder, RecipeName, Settings, png
from studio.engine.errors import UsageError
from studio.engine.events import Events


def scan(
    project: ProjectFolder,
    folders: Annotated[list[Path] | None, Argument(
        metavar="FOLDER...", help="Folders of videos; without one, those of the project are looked at again",
        show_default=False)] = None,
    group_pattern: Annotated[str, Option(
        "--group-pattern", metavar="REGEX", help="Group videos (patient, session) by the first bracket of this pattern "
        "in their path", show_default=False)] = "",
    groups: Annotated[Path | None, Option(
        "--groups", metavar="folders|FILE.csv", help="Group videos by the folder they lie in (one folder a patient, "
        "not for folders that are labels), or by a file with the columns path,label,group", show_default=False)] = None,
    frames_per_second: Annotated[float | None, Option(
        "--frames-per-second", metavar="RATE", help="Frames a second of folders of numbered pictures, each of which is "
        "one video (25 if never said); 0 leaves such folders alone", min=0, max=1000, show_default=False)] = None,
    tier: Annotated[str, Option(
        "--tier", metavar="TIER", help="Where frames come from, from now on: map (small copies on the disk), jpeg (a "
        "fifth of that), video (no copies, decoded each time), memory (map, read into memory), or auto: what fits",
        show_default=False)] = "",
    short_side: Annotated[int, Option(
        "--short-side", metavar="PIXELS", help="Make frames of this size besides, for recipes that want it (256 for "
        "shuffle-and-learn)", min=0, max=512, show_default=False)] = 0,
    workers: Annotated[int, Option("--workers", help="Processes that decode; 0: as many as fit", min=0)] = 0,
) -> Work:
    """Make or extend a project: read the videos of folders, say which are healthy."""
    if group_pattern and groups:
        raise UsageError("--group-pattern and --groups", "only one of them can decide the groups", "Leave one out")

    from studio.engine.project import LARGEST_SIDE, SMALLEST_SIDE, Grouping, Project, tier_named
    from studio.engine.project_lock import scanning_alone
    from studio.engine.video.ingest import scan as run

    wanted = tier_named(tier) if tier else None
    if 0 < short_side < SMALLEST_SIDE:
        raise UsageError(f"--short-side {short_side}", f"frames are {SMALLEST_SIDE} to {LARGEST_SIDE} pixels",
                         "Write 128 or 256")
    grouping = None
    if groups == Path("folders"):
        grouping = Grouping(by="folder")
    elif groups is not None:
        grouping = Grouping(by="csv", csv=str(groups.resolve()))
    elif group_pattern:
        grouping = Grouping(by="pattern", pattern=group_pattern)
    _check_folders(folders or [])
    opened = Project.open_or_create(project) if folders else Project.open(project)
    return Work(lambda stop: scanning_alone(opened.root, lambda: run(
        opened, folders or [], grouping=grouping, workers=workers, frames_per_second=frames_per_second, tier=wanted,
        short_side_pixels=short_side or None, stop=stop, pause=stop.paused)))


def relink(
    project: ProjectFolder,
    old_source: Annotated[str, Argument(metavar="OLD_SOURCE", help="The source that moved: its name in the project, or "
                                        "the folder where it lay", show_default=False)],
    new_folder: Annotated[Path, Argument(metavar="NEW_FOLDER", help="Where its videos lie now", show_default=False)],
) -> Work:
    """Say where a folder of videos moved to; some of its files are read to make sure."""
    from studio.engine.project import Project
    from studio.engine.project_lock import scanning_alone
    from studio.engine.video.moves import relink as run

    return Work(lambda stop: scanning_alone(project, lambda: run(Project.open(project), old_source, new_folder,
                                                                 stop=stop)))


def _check_folders(folders: list[Path]) -> None:
    """Find a wrong name before a project is made. Raises `UsageError`."""
    for folder in folders:
        if not folder.is_dir():
            rule = "this is a file, and a folder is needed" if folder.exists() else "there is no such folder"
            raise UsageError(str(folder), rule, "Name its folder" if folder.exists() else
                             "Check the spelling, or attach its drive")


def preview(
    project: ProjectFolder,
    task: Annotated[str, Option("--task", metavar="TASK", help="Preview this task with its usual recipe",
                                show_default=False)] = "",
    recipe: Annotated[str, Option("--recipe", metavar="NAME", help="Preview this recipe (usually: quick)",
                                  show_default=False)] = "",
    settings: Settings = None,
    count: Annotated[int, Option("-n", "--count", help="Tuples")] = 8,
    out: Annotated[Path, Option("-o", "--out", metavar="FILE.png",
                                help="Where the picture goes")] = Path("preview.png"),
    video: Annotated[str, Option("--video", metavar="PATH", help="Only of this video", show_default=False)] = "",
    seed: Annotated[int, Option("--seed", help="Another seed deals other tuples", min=0)] = 0,
) -> Work:
    """Draw the questions that the network would be asked, labelled, as a picture."""
    if task and recipe:
        raise UsageError("--task and --recipe", "a recipe has its own task", "Leave one out")

    from studio.engine.preview import preview as run
    from studio.engine.preview import recipe_of_task
    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe

    made = recipe_of_task(task, settings or []) if task else load_recipe(recipe or "quick", settings or [])
    return Work(lambda stop: run(Project.open(project), made, count=count, out=png(out), seed=seed,
                                 video=video or None, stop=stop))


def probe(project: ProjectFolder, recipe: RecipeName = "quick", settings: Settings = None) -> Work:
    """Leak probe: can the task be solved from what it should not need?"""
    from studio.engine.inspection.leak_probe import probe as run
    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe

    made = load_recipe(recipe, settings or [])
    return Work(lambda stop: run(Project.open(project), made, stop=stop))


def preflight(project: ProjectFolder, recipe: RecipeName = "quick", settings: Settings = None) -> Work:
    """Measure one real step: will it fit, and how long will the training take?"""
    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe
    from studio.engine.training.preflight import preflight as run

    made = load_recipe(recipe, settings or [])
    return Work(lambda stop: run(Project.open(project), made, stop=stop))


def train(
    project: ProjectFolder,
    recipe: RecipeName = "quick",
    settings: Settings = None,
    name: Annotated[str, Option("--name", metavar="RUN", help="Name of the new run", show_default=False)] = "",
    resume: Annotated[str, Option("--resume", metavar="RUN", help="Go on with this run instead",
                                  show_default=False)] = "",
    devices: Annotated[int, Option("--devices", help="GPUs to use at once", min=1)] = 1,
    then: Annotated[bool, Option("--then-queue", help="When it is done, train what waits in the queue",
                                 show_default=False)] = False,
) -> Work:
    """Train a network on a pretext task. Ctrl-C stops it and saves; its options are listed below."""
    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe, recipe_from_toml
    from studio.engine.runs import RECIPE
    from studio.engine.training.loop import train as run
    from studio.engine.training.queued import then_queue

    opened = Project.open(project)
    folder = opened.run_folder(resume) if resume else None
    made = recipe_from_toml(folder / RECIPE, settings or []) if folder else load_recipe(recipe, settings or [])

    def first(stop: Callable[[], bool]) -> Events:
        return run(opened, made, name=name, resume=folder, devices=devices, stop=stop)

    return Work(lambda stop: then_queue(opened, first, stop=stop) if then else first(stop))


def runs(project: ProjectFolder) -> Work:
    """List the runs of a project with their key numbers."""
    from studio.engine.listing import list_all
    from studio.engine.project import Project

    return Work(lambda stop: list_all(Project.open(project), stop=stop))
