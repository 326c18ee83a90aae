"""The leak probe: can a recipe's own question be answered from what it should not need?

A small network sees only the border, the mean colour, one still region or the grain of each element, learns the
recipe's own task on some groups and answers for the others, for each group once. Better than chance, by more than
groups differ among themselves, means that a network can cheat.
Where one answer is commoner than the others, each counts alike in teaching and in judging.
Legend: B tuples, E elements.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from studio.engine.errors import UsageError
from studio.engine.events import Event, Events, Finished, Progress, TimeLeft
from studio.engine.guessing import Guessing
from studio.engine.inspection.kept_probes import keep_probe
from studio.engine.inspection.leak_solver import Shown, answers, epochs_of
from studio.engine.inspection.shortcuts import Look, looks, see_tuples
from studio.engine.inspection.wilson import wilson
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.sampling import PROBE, Tuples, deal_tuples, long_enough
from studio.engine.shapes import Ints
from studio.engine.tasks.task import Task
from studio.engine.video.footage import Footage
from studio.engine.video.sizes import ensured_footage

TUPLES = 1500
MOST_CLASSES = 120
"""More answers than that are not asked for: the probe then asks for the middle one of three elements."""
_SURE = 2.5
"""Spreads above chance that count as a leak: one false alarm in 40 probes of four looks."""


def probe(project: Project, recipe: Recipe, *, tuples: int = TUPLES,
          stop: Callable[[], bool] = lambda: False) -> Events:
    """Try to solve the recipe's task from each look alone, and say in words whether it leaks.

    The result holds one entry a look: accuracy (a share), its 95 % interval, chance, leak or not, and a sentence.
    Raises `UsageError` with fewer than two groups and `VideoError` when every video is too short.
    """
    footage = yield from ensured_footage(project, short_side_pixels=recipe.augmentation.short_side_pixels, stop=stop)
    if footage is None:
        yield Finished(operation="probe", result={"recipe": recipe.name, "probes": []}, stopped=True)
        return
    task = recipe.make_task()
    questions = deal_questions(footage, recipe, task, tuples=tuples)
    found: list[dict[str, Any]] = []
    finished = yield from tried(footage, questions, task, found, seed=recipe.training.seed, stop=stop)
    if not finished:
        yield Finished(operation="probe", result={"recipe": recipe.name, "probes": found}, stopped=True)
        return
    leaks = [entry["name"] for entry in found if entry["leak"]]
    result: dict[str, Any] = {
        "recipe": recipe.name, "task": recipe.task, "chance": round(guessing_of(task).level, 4),
        "questions": len(questions), "leak": bool(leaks), "leaks": leaks, "probes": found,
        "sentence": _summary(found)}
    keep_probe(project, recipe, result)
    yield Finished(operation="probe", result=result)


def tried(footage: Footage, questions: Tuples, task: Task, found: list[dict[str, Any]], *, seed: int,
          stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, bool]:
    """Try each look on the questions and append an entry to `found`; the return value is False when stopped."""
    chosen = looks(footage)
    each = epochs_of(_groups(footage)[questions.video_B])
    left = TimeLeft(len(chosen) * each)
    for number, look in enumerate(chosen):
        yield Progress(phase="leak probe", done=number * each, total=len(chosen) * each, unit="epochs",
                       seconds_left=left(number * each), detail=look.title)
        answered = None if stop() else (yield from _in_all(
            _answered(footage, questions, look, task, seed=seed, stop=stop), before=number * each,
            total=len(chosen) * each, left=left))
        if answered is None:
            return False
        found.append(judged(look, answered, guessing=guessing_of(task)))
    return True


def _in_all(events: Generator[Event, None, Answered | None], *, before: int, total: int,
            left: TimeLeft) -> Generator[Event, None, Answered | None]:
    """Count the epochs of one look among those of all: a bar that goes back tells nobody how long it takes."""
    while True:
        try:
            event = next(events)
        except StopIteration as over:
            answered: Answered | None = over.value
            return answered
        if isinstance(event, Progress):
            done = before + event.done
            event = replace(event, done=done, total=total, seconds_left=left(done))
        yield event


def deal_questions(footage: Footage, recipe: Recipe, task: Task, *, tuples: int) -> Tuples:
    """Deal tuples of all videos alike from the random numbers set apart for probes.

    Raises `UsageError` when they are of one group only.
    """
    usable = long_enough(footage.cached, span_frames=task.span_frames,
                         frames_per_second=recipe.sampling.frames_per_second)
    group_V = _groups(footage)
    if len(np.unique(group_V[usable])) < 2:
        raise UsageError("1 group of videos", "a leak is what helps with groups that were not learned from, so the "
                         "probe needs two", "Add videos of another patient or session, or group by video")
    rng = np.random.default_rng([recipe.training.seed, PROBE])
    video_B = np.array(usable, np.int64)[np.resize(rng.permutation(len(usable)), tuples)]
    return deal_tuples(footage.cached, video_B, task=task, sampling=recipe.sampling,
                       augmentation=recipe.augmentation, rng=rng)


class Answered(NamedTuple):
    """What was answered about B tuples, what is true, and the group of each tuple's video."""

    answer_B: Ints
    truth_B: Ints
    group_B: Ints


def judged(look: Look, answered: Answered, *, guessing: Guessing) -> dict[str, Any]:
    """Say what the answers mean: their share of right ones, its interval over groups, and whether that is a leak."""
    share, telling = counted(answered, guessing)
    chance, freedom = guessing.level, len(np.unique(answered.group_B)) - 1
    low, high = wilson(share * telling, telling, z=widened(1.96, freedom))
    leak = wilson(share * telling, telling, z=widened(_SURE, freedom))[0] > chance
    sentence = (f"Seeing {look.title}, a small network answers {100 * share:.1f} % right{guessing.manner}; guessing "
                f"gives {100 * chance:.1f} %. " + (
                    "The answer leaks from there: mask it or change the recipe, or the network may learn this and "
                    "nothing else." if leak else "No leak found there."))
    return {"name": look.name, "title": look.title, "accuracy": round(share, 4),
            "interval": [round(low, 4), round(high, 4)], "chance": round(chance, 4), "leak": leak, "sentence": sentence}


def counted(answered: Answered, guessing: Guessing) -> tuple[float, float]:
    """The share of right answers (each answer alike where they are not equally common), and of how many independent
    questions it tells as much.

    Where groups differ by more than luck, because something drifts one way in one video and the other way in the next,
    their number counts and not that of the questions (the design effect of cluster samples; Kish, Survey Sampling).
    """
    right_B = (answered.answer_B == answered.truth_B).astype(np.float64)
    weight_B = np.ones(len(right_B))
    if guessing.skewed:
        weight_B = 1 / np.bincount(answered.truth_B)[answered.truth_B]
    share = float((weight_B * right_B).sum() / weight_B.sum())
    questions = guessing.telling(len(right_B))
    code_B = np.unique(answered.group_B, return_inverse=True)[1]
    off_G = np.bincount(code_B, weight_B * (right_B - share)) / weight_B.sum()
    groups, luck = len(off_G), share * (1 - share) / questions
    if groups < 2 or luck <= 0:
        return share, questions
    return share, questions / max(1.0, groups / (groups - 1) * float(np.square(off_G).sum()) / luck)


def widened(z: float, freedom: int) -> float:
    """The quantile of Student's distribution that belongs to a normal one, from so many groups less one.

    Source: the expansion of Fisher and Cornish (Abramowitz and Stegun 26.7.5), its first three terms.
    """
    if freedom < 1:
        return z
    return (z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
            + (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3))


def _summary(found: list[dict[str, Any]]) -> str:
    leaking = [entry for entry in found if entry["leak"]]
    if not leaking:
        return "No leak found: seen through any of these, the task is no better than guessing."
    worst = max(leaking, key=lambda entry: entry["accuracy"])
    return (f"Leak: {100 * worst['accuracy']:.1f} % right, seeing {worst['title']}, where guessing gives "
            f"{100 * worst['chance']:.1f} %.")


def _answered(footage: Footage, questions: Tuples, look: Look, task: Task, *, seed: int,
              stop: Callable[[], bool]) -> Generator[Event, None, Answered | None]:
    """Answer about each group after learning from others; None when stopped.

    Elements that the question is not about are not looked at: they may show the order without asking for it.
    """
    guessing, truth_B = guessing_of(task), _question(task)(questions)
    shown = Shown(see_tuples(footage, questions, look)[:, :task.asked_elements], truth_B,
                  _groups(footage)[questions.video_B])
    answer_B = yield from answers(shown, classes=round(1 / guessing.balanced_chance), alike=guessing.skewed, seed=seed,
                                  detail=look.title, stop=stop)
    return None if answer_B is None else Answered(answer_B, truth_B, shown.group_B)


def _question(task: Task) -> Callable[[Tuples], Ints]:
    """What is asked about tuples: the task's own labels, or which of the first three elements is the middle one.

    The latter where the task has more answers than a few hundred tuples can teach; it is the same forwards and
    backwards, so that it fits tasks that take both for one.
    """
    if task.classes <= MOST_CLASSES:
        return lambda tuples: tuples.label_B
    return lambda tuples: (tuples.order_BE[:, :3].argsort(axis=1)[:, 1]).astype(np.int64)


def guessing_of(task: Task) -> Guessing:
    """What guessing gives in what the probe asks."""
    return task.guessing if task.classes <= MOST_CLASSES else Guessing(1 / 3, 1 / 3)


def _groups(footage: Footage) -> Ints:
    """The videos' groups as numbers, group_V."""
    names = [video.group or f"video {video.id}" for video in footage.videos]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
