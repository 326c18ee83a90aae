"""The clips most like a clip, as the trained network and what stands beside it see it, and a map of all clips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.catalogue import display_path
from studio.gui.blocks import button, column, label, line, row, set_icon
from studio.gui.failure_bar import FailureBar
from studio.gui.likeness import chance_of_likeness, shares_in_words
from studio.gui.pages.page import Page, quoted
from studio.gui.question import Question
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.beside_choice import BesideChoice
from studio.gui.widgets.clip_tile import ClipShape, Turns
from studio.gui.widgets.editors import CheckBox, WholeNumberBox, label_of
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.map_panel import MapPanel
from studio.gui.widgets.neighbour_grid import NeighbourGrid
from studio.gui.widgets.picture_save import PictureSave
from studio.gui.widgets.player import Player
from studio.gui.widgets.query_panel import QueryPanel
from studio.gui.widgets.run_choice import RunChoice, chosen_run, name_beside, runs_with_weights
from studio.gui.widgets.waiting import Waiting
from studio.gui.widgets.worth import Worth

_WHY_LEAVE_OUT = noted("Videos of the same patient or recording are alike by nature: leaving them out asks the harder, "
                       "fairer question. The query's own video is always left out.")
_COLUMN_PIXELS, _NEIGHBOURS, _MOST_NEIGHBOURS = 240, 6, 60


class NeighboursPage(Page):
    """Asks the worker for the neighbours of the clip that is picked, and for the map of all clips."""

    name = "neighbours"
    title = "Neighbours"
    icon = "neighbours"
    summary = "Pick a clip: the videos that the network finds most like it play beside it."

    in_parts = True

    def __init__(self, session: Session, *, at_once: bool = True) -> None:
        super().__init__(session)
        self._asked_run = ""
        self.parts = self._make()
        if at_once:
            self.make_rest()

    def _make(self) -> Iterator[None]:
        session = self.session
        right, left = self._make_frame()
        self.player, self._turns = Player(self), Turns(self)
        self.waiting = Waiting(name=self.control("waiting"), can_stop=True)
        self.run_choice = RunChoice(session, name=self.control("run"))
        self.query = QueryPanel(session, self._turns, self.player, name=self.control("query"),
                                tile=(_COLUMN_PIXELS - 4, 176))
        self.picker = self.query.picker
        for part in (self.run_choice, self.query):
            left.addWidget(part)
        yield
        self.count_box, self.group_box = _count_box(self.control("count")), _group_box(self.control("leave_out_group"))
        self.beside_box = BesideChoice(session, name=self.control("beside"))
        self.grid = NeighbourGrid(session, self._turns, self.player, name=self.control("grid"))
        self.grid.set_places(_NEIGHBOURS)
        self.worth = Worth(name=self.name)
        self._make_buttons()
        self._failure = self._make_failure()
        self._lay_out(right, left)
        yield
        self.map_panel = MapPanel(session, self._turns, name=self.name, answers=self.grid)
        self.body.addWidget(line())
        self.body.addWidget(self.map_panel, 1)
        yield
        self.question = self._make_question("neighbours", self._take_answer, self.waiting)
        self.map_question = self._make_question("map", self._take_map, self.map_panel.waiting)
        self.map_question.progressed.connect(self.map_panel.take_event)
        self._connect()
        yield

    def waits_for(self) -> tuple[str, str] | None:
        if not self.session.usable_videos:
            return said("This page needs videos that can be read."), "library"
        if not runs_with_weights(self.session):
            return said("This page needs a trained run: its first weights come with its first validation."), "training"
        return None

    def refresh(self) -> None:
        self.run_choice.refresh()
        self.beside_box.refresh()
        self.picker.refresh()
        run = chosen_run(self.session)
        if run:
            self.query.set_shape(ClipShape.of_recipe(run.recipe))
            if run.name != self._asked_run:
                self._ask()
        super().refresh()

    def command_line(self) -> str:
        arguments = self._arguments()
        return quoted("studio", "neighbours", *map(display_path, arguments), "-o", "neighbours.png") \
            if arguments else ""

    def go_back(self) -> None:
        """Ask about the clip before this one again."""
        self.query.go_back()

    def _make_question(self, method: str, take: Any, waiting: Waiting) -> Question:
        made = Question(self.session, method, self)
        made.answered.connect(take)
        made.failed.connect(lambda error: self._take_failure(made, error))
        made.busy_changed.connect(lambda busy: self._show_busy(made, waiting, busy=busy))
        made.progressed.connect(waiting.progress)
        waiting.stop_clicked.connect(made.stop)
        made.stopped.connect(lambda: self._say_stopped(made))
        return made

    def _make_failure(self) -> FailureBar:
        return FailureBar(self.session, name=self.control("failure"),
                          again=button("Try again", name=self.control("retry"), clicked=self._ask))

    def _make_buttons(self) -> None:
        self._back = button("Back", name=self.control("back"), icon_name="undo", kind="plain", clicked=self.go_back,
                            tip="Back to the clip before (Alt+Left)")
        self._back.setEnabled(False)
        self._play = button("Play", name=self.control("play"), icon_name="play", clicked=self.player.toggle)
        self.save = PictureSave(self.session, "neighbours", self._arguments, self, name=self.control("save"),
                                tip="Save the query and all rankings as a PNG")
        self.header_buttons.addWidget(self.save.button)
        QShortcut(QKeySequence("Alt+Left"), self, self.go_back)

    def _make_frame(self) -> tuple[QVBoxLayout, QVBoxLayout]:
        """Make what holds the rest: from the outside to the inside, so that nothing is dressed twice."""
        theme = current_theme()
        wide, beside_it = QWidget(), QWidget()
        self.body.addWidget(SideBySide(wide, beside_it, column_pixels=_COLUMN_PIXELS, column_first=True))
        right, left = QVBoxLayout(wide), QVBoxLayout(beside_it)
        for layout, pixels in ((left, 12), (right, 8)):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(theme.px(pixels))
        return right, left

    def _lay_out(self, right: QVBoxLayout, left: QVBoxLayout) -> None:
        count, beside = label("Neighbours", "caption"), label("Beside", "caption")
        count.setBuddy(self.count_box)
        beside.setBuddy(self.beside_box)
        right.addLayout(row(self._play, self._back, None, count, self.count_box))
        for part in (self._failure, self.grid, self.waiting, self.worth):
            right.addWidget(part)
        right.addStretch(1)
        left.addWidget(self.group_box)
        left.addLayout(column(beside, self.beside_box))

    def _connect(self) -> None:
        self.query.value_changed.connect(self._ask)
        for box in (self.count_box, self.group_box, self.beside_box):
            box.value_changed.connect(lambda _value: self._ask())
        self.grid.chosen.connect(self.query.set_clip)
        self.map_panel.chosen.connect(self.query.set_clip)
        self.map_panel.selection.ask_wanted.connect(self.query.set_clips)
        self.map_panel.method_changed.connect(lambda _method: self._ask_map())
        self.player.playing_changed.connect(self._show_playing)
        self.session.runs_changed.connect(self._session_changed)
        self.session.videos_changed.connect(self._videos_changed)
        self.session.project_changed.connect(self._forget)

    def _session_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _videos_changed(self) -> None:
        """Other videos have other neighbours: all is asked anew."""
        self.map_panel.run_shown = self._asked_run = ""
        self._session_changed()

    def _forget(self) -> None:
        """Another project: nothing of the last one is asked or shown."""
        self.question.forget()
        self.map_question.forget()
        self.query.forget()
        self.map_panel.run_shown = self._asked_run = ""
        self._back.setEnabled(False)

    def _ask(self) -> None:
        run, asked = chosen_run(self.session), self.query.value()
        self.update_command_line()
        if run is None or not asked or not self.in_view:
            return
        self._asked_run = run.name
        self.question.ask({"run": run.name, **asked, "k": self.count_box.value(), "leave_out": self._leave_out(),
                           "beside": self.beside_box.value()})

    def _ask_map(self) -> None:
        """Ask for the map where another one is shown; the largest directions come first, they are there at once."""
        run, method = chosen_run(self.session), self.map_panel.controls.method()
        if run is None or not self.in_view:
            return
        wanted = (run.name, str(self.beside_box.value()))
        if self.map_panel.shows(*wanted, method):
            self.map_question.forget()
            self.map_panel.show_again()
        elif not self.map_panel.shows(*wanted):
            self.map_question.ask({"run": run.name, "beside": wanted[1], "method": "directions"}, now=True)
        else:
            self.map_question.ask({"run": run.name, "beside": wanted[1], "method": method}, now=True)

    def _leave_out(self) -> str:
        return "group" if self.group_box.value() else "video"

    def _show_busy(self, question: Question, waiting: Waiting, *, busy: bool) -> None:
        if not busy:
            waiting.stop()
        elif question is self.question:
            waiting.start(said("Asking the network") if self.session.description
                          else said("Starting the preview worker"))
            self._failure.hide()
        else:
            waiting.start(said("Drawing the map"))

    def _take_answer(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        run = chosen_run(self.session)
        shape = ClipShape.of_recipe(run.recipe if run else {})
        self._failure.hide()
        name_beside(self.session, result)
        query, beside = result["query"], result["beside"]
        first = not any(self.grid.value())
        self.grid.set_value(result["neighbours"], beside["neighbours"], shape)
        self.grid.random.set_title(beside["title"][:1].upper() + beside["title"][1:])
        chance = chance_of_likeness(query, self.session.usable_videos, leave_out=self._leave_out())
        self.grid.trained.set_words(shares_in_words(query, result["neighbours"], chance=chance))
        self.grid.random.set_words(shares_in_words(query, beside["neighbours"], chance=chance))
        self.worth.set_value(result)
        self.query.take(query, pictures)
        self._back.setEnabled(self.query.can_go_back)
        if first and self.session.settings.clips_play:
            self.player.play()
        self.map_panel.set_query(query, result["neighbours"], beside["neighbours"])
        self._ask_map()
        self.update_command_line()

    def _take_map(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        name_beside(self.session, result)
        self.map_panel.set_value(self.map_question.value()["run"], result, *pictures)
        self._ask_map()

    def _say_stopped(self, question: Question) -> None:
        if question is self.map_question and self.map_panel.run_shown:
            self.map_panel.controls.method_box.set_value(self.map_panel.method_shown)
            self.map_panel.show_again()
            return
        self._failure.tell_stopped()

    def _take_failure(self, question: Question, error: dict[str, Any]) -> None:
        if question is self.map_question:
            self.map_panel.controls.method_box.set_value(self.map_panel.method_shown)
            self.map_panel.show_again()
        self._failure.tell_refusal(error)

    def _show_playing(self, playing: bool) -> None:
        set_icon(self._play, "pause" if playing else "play")
        self._play.setText(said("Pause") if playing else said("Play"))
        self._play.setAccessibleName(said("Pause all clips") if playing else said("Play all clips"))

    def _arguments(self) -> list[str]:
        """What `studio neighbours` is given to draw what is shown; nothing while nothing is."""
        run, asked = chosen_run(self.session), self.query.arguments()
        if self.session.project is None or run is None or not asked:
            return []
        beside = str(self.beside_box.value())
        return [str(self.session.project.root), run.name, *asked, "-k", str(self.count_box.value()), "--leave-out",
                self._leave_out(), *([] if beside == "random" else ["--beside", beside])]


def _count_box(name: str) -> WholeNumberBox:
    box = WholeNumberBox(minimum=1, maximum=_MOST_NEIGHBOURS)
    label_of(box, name=name, title=said("Number of neighbours"), about=said("How many clips are ranked"))
    box.set_value(_NEIGHBOURS)
    return box


def _group_box(name: str) -> CheckBox:
    box = CheckBox("Without its group")
    label_of(box, name=name, title=box.text(), about=_WHY_LEAVE_OUT)
    box.setToolTip(said(_WHY_LEAVE_OUT))
    box.set_value(True)
    return box
