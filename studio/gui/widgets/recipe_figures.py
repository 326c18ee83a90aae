"""What a recipe comes to: answers, chance, span, parameters, cost; each beside what it can be compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QGridLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.guessing import Guessing
from studio.engine.runs import Run
from studio.gui.blocks import Figure, label
from studio.gui.theme import current_theme, set_kind
from studio.gui.words import counted, number, seconds_text, share


class RecipeFigures(QWidget):
    """Its value is the worker's check of the recipe (`recipe` of the service)."""

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._checked: Mapping[str, Any] = {}
        captions = (("classes", "Possible answers"), ("chance", "Guessing gives"), ("span", "One tuple spans"),
                    ("input", "Network input"), ("parameters", "Parameters"), ("cost", "Cost of a clip"))
        self.figures = {key: Figure(caption, name=f"{page}.figure_{key}") for key, caption in captions}
        theme = current_theme()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(12))
        for place, figure in enumerate(self.figures.values()):
            grid.addWidget(figure, place // 2, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self._fits = label("", "quiet", wrap=True)
        grid.addWidget(self._fits, len(self.figures), 0, 1, 2)

    def value(self) -> Mapping[str, Any]:
        """Give the check that is shown, empty before the first."""
        return dict(self._checked)

    def set_value(self, checked: Mapping[str, Any], *, videos: Sequence[Video]) -> None:
        """Show a check, and how many of the videos are long enough."""
        self._checked = checked
        figures = self.figures
        if not checked:
            for figure in figures.values():
                figure.set_value("–")
            self._fits.setText("")
            return
        span = int(checked["span_frames"])
        fits = sum(video.frames >= span for video in videos)
        figures["classes"].set_value(number(checked["classes"]))
        guessing = Guessing.told(checked["chance"], checked.get("balanced_chance"))
        figures["chance"].set_value(share(guessing.level), guessing.manner.removeprefix(", "))
        figures["span"].set_value(counted(span, "frame"), typical_span(span, videos))
        self._fits.setText(f"{number(fits)} of {counted(len(videos), 'video')} "
                           f"{'is' if fits == 1 else 'are'} long enough for a tuple")
        set_kind(self._fits, "quiet" if fits == len(videos) else "warning")
        frames, height, width = checked["input"]
        figures["input"].set_value(f"{width}×{height}", input_words(checked, frames))
        figures["parameters"].set_value(number(checked["parameters"]), "with the head")
        figures["cost"].set_value(f"{checked['gmac_per_clip']:.3g} GMAC", "billion multiply-adds")


def input_words(checked: Mapping[str, Any], frames: int) -> str:
    """Say what the network gets of a clip."""
    if frames > 1:
        return counted(frames, "frame") + " a clip"
    if int(checked.get("input_channels", 3)) > 3:
        return f"one picture a clip, of {checked['input_channels']} channels"
    clip = int((checked["values"].get("sampling") or {}).get("clip_frames", 1))
    return "one picture a clip" if clip > 1 else "single frames"


def typical_span(span: int, videos: Sequence[Video]) -> str:
    """Say how many seconds a span of frames is at the middle frame rate of the videos."""
    rates = sorted(video.frames_per_second for video in videos if video.frames_per_second > 0)
    return seconds_text(span / rates[len(rates) // 2]) if rates else ""


def measured(runs: Sequence[Run], backbone: str) -> str:
    """Say how fast the last run with this backbone went on this project, nothing if there is none."""
    for run in reversed(runs):
        batch = (run.recipe.get("training") or {}).get("batch_size", 0)
        if run.recipe.get("backbone") == backbone and run.step and run.seconds > 0 and batch:
            return f"{batch * run.step / run.seconds:.3g} tuples a second in the run {run.name}"
    return ""
