"""What figures say, in words: learned, no better than chance, or suspicious. A falling loss alone is not success."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from studio.engine.evaluation.intervals import FEWEST_GROUPS
from studio.engine.guessing import Guessing
from studio.engine.inspection.wilson import wilson

LEARNED, CHANCE, SUSPICIOUS, BEHIND, UNCLEAR = "learned", "chance", "suspicious", "behind", "unclear"
_SOLVED = 0.98


class Point(NamedTuple):
    """One validation pass: the step, its loss, and as a share the accuracy that tells (`Guessing.figure`)."""

    step: int
    loss: float
    accuracy: float


def training_verdict(validation: Sequence[Point], *, guessing: Guessing, tuples: int) -> dict[str, str]:
    """Judge the pretext task by the last validation pass over `tuples` questions of held-out groups."""
    if not validation:
        return _say(UNCLEAR, "Nothing was measured on held-out videos, so nothing can be said about what was learned.")
    last, chance, telling = validation[-1], guessing.level, guessing.telling(tuples)
    low, high = wilson(last.accuracy * telling, telling)
    figures = (f"{_percent(last.accuracy)} of the questions about videos that training never saw were answered "
               f"right{guessing.manner}")
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
    if high < result["chance_top1"]:
        return _say(CHANCE, f"{found}; {chance}: worse than a random ranking (95 % interval {low:.1f} to {high:.1f} "
                            "%). What videos of several labels share, such as a scene or a person, draws them together "
                            "more than their labels do.")
    if low <= result["chance_top1"]:
        return _say(CHANCE, f"{found}; {chance}: no better than chance (95 % interval {low:.1f} to {high:.1f} %).")
    if "gain" not in result:
        return _say(UNCLEAR, f"{found}; {chance}. Random weights were not measured, and they often do well above "
                             "chance, so this does not yet show that training helped.")
    ahead, random = result["gain"][result["feature"]]["top1"], result["against"]["random"]
    networks = random.get("networks", 1)
    several = "" if networks == 1 else (f" on average of {networks} networks ({min(random['each']['top1']):.1f} to "
                                        f"{max(random['each']['top1']):.1f} %)")
    end = (f"random weights of the same network {random['top1']:.1f} %{several}, {chance}. Difference "
           f"{ahead['points']:+.1f} points, 95 % interval over groups{_and(networks, 'networks')} "
           f"{ahead['interval'][0]:+.1f} to {ahead['interval'][1]:+.1f}")
    return _judged(result, f"{found}; {end}", better=ahead["interval"][0] > 0, worse=ahead["interval"][1] < 0, words=(
        "training made the features better", "training made them worse for these labels than not training at all",
        "too small to tell from luck on so many groups"))


def share_verdict(result: dict[str, Any]) -> dict[str, str]:
    """Judge the accuracy of a linear probe or of fine-tuning beside random weights and the commonest label.

    Intervals are the wider one of videos taken for independent (Wilson) and of groups drawn anew, because the latter
    has no width where all answers are right. A result of an older studio has the former only.
    """
    accuracy, tested = result["accuracy"], result["test"]
    low, high = wilson(accuracy * tested, tested)
    low, high = min([low, *result.get("interval", [])[:1]]), max([high, *result.get("interval", [])[1:]])
    found = (f"{_percent(accuracy)} of the test videos were labelled right{_over(result)}; always naming the commonest "
             f"label gives {_percent(result['chance'])}")
    if low <= result["chance"]:
        return _say(CHANCE, f"{found}: no better than chance on {tested} videos.")
    random = (result.get("against") or {}).get("random")
    if random is None:
        return _say(UNCLEAR, f"{found}. Random weights were not measured, so this does not show that training helped.")
    end = f"{found}, the same network with random weights {_percent(random['accuracy'])}{_over(random)}"
    ahead = result.get("gain")
    if ahead is not None:
        end += (f". Difference {ahead['points']:+.1f} points, 95 % interval over groups"
                f"{_and(result.get('seeds', 1), 'seeds')} {ahead['interval'][0]:+.1f} to {ahead['interval'][1]:+.1f}")
    better, worse = (ahead["interval"][0] > 0, ahead["interval"][1] < 0) if ahead is not None else \
        (low > random["accuracy"], high < random["accuracy"])
    return _judged(result, end, better=better, worse=worse, words=(
        "training helped", "training made the network worse for these labels",
        f"too small a difference to tell from luck on {tested} videos"))


def budget_verdict(result: dict[str, Any]) -> dict[str, str]:
    """Say how many labels are needed, and whether training saved any, judged by the mean over all budgets."""
    budgets, whole = result["budgets"], result["accuracy"]
    enough = next(entry for entry in budgets if entry["trained"]["accuracy"] >= 0.95 * whole)
    found = (f"{_percent(whole)} of the test videos were labelled right with all {budgets[-1]['labels']:.0f} labels; "
             + (f"{enough['percent']} % of them ({enough['labels']:.0f}) are enough for nearly that, "
                f"{_percent(enough['trained']['accuracy'])}" if enough is not budgets[-1] else
                "with fewer it falls by more than a twentieth"))
    if whole <= result["chance"]:
        return _say(CHANCE, f"{_percent(whole)} of the test videos were labelled right with all labels, and always "
                            f"naming the commonest one gives {_percent(result['chance'])}: no number of labels helped.")
    if "random" not in result.get("gain_of_all", {}):
        return _say(UNCLEAR, f"{found}. Random weights were not measured, so this does not show that training helped.")
    ahead = result["gain_of_all"]["random"]
    saved = next((entry for entry in budgets if entry["random"]["accuracy"] >= enough["trained"]["accuracy"]), None)
    end = (f"{found}; random weights of the same network " + (
        f"get as far with {saved['percent']} %" if saved else "do not get as far with all of them")
        + f". On average over the budgets the difference is {ahead['points']:+.1f} points, 95 % interval over groups"
        f"{_and(result.get('seeds', 1), 'seeds')} {ahead['interval'][0]:+.1f} to {ahead['interval'][1]:+.1f}")
    return _judged(result, end, better=ahead["interval"][0] > 0, worse=ahead["interval"][1] < 0, words=(
        "training saves labels", "training costs labels", "too small a difference to tell from luck"))


def _judged(result: dict[str, Any], found: str, *, better: bool, worse: bool,
            words: tuple[str, str, str]) -> dict[str, str]:
    """End a finding with what it means, in `words` for better, worse and neither; too few groups cannot tell."""
    if few := _few(result):
        return _say(UNCLEAR, f"{found}: {few}.")
    word, meaning = (LEARNED, words[0]) if better else (BEHIND, words[1]) if worse else (UNCLEAR, words[2])
    return _say(word, f"{found}: {meaning}.")


def _over(result: dict[str, Any]) -> str:
    """How far several trainings lie apart, in brackets."""
    each = result.get("each") or []
    return f" ({len(each)} seeds: {_percent(min(each))} to {_percent(max(each))})" if len(each) > 1 else ""


def _and(number: int, what: str) -> str:
    return f" and {what}" if number > 1 else ""


def _few(result: dict[str, Any]) -> str:
    """Why so few groups tell nothing; empty where there are enough."""
    groups = result.get("groups", FEWEST_GROUPS)
    return "" if groups >= FEWEST_GROUPS else \
        f"too few groups ({groups} were tested, {FEWEST_GROUPS} or more can be told from luck)"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _say(word: str, sentence: str) -> dict[str, str]:
    return {"word": word, "sentence": sentence}
