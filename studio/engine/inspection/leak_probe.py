"""The leak probe: can a recipe's own question be answered from what it should not need?

A small network sees only the border, the mean colour, the stillest region or the grain of each element, learns the
recipe's own task on some groups and answers for held-out ones. Better than chance means that a network can cheat.
Legend: B tuples, E elements, K numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from studio.engine.events import Event, Events, Finished, Progress, TimeLeft
from studio.engine.inspection.shortcuts import Look, looks, see_tuples
from studio.engine.inspection.wilson import wilson
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.sampling import PROBE, Tuples, deal_tuples, long_enough, split_by_group
from studio.engine.shapes import Floats
from studio.engine.tasks.task import Task
from studio.engine.video.footage import Footage, open_footage

TRAIN_TUPLES, TEST_TUPLES = 1500, 500
_EPOCHS, _BATCH, _HIDDEN = 40, 64, 48
_SURE = 2.5
"""Spreads above chance that count as a leak: one false alarm in 40 probes of four looks."""


class Questions(NamedTuple):
    """Tuples that teach and tuples of held-out groups that test."""

    train: Tuples
    test: Tuples


def probe(project: Project, recipe: Recipe, *, train_tuples: int = TRAIN_TUPLES, test_tuples: int = TEST_TUPLES,
          stop: Callable[[], bool] = lambda: False) -> Events:
    """Try to solve the recipe's task from each look alone, and say in words whether it leaks.

    The result holds one entry a look: accuracy (a share), its 95 % interval, chance, leak or not, and a sentence.
    Raises `UsageError` with fewer than two groups and `VideoError` when every video is too short.
    """
    footage, task = open_footage(project), recipe.make_task()
    questions = deal_questions(footage, recipe, task, train_tuples=train_tuples, test_tuples=test_tuples)
    chosen, found = looks(footage), list[dict[str, Any]]()
    left = TimeLeft(len(chosen))
    for number, look in enumerate(chosen):
        yield Progress(phase="leak probe", done=number, total=len(chosen), unit="looks", seconds_left=left(number),
                       detail=look.title)
        right = None if stop() else (yield from _answered(footage, questions, look, task, seed=recipe.training.seed,
                                                          stop=stop))
        if right is None:
            yield Finished(operation="probe", result={"recipe": recipe.name, "probes": found}, stopped=True)
            return
        found.append(judged(look, right, asked=len(questions.test), chance=task.chance))
    leaks = [entry["name"] for entry in found if entry["leak"]]
    yield Finished(operation="probe", result={
        "recipe": recipe.name, "task": recipe.task, "chance": round(task.chance, 4), "questions": len(questions.test),
        "leak": bool(leaks), "leaks": leaks, "probes": found, "sentence": _summary(found)})


def deal_questions(footage: Footage, recipe: Recipe, task: Task, *, train_tuples: int, test_tuples: int) -> Questions:
    """Deal tuples of train groups and of held-out groups from the random numbers set apart for probes."""
    usable = long_enough(footage.cached, span_frames=task.span_frames)
    groups = [footage.videos[position].group or f"video {footage.videos[position].id}" for position in usable]
    share = max(0.3, recipe.training.validation_share)
    sides = split_by_group(groups, validation_share=share, seed=recipe.training.seed)
    dealt = []
    for number, (side, count) in enumerate(zip(sides, (train_tuples, test_tuples), strict=True)):
        rng = np.random.default_rng([recipe.training.seed, PROBE, number])
        video_B = np.array(usable, np.int64)[np.resize(rng.permutation(side), count)]
        dealt.append(deal_tuples(footage.cached, video_B, task=task, sampling=recipe.sampling,
                                 augmentation=recipe.augmentation, rng=rng))
    return Questions(*dealt)


def judged(look: Look, right: int, *, asked: int, chance: float) -> dict[str, Any]:
    """Say what `right` answers out of `asked` mean."""
    low, high = wilson(right, asked)
    share, leak = right / asked, wilson(right, asked, z=_SURE)[0] > chance
    sentence = (f"Seeing {look.title}, a small network answers {100 * share:.1f} % right; guessing gives "
                f"{100 * chance:.1f} %. " + (
                    "The answer leaks from there: mask it or change the recipe, or the network may learn this and "
                    "nothing else." if leak else "No leak found there."))
    return {"name": look.name, "title": look.title, "accuracy": round(share, 4),
            "interval": [round(low, 4), round(high, 4)], "chance": round(chance, 4), "leak": leak, "sentence": sentence}


def _summary(found: list[dict[str, Any]]) -> str:
    leaking = [entry for entry in found if entry["leak"]]
    if not leaking:
        return "No leak found: seen through any of these, the task is no better than guessing."
    worst = max(leaking, key=lambda entry: entry["accuracy"])
    return (f"Leak: {100 * worst['accuracy']:.1f} % right, seeing {worst['title']}, where guessing gives "
            f"{100 * worst['chance']:.1f} %.")


def _answered(footage: Footage, questions: Questions, look: Look, task: Task, *, seed: int,
              stop: Callable[[], bool]) -> Generator[Event, None, int | None]:
    """Train on one side and count right answers on the other; None when stopped."""
    train_BEK, test_BEK = (see_tuples(footage, side, look) for side in questions)
    train, test = _standardised(train_BEK, test_BEK)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        solver = _Solver(elements=train.shape[1], numbers=train.shape[2], classes=task.classes)
    optimiser = torch.optim.AdamW(solver.parameters(), lr=2e-3, weight_decay=0.05)
    label_B = torch.from_numpy(questions.train.label_B)
    for epoch in range(_EPOCHS):
        if stop():
            return None
        yield Progress(phase="leak probe", done=epoch, total=_EPOCHS, unit="epochs", detail=look.title)
        _learn_once(solver, optimiser, train, label_B, seed=seed + epoch)
    with torch.inference_mode():
        answer_B = solver.eval()(test).argmax(dim=1).numpy()
    return int((answer_B == questions.test.label_B).sum())


def _learn_once(solver: nn.Module, optimiser: torch.optim.Optimizer, seen_BEK: torch.Tensor, label_B: torch.Tensor, *,
                seed: int) -> None:
    """One pass over the questions; the random state outside is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for chosen in torch.randperm(len(label_B)).split(_BATCH):
            loss = nn.functional.cross_entropy(solver(seen_BEK[chosen]), label_B[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def _standardised(train_BEK: Floats, test_BEK: Floats) -> tuple[torch.Tensor, torch.Tensor]:
    """Each element's numbers, and how they differ from the tuple's mean; both in the spread of the train side."""
    sides = [np.concatenate([side, side - side.mean(axis=1, keepdims=True)], axis=2) for side in (train_BEK, test_BEK)]
    mean_K, spread_K = sides[0].mean(axis=(0, 1)), sides[0].std(axis=(0, 1)) + 1e-6
    train, test = (torch.from_numpy(np.clip((side - mean_K) / spread_K, -8, 8).astype(np.float32)) for side in sides)
    return train, test


class _Solver(nn.Module):
    """A shared layer looks at each element; two more answer from all of them."""

    def __init__(self, *, elements: int, numbers: int, classes: int) -> None:
        super().__init__()
        self.element = nn.Sequential(nn.Dropout(0.2), nn.Linear(numbers, _HIDDEN), nn.ReLU())
        self.answer = nn.Sequential(nn.Linear(elements * _HIDDEN, _HIDDEN), nn.ReLU(), nn.Dropout(0.2),
                                    nn.Linear(_HIDDEN, classes))

    def forward(self, numbers_BEK: torch.Tensor) -> torch.Tensor:
        """numbers_BEK -> logits_B of the classes."""
        return self.answer(self.element(numbers_BEK).flatten(1))
