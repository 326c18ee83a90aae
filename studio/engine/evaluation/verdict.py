"""What figures say, in words: learned, no better than chance, or suspicious. A falling loss alone is not success."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from studio.engine.inspection.wilson import wilson

LEARNED, CHANCE, SUSPICIOUS, BEHIND, UNCLEAR = "learned", "chance", "suspicious", "behind", "unclear"
_SOLVED = 0.98


class Point(NamedTuple):
    """One validation pass: the step, its loss and its accuracy as a share."""

    step: int
    loss: float
    accuracy: float


def training_verdict(validation: Sequence[Point], *, chance: float, tuples: int) -> dict[str, str]:
    """Judge the pretext task by the last validation pass over `tuples` questions of held-out groups."""
    if not validation:
        return _say(UNCLEAR, "Nothing was measured on held-out videos, so nothing can be said about what was learned.")
    last = validation[-1]
    low, high = wilson(last.accuracy * tuples, tuples)
    figures = f"{_percent(last.accuracy)} of the questions about videos that training never saw were answered right"
    at_chance = f"guessing gives {_percent(chance)}"
    early = validation[:max(1, len(validation) // 10)]
    if chance < 0.9 and max(point.accuracy for point in early) >= _SOLVED and last.accuracy >= _SOLVED:
        return _say(SUSPICIOUS, f"Solved at once: {figures}, nearly from the first steps. That is suspicious. Look for "
                                "what gives the answer away (a clock, a trace, the joint of two clips): run the leak "
                                "probe.")
    if low <= chance:
        fell = validation[0].loss - last.loss > 0.02
        loss = " The loss fell, but a falling loss is not success." if fell else ""
        return _say(CHANCE, f"No better than chance: {figures}, and {at_chance} (95 % interval {_percent(low)} to "
                            f"{_percent(high)}).{loss} The features are as good as untrained. Train longer, on a GPU "
                            "or overnight, or ask an easier question.")
    much = "clearly" if last.accuracy >= 1.5 * chance else "a little"
    return _say(LEARNED, f"Learned {much}: {figures}, and {at_chance} (95 % interval {_percent(low)} to "
                         f"{_percent(high)}).")


def retrieval_verdict(result: dict[str, Any]) -> dict[str, str]:
    """Judge a retrieval result by its distance from random weights and from chance at top 1."""
    found = f"The nearest video had the same label for {result['top1']:.1f} % of {result['queries']} videos"
    chance = f"a random ranking gives {result['chance_top1']:.1f} %"
    low, high = result["intervals"]["top1"]
    if low <= result["chance_top1"]:
        return _say(CHANCE, f"{found}; {chance}: no better than chance (95 % interval {low:.1f} to {high:.1f} %).")
    if "gain" not in result:
        return _say(UNCLEAR, f"{found}; {chance}. Random weights were not measured, and they often do well above "
                             "chance, so this does not yet show that training helped.")
    ahead = result["gain"][result["feature"]]["top1"]
    random = result["against"]["random"]["top1"]
    end = (f"random weights of the same network {random:.1f} %, {chance}. Difference {ahead['points']:+.1f} points, "
           f"95 % interval over groups {ahead['interval'][0]:+.1f} to {ahead['interval'][1]:+.1f}")
    if ahead["interval"][0] > 0:
        return _say(LEARNED, f"{found}; {end}: training made the features better.")
    if ahead["interval"][1] < 0:
        return _say(BEHIND, f"{found}; {end}: training made them worse for these labels than not training at all.")
    return _say(UNCLEAR, f"{found}; {end}: too small to tell from luck on so many groups.")


def share_verdict(result: dict[str, Any]) -> dict[str, str]:
    """Judge the accuracy of a linear probe or of fine-tuning beside random weights and the commonest label."""
    accuracy, tested = result["accuracy"], result["test"]
    low, high = wilson(accuracy * tested, tested)
    found = (f"{_percent(accuracy)} of the test videos were labelled right; always naming the commonest label gives "
             f"{_percent(result['chance'])}")
    if low <= result["chance"]:
        return _say(CHANCE, f"{found}: no better than chance on {tested} videos.")
    if "against" not in result:
        return _say(UNCLEAR, f"{found}. Random weights were not measured, so this does not show that training helped.")
    random = result["against"]["random"]["accuracy"]
    end = f"{found}, the same network with random weights {_percent(random)}"
    if low > random:
        return _say(LEARNED, f"{end}: training helped.")
    if high < random:
        return _say(BEHIND, f"{end}: training made the network worse for these labels.")
    return _say(UNCLEAR, f"{end}: too small a difference to tell from luck on {tested} videos.")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _say(word: str, sentence: str) -> dict[str, str]:
    return {"word": word, "sentence": sentence}
