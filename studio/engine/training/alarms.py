"""What a person should know while a network trains, in words, each with a code that stays the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

from studio.engine.device import Device
from studio.engine.events import Warned
from studio.engine.guessing import Guessing
from studio.engine.training.validation import Measured

SOLVED = 0.98
EARLY_SHARE = 0.1
PATIENT_SHARE = 0.3
COLLAPSED_SPREAD = 1e-3


def on_the_processor(device: Device) -> Warned | None:
    """Training without a GPU is said loudly, and why."""
    if device.kind != "cpu":
        return None
    return Warned(code="running-on-the-cpu", message=f"Training runs on the {device.title}: {device.reason}. "
                  "This takes many times as long as on a GPU.",
                  remedy="Use a machine with an NVIDIA GPU; without one, keep to small inputs and small networks")


def too_short(count: int, *, span_frames: int) -> Warned | None:
    """Videos that this recipe cannot use are counted, never dropped in silence."""
    if not count:
        return None
    verb = "video is" if count == 1 else "videos are"
    return Warned(code="videos-too-short", message=f"{count} {verb} left out: shorter than the {span_frames} "
                  "frames that one tuple of this recipe spans.",
                  remedy="Choose fewer or shorter clips, or a smaller gap")


def after_validation(measured: Sequence[Measured], *, guessing: Guessing, classes: int,
                     share_done: float) -> list[Warned]:
    """Judge the passes so far; `share_done` of the run is done."""
    last = measured[-1]
    found = []
    if last.accuracy >= SOLVED and guessing.chance < 0.9 and (len(measured) == 1 or share_done <= EARLY_SHARE):
        found.append(Warned(
            code="solved-at-once", message=f"Solved at once: {_percent(last.accuracy)} of the questions about held-out "
            "videos were answered right almost from the start. Something may give the answer away, such as a clock, a "
            "trace or the joint of two clips.", remedy="Run the leak probe, and mask what gives it away"))
    if share_done >= PATIENT_SHARE and len(measured) >= 2 and stuck(measured, guessing=guessing):
        found.append(Warned(
            code="stuck-at-chance", message=f"No better than guessing so far: at step {last.step}, "
            f"{_percent(_told(last, guessing))} right{guessing.manner}, and guessing gives {_percent(guessing.level)}. "
            "A falling training loss alone is no success.",
            remedy="Train longer or on a GPU, ask an easier question (fewer elements, a larger gap), or change the "
                   "learning rate"))
    if last.spread < COLLAPSED_SPREAD:
        found.append(Warned(
            code="features-collapsed", message="All clips look alike to the network: its features no longer differ.",
            remedy="Choose a smaller learning rate and start again"))
    elif classes > 2 and len(measured) >= 2 and min(one.commonest_answer for one in measured[-2:]) >= SOLVED:
        found.append(Warned(
            code="one-answer", message="The network gives the same answer to almost every question.",
            remedy="Choose a smaller learning rate, or wait: many runs begin like this"))
    return found


def stuck(measured: Sequence[Measured], *, guessing: Guessing) -> bool:
    """Whether the last two passes, taken together, are within what guessing gives in 95 of 100 cases."""
    some, level = measured[-2:], guessing.level
    tuples = guessing.telling(some[-1].tuples)  # the same at every pass: two passes tell no more than one
    return max(_told(one, guessing) for one in some) <= level + 1.645 * math.sqrt(level * (1 - level) / tuples)


def _told(measured: Measured, guessing: Guessing) -> float:
    return guessing.of(accuracy=measured.accuracy, balanced_accuracy=measured.balanced_accuracy)


def not_applied(step: int) -> Warned:
    """A step whose loss or gradient was not finite."""
    return Warned(code="loss-not-finite", message=f"At step {step} the loss or its gradient was not finite, so "
                  "the step was left out; the network is as it was.",
                  remedy="If it happens again, choose a smaller learning rate or the precision fp32")


def rolled_back(step: int, *, to_step: int) -> Warned:
    """Too many steps in a row were not finite."""
    return Warned(code="rolled-back", message=f"At step {step} the network was set back to step {to_step}, because "
                  "step after step was not finite.", remedy="Choose a smaller learning rate")


def smaller_parts(tuples: int, micro_batch: int, *, contrast: bool = False) -> Warned:
    """Memory ran out, so a batch is computed in parts; `contrast`: the recipe compares the videos of a batch."""
    fewer = " The contrast between videos has fewer of them to compare." if contrast else ""
    return Warned(code="batch-in-parts", message=f"Memory ran out, so each batch of {tuples} tuples is now computed "
                  f"{micro_batch} at a time. The step stays as large, but batch normalisation sees the smaller parts."
                  + fewer,
                  remedy="Close other programs, or choose a smaller batch, input or backbone")


def refused_checkpoints(refused: Sequence[str], *, used: str) -> Warned:
    """Damaged checkpoints that were passed over."""
    return Warned(code="checkpoint-damaged", message=f"Damaged and not used: {'; '.join(refused)}. The run goes "
                  f"on from {used}.", remedy="Check the disk")


def videos_changed() -> Warned:
    """The project's videos are not those that the run began with."""
    return Warned(code="videos-changed", message="The project's videos changed since this run began. It goes on, with "
                  "the same groups held out, but not exactly as it would have.")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
