"""The protocol `labels`: how many labels are needed, with trained, random and, where given, other weights?

The same test videos are answered after learning from 1, 5, 10, 25, 50 and 100 % of the training videos' labels, at
least one of each label; a larger budget holds the smaller ones. Legend: V videos, Q tested videos.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import replace

import numpy as np

from studio.engine.evaluation.finetune import Course
from studio.engine.evaluation.kept import Result
from studio.engine.evaluation.learning import finetuned_once
from studio.engine.evaluation.linear_probe import Split, commonest_share, linear_probe
from studio.engine.evaluation.shares import Outcome, share_gain, share_interval, share_result
from studio.engine.evaluation.verdict import budget_verdict
from studio.engine.evaluation.work import LINEAR_SPLITS, Work
from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.shapes import Floats, Ints

PERCENTS = (1, 5, 10, 25, 50, 100)
Budgets = list[tuple[int, dict[int, Split]]]
"""For every seed and split: the seed's number and the splits by budget in percent."""
_Answered = dict[int, list[Outcome]]
"""By the budget in percent: what each training answered."""


def labels_needed(work: Work) -> Generator[Event, None, Result | None]:
    """Learn from growing shares of the labels; None when stopped."""
    repeats = LINEAR_SPLITS if work.learner == "linear" else 1
    budgets = _different([
        (number, {percent: some_labels(work.labels.label_numbers, split, percent=percent,
                                       rng=np.random.default_rng([work.seed, 41, number, place]))
                  for percent in PERCENTS})
        for number in range(work.seeds) for place, split in enumerate(_repeated(work, number, repeats))])
    answered = yield from (_linear if work.learner == "linear" else _finetuned)(work, budgets)
    return None if answered is None else _result(work, answered, [by_percent for _, by_percent in budgets])


def _repeated(work: Work, number: int, repeats: int) -> list[Split]:
    """The splits of a seed; where a file gives one only, labels are drawn from it as often."""
    splits = work.splits(number, repeats=repeats)
    return splits * repeats if len(splits) < repeats else splits


def _different(budgets: Budgets) -> Budgets:
    """Leave out a budget that comes to the same labels as the next larger one, as in a small project."""
    kept = [percent for percent, larger in itertools.zip_longest(PERCENTS, PERCENTS[1:])
            if larger is None or any(len(split[percent].train) != len(split[larger].train) for _, split in budgets)]
    return [(number, {percent: split[percent] for percent in kept}) for number, split in budgets]


def some_labels(label_V: Ints, split: Split, *, percent: float, rng: np.random.Generator) -> Split:
    """Keep a share of the training videos of each label, drawn at random: one or more; the test stays whole.

    The same random state keeps the same videos and more of them for a larger share.
    """
    kept: list[int] = []
    for label in np.unique(label_V[split.train]):
        own = rng.permutation(split.train[label_V[split.train] == label])
        kept += own[:max(1, round(percent / 100 * len(own)))].tolist()
    return Split(np.array(sorted(kept), np.int64), split.test)


def _linear(work: Work, budgets: Budgets) -> Generator[Event, None, dict[str, _Answered] | None]:
    answered: dict[str, _Answered] = {row: {percent: [] for percent in budgets[0][1]} for row in work.compared}
    total, done = len(answered) * len(budgets) * len(budgets[0][1]), 0
    left = TimeLeft(total)
    for row, networks in work.compared.items():
        for number, network in enumerate(networks):
            features = yield from work.features(network)
            if features is None:
                return None
            for place, by_percent in enumerate(by_percent for seed, by_percent in budgets if seed == number):
                for percent, split in by_percent.items():
                    if work.stop():
                        return None
                    yield Progress(phase="label budgets", done=done, total=total, unit="probes",
                                   seconds_left=left(done), detail=f"{row} weights, {percent} % of the labels")
                    tests = linear_probe(features.mean_VD, label_V=work.labels.label_numbers,
                                         group_V=work.labels.group_numbers, splits=[split],
                                         seed=work.seed + number * len(budgets) + place)
                    answered[row][percent] += [replace(test, seed=number) for test in tests]
                    done += 1
    return answered


def _finetuned(work: Work, budgets: Budgets) -> Generator[Event, None, dict[str, _Answered] | None]:
    answered: dict[str, _Answered] = {row: {percent: [] for percent in budgets[0][1]} for row in work.compared}
    course = Course(trainings=len(answered) * len(budgets) * len(budgets[0][1]),
                    steps=work.finetuning.steps_of(len(budgets[0][1][100].train)))
    for row, networks in work.compared.items():
        for number, by_percent in budgets:
            for percent, split in by_percent.items():
                tested = yield from finetuned_once(work, networks[number], split, number, course,
                                                   detail=f"{row} weights, {percent} % of the labels")
                if tested is None:
                    return None
                answered[row][percent].append(tested)
    return answered


def _result(work: Work, answered: dict[str, _Answered], splits: list[dict[int, Split]]) -> Result:
    """One entry a budget, the difference over all of them, and the figures with all labels on top."""
    group_V, label_V = work.labels.group_numbers, work.labels.label_numbers
    whole = [by_percent[100] for by_percent in splits]
    shared = work.described(whole) | {
        "chance": round(float(np.mean([commonest_share(label_V, split) for split in whole])), 4)}
    others = [row for row in answered if row != "trained"]
    entries = []
    for percent in splits[0]:
        entry: Result = {"percent": percent,
                         "labels": round(float(np.mean([len(by_percent[percent].train) for by_percent in splits])), 1)}
        entry |= {row: share_result(tests[percent], group_V=group_V, seed=work.seed)
                  for row, tests in answered.items()}
        entry["gain"] = {row: share_gain(answered["trained"][percent], answered[row][percent], group_V=group_V,
                                         seed=work.seed) for row in others}
        entries.append(entry)
    top = entries[-1]
    result: Result = {**top["trained"], **shared, "learner": work.learner, "budgets": entries}
    if others:
        result["against"] = {row: top[row] | shared for row in others}
        result["gain_of_all"] = {row: _gain_of_all(answered["trained"], answered[row], group_V, work.seed)
                                 for row in others}
    return result | {"verdict": budget_verdict(result)}


def _gain_of_all(one: _Answered, other: _Answered, group_V: Ints, seed: int) -> Result:
    """Points ahead on average over the budgets, with the interval: one comparison instead of many."""
    ahead: list[Floats] = [
        np.mean([one[percent][place].right_Q - other[percent][place].right_Q for percent in one],
                axis=0).astype(np.float32) for place in range(len(one[100]))]
    interval = share_interval(ahead, one[100], group_V=group_V, seed=seed)
    return {"points": round(100 * float(np.mean([part.mean() for part in ahead])), 2),
            "interval": [round(100 * end, 2) for end in interval]}

