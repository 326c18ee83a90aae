"""The operation `evaluate`: a protocol, on a run's features or weights, beside random weights and chance."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from studio.engine import files
from studio.engine.errors import UsageError
from studio.engine.evaluation.budget import labels_needed
from studio.engine.evaluation.finding import retrieval
from studio.engine.evaluation.finetuning import Finetuning
from studio.engine.evaluation.kept import PROTOCOLS, Result, result_path, shown_path
from studio.engine.evaluation.labels import Labels, read_labels
from studio.engine.evaluation.learning import finetuned, linear
from studio.engine.evaluation.published import incomplete, published_rows
from studio.engine.evaluation.report import write_report
from studio.engine.evaluation.split_files import find_split
from studio.engine.evaluation.work import Work, find_other
from studio.engine.events import Event, Events, Finished, Saved
from studio.engine.inspection.embedding import footage_of_run
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml
from studio.engine.video.footage import Footage

LEARNERS = ("linear", "finetune")


def evaluate(project: Project, run_folder: Path, *, protocol: str = "retrieval", labels: str = "folders",
             split: str = "", split_files: Path | None = None, against: str = "random", kinetics: str = "",
             seed: int = 0, seeds: int = 1, finetuning: Finetuning | None = None, learner: str = "linear",
             stop: Callable[[], bool] = lambda: False) -> Events:
    """Measure what a run learned, by labels that it never saw; kept in the run's folder and its report.

    `split` is a published split (`ucf101/1`), which brings its labels, from lists in `split_files` or near the videos.
    `against` is `random` (the same network, untrained) or `nothing`; `seeds` random networks are compared with, and
    where labels are learned there are so many trainings. `kinetics` names other weights to put beside them, a run or a
    file. `finetuning` are the options of fine-tuning; `learner` learns in the protocol `labels`.
    Raises `UsageError` for an unknown protocol or labels that do not fit, `ProjectError` without videos.
    """
    _check(protocol, against, learner, seeds)
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        yield Finished(operation="evaluate", result={"protocol": protocol, "run": run_folder.name}, stopped=True)
        return
    known, fit = _labels(project, footage, labels, split, split_files)
    work = Work(project, run_folder, footage, known, against=against == "random", seed=seed, seeds=seeds,
                finetuning=finetuning or Finetuning(), learner=learner, stop=stop,
                other=find_other(project, kinetics, run_folder) if kinetics else None)
    measure = {"retrieval": retrieval, "linear": linear, "finetune": finetuned, "labels": labels_needed}[protocol]
    measured = yield from measure(work)
    if measured is None:
        yield Finished(operation="evaluate", result={"protocol": protocol, "run": run_folder.name}, stopped=True)
        return
    if protocol != "finetune" and (yield from work.collapsed()):
        sentence = f"{measured['verdict']['sentence']} All clips have the same feature: the network has collapsed."
        measured |= {"collapsed": True, "verdict": measured["verdict"] | {"sentence": sentence}}
    source = fit["dataset"] if fit else "folders" if labels == "folders" else "csv"
    result = {"protocol": protocol, "run": run_folder.name, **measured, "asked_seeds": seeds,
              "labels": {"from": source, "names": known.names, "unlabelled": len(footage.videos) - len(known.known)}}
    result |= {"split": fit} if fit else {}
    if work.other is not None:  # a run's name, never a file's
        result |= {"other": work.other.run_folder.name if work.other.weights.kind == "trained" else "file"}
    rows = published_rows(result, recipe_from_toml(run_folder / "recipe.toml"))
    result |= {"published": [row._asdict() for row in rows]} if rows else {}
    result |= {"incomplete": missing} if (missing := incomplete(result)) else {}
    yield from _keep(project, run_folder, protocol, result)
    yield Finished(operation="evaluate", result=result)


def _check(protocol: str, against: str, learner: str, seeds: int) -> None:
    if protocol not in PROTOCOLS:
        raise UsageError(f"--protocol {protocol}", "there is no such protocol", f"Name one of {', '.join(PROTOCOLS)}")
    if against not in ("random", "nothing"):
        raise UsageError(f"--against {against}", "there is nothing of this name to compare with",
                         "Write --against random, or --against nothing")
    if learner not in LEARNERS:
        raise UsageError(f"--learner {learner}", "labels cannot be learned in this way",
                         f"Name one of {', '.join(LEARNERS)}")
    if not 1 <= seeds <= 100:
        raise UsageError(f"--seeds {seeds}", "seeds are counted from 1 to 100", "Write for example --seeds 5")


def _labels(project: Project, footage: Footage, labels: str, split: str,
            split_files: Path | None) -> tuple[Labels, dict[str, Any]]:
    """Labels from folders, a CSV file or a published split, and how well that fits the project's videos."""
    if not split:
        return read_labels(footage.videos, labels), {}
    if labels != "folders":
        raise UsageError(f"--labels {labels} and --split {split}", "a published split brings its own labels",
                         "Leave one out")
    sources = [project.source_folder(source.name) for source in project.settings.sources]
    near = [*sources, *(folder.parent for folder in sources), project.root]
    return find_split(split, folder=split_files, near=near).labels(footage.videos)


def _keep(project: Project, run_folder: Path, protocol: str, result: Result) -> Generator[Event, None, None]:
    path = result_path(run_folder, protocol)
    files.write_json(path, result)
    yield Saved(what="evaluation", path=shown_path(path, project.root))
    yield Saved(what="report", path=shown_path(write_report(project, run_folder), project.root))
