"""What every preset learns at one budget: `python -m tests.benchmarks.learning --data DIR (--minutes M | --steps N)`.

DIR holds videos and `labels.csv` (path, label, group). Each preset is trained at the small size of `tests.scaled`, for
several seeds, beside the same network untrained, small pictures and histograms of colours, by VCOP's retrieval: 10
clips a video, cosine, the nearest video of another group. Labels are never learned from. All videos are queries and
gallery, those that training saw too, as in `studio evaluate`; `held_out` counts the queries of groups that training
never saw. `--control` trains on tuples whose answers were dealt anew: what is then still learned is not the order.
Prints JSON, and keeps it in `tests/benchmarks/results/learning.json`. With `--work` runs are kept and not made twice.
Legend: S seeds, V videos, which are the queries Q and the gallery.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import platform
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import numpy as np
import torch

from studio.engine import files
from studio.engine.backbones import BACKBONES
from studio.engine.evaluation.intervals import interval_over_groups
from studio.engine.evaluation.labels import Labels, read_labels
from studio.engine.evaluation.retrieval import TOPS, chance_of_tops, first_hits, score
from studio.engine.events import Event
from studio.engine.inspection.baselines import baseline_features
from studio.engine.inspection.embedding import Weights
from studio.engine.inspection.features import Features, ensured_features
from studio.engine.project import Grouping, Project
from studio.engine.recipe import Recipe, recipe_names
from studio.engine.runs import list_runs
from studio.engine.sampling import Tuples
from studio.engine.shapes import Floats, Ints
from studio.engine.training import loader
from studio.engine.training.loop import train
from studio.engine.training.plan import Plan, deal_batch, make_plan
from studio.engine.video.footage import Footage, open_footage
from studio.engine.video.ingest import scan
from tests.scaled import STEPS, scaled

RESULT = Path(__file__).parent / "results" / "learning.json"
OWN = "studio-best"
KINDS = ("average", "pooled")
_RESULT = TypeVar("_RESULT")


@dataclass
class Found:
    """What one recipe gave, seed by seed: for each kind of feature the ranks, rank_SQ, and the figures of training."""

    trained: dict[str, list[Ints]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    random: dict[str, list[Ints]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    held_out_Q: list[Ints] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """A scanned project with its labels, and the budget of a run."""

    project: Project
    footage: Footage
    labels: Labels
    steps: int
    minutes: float
    control: bool

    def ranks(self, features_VD: Floats) -> Ints:
        """How many videos of other groups come before the first of the same label, rank_Q."""
        every = np.arange(len(features_VD))
        return first_hits(features_VD, label_V=self.labels.label_numbers, group_V=self.labels.group_numbers,
                          queries_Q=every, gallery_G=every)

    def scored(self, ranks_SQ: Sequence[Ints]) -> dict[str, Any]:
        """The figures of ranks, with intervals over groups and seeds."""
        every = np.arange(len(self.footage.videos))
        chances = chance_of_tops(label_V=self.labels.label_numbers, group_V=self.labels.group_numbers, queries_Q=every,
                                 gallery_G=every)
        return score(np.stack(ranks_SQ), group_Q=self.labels.group_numbers, gallery=len(every), chances=chances)

    def ahead(self, ranks_SQ: Sequence[Ints], others_SQ: Sequence[Ints]) -> dict[str, Any]:
        """How many points the first ranks are ahead of others, seed by seed, with intervals over groups and seeds."""
        result = {}
        for k in TOPS[:2]:
            points_SQ = 100 * ((np.stack(ranks_SQ) < k).astype(np.float64) - (np.stack(others_SQ) < k))
            seeds, queries = points_SQ.shape
            ends = interval_over_groups(points_SQ.ravel(), np.tile(self.labels.group_numbers, seeds),
                                        seed_Q=np.repeat(np.arange(seeds), queries))
            result[f"top{k}"] = {"points": round(float(points_SQ.mean()), 2),
                                 "interval": [round(end, 2) for end in ends]}
        return result


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, default=0)
    budget.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--recipes", nargs="+", choices=recipe_names(), default=recipe_names())
    parser.add_argument("--control", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = asked.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = prepared(asked.data, work, steps=asked.steps, minutes=asked.minutes, control=asked.control)
        result = measured(bench, asked.recipes, asked.seeds)
    budget_words = f"--minutes {asked.minutes:g}" if asked.minutes else f"--steps {asked.steps}"
    seeds = " ".join(str(seed) for seed in asked.seeds)
    result = {"date": f"{datetime.date.today():%Y-%m-%d}",
              "command": f"python -m tests.benchmarks.learning --data {asked.data.name} {budget_words} --seeds {seeds}"
                         + (f" --recipes {' '.join(asked.recipes)}" if asked.recipes != recipe_names() else "")
                         + " --control" * asked.control,
              "python": platform.python_version(), "torch": torch.__version__,
              **result}
    files.write_json(asked.out, result)
    print(json.dumps(result, indent=2))


def prepared(data: Path, work: Path, *, steps: int, minutes: float, control: bool) -> Bench:
    """Scan the videos, unless that was done, and read their labels."""
    project, labels = Project.open_or_create(work), data / "labels.csv"
    if not project.settings.sources:
        for _ in scan(project, [data], grouping=Grouping(by="csv", csv=str(labels.resolve()))):
            pass
    footage = open_footage(project)
    return Bench(project, footage, read_labels(footage.videos, str(labels)), steps, minutes, control)


def measured(bench: Bench, recipes: Sequence[str], seeds: Sequence[int]) -> dict[str, Any]:
    """Train and measure everything, and say how far the studio's own recipe is ahead of each other one."""
    found = {name: _found(bench, name, seeds) for name in recipes}
    features = {name: bench.ranks(features_VD) for name, features_VD in baseline_features(bench.footage).items()}
    result: dict[str, Any] = {
        "videos": len(bench.footage.videos), "groups": len(set(bench.labels.group_V)), "labels": bench.labels.names,
        "budget": {"minutes": bench.minutes} if bench.minutes else {"steps": bench.steps}, "control": bench.control,
        "gallery": "all videos of other groups, those that training saw too",
        "baselines": {name: bench.scored([rank_Q]) for name, rank_Q in features.items()},
        "recipes": [_row(bench, name, one) for name, one in found.items()]}
    if OWN in found:
        own = found[OWN].trained[_headline(found[OWN])]
        result[f"{OWN}_ahead_of"] = {name: bench.ahead(own, one.trained[_headline(one)])
                                     for name, one in found.items() if name != OWN}
        result[f"{OWN}_ahead_of"] |= {name: bench.ahead(own, [rank_Q] * len(own)) for name, rank_Q in features.items()}
    return result


def _found(bench: Bench, name: str, seeds: Sequence[int]) -> Found:
    found = Found()
    for seed in seeds:
        recipe = scaled(name, steps=bench.steps, minutes=bench.minutes, seed=seed)
        folder, figures = _trained(bench, recipe)
        for row, weights in ((found.trained, Weights()), (found.random, Weights("random"))):
            features: Features | None = _value(ensured_features(folder, bench.footage, weights=weights))
            assert features is not None
            for kind, features_VD in zip(KINDS, (features.mean_VD, features.pooled_VP), strict=True):
                row[kind].append(bench.ranks(features_VD))
        held_out = {video.id for video in make_plan(bench.footage, recipe).validation.videos}
        found.held_out_Q.append(np.array([video.id in held_out for video in bench.footage.videos]))
        found.figures.append(figures | {"backbone": recipe.backbone, "chance": recipe.make_task().chance})
        print(name, seed, figures, file=sys.stderr)
    return found


def _trained(bench: Bench, recipe: Recipe) -> tuple[Path, dict[str, Any]]:
    """Train, unless this very recipe was trained in this project; the run's folder and its figures."""
    wanted = recipe.model_dump() | {"name": f"{recipe.name}{'-control' * bench.control}"}
    for run in list_runs(bench.project):
        kept = run.folder / "bench.json"
        if kept.is_file() and (known := files.read_json(kept))["recipe"] == wanted:
            return run.folder, known["figures"]
    with mock.patch.object(loader, "deal_batch", dealt_anew) if bench.control else contextlib.nullcontext():
        *_, last = train(bench.project, recipe, name=f"{wanted['name']}-{recipe.training.seed}")
    result = last.result  # type: ignore[union-attr]
    figures = {key: result[key] for key in ("steps", "seconds", "samples_per_second", "loss", "accuracy",
                                            "balanced_accuracy", "balanced_chance", "measures", "parameters")}
    folder = bench.project.run_folder(str(result["run"]))
    files.write_json(folder / "bench.json", {"recipe": wanted, "figures": figures})
    return folder, figures


def dealt_anew(plan: Plan, *, step: int) -> Tuples:
    """The batch of a step with each answer given to another tuple; the paces and the videos stay what they are."""
    tuples = deal_batch(plan, step=step)
    order = np.random.default_rng([plan.recipe.training.seed, 99, step]).permutation(len(tuples))
    return replace(tuples, label_B=tuples.label_B[order], order_BE=tuples.order_BE[order])


def _row(bench: Bench, name: str, found: Found) -> dict[str, Any]:
    """All figures of a recipe. Shares for the question, percentages for retrieval."""
    kind = _headline(found)
    hits = {row: np.concatenate([rank_Q[held_Q] for rank_Q, held_Q in zip(ranks[kind], found.held_out_Q, strict=True)])
            for row, ranks in (("trained", found.trained), ("random", found.random))}
    return {"recipe": name, "feature": kind, "runs": found.figures,
            "trained": bench.scored(found.trained[kind]), "random": bench.scored(found.random[kind]),
            "ahead_of_random": bench.ahead(found.trained[kind], found.random[kind]),
            "other_features": {other: {"trained": bench.scored(found.trained[other])["top1"],
                                       "random": bench.scored(found.random[other])["top1"]}
                               for other in KINDS if other != kind},
            "held_out": {"queries": len(hits["trained"])} | {row: round(100 * float((rank_Q < 1).mean()), 2)
                                                             for row, rank_Q in hits.items()}}


def _headline(found: Found) -> str:
    return BACKBONES[found.figures[0]["backbone"]].retrieves_with


def _value(events: Generator[Event, None, _RESULT]) -> _RESULT:
    """Run an operation to its end and give what it returns."""
    while True:
        try:
            next(events)
        except StopIteration as ended:
            return ended.value


if __name__ == "__main__":
    main()
