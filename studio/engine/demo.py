"""The operation `demo`: the whole way on the sample clips, from a scan to a report with pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from studio.engine import files
from studio.engine.catalogue import Video
from studio.engine.evaluation.evaluate import evaluate
from studio.engine.evaluation.kept import shown_path
from studio.engine.evaluation.report import judge_training, write_report
from studio.engine.events import Event, Events, Finished, Progress
from studio.engine.inspection.activations import activations
from studio.engine.inspection.neighbours import neighbours
from studio.engine.preview import preview
from studio.engine.project import Grouping, Project
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.runs import CHECKPOINTS, read_run
from studio.engine.training.loop import train
from studio.engine.video.ingest import scan

NAME = "demo"
QUERIES = 3
Stop = Callable[[], bool]
Part = Generator[Event, None, Finished]
Captioned = list[tuple[str, Path]]
_STEPS = ("scan", "train", "preview", "neighbours", "evaluate")


class _StoppedError(Exception):
    """A part was stopped; the demo ends with what there is."""


def demo(out: Path, *, recipe: str = "quick", settings: Sequence[str] = (), stop: Stop = lambda: False) -> Events:
    """Scan the sample clips into a project in `out`, train, find neighbours, evaluate and write the report.

    In a folder that holds a demo already it goes on: an unfinished run is resumed, otherwise a new one is made, and
    nothing is deleted. Raises `ProjectError` when the folder holds something else.
    """
    started, chosen = time.monotonic(), load_recipe(recipe, settings)
    project = Project.open_or_create(out)
    result: dict[str, Any] = {"project": str(out)}
    try:
        run_folder = yield from _learned(project, chosen, result, stop)
        pictures = yield from _looked_at(project, chosen, run_folder, stop)
        yield _step("evaluate")
        judged = yield from _part(evaluate(project, run_folder, labels="folders", stop=stop))
    except _StoppedError:
        yield Finished(operation="demo", result=result, stopped=True)
        return
    path = write_report(project, run_folder, pictures=pictures)
    result |= {"report": str(out / shown_path(path, project.root)), "seconds": round(time.monotonic() - started, 1),
               "top1": judged.result["top1"], "random_top1": judged.result["against"]["random"]["top1"],
               "chance_top1": judged.result["chance_top1"], "pictures": [path.name for _, path in pictures],
               "sentences": [judge_training(run_folder)["sentence"], judged.result["verdict"]["sentence"]]}
    yield Finished(operation="demo", result=result)


def _learned(project: Project, recipe: Recipe, result: dict[str, Any], stop: Stop) -> Generator[Event, None, Path]:
    """Scan and train; returns the run's folder."""
    sample = files.resource("sample")
    yield _step("scan")
    scanned = yield from _part(scan(project, [sample], grouping=Grouping(by="csv", csv=str(sample / "labels.csv")),
                                    stop=stop))
    result["videos"] = scanned.result["videos"]
    yield _step("train")
    trained = yield from _part(train(project, recipe, name=NAME, resume=unfinished(project, recipe), stop=stop))
    result |= {name: trained.result.get(name) for name in ("run", "steps", "loss", "accuracy", "balanced_accuracy",
                                                           "chance")}
    return project.run_folder(str(trained.result["run"]))


def _looked_at(project: Project, recipe: Recipe, run_folder: Path, stop: Stop) -> Generator[Event, None, Captioned]:
    """Draw what was asked, some neighbours and one layer; returns captions and pictures."""
    folder = run_folder / "pictures"
    asked = folder / "questions.png"
    yield _step("preview")
    yield from _part(preview(project, recipe, count=4, out=asked, stop=stop))
    pictures = [("What the network was asked: each row is one question, as it was shown.", asked)]
    yield _step("neighbours")
    with project.catalogue(read_only=True) as catalogue:
        chosen = queries(catalogue.videos(usable_only=True), count=QUERIES)
    for number, video in enumerate(chosen, start=1):
        path = folder / f"neighbours-{number}.png"
        yield from _part(neighbours(project, run_folder, video=video.id, at_seconds=video.seconds / 2, k=6, out=path,
                                    stop=stop))
        pictures.append(("A clip and the clips most like it; below, the same with random weights.", path))
    path = folder / "activations.png"
    yield from _part(activations(project, run_folder, video=chosen[0].id, at_seconds=chosen[0].seconds / 2, out=path,
                                 stop=stop))
    return [*pictures, ("Where the last layer answers; below, the same with random weights.", path)]


def unfinished(project: Project, recipe: Recipe) -> Path | None:
    """The last run, if it is one of this very recipe that was stopped or cut off after its first checkpoint."""
    for folder in project.run_folders()[-1:]:
        run = read_run(folder)
        if (run.state in ("stopped", "interrupted") and run.recipe == recipe.model_dump()
                and any((folder / CHECKPOINTS).glob("*.json"))):
            return folder
    return None


def queries(videos: Sequence[Video], *, count: int) -> list[Video]:
    """Videos to ask about: the first of as many different folders, spread over all of them."""
    folders: dict[str, Video] = {}
    for video in videos:
        folders.setdefault(video.path.rpartition("/")[0], video)
    firsts = list(folders.values())
    return [firsts[number * len(firsts) // min(count, len(firsts))] for number in range(min(count, len(firsts)))]


def _step(name: str) -> Progress:
    return Progress(phase="demo", done=_STEPS.index(name), total=len(_STEPS), detail=name)


def _part(events: Events) -> Part:
    """Pass on what a part tells, and return how it finished. Raises `_StoppedError`."""
    finished: Finished | None = None
    for event in events:
        if isinstance(event, Finished):
            finished = event
        else:
            yield event
    assert finished is not None
    if finished.stopped:
        raise _StoppedError
    return finished
