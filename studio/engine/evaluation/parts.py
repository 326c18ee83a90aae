"""Parts that the report of one run and that of two share: questions, curves, leak probe, recipe, commands, foot."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import tomlkit

import studio
from studio.engine.evaluation.page import figure, table, text
from studio.engine.evaluation.plot import Curve, plot, thinned
from studio.engine.evaluation.told import Told, commands, shareable_recipe

_QUESTIONS = 6


def questions(told: Told) -> str:
    """Some of the last questions as numbers: which frames were shown, and what was answered. No video is named."""
    rows = []
    for number, one in enumerate(told.asked[:_QUESTIONS], start=1):
        shown = " | ".join(f"{min(frames)}–{max(frames)}" if len(frames) > 1 else str(frames[0])
                           for frames in one["frames"])
        rows.append([str(number), text(shown), text(one["label_text"]),
                     text(one["answer_text"]) + (" (right)" if one["right"] else " (wrong)")])
    if not rows:
        return ""
    return ("<p>The last training questions on record. Frames are counted from the start of each video.</p>"
            + table(["", "frames shown, element by element", "right answer", "the network answered"], rows,
                    main_row=-1))


def curves(told: Told) -> str:
    """Accuracy and loss of one run over its steps."""
    guessing, end = told.recipe.make_task().guessing, max(1.0, told.last_step)
    loss = [Curve("training", "train", thinned(told.line("train", "loss"))),
            Curve("held out", "validation", thinned(told.line("validation", "loss"))),
            *_before_training(told, "loss", end)]
    accuracy = [Curve("training", "train", thinned(told.line("train", guessing.figure))),
                Curve("held out", "validation", thinned(told.line("validation", guessing.figure))),
                *_before_training(told, guessing.figure, end),
                Curve(f"chance {100 * guessing.level:.0f} %", "chance", [(0, guessing.level), (end, guessing.level)])]
    if not told.last_step:
        return '<p class="quiet">The run recorded no measurements.</p>'
    return plots(plot(accuracy, title="Accuracy over steps", x_title="step", percent=True),
                 plot(loss, title="Loss over steps", x_title="step"), manner=guessing.manner)


def _before_training(told: Told, figure_name: str, end: float) -> list[Curve]:
    """What the network answered before its first step, as a level; nothing where that was not asked."""
    return [Curve("before training", "random", [(0.0, value), (end, value)])
            for _, value in told.line("untrained", figure_name)[-1:]]


def plots(accuracy: str, loss: str, *, manner: str = "") -> str:
    """Both plots beside each other."""
    return ('<div class="plots">' + figure(accuracy, f"Right answers{manner}")
            + figure(loss, "Loss: lower is better, but a falling loss is not success") + "</div>")


def leaks(told: Told) -> str:
    """What the leak probe found of the run's question."""
    probe = told.probe
    if probe is None:
        return ('<p class="quiet">Not probed. Whether the question can be answered from what it should not need '
                "(borders, colour, a still region, grain) is told by the leak probe on the Task page, or by the "
                "command <code>studio probe</code>.</p>")
    late = '<p class="quiet">Videos or masks changed since this was measured.</p>' if probe["outdated"] else ""
    rows = [[text(entry["title"]), _share(entry["accuracy"]) + f"<small>{100 * entry['interval'][0]:.0f} to "
             f"{100 * entry['interval'][1]:.0f}</small>", _share(entry["chance"]),
             "leaks" if entry["leak"] else "no leak found"] for entry in probe["probes"]]
    return (f"<p>{text(probe['sentence'])}</p>{late}"
            + table(["a small network sees only", "right", "guessing", ""], rows, main_row=-1))


def warned(told: Told) -> str:
    """What the run warned of."""
    if not told.warnings:
        return ""
    return "<ul>" + "".join(f"<li>{text(message)}</li>" for message in told.warnings) + "</ul>"


def recipe_text(told: Told) -> str:
    """The whole recipe as a file that `studio train --recipe` takes."""
    return f'<pre class="recipe">{text(tomlkit.dumps(shareable_recipe(told.recipe)).strip())}</pre>'


def command_lines(every: Sequence[Told]) -> str:
    """The commands that repeat runs and what was measured on them."""
    lines = [line for told in every for line in commands(told)]
    return "<pre>" + "\n".join(text(line) for line in lines) + "</pre>"


def foot(*, with_pictures: bool) -> str:
    """Whether the page may be passed on, and when it was made."""
    private = ("The pictures are frames of the videos: do not pass this page on without looking at what they show."
               if with_pictures else "This page names no file, folder or patient and shows no frame.")
    return (f"<footer><p>{private}</p><p>For research use only. Unshuffle Studio {text(studio.__version__)}, "
            f"{datetime.datetime.now():%Y-%m-%d %H:%M}</p></footer>")


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
