"""What guessing gives, and by which figure a network is compared with it.

Where the answers are not equally common, always naming the commonest one is right often and knows nothing (75 % in
Shuffle and Learn). Such a task is judged by its balanced accuracy: each answer counts alike, however rare.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

_ALIKE = 1e-6


class Guessing(NamedTuple):
    """What guessing gives in one task, as shares of all questions."""

    chance: float
    """Accuracy of always naming the commonest answer."""
    balanced_chance: float
    """Balanced accuracy of any guessing: one over the number of answers."""

    @classmethod
    def told(cls, chance: float | None, balanced_chance: float | None) -> Guessing:
        """Make it of what a run's record says; one without a balanced chance asks equally common answers."""
        chance = chance or 0.0
        return cls(chance, chance if balanced_chance is None else balanced_chance)

    @property
    def skewed(self) -> bool:
        """Whether one answer is more common than the others."""
        return self.chance - self.balanced_chance > _ALIKE

    @property
    def figure(self) -> Literal["accuracy", "balanced_accuracy"]:
        """The figure that tells whether guessing was beaten."""
        return "balanced_accuracy" if self.skewed else "accuracy"

    @property
    def level(self) -> float:
        """What guessing gives in that figure."""
        return self.balanced_chance if self.skewed else self.chance

    @property
    def manner(self) -> str:
        """How the questions are counted in that figure, to be put behind a percentage; empty for the plain way."""
        return ", each answer counting alike" if self.skewed else ""

    @property
    def loss(self) -> float:
        """Cross-entropy of knowing how common each answer is, and no more; the rarer ones are taken for equal."""
        if not 0 < self.chance < 1 or not self.balanced_chance:
            return 0.0
        rest = max(1, round(1 / self.balanced_chance) - 1)
        return -self.chance * math.log(self.chance) - (1 - self.chance) * math.log((1 - self.chance) / rest)

    def telling(self, questions: int) -> float:
        """How many equally common questions tell as much in that figure as `questions` of this task.

        The balanced accuracy of K answers with shares p_k of n questions varies as that of n K^2 / sum(1 / p_k).
        """
        if not self.skewed or self.chance >= 1:
            return questions
        answers = round(1 / self.balanced_chance)
        return questions * answers ** 2 / (1 / self.chance + (answers - 1) ** 2 / (1 - self.chance))

    def of(self, *, accuracy: float, balanced_accuracy: float) -> float:
        """Choose the figure that tells."""
        return balanced_accuracy if self.skewed else accuracy
