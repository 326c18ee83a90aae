"""Task: which question the network learns to answer, with which network and how; and whether it could cheat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.guessing import Guessing
from studio.gui.blocks import button, column, label, row
from studio.gui.failure_bar import FailureBar
from studio.gui.judgement import manner
from studio.gui.pages.page import Page, quoted
from studio.gui.recipes import changed, section_of, whole_preset
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.choice_cards import ChoiceCard, ChoiceCards
from studio.gui.widgets.drawings import NetworkDrawing
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.misfit_bar import MisfitBar
from studio.gui.widgets.probe_panel import ProbePanel
from studio.gui.widgets.recipe_choice import RecipeChange, RecipeChoice
from studio.gui.widgets.recipe_figures import RecipeFigures, measured
from studio.gui.widgets.starts_from import StartsFrom
from studio.gui.widgets.task_drawing import Asked, TaskDrawing
from studio.gui.widgets.task_options import TaskPageOptions
from studio.gui.widgets.terms_editor import TermsEditor
from studio.gui.widgets.waiting import Waiting
from studio.gui.words import counted, number, share

_DEBOUNCE_MILLISECONDS, _TURN_MILLISECONDS = 150, 10
_GROUPS = {"clips": noted("Sees clips, along time as well"), "frames": noted("Sees single frames")}
_BESIDE = noted("What the network may learn as well, by a second loss. None is needed.")
_UNFIT = noted("Needs other tuples than these: take a recipe made for it.")
_COSTED = noted("GMAC: billions of multiply-adds, for 16×112×112 or a frame of 80×80")


class TaskPage(Page):
    """Shows tasks, networks and recipes as cards and forms; the worker checks every change at once."""

    name = "task"
    title = "Task"
    icon = "task"
    summary = "The question that the network learns to answer, the network itself, and how it is trained."

    in_parts = True

    def __init__(self, session: Session, *, at_once: bool = True) -> None:
        super().__init__(session)
        self._key: object = None
        self._number = self._answered = 0
        self._stopped = False
        self._check_soon = QTimer(self, singleShot=True, interval=_DEBOUNCE_MILLISECONDS)
        self._check_soon.timeout.connect(self._check)
        self._filled, self._filling = False, self._make_described()
        self._fill_soon = QTimer(self, interval=_TURN_MILLISECONDS)
        self._fill_soon.timeout.connect(self._fill_on)
        self.parts = self._make()
        if at_once:
            self.make_rest()

    def _make(self) -> Iterator[None]:
        session = self.session
        self._make_controls()
        yield
        self._lay_out()
        yield
        if session.description:
            yield from self._filling
        session.description_changed.connect(self._fill_soon.start)
        for signal in (session.videos_changed, session.recipe_changed, session.runs_changed,
                       session.description_changed):
            signal.connect(self._look_again)
        session.service.died.connect(self._worker_died)

    def _make_described(self) -> Iterator[None]:
        """Make what the worker has to describe first."""
        for make in (self._make_task_cards, self._make_backbone_cards, self._make_terms, self.options.refresh,
                     self.options.make_training):
            make()
            yield
        self._filled = True

    def _fill_on(self) -> None:
        if next(self._filling, self) is self:
            self._fill_soon.stop()
            self._look_again()

    def is_whole(self) -> bool:
        return super().is_whole() and not self.checking

    def waits_for(self) -> tuple[str, str] | None:
        if self.session.usable_videos:
            return None
        return said("A task is chosen for scanned videos, and this project has none that can be read yet."), "library"

    def command_line(self) -> str:
        project = self.session.project
        return quoted("studio", "train", str(project.root), *self.session.recipe_arguments()) if project else ""

    def refresh(self) -> None:
        self._content.setVisible(self._filled)
        if self._filled:
            self.waiting.stop()
            self.trouble.set_value("")
            self._show_recipe()
        elif self.session.description is not None:
            self._fill_soon.start()
        elif self.waiting.isHidden() and not self._stopped:
            self.session.service.start()
            self.waiting.start(said("Starting the preview worker, which knows the tasks and networks"))
        super().refresh()

    def _make_controls(self) -> None:
        name, session = self.control, self.session
        self.waiting = Waiting(name=name("waiting"), can_stop=True)
        self.waiting.stop_clicked.connect(self._stop_waiting)
        let_go = self.waiting.sizePolicy()
        let_go.setRetainSizeWhenHidden(False)
        self.waiting.setSizePolicy(let_go)
        self.trouble = FailureBar(session, name=name("trouble"), again=button(
            "Try again", name=name("again"), kind="plain", clicked=self._wait_again))
        self.trouble.buttons.addWidget(button("Check this machine", name=name("machine"),
                                              clicked=partial(session.go_to, "doctor")))
        self.recipe = RecipeChoice(session, page=self.name)
        self.tasks = ChoiceCards(name=name("task"), title="Pretext task")
        self.tasks.value_changed.connect(partial(self._choose, "task"))
        self.backbones = ChoiceCards(name=name("backbone"), title="Backbone")
        self.backbones.value_changed.connect(partial(self._choose, "backbone"))
        self.starts_from = StartsFrom(page=self.name)
        self.starts_from.value_changed.connect(partial(session.change_recipe, "starts_from"))
        self.terms = TermsEditor(page=self.name)
        self.terms.value_changed.connect(partial(session.change_recipe, "terms"))
        self.options = TaskPageOptions(session, page=self.name)
        self.figures = RecipeFigures(page=self.name)
        self.problem = MisfitBar(session, page=self.name)
        self.probe = ProbePanel(session, page=self.name)
        self.train = button("Train with this recipe", name=name("train"), icon_name="training", kind="primary",
                            clicked=partial(session.go_to, "training"))

    def _lay_out(self) -> None:
        self.header_buttons.addWidget(self.train)
        theme = current_theme()
        to_sampling = button("Tuples and crops: on the Sampling page",
                             name=self.control("to_sampling"), kind="link",
                             clicked=partial(self.session.go_to, "sampling"))
        wide, side = QWidget(), QWidget()
        parts = QVBoxLayout(wide)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(theme.px(8))
        parts.addWidget(self.recipe)
        for heading, note, cards in (("Pretext task", "", self.tasks), ("Backbone", _COSTED, self.backbones)):
            parts.addSpacing(theme.px(8))
            words = [label(heading, "heading"), *([label(note, "caption", wrap=True)] if note else [])]
            parts.addLayout(column(*words, spacing=2))
            parts.addWidget(cards)
        parts.addWidget(self.starts_from)
        parts.addSpacing(theme.px(8))
        parts.addLayout(column(label("Beside the task", "heading"), label(_BESIDE, "caption", wrap=True), spacing=2))
        parts.addWidget(self.terms)
        parts.addSpacing(theme.px(8))
        parts.addLayout(row(to_sampling, None))
        parts.addSpacing(theme.px(8))
        parts.addWidget(self.options)
        parts.addStretch(1)
        beside = QVBoxLayout(side)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(theme.px(12))
        for widget in (label("What it comes to", "heading"), self.problem, self.figures):
            beside.addWidget(widget)
        beside.addSpacing(theme.px(12))
        beside.addWidget(self.probe)
        beside.addStretch(1)
        self._content = SideBySide(wide, side, column_pixels=288)
        self.body.addWidget(self.waiting)
        self.body.addWidget(self.trouble)
        self.body.addWidget(self._content)
        self.body.addStretch(1)

    def _look_again(self) -> None:
        if self.isVisible():
            self.refresh()

    @property
    def checking(self) -> bool:
        """Whether the worker has still to say what the recipe in work comes to."""
        return self._answered != self._number

    def _stop_waiting(self) -> None:
        self._stopped = True
        self.waiting.stop()
        self.trouble.tell_stopped()

    def _wait_again(self) -> None:
        self._stopped = False
        self.trouble.hide()
        self.refresh()

    def _choose(self, key: str, name: str) -> None:
        """Take a card's task or backbone; it can be taken back."""
        if name != self.session.recipe.get(key):
            words = said("another task") if key == "task" else said("another backbone")
            self.session.undo.push(RecipeChange(self.session, changed(self.session.recipe, key, name), words))

    def _worker_died(self, sentence: str) -> None:
        if self.session.description is None:
            self.trouble.tell(sentence, said("If it ends again, see what works on this machine."))

    def _make_task_cards(self) -> None:
        """Make the cards when the worker has described what there is."""
        description = self.session.description or {}
        for one in description.get("tasks", ()) if not self.tasks.names() else ():
            presets: list[dict[str, Any]] = [recipe["values"] for recipe in description["recipes"]]
            usual = next((values for values in presets if values["task"] == one["name"]), {})
            self.tasks.add(one["name"], ChoiceCard(
                TaskDrawing(one["title"], Asked.of(one, usual)), title=one["title"], source=one["paper"],
                name=f"task.task.{one['name']}",
                about=learns_words(one)))

    def _make_terms(self) -> None:
        self.terms.set_described((self.session.description or {})["terms"])

    def _make_backbone_cards(self) -> None:
        description = self.session.description or {}
        small_first = sorted(description.get("backbones", ()), key=lambda one: (one["takes"], one["parameters"]))
        for one in small_first if not self.backbones.names() else ():
            self.backbones.add(one["name"], ChoiceCard(
                NetworkDrawing(layers=len(one["layers"]), clips=one["takes"] == "clips"), title=one["title"], about="",
                source=one["paper"], name=f"task.backbone.{one['name']}"), group=_GROUPS[one["takes"]])

    def _show_recipe(self) -> None:
        recipe = self.session.recipe
        self.recipe.refresh()
        self.tasks.set_value(recipe.get("task", ""))
        self.backbones.set_value(recipe.get("backbone", ""))
        self.options.refresh()
        self.terms.set_defaults(section_of(whole_preset(self.session.description, recipe.get("name", "")), "terms"))
        self.terms.set_value(section_of(recipe, "terms"))
        self.starts_from.set_runs(self.session.runs, backbone=recipe.get("backbone", ""))
        self.starts_from.set_value(recipe.get("starts_from", ""))
        for one in (self.session.description or {})["backbones"]:
            here = measured(self.session.runs, one["name"])
            cost = f"{one['gmac_per_clip']:.3g}"
            what = said("{cost} GMAC a clip" if one["takes"] == "clips" else "{cost} GMAC a frame", cost=cost)
            self.backbones.set_facts(one["name"], "\n".join(filter(None, (
                said("{number} parameters", number=number(one["parameters"])), what, here))))
        wanted = (recipe, self.session.usable_videos)
        if wanted != self._key:
            self._key = wanted
            self._number += 1
            self._check_soon.start()

    def _check(self) -> None:
        """Ask the worker what the recipe comes to, and what the chance of the other tasks would be."""
        recipe, asked = self.session.recipe, self._number
        self.session.ask("recipe", {"values": recipe}, supersedes=True,
                         then=lambda result, _pictures: self._take(asked, result),
                         failed=lambda error: self._refuse(asked, error))
        for task in self.tasks.names():
            if task != recipe.get("task"):
                self._ask_chance(asked, task)

    def _ask_chance(self, asked: int, task: str) -> None:
        self.session.ask("recipe", {"values": changed(self.session.recipe, "task", task)},
                         then=lambda result, _pictures: self._tell_chance(asked, task, result),
                         failed=lambda _error: self.tasks.set_facts(
                             task, said(_UNFIT) if asked == self._number else ""))

    def _take(self, asked: int, result: dict[str, Any]) -> None:
        if asked != self._number:
            return
        self._answered = asked
        self.train.setEnabled(self.problem.tell_span(int(result["span_frames"])))
        self.options.set_error("", "")
        self.terms.set_error("", "")
        self.figures.set_value(result, videos=self.session.usable_videos, runs=self.session.runs)
        self.probe.look_up()
        self._tell_chance(asked, self.session.recipe.get("task", ""), result)

    def _refuse(self, asked: int, error: dict[str, Any]) -> None:
        if asked != self._number:
            return
        self._answered = asked
        self.problem.tell_refusal(error)
        for editor in (self.options, self.terms):
            editor.set_error(str(error.get("value", "")), str(error.get("rule", "")))
        self.figures.set_value({}, videos=[])
        self.train.setEnabled(False)

    def _tell_chance(self, asked: int, task: str, result: dict[str, Any]) -> None:
        if asked == self._number:
            guessing = Guessing.told(result["chance"], result.get("balanced_chance"))
            self.tasks.set_facts(task, said("{possible_answers}; guessing gives {share}{manner}",
                                            possible_answers=counted(result['classes'], 'possible answer'),
                                            share=share(guessing.level), manner=manner(guessing)))


def learns_words(task: Mapping[str, Any]) -> str:
    """Say what a task asks and what is learned by it."""
    learns = said(task["learns"])
    return f"{said(task['question'])} " + said("Learns: {what}.", what=learns[:1].lower() + learns[1:])
