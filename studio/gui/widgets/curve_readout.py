"""What the cursor of a run's curves reads: all figures at a step, in words."""

from __future__ import annotations

from studio.gui.measured import Measured
from studio.gui.texts import said
from studio.gui.widgets.curve_lines import Drawing
from studio.gui.words import number, rounded, share

_LOSS = "loss_"


def how_to_read(measured: Measured, drawing: Drawing) -> str:
    """Say how curves are read while there is no cursor; nothing before there are any."""
    count = len(measured.points("train", "loss")[0])
    over = drawing.mean_over(count)
    if not count:
        return ""
    return said("Point at a curve, or press the arrow keys, to read all of them.") + (
        said(" The training curves are means over {over} measurements; faint: each one.", over=over) if over > 1
        else "")


def read_at(measured: Measured, step: float) -> str:
    """Say all that was measured nearest to a step."""
    parts = [said("Step {step}", step=number(step))]
    for split, title in (("train", said("training")), ("validation", said("held out"))):
        found = measured.at(split, measured.guessing.figure, step)
        if found is not None:
            parts.append(said("{videos} {share} right, loss {loss}", videos=title, share=share(found),
                              loss=f"{measured.at(split, 'loss', step) or 0:.3f}") + _losses(measured, split, step))
    if (before := measured.last("untrained", measured.guessing.figure)) is not None:
        parts.append(said("before training {value}", value=share(before)))
    if measured.chance is not None:
        parts.append(said("chance {share}", share=share(measured.guessing.level)))
    if (rate := measured.at("train", "learning_rate", step)) is not None:
        parts.append(said("learning rate {rate}", rate=f"{rate:.2g}"))
    if (speed := measured.at("train", "samples_per_second", step)) is not None:
        parts.append(said("{speed} questions a second", speed=rounded(speed)))
    return " · ".join(parts)


def _losses(measured: Measured, split: str, step: float) -> str:
    """Say the losses that make up the sum, before their weights; nothing where there is only the task's."""
    words = [f"{name.removeprefix(_LOSS)} {measured.at(split, name, step) or 0:.3f}"
             for name in measured.names(split, beginning=_LOSS)]
    return f" ({', '.join(words)})" if words else ""
