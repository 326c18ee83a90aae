"""The clips most like a clip, as the trained and as a random network see it, and a map of all clips."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.catalogue import Video, display_path
from studio.gui.blocks import NoticeBar, button, label, line, row, set_icon
from studio.gui.pages.page import Page, quoted
from studio.gui.question import Question
from studio.gui.session import Session
from studio.gui.theme import current_theme
from studio.gui.widgets.clip_tile import ClipShape, Turns
from studio.gui.widgets.editors import CheckBox, WholeNumberBox, label_of
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.map_panel import MapPanel
from studio.gui.widgets.neighbour_grid import Entry, NeighbourGrid, folder_of
from studio.gui.widgets.picture_save import PictureSave
from studio.gui.widgets.player import Player
from studio.gui.widgets.run_choice import RunChoice, chosen_run, runs_with_weights
from studio.gui.widgets.video_picker import VideoPicker
from studio.gui.widgets.waiting import Waiting

_WHY_LEAVE_OUT = ("Videos of the same patient or recording are alike by nature: leaving them out asks the harder, "
                  "fairer question. The query's own video is always left out.")
_COLUMN_PIXELS, _NEIGHBOURS, _MOST_NEIGHBOURS, _REMEMBERED = 240, 6, 60, 50


class NeighboursPage(Page):
    """Asks the worker for the neighbours of the clip that is picked, and for the map of all clips."""

    name = "neighbours"
    title = "Neighbours"
    icon = "neighbours"
    summary = "Pick a clip: the videos that the network finds most like it play beside it."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._asked_run, self._history = "", list[tuple[int, float]]()
        self.player, self._turns = Player(self), Turns(self)
        self.waiting = Waiting(name=self.control("waiting"))
        self.question = self._make_question("neighbours", self._take_answer)
        self.map_question = self._make_question("map", self._take_map)
        self.run_choice = RunChoice(session, name=self.control("run"))
        self.picker = VideoPicker(session, self._turns, name=self.control("query"), tile=(_COLUMN_PIXELS - 4, 176),
                                  player=self.player)
        self.grid = NeighbourGrid(session, self._turns, self.player, name=self.control("grid"))
        self.map_panel = MapPanel(session, self._turns, name=self.name)
        self.count_box, self.group_box = _count_box(self.control("count")), _group_box(self.control("leave_out_group"))
        self._failure = self._make_failure()
        self._make_buttons()
        self._lay_out()
        self._connect()
        self.grid.set_places(_NEIGHBOURS)

    def waits_for(self) -> tuple[str, str] | None:
        if not self.session.usable_videos:
            return "This page needs videos that can be read.", "library"
        if not runs_with_weights(self.session):
            return "This page needs a trained run: its first weights come with its first validation.", "training"
        return None

    def refresh(self) -> None:
        self.run_choice.refresh()
        self.picker.refresh()
        run = chosen_run(self.session)
        if run:
            self.picker.set_shape(ClipShape.of_recipe(run.recipe))
            if run.name != self._asked_run:
                self._ask()
        super().refresh()

    def command_line(self) -> str:
        arguments = self._arguments()
        return quoted("studio", "neighbours", *map(display_path, arguments), "-o", "neighbours.png") \
            if arguments else ""

    def go_back(self) -> None:
        """Ask about the clip before this one again."""
        if len(self._history) > 1:
            self._history.pop()
            self.picker.set_value(*self._history.pop())

    def _make_question(self, method: str, take: Any) -> Question:
        made = Question(self.session, method, self)
        made.answered.connect(take)
        made.failed.connect(self._take_failure)
        made.busy_changed.connect(self._show_busy)
        made.progressed.connect(self.waiting.progress)
        return made

    def _make_failure(self) -> NoticeBar:
        bar = NoticeBar("bad", name=self.control("failure"))
        bar.buttons.addWidget(button("Try again", name=self.control("retry"), clicked=self.question.again))
        bar.hide()
        return bar

    def _make_buttons(self) -> None:
        self._back = button("Back", name=self.control("back"), icon_name="undo", kind="plain", clicked=self.go_back,
                            tip="Back to the clip before (Alt+Left)")
        self._back.setEnabled(False)
        self._play = button("Play", name=self.control("play"), icon_name="play", clicked=self.player.toggle)
        self.save = PictureSave(self.session, "neighbours", self._arguments, self, name=self.control("save"),
                                tip="Save the query and both rankings as a PNG")
        self.header_buttons.addWidget(self.save.button)
        QShortcut(QKeySequence("Alt+Left"), self, self.go_back)

    def _lay_out(self) -> None:
        theme = current_theme()
        wide, column = QWidget(), QWidget()
        right, left = QVBoxLayout(wide), QVBoxLayout(column)
        for layout in (left, right):
            layout.setContentsMargins(0, 0, 0, 0)
        count = label("Neighbours", "caption")
        count.setBuddy(self.count_box)
        right.setSpacing(theme.px(8))
        right.addLayout(row(self._play, self._back, None, count, self.count_box))
        right.addWidget(self._failure)
        right.addWidget(self.grid)
        right.addWidget(self.waiting)
        right.addStretch(1)
        left.setSpacing(theme.px(12))
        for part in (self.run_choice, self.picker, self.group_box):
            left.addWidget(part)
        self.body.addWidget(SideBySide(wide, column, column_pixels=_COLUMN_PIXELS, column_first=True))
        self.body.addWidget(line())
        self.body.addWidget(self.map_panel, 1)

    def _connect(self) -> None:
        self.picker.value_changed.connect(lambda _video, _seconds: self._ask())
        self.count_box.value_changed.connect(lambda _count: self._ask())
        self.group_box.value_changed.connect(lambda _on: self._ask())
        self.grid.chosen.connect(self.picker.set_value)
        self.map_panel.chosen.connect(self.picker.set_value)
        self.player.playing_changed.connect(self._show_playing)
        self.session.runs_changed.connect(self._session_changed)
        self.session.videos_changed.connect(self._videos_changed)
        self.session.project_changed.connect(self._forget)

    def _session_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _videos_changed(self) -> None:
        self.map_panel.run_shown = ""
        self._session_changed()

    def _forget(self) -> None:
        """Another project: nothing of the last one is asked or shown."""
        self.question.forget()
        self.map_question.forget()
        self.map_panel.run_shown, self._asked_run, self._history = "", "", []
        self._back.setEnabled(False)

    def _ask(self) -> None:
        run, picked = chosen_run(self.session), self.picker.value()
        self.update_command_line()
        if run is None or picked is None or not self.isVisible():
            return
        self._asked_run = run.name
        self.question.ask({"run": run.name, "video_id": picked[0], "at_seconds": picked[1],
                           "k": self.count_box.value(), "leave_out": self._leave_out()})

    def _leave_out(self) -> str:
        return "group" if self.group_box.value() else "video"

    def _show_busy(self, _busy: bool) -> None:
        if not (self.question.busy or self.map_question.busy):
            self.waiting.stop()
        elif self.question.busy:
            self.waiting.start("Asking the network" if self.session.description else "Starting the preview worker")
            self._failure.hide()

    def _take_answer(self, result: dict[str, Any], _pictures: list[np.ndarray]) -> None:
        run = chosen_run(self.session)
        shape = ClipShape.of_recipe(run.recipe if run else {})
        self._failure.hide()
        first = not any(self.grid.value())
        self.grid.set_value(result["neighbours"], result["random"], shape)
        self._say_shares(result["query"], result["neighbours"], result["random"])
        if first:
            self.player.play()
        self._remember()
        self.map_panel.set_query(result["query"], result["neighbours"], result["random"])
        if run and self.map_panel.run_shown != run.name:
            self.map_question.ask({"run": run.name}, now=True)
        self.update_command_line()

    def _remember(self) -> None:
        picked = self.picker.value()
        if picked and self._history[-1:] != [picked]:
            self._history = [*self._history[-_REMEMBERED:], picked]
        self._back.setEnabled(len(self._history) > 1)

    def _take_map(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        run = self.map_question.value()["run"]
        self.map_panel.set_value(run, result, *pictures)

    def _take_failure(self, error: dict[str, Any]) -> None:
        self._failure.set_value(error.get("message", "The preview worker could not answer."), error.get("remedy", ""))

    def _say_shares(self, query: Entry, trained: list[Entry], random: list[Entry]) -> None:
        chance = chance_of_likeness(query, self.session.usable_videos, leave_out=self._leave_out())
        self.grid.trained.set_words(shares_in_words(query, trained, chance=chance))
        self.grid.random.set_words(shares_in_words(query, random, chance=chance))

    def _show_playing(self, playing: bool) -> None:
        set_icon(self._play, "pause" if playing else "play")
        self._play.setText("Pause" if playing else "Play")
        self._play.setAccessibleName("Pause all clips" if playing else "Play all clips")

    def _arguments(self) -> list[str]:
        """What `studio neighbours` is given to draw what is shown; nothing while nothing is."""
        run, picked, video = chosen_run(self.session), self.picker.value(), self.picker.video()
        if self.session.project is None or run is None or picked is None or video is None:
            return []
        return [str(self.session.project.root), run.name, "--video", f"{video.source}/{video.path}", "--at",
                f"{picked[1]:.2f}", "-k", str(self.count_box.value()), "--leave-out", self._leave_out()]


def _count_box(name: str) -> WholeNumberBox:
    box = WholeNumberBox(minimum=1, maximum=_MOST_NEIGHBOURS)
    label_of(box, name=name, title="Number of neighbours", about="How many clips are ranked")
    box.set_value(_NEIGHBOURS)
    return box


def _group_box(name: str) -> CheckBox:
    box = CheckBox("Leave out the query's group")
    label_of(box, name=name, title=box.text(), about=_WHY_LEAVE_OUT)
    box.setToolTip(_WHY_LEAVE_OUT)
    box.set_value(True)
    return box


def likeness(entry: Entry, *, by_label: bool) -> str:
    """What an entry is counted by: its label, or its folder where there are no labels."""
    return str(entry.get("label") or "") if by_label else folder_of(entry)


def chance_of_likeness(query: Entry, videos: list[Video], *, leave_out: str) -> float | None:
    """The share of the videos that may be neighbours which have the query's label (or folder); None if it has none."""
    by_label = bool(query.get("label"))
    wanted = likeness(query, by_label=by_label)
    allowed = [video for video in videos if video.id != query["video_id"]
               and not (leave_out == "group" and video.group and video.group == query["group"])]
    if not wanted or not allowed:
        return None
    found = [likeness({"video": display_path(video.path), "label": video.label}, by_label=by_label)
             for video in allowed]
    return found.count(wanted) / len(allowed)


def shares_in_words(query: Entry, entries: list[Entry], *, chance: float | None) -> str:
    """Say how many neighbours have the query's label or folder, beside chance; without both how alike they are."""
    if not entries:
        return "No other video is left to compare with."
    by_label = bool(query.get("label"))
    wanted = likeness(query, by_label=by_label)
    if not wanted:
        mean = sum(entry["similarity"] for entry in entries) / len(entries)
        return f"Mean similarity {mean:.3f}. Similarities of different weights cannot be compared: look at the clips."
    same = sum(likeness(entry, by_label=by_label) == wanted for entry in entries)
    share = f"{same} of {len(entries)} " + (f"have the query's label, {wanted}" if by_label else
                                           f"lie in the query's folder, {wanted}")
    return share + (f" (by chance {chance * len(entries):.1f} of {len(entries)})." if chance is not None else ".")
