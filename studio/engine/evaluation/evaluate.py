"""The operation `evaluate`: a protocol, on a run's features or weights, beside random weights and chance."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.engine import files
from studio.engine.backbones import BACKBONES
from studio.engine.errors import UsageError
from studio.engine.evaluation.finetune import finetune
from studio.engine.evaluation.kept import PROTOCOLS, Result, result_path, shown_path
from studio.engine.evaluation.labels import GALLERY, QUERY, Labels, read_labels
from studio.engine.evaluation.linear_probe import Split, commonest_share, linear_probe, split_groups
from studio.engine.evaluation.report import write_report
from studio.engine.evaluation.retrieval import chance_of_top1, first_hits, gain, score
from studio.engine.evaluation.verdict import retrieval_verdict, share_verdict
from studio.engine.events import Event, Events, Finished, Progress, Saved
from studio.engine.inspection.embedding import open_embedder
from studio.engine.inspection.features import Features, ensured_features
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml
from studio.engine.shapes import Ints
from studio.engine.video.footage import Footage, open_footage

FEATURE_KINDS = ("average", "pooled")
"""Both are always reported; the backbone says which stands on top. For a still-frame network both are the same."""


@dataclass(frozen=True)
class _Work:
    """What a protocol works on."""

    project: Project
    run_folder: Path
    footage: Footage
    labels: Labels
    against: bool
    seed: int
    steps: int
    stop: Callable[[], bool]


def evaluate(project: Project, run_folder: Path, *, protocol: str = "retrieval", labels: str = "folders",
             against: str = "random", seed: int = 0, steps: int = 60,
             stop: Callable[[], bool] = lambda: False) -> Events:
    """Measure what a run learned, by labels that it never saw; kept in the run's folder and its report.

    `against` is `random` (the same network, untrained) or `nothing`; `steps` is for fine-tuning.
    Raises `UsageError` for an unknown protocol or labels that do not fit, `ProjectError` without videos.
    """
    if protocol not in PROTOCOLS:
        raise UsageError(f"--protocol {protocol}", "there is no such protocol", f"Name one of {', '.join(PROTOCOLS)}")
    if against not in ("random", "nothing"):
        raise UsageError(f"--against {against}", "there is nothing of this name to compare with",
                         "Write --against random, or --against nothing")
    footage = open_footage(project)
    work = _Work(project, run_folder, footage, read_labels(footage.videos, labels), against == "random", seed, steps,
                 stop)
    measured = yield from {"retrieval": _retrieval, "linear": _linear, "finetune": _finetune}[protocol](work)
    if measured is None:
        yield Finished(operation="evaluate", result={"protocol": protocol, "run": run_folder.name}, stopped=True)
        return
    result = {"protocol": protocol, "run": run_folder.name, **measured,
              "labels": {"from": "folders" if labels == "folders" else "csv", "names": work.labels.names,
                         "unlabelled": len(footage.videos) - len(work.labels.known)}}
    yield from _keep(project, run_folder, protocol, result)
    yield Finished(operation="evaluate", result=result)


def _keep(project: Project, run_folder: Path, protocol: str, result: Result) -> Generator[Event, None, None]:
    path = result_path(run_folder, protocol)
    files.write_json(path, result)
    yield Saved(what="evaluation", path=shown_path(path, project.root))
    yield Saved(what="report", path=shown_path(write_report(project, run_folder), project.root))


def _both(work: _Work) -> Generator[Event, None, tuple[Features, Features | None] | None]:
    """Features of trained and, where wanted, random weights; None when stopped."""
    trained = yield from ensured_features(work.run_folder, work.footage, stop=work.stop)
    if trained is None or not work.against:
        return None if trained is None else (trained, None)
    random = yield from ensured_features(work.run_folder, work.footage, random=True, stop=work.stop)
    return None if random is None else (trained, random)


def _retrieval(work: _Work) -> Generator[Event, None, Result | None]:
    both = yield from _both(work)
    if both is None:
        return None
    yield Progress(phase="retrieval", done=0, total=1)
    queries_Q, gallery_G = work.labels.role(QUERY), work.labels.role(GALLERY)
    if not len(queries_Q) or not len(gallery_G):
        raise UsageError("the column split", "it leaves no query or no gallery video", "Name some of each, or none")
    scored = [None if features is None else _scores(work, features, queries_Q, gallery_G) for features in both]
    trained, random = scored
    assert trained is not None
    result = trained[0]
    if random is not None:
        result["against"] = {"random": random[0]}
        group_Q = work.labels.group_numbers[queries_Q]
        result["gain"] = {kind: gain(trained[1][kind], random[1][kind], group_Q=group_Q, seed=work.seed)
                          for kind in FEATURE_KINDS}
    return result | {"verdict": retrieval_verdict(result)}


def _scores(work: _Work, features: Features, queries_Q: Ints, gallery_G: Ints) -> tuple[Result, dict[str, Ints]]:
    """Figures of both kinds of features, the headline on top; and the ranks."""
    label_V, group_V = work.labels.label_numbers, work.labels.group_numbers
    chance = chance_of_top1(label_V=label_V, group_V=group_V, queries_Q=queries_Q, gallery_G=gallery_G)
    ranks = {kind: first_hits(array, label_V=label_V, group_V=group_V, queries_Q=queries_Q, gallery_G=gallery_G,
                              seed=work.seed)
             for kind, array in zip(FEATURE_KINDS, (features.mean_VD, features.pooled_VP), strict=True)}
    scores = {kind: score(rank_Q, group_Q=group_V[queries_Q], gallery=len(gallery_G), chance_top1=chance,
                          seed=work.seed) for kind, rank_Q in ranks.items()}
    headline = BACKBONES[recipe_from_toml(work.run_folder / "recipe.toml").backbone].retrieves_with
    return {**scores[headline], "feature": headline, "features": scores}, ranks


def _splits(work: _Work, *, repeats: int) -> tuple[Ints, list[Split]]:
    """The labelled videos' positions, and splits of them; one split when the CSV file gives it."""
    known = work.labels.known
    label_V, group_V = work.labels.label_numbers[known], work.labels.group_numbers[known]
    if any(work.labels.split_V):
        side_V = np.array(work.labels.split_V)[known]
        train, test = np.flatnonzero(side_V == GALLERY), np.flatnonzero(side_V == QUERY)
        clean = train[~np.isin(group_V[train], group_V[test])]
        splits = [Split(clean, test)]
    else:
        splits = [split_groups(label_V, group_V, test_share=0.3, seed=work.seed + number) for number in range(repeats)]
    if any(not len(split.train) or not len(split.test) for split in splits):
        raise UsageError(f"{len(known)} labelled videos in {len(np.unique(group_V))} groups",
                         "every label needs videos of two or more groups, one to learn from and one to test",
                         "Add videos of other groups, or give groups or a split in a CSV file")
    return known, splits


def _linear(work: _Work) -> Generator[Event, None, Result | None]:
    known, splits = _splits(work, repeats=5)
    both = yield from _both(work)
    if both is None:
        return None
    label_V, group_V = work.labels.label_numbers[known], work.labels.group_numbers[known]
    figures: list[Result] = []
    for number, features in enumerate(features for features in both if features is not None):
        yield Progress(phase="linear probe", done=number, total=1 + work.against)
        figures.append(linear_probe(features.mean_VD[known], label_V=label_V, group_V=group_V, splits=splits,
                                    seed=work.seed))
    return _shares(work, figures, label_V, splits)


def _finetune(work: _Work) -> Generator[Event, None, Result | None]:
    known, splits = _splits(work, repeats=1)
    placed = Split(known[splits[0].train], known[splits[0].test])
    figures: list[Result] = []
    for random in (False, True)[:1 + work.against]:
        embedder = open_embedder(work.footage, work.run_folder, random=random)
        accuracy = yield from finetune(embedder, work.labels.label_numbers, placed, steps=work.steps, seed=work.seed,
                                       detail="random weights" if random else "trained weights", stop=work.stop)
        if accuracy is None:
            return None
        figures.append({"accuracy": round(accuracy, 4), "steps": work.steps})
    return _shares(work, figures, work.labels.label_numbers[known], splits)


def _shares(work: _Work, figures: list[Result], label_V: Ints, splits: list[Split]) -> Result:
    """Accuracies as shares, beside the share of the commonest label."""
    chance = {"chance": round(float(np.mean([commonest_share(label_V, split) for split in splits])), 4),
              "videos": len(label_V), "train": len(splits[0].train), "test": len(splits[0].test),
              "classes": len(work.labels.names)}
    result: Result = figures[0] | chance
    if len(figures) > 1:
        result["against"] = {"random": figures[1] | chance}
    return result | {"verdict": share_verdict(result)}
