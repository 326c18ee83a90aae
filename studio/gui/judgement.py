"""The engine's verdict on a run, from the curves that the window has read anyway."""

from __future__ import annotations

from studio.engine.evaluation.verdict import BEHIND, CHANCE, LEARNED, SUSPICIOUS, Point, training_verdict
from studio.engine.guessing import Guessing
from studio.engine.runs import Run
from studio.gui.measured import Measured
from studio.gui.texts import said
from studio.gui.words import share

LEVELS = {LEARNED: "good", CHANCE: "warning", SUSPICIOUS: "warning", BEHIND: "bad"}
"""How loudly each verdict is said; others are plain."""

_USUAL_TUPLES = 96


def judged(measured: Measured, run: Run) -> tuple[str, str]:
    """Judge how a run answers its question on held-out videos: the sentence, and how loudly to say it."""
    guessing = guessing_in(measured, run)
    steps, accuracies = measured.points("validation", guessing.figure)
    points = [Point(int(step), measured.at("validation", "loss", step) or 0.0, float(accuracy))
              for step, accuracy in zip(steps, accuracies, strict=True)]
    tuples = measured.last("validation", "tuples") or (run.recipe.get("training") or {}).get("validation_tuples")
    verdict = training_verdict(points, guessing=guessing, tuples=int(tuples or _USUAL_TUPLES))
    return verdict["sentence"], LEVELS.get(verdict["word"], "info")


def guessing_in(measured: Measured, run: Run) -> Guessing:
    """What guessing gives, from the curves, or from the run's record before there are any."""
    return run.guessing if measured.chance is None else measured.guessing


def right_share(run: Run) -> float | None:
    """The share of right answers that tells whether guessing was beaten: rare answers count as much as common ones."""
    return run.balanced_accuracy if run.guessing.skewed else run.accuracy


def chance_share(run: Run) -> float | None:
    """What guessing gives in the same figure, None when it is not known."""
    return None if run.chance is None else run.guessing.level


def right_words(run: Run) -> str:
    """Say how many answers are right, beside chance; nothing before the first validation."""
    if run.accuracy is None:
        return ""
    return said("{right} right{manner}, chance {chance}", right=share(right_share(run)), manner=manner(run.guessing),
                chance=share(chance_share(run)))


def manner(guessing: Guessing) -> str:
    """Say how the questions are counted, to be put behind a percentage; empty for the plain way."""
    return said(", each answer counting alike") if guessing.skewed else ""
