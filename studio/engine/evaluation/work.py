"""What every protocol works on: videos with labels and splits, and the weights that are compared.

Legend: V videos.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.engine.errors import CheckpointError, UsageError
from studio.engine.evaluation.finetuning import Finetuning
from studio.engine.evaluation.labels import GALLERY, QUERY, Labels
from studio.engine.evaluation.linear_probe import Split, split_groups
from studio.engine.events import Event
from studio.engine.inspection.embedding import Embedder, Weights, open_embedder
from studio.engine.inspection.features import Features, all_alike, check_numbers, ensured_features
from studio.engine.project import Project
from studio.engine.shapes import Ints
from studio.engine.training.checkpoint import WEIGHTS
from studio.engine.video.footage import Footage

LINEAR_SPLITS = 5
"""Splits that a linear probe is repeated on, for each seed, where no file gives one."""


@dataclass(frozen=True)
class Other:
    """Weights to compare with besides random ones: of another run, or of a file for this run's backbone."""

    run_folder: Path
    weights: Weights


@dataclass(frozen=True)
class Work:
    """A run, the project's videos with their labels, and how to measure.

    `seeds` counts random networks to compare with, and trainings where labels are learned.
    """

    project: Project
    run_folder: Path
    footage: Footage
    labels: Labels
    against: bool = True
    seed: int = 0
    seeds: int = 1
    finetuning: Finetuning = field(default_factory=Finetuning)
    learner: str = "linear"
    other: Other | None = None
    stop: Callable[[], bool] = lambda: False

    @property
    def ids_V(self) -> Ints:
        """The videos' numbers in the catalogue."""
        return np.array([video.id for video in self.footage.videos], np.int64)

    @property
    def compared(self) -> dict[str, list[Other]]:
        """The weights to measure, by the name of their row: one network a row, or one for each seed."""
        rows = {"trained": [Other(self.run_folder, Weights())] * self.seeds}
        if self.against:
            rows["random"] = [Other(self.run_folder, Weights("random", number)) for number in range(self.seeds)]
        if self.other is not None:
            rows["kinetics"] = [self.other] * self.seeds
        return rows

    def features(self, of: Other) -> Generator[Event, None, Features | None]:
        """The features of some weights, kept or made; the generator's return value. None when stopped.

        Raises `CheckpointError` when they are no numbers.
        """
        made = yield from ensured_features(of.run_folder, self.footage, weights=of.weights, stop=self.stop)
        if made is not None:
            check_numbers(made, title=of.weights.title)
        return made

    def collapsed(self) -> Generator[Event, None, bool]:
        """Whether all clips have the same feature under the run's own weights."""
        made = yield from self.features(self.compared["trained"][0])
        if made is None:
            return False
        length_VC1 = np.linalg.norm(made.average_VCD, axis=-1, keepdims=True)
        return all_alike(np.asarray(made.average_VCD / np.maximum(length_VC1, 1e-12), np.float32))

    def embedder(self, of: Other) -> Embedder:
        """The network with some weights. Raises `CheckpointError` when they are no numbers."""
        made = open_embedder(self.footage, of.run_folder, weights=of.weights)
        if not all(bool(weight.isfinite().all()) for weight in made.backbone.parameters()):
            raise CheckpointError(of.weights.title, "they hold values that are no numbers (NaN), so nothing can be "
                                  "learned from them", "Train again with a lower learning rate")
        return made

    def splits(self, number: int, *, repeats: int) -> list[Split]:
        """Splits of the labelled videos for seed `number`, as positions in the footage.

        One split when a file gives it; a published one is taken as it is, from another one training videos of groups
        that are tested are left out. Raises `UsageError` when a side is empty.
        """
        known, label_V, group_V = self.labels.known, self.labels.label_numbers, self.labels.group_numbers
        if any(self.labels.split_V):
            side_V = np.array(self.labels.split_V)[known]
            train, test = known[side_V == GALLERY], known[side_V == QUERY]
            clean = train if self.labels.published else train[~np.isin(group_V[train], group_V[test])]
            splits = [Split(clean, test)]
        else:
            first = self.seed + number * repeats
            drawn = [split_groups(label_V[known], group_V[known], test_share=0.3, seed=first + place)
                     for place in range(repeats)]
            splits = [Split(known[split.train], known[split.test]) for split in drawn]
        if any(not len(split.train) or not len(split.test) for split in splits):
            raise UsageError(f"{len(known)} labelled videos in {len(np.unique(group_V[known]))} groups",
                             "every label needs videos of two or more groups, one to learn from and one to test",
                             "Add videos of other groups, or give groups or a split in a CSV file")
        return splits

    def described(self, splits: list[Split]) -> dict[str, Any]:
        """Counts of videos, groups and labels, and the share of the commonest label."""
        group_V, tested = self.labels.group_numbers, np.concatenate([split.test for split in splits])
        return {"videos": len(self.labels.known), "train": len(splits[0].train), "test": len(splits[0].test),
                "classes": len(self.labels.names), "groups": len(np.unique(group_V[tested]))}


def find_other(project: Project, name: str, run_folder: Path) -> Other:
    """Find the weights of a run, or of a .safetensors or .pth file for the backbone of `run_folder`.

    Raises `UsageError`.
    """
    path = Path(name)
    if path.is_file():
        return Other(run_folder, Weights("given", file=path.resolve()))
    try:
        folder = project.run_folder(name)
    except UsageError as error:
        raise UsageError(f"--kinetics {name}", "there is no such weights file and no such run",
                         "Give the path of a .safetensors or .pth file, or a run's name") from error
    if not (folder / WEIGHTS).is_file():
        raise UsageError(f"--kinetics {name}", "this run has no weights yet", "Train it, or name another one")
    return Other(folder, Weights())
