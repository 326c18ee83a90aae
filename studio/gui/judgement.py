"""The engine's verdict on a run, from the curves that the window has read anyway."""

from __future__ import annotations

from studio.engine.evaluation.verdict import BEHIND, CHANCE, LEARNED, SUSPICIOUS, Point, training_verdict
from studio.engine.runs import Run
from studio.gui.measured import Measured

LEVELS = {LEARNED: "good", CHANCE: "warning", SUSPICIOUS: "warning", BEHIND: "bad"}
"""How loudly each verdict is said; others are plain."""

_USUAL_TUPLES = 96


def judged(measured: Measured, run: Run) -> tuple[str, str]:
    """Judge how a run answers its question on held-out videos: the sentence, and how loudly to say it."""
    steps, accuracies = measured.points("validation", "accuracy")
    points = [Point(int(step), measured.at("validation", "loss", step) or 0.0, float(accuracy))
              for step, accuracy in zip(steps, accuracies, strict=True)]
    tuples = measured.last("validation", "tuples") or (run.recipe.get("training") or {}).get("validation_tuples")
    chance = measured.chance if measured.chance is not None else run.chance
    said = training_verdict(points, chance=chance or 0.0, tuples=int(tuples or _USUAL_TUPLES))
    return said["sentence"], LEVELS.get(said["word"], "info")
