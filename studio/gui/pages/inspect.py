"""Inside a network: where a layer answers, what its units look for, and which pixels told an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QTabBar, QVBoxLayout, QWidget

from studio.engine.catalogue import display_path
from studio.gui.blocks import NoticeBar, button, column, label
from studio.gui.pages.page import Page, quoted
from studio.gui.question import Question
from studio.gui.session import Session
from studio.gui.theme import current_theme
from studio.gui.widgets.beside_choice import BesideChoice
from studio.gui.widgets.clip_tile import Turns
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.heat_pair import HeatPair
from studio.gui.widgets.layer_choice import LayerChoice
from studio.gui.widgets.picture_save import PictureSave
from studio.gui.widgets.run_choice import RunChoice, chosen_run, runs_with_weights
from studio.gui.widgets.unit_grid import UnitGrid
from studio.gui.widgets.video_picker import VideoPicker
from studio.gui.widgets.waiting import Waiting
from studio.gui.widgets.why_view import WhyView

_COLUMN_PIXELS = 272
_UNITS_SHOWN, _CLIPS_SHOWN = 18, 8


HEAT, UNITS, WHY = range(3)
_VIEWS = ("Where it answers", "What units look for", "Why it answered")


class InspectPage(Page):
    """Asks the worker for what the chosen view shows: heat over a clip, units of a layer, or an answer's pixels."""

    name = "inspect"
    title = "Inspect"
    icon = "inspect"
    summary = "See where a layer answers in a clip, and how that differs from a network that learned nothing."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._asked_run = ""
        self._seed = 0
        self.question = Question(session, "activations", self)
        self.units_question = Question(session, "units", self)
        self.unit_question = Question(session, "unit", self)
        self.why_question = Question(session, "attribution", self)
        for question, take in ((self.question, self._take_answer), (self.units_question, self._take_units),
                               (self.unit_question, self._take_clips), (self.why_question, self._take_why)):
            question.answered.connect(take)
            question.failed.connect(self._take_failure)
            question.busy_changed.connect(self._show_busy)
        self._turns = Turns(self)
        self.run_choice = RunChoice(session, name=self.control("run"))
        self.picker = VideoPicker(session, self._turns, name=self.control("video"), tile=(_COLUMN_PIXELS - 4, 200))
        self.layer_choice = LayerChoice(name=self.name)
        self.beside = BesideChoice(session, name=self.control("beside"), pixels=False)
        self.heats, self.unit_grid = HeatPair(name=self.name), UnitGrid(name=self.name)
        self.why = WhyView(name=self.name)
        self.views = self._make_views()
        self.waiting = Waiting(name=self.control("waiting"))
        for question in (self.question, self.units_question, self.why_question):
            question.progressed.connect(self.waiting.progress)
        self._failure = self._make_failure()
        self.save = PictureSave(session, "activations", self._arguments, self, name=self.control("save"),
                                tip="Save the frames and both heats as a PNG")
        self.header_buttons.addWidget(self.save.button)
        self._lay_out()
        self.picker.value_changed.connect(lambda _video, _seconds: self._ask())
        self.layer_choice.value_changed.connect(lambda _layer, _unit: self._ask())
        self.beside.value_changed.connect(lambda _beside: self._ask())
        self.unit_grid.value_changed.connect(self._ask_for_clips)
        self.unit_grid.place_chosen.connect(self._look_at)
        self.why.another.connect(self._ask_another)
        session.runs_changed.connect(self._session_changed)
        session.videos_changed.connect(self._session_changed)
        session.project_changed.connect(self._forget)

    def waits_for(self) -> tuple[str, str] | None:
        if not self.session.usable_videos:
            return "This page needs videos that can be read.", "library"
        if not runs_with_weights(self.session):
            return "This page needs a trained run: its first weights come with its first validation.", "training"
        return None

    def refresh(self) -> None:
        self.run_choice.refresh()
        self.beside.refresh()
        self.picker.refresh()
        run = chosen_run(self.session)
        if run and run.name != self._asked_run:
            self._ask()
        super().refresh()

    def command_line(self) -> str:
        arguments = self._arguments()
        operation = ("activations", "units", "attribution")[self.view]
        return quoted("studio", operation, *map(display_path, arguments), "-o", f"{operation}.png") if arguments else ""

    @property
    def view(self) -> int:
        """Which view is shown: `HEAT`, `UNITS` or `WHY`."""
        return self.views.currentIndex()

    def _make_views(self) -> QTabBar:
        views = QTabBar()
        views.setObjectName(self.control("views"))
        views.setAccessibleName("What to look at")
        views.setDrawBase(False)
        views.setExpanding(False)
        for title in _VIEWS:
            views.addTab(title)
        views.currentChanged.connect(self._show_view)
        return views

    def _make_failure(self) -> NoticeBar:
        bar = NoticeBar("bad", name=self.control("failure"))
        bar.buttons.addWidget(button("Try again", name=self.control("retry"), clicked=self._ask))
        bar.hide()
        return bar

    def _lay_out(self) -> None:
        theme = current_theme()
        wide, side = QWidget(), QWidget()
        left, right = QVBoxLayout(wide), QVBoxLayout(side)
        for layout in (left, right):
            layout.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(theme.px(8))
        left.addWidget(self.views)
        left.addWidget(self._failure)
        for view in (self.heats, self.unit_grid, self.why):
            view.setVisible(view is self.heats)
            left.addWidget(view, 1)
        left.addWidget(self.waiting)
        right.setSpacing(theme.px(16))
        self._beside = QWidget()
        beside = column(label("Beside", "caption"), self.beside)
        beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setLayout(beside)
        for part in (self.run_choice, self.picker, self.layer_choice, self._beside):
            right.addWidget(part)
        self.body.addWidget(SideBySide(wide, side, column_pixels=_COLUMN_PIXELS), 1)

    def _session_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _forget(self) -> None:
        """Another project: nothing of the last one is asked or shown."""
        for question in self._questions():
            question.forget()
        self._asked_run = ""
        for view in (self.heats, self.unit_grid, self.why):
            view.set_message("")

    def _questions(self) -> tuple[Question, ...]:
        return self.question, self.units_question, self.unit_question, self.why_question

    def _show_view(self, view: int) -> None:
        for number, widget in enumerate((self.heats, self.unit_grid, self.why)):
            widget.setVisible(number == view)
        self.layer_choice.setVisible(view != WHY)
        self._beside.setVisible(view == HEAT)
        self.layer_choice.set_unit_shown(view == HEAT)
        self.picker.setVisible(view != UNITS)
        self.save.set_operation(("activations", "units", "attribution")[view])
        self._ask()

    def _ask(self) -> None:
        run, picked = chosen_run(self.session), self.picker.value()
        self.update_command_line()
        if run is None or picked is None or not self.isVisible():
            return
        layer, unit = self.layer_choice.value()
        if run.name != self._asked_run:
            layer, unit = "", None
        self._asked_run = run.name
        if self.view == UNITS:
            self.units_question.ask({"run": run.name, "layer": layer, "count": _UNITS_SHOWN})
        elif self.view == WHY:
            self.why_question.ask({"run": run.name, "video_id": picked[0], "seed": self._seed})
        else:
            self.question.ask({"run": run.name, "video_id": picked[0], "at_seconds": picked[1], "layer": layer,
                               "unit": unit, "beside": self.beside.value()})

    def _ask_for_clips(self, unit: int) -> None:
        self.unit_question.ask({**self.units_question.value(), "unit": unit, "clips": _CLIPS_SHOWN}, now=True)

    def _ask_another(self) -> None:
        self._seed += 1
        self._ask()

    def _look_at(self, video_id: int, at_seconds: float) -> None:
        """Look at a clip that excites a unit: where the layer's unit answers in it."""
        unit = self.unit_grid.value()
        self.picker.set_value(video_id, at_seconds)
        self.layer_choice.unit_box.set_value(unit)
        self.views.setCurrentIndex(HEAT)

    def _show_busy(self, busy: bool) -> None:
        if not busy:
            if not any(question.busy for question in self._questions()):
                self.waiting.stop()
            return
        words = ("Looking at the clip", "Looking at every video", "Asking the network")[self.view]
        self.waiting.start(words if self.session.description else "Starting the preview worker")
        self._failure.hide()

    def _take_units(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        self.unit_grid.set_units(result, pictures)
        self.update_command_line()

    def _take_clips(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        self.unit_grid.set_clips(result, pictures)

    def _take_why(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        clips_EFHW3, trained_EFHW, random_EFHW = pictures
        self.why.set_value(result, clips_EFHW3, {"trained": trained_EFHW, "random": random_EFHW})
        self.update_command_line()

    def _take_answer(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        clip_FHW3, trained_FHW, random_FHW = pictures
        self._failure.hide()
        self.layer_choice.set_layers(result["layers"], shown=result["layer"])
        self.heats.set_value(clip_FHW3, trained_FHW, random_FHW, frames=result["frames"], times=result["times"])
        beside = str(result["beside"])
        self.heats.set_beside("Random weights" if beside == "random" else f"Run {beside}")
        self.heats.set_agreement(*agreement(float(result["alike"]), beside=beside))
        self.update_command_line()

    def _take_failure(self, error: dict[str, Any]) -> None:
        self._failure.set_value(error.get("message", "The preview worker could not answer."), error.get("remedy", ""))
        (self.heats, self.unit_grid, self.why)[self.view].set_message("No picture")

    def _arguments(self) -> list[str]:
        """What the view's command is given to draw what is shown; nothing while nothing is."""
        run, picked, video = chosen_run(self.session), self.picker.value(), self.picker.video()
        if self.session.project is None or run is None or picked is None or video is None:
            return []
        layer, unit = self.layer_choice.value()
        arguments = [str(self.session.project.root), run.name]
        if self.view == UNITS:
            return arguments + (["--layer", layer] if layer else [])
        arguments += ["--video", f"{video.source}/{video.path}"]
        if self.view == WHY:
            return arguments + (["--seed", str(self._seed)] if self._seed else [])
        arguments += ["--at", f"{picked[1]:.2f}", *(["--layer", layer] if layer else [])]
        arguments += ["--beside", str(self.beside.value())] if self.beside.value() != "random" else []
        return arguments + (["--unit", str(unit)] if unit is not None else [])


def agreement(alike: float, *, beside: str = "random") -> tuple[str, str]:
    """Say in words how alike two heats are (their correlation, −1 to 1), and what that means."""
    figure = f"agreement {alike:.2f}; 1 is the same, 0 is unrelated"
    if beside != "random":
        return f"This run and {beside} answer alike to this degree ({figure}).", ""
    if alike >= 0.9:
        return (f"Trained and random weights answer in almost the same places ({figure}).",
                "Training changed little here: this comes from the network's build and the picture.")
    if alike >= 0.6:
        return (f"Trained and random weights answer in similar places ({figure}).",
                "Training moved a little of where this layer answers.")
    if alike >= 0.3:
        return (f"Trained and random weights share some places ({figure}).",
                "Training moved much of where this layer answers.")
    return (f"Trained and random weights answer in different places ({figure}).",
            "Training changed where this layer answers.")
