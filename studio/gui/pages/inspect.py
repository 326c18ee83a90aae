"""Inside a network: where a layer answers, what its units look for, and which pixels told an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.engine.catalogue import display_path
from studio.gui.blocks import button, column, label
from studio.gui.failure_bar import FailureBar
from studio.gui.pages.page import Page, quoted
from studio.gui.question import Question
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.beside_choice import BesideChoice
from studio.gui.widgets.clip_tile import Turns
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.heat_pair import HeatPair
from studio.gui.widgets.layer_choice import LayerChoice
from studio.gui.widgets.picture_save import PictureSave
from studio.gui.widgets.quiet_wheel import QuietTabBar
from studio.gui.widgets.run_choice import RunChoice, chosen_run, name_beside, runs_with_weights
from studio.gui.widgets.run_list import run_label
from studio.gui.widgets.unit_side import UnitSide
from studio.gui.widgets.video_picker import VideoPicker
from studio.gui.widgets.waiting import Waiting
from studio.gui.widgets.why_view import WhyView

_COLUMN_PIXELS = 272
CLIP, QUESTION = "clip", "question"
_SHOWN = {CLIP: noted("A clip"), QUESTION: noted("A question, as it is shown")}
_WHY_SHOWN = noted("One clip of the video, or the elements of a question one after the other, in the order of the "
                   "question")

_FLAT = (noted("This layer answers alike everywhere in this clip, so there is nothing to see."),
         noted("Where it does so in every clip, the network has collapsed: train again with a lower learning rate."))
_AGREEMENT = (
    (0.9, noted("Trained and random weights answer in almost the same places ({figure})."),
     noted("Training changed little here: this comes from the network's build and the picture.")),
    (0.6, noted("Trained and random weights answer in similar places ({figure})."),
     noted("Training moved a little of where this layer answers.")),
    (0.3, noted("Trained and random weights share some places ({figure})."),
     noted("Training moved much of where this layer answers.")))
"""What is said of two heats that are at least so much alike."""
_APART = (noted("Trained and random weights answer in different places ({figure})."),
          noted("Training changed where this layer answers."))

HEAT, UNITS, WHY = range(3)
_VIEWS = (noted("Where it answers"), noted("What units look for"), noted("Why it answered"))


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
        self.why_question = Question(session, "attribution", self)
        self.units = UnitSide(session, name=self.name, title="Trained weights", methods=("units", "unit"))
        self.units_beside = UnitSide(session, name=f"{self.name}.other", title="Random weights",
                                     methods=("units_beside", "unit_beside"))
        for question, take in ((self.question, self._take_answer), (self.why_question, self._take_why)):
            question.answered.connect(take)
        self._turns = Turns(self)
        self.run_choice = RunChoice(session, name=self.control("run"))
        self.picker = VideoPicker(session, self._turns, name=self.control("video"), tile=(_COLUMN_PIXELS - 4, 200))
        self.layer_choice = LayerChoice(name=self.name)
        self.beside = BesideChoice(session, name=self.control("beside"), pixels=False)
        self.shown = ChoiceBox(list(_SHOWN.items()))
        label_of(self.shown, name=self.control("shown"), title=said("Shown"), about=_WHY_SHOWN)
        self.heats, self.why = HeatPair(name=self.name), WhyView(name=self.name)
        self._both_units = QWidget()
        self.views = self._make_views()
        self.waiting = Waiting(name=self.control("waiting"), can_stop=True)
        self.waiting.stop_clicked.connect(self._stop)
        for asked in (self.question, self.why_question, self.units, self.units_beside):
            asked.failed.connect(self._take_failure)
            asked.busy_changed.connect(self._show_busy)
            asked.progressed.connect(self.waiting.progress)
        self._failure = self._make_failure()
        self.save = PictureSave(session, "activations", self._arguments, self, name=self.control("save"),
                                tip="Save the frames and both heats as a PNG")
        self.header_buttons.addWidget(self.save.button)
        self._lay_out()
        self.picker.value_changed.connect(lambda _video, _seconds: self._ask())
        self.layer_choice.value_changed.connect(lambda _layer, _unit: self._ask())
        self.beside.value_changed.connect(lambda _beside: self._ask())
        self.shown.value_changed.connect(lambda _shown: self._ask())
        self.units.answered.connect(self.update_command_line)
        self.units.grid.place_chosen.connect(self._look_at)
        self.units_beside.grid.place_chosen.connect(self.picker.set_value)
        self.why.another.connect(self._ask_another)
        session.runs_changed.connect(self._session_changed)
        session.videos_changed.connect(self._session_changed)
        session.project_changed.connect(self._forget)

    def waits_for(self) -> tuple[str, str] | None:
        if not self.session.usable_videos:
            return said("This page needs videos that can be read."), "library"
        if not runs_with_weights(self.session):
            return said("This page needs a trained run: its first weights come with its first validation."), "training"
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

    def _make_views(self) -> QuietTabBar:
        views = QuietTabBar()
        views.setObjectName(self.control("views"))
        views.setAccessibleName(said("What to look at"))
        views.setDrawBase(False)
        views.setExpanding(False)
        for title in _VIEWS:
            views.addTab(said(title))
        views.currentChanged.connect(self._show_view)
        return views

    def _make_failure(self) -> FailureBar:
        return FailureBar(self.session, name=self.control("failure"),
                          again=button("Try again", name=self.control("retry"), clicked=self._ask))

    def _lay_out(self) -> None:
        theme = current_theme()
        wide, side = QWidget(), QWidget()
        left, right = QVBoxLayout(wide), QVBoxLayout(side)
        for layout in (left, right):
            layout.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(theme.px(8))
        left.addWidget(self.views)
        left.addWidget(self._failure)
        both = QHBoxLayout(self._both_units)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(theme.px(24))
        for side_of_units in (self.units, self.units_beside):
            both.addWidget(side_of_units, 1)
        for view in self._shown_views:
            view.setVisible(view is self.heats)
            left.addWidget(view, 1)
        left.addWidget(self.waiting)
        right.setSpacing(theme.px(16))
        self._what = QWidget()
        what = column(label("Shown", "caption"), self.shown)
        what.setContentsMargins(0, 0, 0, 0)
        self._what.setLayout(what)
        for part in (self.run_choice, self.picker, self._what, self.layer_choice):
            right.addWidget(part)
        right.addLayout(column(label("Beside", "caption"), self.beside))
        self.body.addWidget(SideBySide(wide, side, column_pixels=_COLUMN_PIXELS), 1)

    def _session_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _forget(self) -> None:
        """Another project: nothing of the last one is asked or shown."""
        for question in self._questions():
            question.forget()
        self._asked_run = ""
        for view in (self.heats, self.units.grid, self.units_beside.grid, self.why):
            view.set_message("")

    def _questions(self) -> tuple[Question, ...]:
        return tuple(question for view in (HEAT, UNITS, WHY) for question in self._questions_of(view))

    def _questions_of(self, view: int) -> tuple[Question, ...]:
        return ((self.question,), (*self.units.questions, *self.units_beside.questions), (self.why_question,))[view]

    @property
    def _shown_views(self) -> tuple[QWidget, QWidget, QWidget]:
        return self.heats, self._both_units, self.why

    def _show_view(self, view: int) -> None:
        for number, widget in enumerate(self._shown_views):
            widget.setVisible(number == view)
            if number != view:  # nobody waits for its answer, and its progress belongs to it alone
                for question in self._questions_of(number):
                    question.forget()
        self.layer_choice.setVisible(view != WHY)
        self._what.setVisible(view == HEAT)
        self.layer_choice.set_unit_shown(view == HEAT)
        self.picker.setVisible(view != UNITS)
        self.save.set_operation(("activations", "units", "attribution")[view])
        self._ask()

    def _ask(self) -> None:
        run, picked = chosen_run(self.session), self.picker.value()
        self.update_command_line()
        if run is None or picked is None or not self.in_view:
            return
        layer, unit = self.layer_choice.value()
        if run.name != self._asked_run:
            layer, unit = "", None
        self._asked_run = run.name
        beside = str(self.beside.value())
        if self.view == UNITS:
            self.units.ask({"run": run.name, "layer": layer})
            other = {"run": run.name, "random": True} if beside == "random" else {"run": beside}
            self.units_beside.ask({**other, "layer": layer}, title=_title(self._named(beside)))
        elif self.view == WHY:
            self.why_question.ask({"run": run.name, "video_id": picked[0], "seed": self._seed, "beside": beside})
        else:
            asked = {} if self.shown.value() == CLIP else {"question": self._seed}
            self.question.ask({"run": run.name, "video_id": picked[0], "at_seconds": picked[1], "layer": layer,
                               "unit": unit, "beside": beside, **asked})

    def _ask_another(self) -> None:
        self._seed += 1
        self._ask()

    def _look_at(self, video_id: int, at_seconds: float) -> None:
        """Look at a clip that excites a unit: where the layer's unit answers in it."""
        unit = self.units.grid.value()
        self.picker.set_value(video_id, at_seconds)
        self.layer_choice.unit_box.set_value(unit)
        self.views.setCurrentIndex(HEAT)

    def _show_busy(self, busy: bool) -> None:
        if not busy:
            if not any(question.busy for question in self._questions()):
                self.waiting.stop()
            return
        words = (noted("Looking at the clip"), noted("Looking at every video"), noted("Asking the network"))[self.view]
        self.waiting.start(said(words) if self.session.description else said("Starting the preview worker"))
        self._failure.hide()

    def _stop(self) -> None:
        """The person does not want to wait for what is asked."""
        for question in self._questions():
            question.stop()
        self._failure.tell_stopped()

    def _take_why(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        clips_EFHW3, trained_EFHW, other_EFHW = pictures
        name_beside(self.session, result)
        self.why.set_value(result, clips_EFHW3, {"trained": trained_EFHW, "other": other_EFHW})
        self.update_command_line()

    def _take_answer(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        clip_FHW3, trained_FHW, random_FHW = pictures
        self._failure.hide()
        self.layer_choice.set_layers(result["layers"], shown=result["layer"])
        self.heats.set_value(clip_FHW3, trained_FHW, random_FHW, frames=result["frames"], times=result["times"],
                             elements=int(result["elements"]))
        beside = self._named(str(result["beside"]))
        self.heats.set_beside(_title(beside))
        flat = said(_FLAT[0]), said(_FLAT[1])
        self.heats.set_agreement(*(flat if result["flat"] else agreement(float(result["alike"]), beside=beside)))
        self.update_command_line()

    def _take_failure(self, error: dict[str, Any]) -> None:
        self._failure.tell_refusal(error)
        if self.view == HEAT:
            self.heats.set_message(said("No picture"))
        elif self.view == WHY:
            self.why.set_message(said("No picture"))

    def _arguments(self) -> list[str]:
        """What the view's command is given to draw what is shown; nothing while nothing is."""
        run, picked, video = chosen_run(self.session), self.picker.value(), self.picker.video()
        if self.session.project is None or run is None or picked is None or video is None:
            return []
        layer, unit = self.layer_choice.value()
        arguments, beside = [str(self.session.project.root), run.name], str(self.beside.value())
        if self.view == UNITS:
            return [*arguments, *(["--layer", layer] if layer else []), "--beside", beside]
        arguments += ["--video", f"{video.source}/{video.path}"]
        others = ["--beside", beside] if beside != "random" else []
        if self.view == WHY:
            return arguments + (["--seed", str(self._seed)] if self._seed else []) + others
        arguments += ["--at", f"{picked[1]:.2f}"] if self.shown.value() == CLIP else ["--question", str(self._seed)]
        arguments += [*(["--layer", layer] if layer else []), *others]
        return arguments + (["--unit", str(unit)] if unit is not None else [])

    def _named(self, beside: str) -> str:
        run = self.session.run(beside)
        return run_label(run) if run else beside


def _title(beside: str) -> str:
    return said("Random weights") if beside == "random" else said("Run {run}", run=beside)


def agreement(alike: float, *, beside: str = "random") -> tuple[str, str]:
    """Say in words how alike two heats are (their correlation, −1 to 1), and what that means."""
    figure = said("agreement {alike}; 1 is the same, 0 is unrelated", alike=f"{alike:.2f}")
    if beside != "random":
        return said("This run and {beside} answer alike to this degree ({figure}).", beside=beside, figure=figure), ""
    sentence, meaning = next((words for least, *words in _AGREEMENT if alike >= least), _APART)
    return said(sentence, figure=figure), said(meaning)
