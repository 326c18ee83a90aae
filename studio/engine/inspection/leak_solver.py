"""A small network that answers a question from a few numbers of each element: what the leak probe tries.

How long it learns, and whether it sees the numbers themselves or only how elements differ, is chosen on groups of the
teaching side. Legend: B tuples, E elements, K numbers, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.events import Event, Progress
from studio.engine.sampling import split_by_group
from studio.engine.shapes import Floats, Ints
from studio.engine.training.validation import balanced_accuracy

EPOCHS, _EVERY = 24, 2
_BATCH, _HIDDEN = 128, 48
_INNER_SHARE, _PARTS = 0.3, 3


class Shown(NamedTuple):
    """What the network is shown of B tuples, their labels, and the groups of their videos."""

    numbers_BEK: Floats
    label_B: Ints
    group_B: Ints

    def part(self, chosen: Ints) -> Shown:
        """Some of the tuples."""
        return Shown(self.numbers_BEK[chosen], self.label_B[chosen], self.group_B[chosen])


def answers(shown: Shown, *, classes: int, alike: bool, seed: int, detail: str,
            stop: Callable[[], bool]) -> Generator[Event, None, Ints | None]:
    """Answer about each group after learning from others, answer_B; the generator's return value. None when stopped.

    Groups are dealt into three parts or, of two groups, two, and each part is answered after learning from the rest.
    With `alike` each answer counts the same however common it is.
    """
    part_B = _parts(shown.group_B, seed=seed)
    answer_B = np.zeros(len(shown.label_B), np.int64)
    parts = int(part_B.max()) + 1
    for part in range(parts):
        asked = np.flatnonzero(part_B == part)
        found_B = yield from _answers(shown.part(np.flatnonzero(part_B != part)), shown.numbers_BEK[asked],
                                      classes=classes, alike=alike, seed=seed, detail=detail, stop=stop,
                                      before=part, parts=parts)
        if found_B is None:
            return None
        answer_B[asked] = found_B
    return answer_B


def epochs_of(group_B: Ints) -> int:
    """How many epochs it takes to answer about all of these groups."""
    return 2 * min(_PARTS, len(np.unique(group_B))) * EPOCHS


def _parts(group_B: Ints, *, seed: int) -> Ints:
    """Deal groups into parts of about as many tuples, part_B."""
    groups, code_B, count_G = np.unique(group_B, return_inverse=True, return_counts=True)
    filled = np.zeros(min(_PARTS, len(groups)))
    part_G = np.zeros(len(groups), np.int64)
    for group in np.random.default_rng([seed, 51]).permutation(len(groups)):
        part_G[group] = int(filled.argmin())
        filled[part_G[group]] += count_G[group]
    return part_G[code_B]


def _answers(teach: Shown, asked_BEK: Floats, *, classes: int, alike: bool, seed: int, detail: str, before: int,
             parts: int, stop: Callable[[], bool]) -> Generator[Event, None, Ints | None]:
    inner, choice = _inner_split(teach, seed=seed)
    best: tuple[float, Ints] = (-1.0, np.zeros(len(asked_BEK), np.int64))
    for number, view in enumerate((_with_differences, _differences)):
        seen, judged, asked = _standardised(view(inner.numbers_BEK), view(choice.numbers_BEK), view(asked_BEK))
        learner = _Learner(seen, inner.label_B, classes=classes, alike=alike, seed=seed)
        for epoch in range(EPOCHS):
            if stop():
                return None
            yield Progress(phase="leak probe", done=(2 * before + number) * EPOCHS + epoch, total=2 * parts * EPOCHS,
                           unit="epochs", detail=detail)
            learner.learn_once(seed=seed + epoch)
            if epoch % _EVERY == _EVERY - 1:
                found_B = learner.answers(judged)
                share = balanced_accuracy(found_B, choice.label_B) if alike else (found_B == choice.label_B).mean()
                if share > best[0]:
                    best = (float(share), learner.answers(asked))
    return best[1]


def _inner_split(teach: Shown, *, seed: int) -> tuple[Shown, Shown]:
    """Part that teaches and part that chooses: whole groups, unless there is one group only."""
    names = [str(group) for group in teach.group_B]
    if len(set(names)) < 2:
        names = [str(place % 10) for place in range(len(names))]
    learn, choose = split_by_group(names, validation_share=_INNER_SHARE, seed=seed)
    return teach.part(np.array(learn)), teach.part(np.array(choose))


def _differences(numbers_BEK: Floats) -> Floats:
    """How each element's numbers differ from the tuple's mean."""
    return np.asarray(numbers_BEK - numbers_BEK.mean(axis=1, keepdims=True), np.float32)


def _with_differences(numbers_BEK: Floats) -> Floats:
    return np.concatenate([numbers_BEK, _differences(numbers_BEK)], axis=2)


def _standardised(first_BEK: Floats, *others_BEK: Floats) -> list[Tensor]:
    """All of them in the spread of the first."""
    mean_K, spread_K = first_BEK.mean(axis=(0, 1)), first_BEK.std(axis=(0, 1)) + 1e-6
    return [torch.from_numpy(np.clip((side - mean_K) / spread_K, -8, 8).astype(np.float32))
            for side in (first_BEK, *others_BEK)]


class _Learner:
    """A solver with its optimiser; the random state outside is left as it was."""

    def __init__(self, seen_BEK: Tensor, label_B: Ints, *, classes: int, alike: bool, seed: int) -> None:
        self._seen_BEK, self._label_B = seen_BEK, torch.from_numpy(label_B)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._solver = _Solver(elements=seen_BEK.shape[1], numbers=seen_BEK.shape[2], classes=classes)
        self._optimiser = torch.optim.AdamW(self._solver.parameters(), lr=3e-3, weight_decay=0.05)
        self._weight_C = _counting_alike(self._label_B, classes) if alike else None

    def learn_once(self, *, seed: int) -> None:
        """One pass over the questions."""
        self._solver.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for chosen in torch.randperm(len(self._label_B)).split(_BATCH):
                loss = nn.functional.cross_entropy(self._solver(self._seen_BEK[chosen]), self._label_B[chosen],
                                                   weight=self._weight_C)
                self._optimiser.zero_grad()
                loss.backward()
                self._optimiser.step()

    @torch.inference_mode()
    def answers(self, numbers_BEK: Tensor) -> Ints:
        """The present answers, answer_B."""
        return np.asarray(self._solver.eval()(numbers_BEK).argmax(dim=1).numpy(), np.int64)


def _counting_alike(label_B: Tensor, classes: int) -> Tensor:
    """Weights of the answers under which each counts alike, 1 on average over the questions."""
    return len(label_B) / (classes * torch.bincount(label_B, minlength=classes).clamp(min=1).float())


class _Solver(nn.Module):
    """A shared layer looks at each element; two more answer from all of them."""

    def __init__(self, *, elements: int, numbers: int, classes: int) -> None:
        super().__init__()
        self.element = nn.Sequential(nn.Dropout(0.2), nn.Linear(numbers, _HIDDEN), nn.ReLU())
        self.answer = nn.Sequential(nn.Linear(elements * _HIDDEN, _HIDDEN), nn.ReLU(), nn.Dropout(0.2),
                                    nn.Linear(_HIDDEN, classes))

    def forward(self, numbers_BEK: Tensor) -> Tensor:
        """numbers_BEK -> logits_BC."""
        return self.answer(self.element(numbers_BEK).flatten(1))
