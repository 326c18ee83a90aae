"""What a recipe comes to: answers, chance, span, parameters, cost; each beside what it can be compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.guessing import Guessing
from studio.engine.runs import Run
from studio.gui.blocks import Figure, label
from studio.gui.judgement import manner
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.words import breakable, counted, duration, number, seconds_text, share

_ONE_RATE = 0.05
"""Rates that differ by at most this share count as one."""


class RecipeFigures(QWidget):
    """Its value is the worker's check of the recipe (`recipe` of the service)."""

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._checked: Mapping[str, Any] = {}
        captions = (("classes", noted("Possible answers")), ("chance", noted("Guessing gives")),
                    ("span", noted("One tuple spans")), ("input", noted("Network input")),
                    ("parameters", noted("Parameters")), ("cost", noted("1000 clips here")))
        self.figures = {key: Figure(caption, name=f"{page}.figure_{key}") for key, caption in captions}
        theme = current_theme()
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(theme.px(12))
        self._fits, self._details = label("", "quiet", wrap=True), label("", "caption", wrap=True)
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        widest = max(figure.sizeHint().width() for figure in self.figures.values())
        return QSize(min(widest, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    def _arrange(self) -> None:
        """Two beside each other where there is room for both, otherwise one below the other."""
        widest = max(figure.sizeHint().width() for figure in self.figures.values())
        columns = 1 if self.width() < 2 * widest + self._grid.horizontalSpacing() else 2
        if columns == self._columns:
            return
        self._columns = columns
        for place, figure in enumerate(self.figures.values()):
            self._grid.addWidget(figure, place // columns, place % columns)
        for place, words in enumerate((self._fits, self._details)):
            self._grid.addWidget(words, len(self.figures) + place, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)

    def value(self) -> Mapping[str, Any]:
        """Give the check that is shown, empty before the first."""
        return dict(self._checked)

    def set_value(self, checked: Mapping[str, Any], *, videos: Sequence[Video], runs: Sequence[Run] = ()) -> None:
        """Show a check, how many of the videos are long enough, and how fast one of the runs went."""
        self._checked = checked
        figures = self.figures
        if not checked:
            for figure in figures.values():
                figure.set_value("–")
            self._fits.setText("")
            self._details.setText("")
            return
        span = int(checked["span_frames"])
        fits = sum(video.frames >= span for video in videos)
        figures["classes"].set_value(number(checked["classes"]))
        guessing = Guessing.told(checked["chance"], checked.get("balanced_chance"))
        figures["chance"].set_value(share(guessing.level), manner(guessing).removeprefix(", "))
        rate = float((checked["values"].get("sampling") or {}).get("frames_per_second") or 0)
        figures["span"].set_value(counted(span, "frame"), typical_span(span, videos, frames_per_second=rate))
        self._fits.setText(said("{fits} of {videos} is long enough for a tuple" if fits == 1 else
                                "{fits} of {videos} are long enough for a tuple", fits=number(fits),
                                videos=counted(len(videos), "video")))
        set_kind(self._fits, "quiet" if fits == len(videos) else "warning")
        frames, height, width = checked["input"]
        figures["input"].set_value(f"{width}×{height}", input_words(checked, frames))
        figures["parameters"].set_value(number(checked["parameters"]), said("learned numbers"))
        seconds, run = thousand_clips(runs, checked["values"])
        figures["cost"].set_value(duration(seconds) if run else "–",
                                  said("in the last run") if run else said("not trained yet"))
        words = [said("{cost} GMAC (billion multiply-adds) a clip. The head is counted.",
                      cost=f"{checked['gmac_per_clip']:.3g}"),
                 *([said("The time is that of the run {run}.", run=breakable(run))] if run else [])]
        self._details.setText(" ".join(words))
        self._arrange()


def input_words(checked: Mapping[str, Any], frames: int) -> str:
    """Say what the network gets of a clip."""
    if frames > 1:
        return said("{frames} a clip", frames=counted(frames, "frame"))
    if int(checked.get("input_channels", 3)) > 3:
        return said("one picture a clip, of {input_channels} channels", input_channels=checked['input_channels'])
    clip = int((checked["values"].get("sampling") or {}).get("clip_frames", 1))
    return said("one picture a clip") if clip > 1 else said("single frames")


def typical_span(span: int, videos: Sequence[Video], *, frames_per_second: float = 0) -> str:
    """Say how many seconds a span of frames is: at the recipe's frame rate, or at that of the videos.

    Where they have different ones, it is said at the middle one, and at which.
    """
    rates = sorted(video.frames_per_second for video in videos if video.frames_per_second > 0)
    if not rates:
        return ""
    rate = frames_per_second or rates[len(rates) // 2]
    seconds = seconds_text(span / rate)
    if frames_per_second or rates[-1] - rates[0] <= _ONE_RATE * rate:
        return seconds
    return said("{seconds} at {rate} frames a second", seconds=seconds, rate=f"{rate:.3g}")


def thousand_clips(runs: Sequence[Run], values: Mapping[str, Any]) -> tuple[float, str]:
    """Seconds in which the last run with this backbone and such clips learned from a thousand, and its name."""
    def clips(recipe: Mapping[str, Any]) -> object:
        return recipe.get("backbone"), *((recipe.get(section) or {}).get(key) for section, key in (
            ("sampling", "clip_frames"), ("augmentation", "input_pixels")))

    for run in reversed(runs):
        batch = (run.recipe.get("training") or {}).get("batch_size", 0)
        elements = (run.recipe.get("sampling") or {}).get("tuple_length", 0)
        if clips(run.recipe) == clips(values) and run.step and run.seconds > 0 and batch * elements:
            return 1000 * run.seconds / (batch * elements * run.step), run.name
    return 0.0, ""


def measured(runs: Sequence[Run], backbone: str) -> str:
    """Say how fast the last run with this backbone went on this project, nothing if there is none."""
    for run in reversed(runs):
        batch = (run.recipe.get("training") or {}).get("batch_size", 0)
        if run.recipe.get("backbone") == backbone and run.step and run.seconds > 0 and batch:
            return said("{batch} tuples a second in the run {name}", batch=f"{batch * run.step / run.seconds:.3g}",
                        name=run.name)
    return ""
