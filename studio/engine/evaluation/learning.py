"""Learning labels: a linear probe or fine-tuning, on every split and seed, of trained and of random weights."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from studio.engine.evaluation.finetune import Course, finetune
from studio.engine.evaluation.kept import Result
from studio.engine.evaluation.linear_probe import Split, commonest_share, linear_probe
from studio.engine.evaluation.shares import Outcome, confusion, share_gain, share_result
from studio.engine.evaluation.verdict import share_verdict
from studio.engine.evaluation.work import LINEAR_SPLITS, Other, Work
from studio.engine.events import Event, Progress, TimeLeft

Answered = dict[str, list[Outcome]]
"""By the name of the row: what each training answered, seed by seed and split by split."""


def linear(work: Work) -> Generator[Event, None, Result | None]:
    """Linear probes on frozen features; None when stopped."""
    splits = [work.splits(number, repeats=LINEAR_SPLITS) for number in range(work.seeds)]
    answered: Answered = {}
    left = TimeLeft(len(work.compared) * work.seeds)
    for place, (row, networks) in enumerate(work.compared.items()):
        answered[row] = []
        for number, network in enumerate(networks):
            features = yield from work.features(network)
            if features is None or work.stop():
                return None
            done = place * work.seeds + number
            yield Progress(phase="linear probe", done=done, total=len(work.compared) * work.seeds, unit="probes",
                           seconds_left=left(done), detail=f"{row} weights")
            tests = linear_probe(features.mean_VD, label_V=work.labels.label_numbers,
                                 group_V=work.labels.group_numbers, splits=splits[number],
                                 seed=work.seed + number * LINEAR_SPLITS)
            answered[row] += [replace(test, seed=number) for test in tests]
    return learned(work, answered, [split for drawn in splits for split in drawn])


def finetuned(work: Work) -> Generator[Event, None, Result | None]:
    """Fine-tuning of the whole network; None when stopped."""
    splits = [work.splits(number, repeats=1)[0] for number in range(work.seeds)]
    answered: Answered = {row: [] for row in work.compared}
    course = Course(trainings=len(work.compared) * work.seeds, steps=work.finetuning.steps_of(len(splits[0].train)))
    for row, networks in work.compared.items():
        for number, network in enumerate(networks):
            answers = yield from finetuned_once(work, network, splits[number], number, course, detail=f"{row} weights")
            if answers is None:
                return None
            answered[row].append(answers)
    options = work.finetuning.model_dump() | {"published": work.finetuning.published}
    steps = work.finetuning.steps_of(len(splits[0].train))
    return learned(work, answered, splits) | {"steps": steps, "finetuning": options}


def finetuned_once(work: Work, network: Other, split: Split, number: int, course: Course, *,
                   detail: str) -> Generator[Event, None, Outcome | None]:
    """Fine-tune one network on one split; None when stopped."""
    answer_Q = yield from finetune(
        work.embedder(network), work.labels.label_numbers, split, options=work.finetuning,
        group_V=work.labels.group_numbers, seed=work.seed + number, detail=detail, course=course, stop=work.stop)
    course.next()
    if answer_Q is None:
        return None
    return Outcome(split.test, work.labels.label_numbers[split.test], answer_Q, seed=number)


def learned(work: Work, answered: Answered, splits: list[Split]) -> Result:
    """Accuracies as shares beside the share of the commonest label, what was mixed up, and the difference to random."""
    group_V = work.labels.group_numbers
    label_V = work.labels.label_numbers
    shared = work.described(splits) | {
        "chance": round(float(np.mean([commonest_share(label_V, split) for split in splits])), 4)}
    rows = {row: share_result(tests, group_V=group_V, seed=work.seed) | shared
            | {"confusion": confusion(tests, names=work.labels.names, ids_V=work.ids_V)}
            for row, tests in answered.items()}
    result: Result = rows.pop("trained")
    if rows:
        result["against"] = rows
    gains = {row: share_gain(answered["trained"], answered[row], group_V=group_V, seed=work.seed) for row in rows}
    if "random" in gains:
        result["gain"] = gains.pop("random")
    result |= {f"gain_over_{row}": value for row, value in gains.items()}
    return result | {"verdict": share_verdict(result)}
