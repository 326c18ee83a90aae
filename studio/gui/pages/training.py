"""The Train page: measure a step, start, watch, stop, go on, compare."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.events import Progress
from studio.gui.blocks import NoticeBar, Teaching, button, label
from studio.gui.pages.page import Page, quoted
from studio.gui.recipes import settings_against, whole_preset
from studio.gui.session import Session
from studio.gui.step_measuring import StepMeasuring
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.training_jobs import THEN, TrainingJobs, longer_settings
from studio.gui.widgets.alarms import Alarms
from studio.gui.widgets.comparison import Comparison
from studio.gui.widgets.example_curve import ExampleCurve
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.next_run import NextRun, expected
from studio.gui.widgets.queue_list import QueueList
from studio.gui.widgets.run_buttons import RunButtons
from studio.gui.widgets.run_list import RunList
from studio.gui.widgets.run_view import RunView
from studio.gui.words import progress_text

_JUDGED_AT_THE_END = ("stuck-at-chance", "one-answer", "solved-at-once")
"""Alarms of a run that trains; when it is over its verdict says the same."""
_WITHOUT_GPU = noted("Use a machine with an NVIDIA GPU; without one, keep to small inputs and small networks")


class TrainingPage(Page):
    """Trains the recipe in work and shows every run of the project."""

    name, title, icon, prefix = "training", "Train", "training", "train"
    summary = "What counts are the answers about videos never seen."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._jobs, self._measuring = TrainingJobs(session, self), StepMeasuring(session, self)
        self._make_body()
        self._connect()
        self._jobs.take_over()
        self._measuring.take_over()
        self._show_recipe()
        self._show_runs()

    def waits_for(self) -> tuple[str, str] | None:
        if not self.session.usable_videos:
            return said("Training waits for videos that can be read: add a folder, and let it be read."), "library"
        return None

    def is_whole(self) -> bool:
        return super().is_whole() and (self._run_view.isHidden() or self._run_view.is_drawn)

    def command_line(self) -> str:
        project = self.session.project
        if project is None:
            return ""
        run = self._jobs.running()
        if run is not None and self._jobs.pausing():
            return quoted("studio", "continue", str(project.root), run.name)
        if self._jobs.trains():
            return quoted("studio", "queue", str(project.root), "--add", *self._start_arguments())
        return quoted("studio", "train", str(project.root), *self._start_arguments(), *THEN)

    def refresh(self) -> None:
        self.session.reload_runs()
        self._show_recipe()
        self._show_runs()
        super().refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._jobs.queue.follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._jobs.queue.rest()

    def _make_body(self) -> None:
        self._buttons = RunButtons(self._jobs, self, prefix="train")
        for made in self._buttons.value():
            self.header_buttons.addWidget(made)
        self._alarms = Alarms(prefix=self.control("alarm"))
        self._starting = NoticeBar(name=self.control("starting"))
        self._starting.hide()
        self._run_view = RunView(self.session, prefix="train")
        self._comparison = Comparison(prefix="train")
        self._elsewhere = label("", "quiet", wrap=True)
        self._elsewhere.setObjectName(self.control("elsewhere"))
        self._first = button("Start training", name=self.control("first"), icon_name="play",
                             clicked=self._buttons.start.click)
        self._empty = Teaching(ExampleCurve(), said("Nothing was trained here yet. Start training, and the share of "
                                                    "right answers is drawn as it goes. Learning is when it climbs "
                                                    "above the chance line."), self._first)
        wide = _stacked(self._elsewhere, self._starting, self._run_view, self._comparison, self._empty, spacing=16)
        self._runs, self._next = RunList(name=self.control("runs")), NextRun(prefix="train")
        self._queue = QueueList(prefix="train")
        self._runs_part = _stacked(label("Runs", "heading"), self._runs,
                                   label("Choose several to lay them over each other.", "caption", wrap=True),
                                   spacing=6)
        side = _stacked(self._runs_part, self._queue, self._next, spacing=20)
        self.body.addWidget(self._alarms)
        self.body.addWidget(SideBySide(wide, side, column_pixels=300, least_pixels=460))
        self.body.addStretch(1)

    def _connect(self) -> None:
        session, jobs = self.session, self._jobs
        session.runs_changed.connect(self._show_runs)
        session.videos_changed.connect(self._show_recipe)
        session.recipe_changed.connect(self._show_recipe)
        session.description_changed.connect(self._show_recipe)
        jobs.changed.connect(self._show_run)
        session.writing.changed.connect(self._show_run)
        self._queue.up_clicked.connect(jobs.queue.move_up)
        self._queue.remove_clicked.connect(jobs.queue.remove)
        self._queue.run_clicked.connect(jobs.train_queue)
        jobs.starting.connect(self._show_starting)
        jobs.progressed.connect(self._run_view.hear)
        jobs.previewed.connect(self._run_view.show_preview)
        self._measuring.going.connect(self._show_measuring)
        self._measuring.over.connect(self._show_measured)
        self._runs.value_changed.connect(self._choose)
        self._run_view.warned.connect(self._show_alarms)
        self._next.value_changed.connect(self.update_command_line)
        self._next.measure_clicked.connect(self._measuring.start)
        self._next.stop_clicked.connect(self._measuring.stop)
        self._next.task_clicked.connect(partial(session.go_to, "task"))
        self._buttons.begin_clicked.connect(self._begin)
        self._buttons.again_clicked.connect(self._go_on)

    def _start_arguments(self) -> list[str]:
        name = self._next.value()
        return [*self.session.recipe_arguments(), *(["--name", name] if name else [])]

    def _begin(self) -> None:
        """Start the recipe in work, or let it wait while something trains."""
        if self._jobs.trains():
            self._jobs.queue.add(recipe=self.session.recipe, name=self._next.value())
        else:
            self._jobs.start(self._start_arguments())
        self._next.set_value("")

    def _go_on(self, longer: bool) -> None:
        """Go on with the run shown, now or when what trains is done."""
        run = self.session.run()
        settings = longer_settings(run.recipe) if run and longer else []
        if run is not None and self._jobs.trains():
            self._jobs.queue.add(resume=run.name, settings=[one for one in settings if one != "--set"])
        elif run is not None:
            self._jobs.start(["--resume", run.name, *settings])

    def _choose(self, names: list[str]) -> None:
        if len(names) == 1:
            self.session.select_run(names[0])
        self._show_run()

    def _show_recipe(self) -> None:
        recipe = self.session.recipe
        preset = whole_preset(self.session.description, str(recipe.get("name", "")))
        self._next.set_recipe(recipe, changes=len(settings_against(recipe, preset)) if preset else 0)
        self._show_measured()
        self._show_buttons()
        self.update_command_line()

    def _show_starting(self, progress: Progress | None) -> None:
        self._starting.set_value("" if progress is None else said("Starting: {detail}.",
                                                                  detail=progress_text(progress)),
                                 said("The first step comes in a few seconds; a large network takes longer."))
        self._show_run()

    def _show_measuring(self, progress: Progress | None) -> None:
        self._next.set_measuring(progress, running=True)

    def _show_measured(self, failure: str = "") -> None:
        """Show what the last measured step said, and whether it still holds."""
        kept = self.session.preflight
        stale = kept is not None and self._fitting() is None
        if self.session.running_job("preflight") is None:
            self._next.set_measuring(None, running=False)
            self._next.set_measured(kept[1] if kept else None, stale=stale, failure=failure)
        self._show_alarms()

    def _fitting(self) -> dict[str, Any] | None:
        """Give what the last measured step said, where it was of this recipe and these videos."""
        kept, usable = self.session.preflight, len(self.session.usable_videos)
        if kept is None or kept[0] != self.session.recipe_arguments():
            return None
        return kept[1] if kept[1]["videos"] + kept[1]["too_short"] == usable else None

    def _show_runs(self) -> None:
        session = self.session
        self._runs.set_runs(session.runs)
        if session.selected_run and session.selected_run not in self._runs.value():
            self._runs.set_value([session.selected_run])
        self._runs_part.setVisible(bool(session.runs))
        self._show_run()

    def _show_run(self) -> None:
        """Show the chosen run, or the chosen runs beside each other, or what the page is for."""
        runs, names, run = self.session.runs, self._runs.value(), self.session.run()
        several = [one for one in runs if one.name in names] if len(names) > 1 else []
        self._comparison.set_value(several)
        self._comparison.setVisible(bool(several))
        self._run_view.setVisible(run is not None and not several)
        self._empty.setVisible(run is None and not self._starting.value())
        place = runs.index(run) if run in runs else 0
        trains, going_on = run is not None and run == self._jobs.running(), self._jobs.going_on()
        self._runs.set_going_on(going_on)
        self._run_view.set_value(run, before=runs[place - 1] if place else None,
                                 stopping=trains and self._jobs.stopping(), pausing=trains and self._jobs.pausing(),
                                 going_on=run is not None and run.name == going_on)
        elsewhere = self._jobs.elsewhere()
        self._elsewhere.setText(said("The project {project} is training meanwhile.", project=elsewhere))
        self._elsewhere.setVisible(bool(elsewhere))
        self._show_queue()
        self._show_buttons()
        self._show_alarms()

    def _show_alarms(self) -> None:
        """Say what a person should know: of this machine, of the measured step, of the run shown."""
        machine: dict[str, tuple[str, str]] = {}
        device = (self.session.description or {}).get("device") or {}
        if device.get("kind") == "cpu":
            message = said("Training runs on the {device}: {reason}. This takes many times as long as on a GPU.",
                           device=device["title"], reason=device["reason"])
            machine["running-on-the-cpu"] = f"{message} {self._how_long()}".rstrip(), said(_WITHOUT_GPU)
        measured = self.session.preflight[1]["warnings"] if self.session.preflight else []
        found = {warning["code"]: (warning["message"], warning["remedy"]) for warning in measured}
        run = self._run_view.value()
        judged = () if run is None or run.state == "running" else _JUDGED_AT_THE_END
        found |= {code: (event.message, event.remedy) for code, event in self._run_view.warnings.items()
                  if code not in judged}
        self._alarms.set_value(machine | found | machine)  # first, and in the window's words where a run says it too

    def _how_long(self) -> str:
        if (fitting := self._fitting()) is not None:
            return said("Here it takes {time}.", time=expected(fitting["expected_seconds"]))
        return "" if self._jobs.busy() else said("Measure one step to see how long.")

    def _show_queue(self) -> None:
        trains, only_looks = self._jobs.trains(), self.session.writing.reason
        reason = said("This project can only be looked at here: {reason}", reason=only_looks) if only_looks else ""
        self._queue.set_value(self._jobs.queue.entries, trains=trains, only_looks=reason)
        self.update_command_line()

    def _show_buttons(self) -> None:
        one = len(self._runs.value()) < 2
        self._buttons.set_value(self.session.run() if one else None, only_looks=bool(self.session.writing.reason))
        self._first.setEnabled(not self._jobs.busy())
        self._first.setToolTip(self._buttons.start.toolTip())
        self._next.set_blocked(self._measuring.disturbed() or self._jobs.busy())


def _stacked(*widgets: QWidget, spacing: int) -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(current_theme().px(spacing))
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return made
