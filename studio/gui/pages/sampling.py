"""Sampling: what the network is asked. Every option redeals at once; the quiz asks the person the same questions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.guessing import Guessing
from studio.engine.sampling import Sampling
from studio.gui.blocks import button, column, label, row
from studio.gui.dealing import Dealing
from studio.gui.failure_bar import FailureBar
from studio.gui.hiding import show_hidden
from studio.gui.pages.page import Page, quoted
from studio.gui.recipes import Values, section_of
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import CheckBox
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.masked_row import MaskedRow
from studio.gui.widgets.motion_panel import MotionPanel
from studio.gui.widgets.quiz import Quiz, can_ask, evened
from studio.gui.widgets.sampling_options import SamplingOptions
from studio.gui.widgets.side_scroll import SideScroll
from studio.gui.widgets.tuple_list import TupleList
from studio.gui.widgets.tuple_view import Dealt
from studio.gui.widgets.video_choice import VideoChoice
from studio.gui.widgets.waiting import Waiting
from studio.gui.words import counted, share

TUPLES, QUESTIONS, DRAWN = 6, 10, 40
"""Tuples shown, and asked in the quiz: out of so many drawn, where some answers are rare."""
_ASKED_BY = ("task", "sampling", "augmentation", "task_options")
"""The parts of a recipe that decide which tuples are dealt."""


class SamplingPage(Page):
    """Shows a video's motion, the windows drawn on it and the tuples exactly as the network gets them."""

    name = "sampling"
    title = "Sampling"
    icon = "sampling"
    summary = "What the network is asked: pieces of your videos, cut out and shuffled, exactly as it will get them."

    in_parts = True

    def __init__(self, session: Session, *, at_once: bool = True) -> None:
        super().__init__(session)
        self._seed = random.randrange(10_000)
        self._key: object = None
        self._can_quiz = self._uneven = False
        self._refused = ""
        self._result: dict[str, Any] = {}
        self.dealing = Dealing(session, self)
        self.parts = self._make()
        if at_once:
            self.make_rest()

    def waits_for(self) -> tuple[str, str] | None:
        if self.session.usable_videos:
            return None
        return said("Tuples are cut out of scanned videos, and this project has none that can be read yet."), "library"

    def command_line(self) -> str:
        project, chosen = self.session.project, self.videos.value()
        if project is None:
            return ""
        video = self.session.shelf.video(chosen)
        only = ["--video", video.path] if video else []
        return quoted("studio", "preview", str(project.root), *self.session.recipe_arguments(), *only, "--seed",
                      str(self._seed), "-n", str(TUPLES), "-o", "tuples.png")

    def refresh(self) -> None:
        first_time = self.videos.count() <= 1  # all of them, of which there were none
        self.videos.set_videos(self.session.usable_videos, self.session.shelf.names)
        if first_time and self.session.usable_videos:
            self.videos.set_value(first_long_enough(self.session.usable_videos, self.session.recipe))
        self.options.refresh()
        self._show_motion()
        self._deal()
        self._allow()
        super().refresh()

    def kept(self) -> dict[str, Any]:
        dealt = self.tuples.tuples if self.quiz.isHidden() and not self.dealing.waiting else []
        return {**super().kept(), self.objectName(): (self._seed, self._key, dealt, self._result)}

    def restore(self, kept: dict[str, Any]) -> None:
        super().restore(kept)
        self._seed, key, dealt, result = kept[self.objectName()]
        if dealt and key == self._wanted():
            self._key = key
            self.dealing.forget()
            self._take(dealt, result)
        else:
            self.refresh()

    def deal_another(self) -> None:
        """Deal other tuples with the same options."""
        self._seed += 1
        self.refresh()

    def _make(self) -> Iterator[None]:
        name = self.control
        self.videos = VideoChoice(name=name("video"))
        self.motion = MotionPanel(page=self.name)
        self._lay_out()
        yield
        elements = int(section_of(self.session.recipe, "sampling").get("tuple_length", 3))
        self.tuples = TupleList(name=name("tuples"), count=TUPLES, elements=elements)
        self._wide.addWidget(self.tuples)
        yield
        self.quiz = Quiz(page=self.name)
        self.quiz.hide()
        self._wide.addWidget(self.quiz)
        self._wide.addStretch(1)
        yield
        self.options = SamplingOptions(self.session, page=self.name)
        self._beside.addWidget(self.options)
        yield
        self.options.make_augmentation()
        yield
        self._connect()
        yield

    def _make_buttons(self) -> None:
        name = self.control
        self.answers = CheckBox(said("Show the answers"))
        self.answers.setObjectName(name("answers"))
        self.answers.setAccessibleName(said("Show the answers, frame numbers and times"))
        self.answers.set_value(True)
        self.masked = MaskedRow(name=name("hatch"))
        self.masked.hide()
        self.deal = button("Deal me another", name=name("deal"), icon_name="shuffle", kind="primary",
                           clicked=self.deal_another)
        self.ask_me = button("Quiz me", name=name("quiz"), icon_name="help", clicked=self._start_quiz)
        self.ask_me.setEnabled(False)
        for one in (self.ask_me, self.deal):
            self.header_buttons.addWidget(one)
        self.problem = FailureBar(self.session, name=name("problem"))
        self.waiting = Waiting(name=name("waiting"), can_stop=True)

    def _lay_out(self) -> None:
        """Make the frame, from the outside to the inside, with the small parts in it; the large ones come later."""
        theme = current_theme()
        wide, beside = QWidget(), QWidget()
        self._side = SideScroll(beside, page=self.scroll)
        sides = SideBySide(wide, self._side, column_pixels=316)
        sides.stacked_changed.connect(self._side.set_stacked)
        self.body.addWidget(sides)
        self.body.addStretch(1)
        self._wide, self._beside = QVBoxLayout(wide), QVBoxLayout(beside)
        for layout in (self._wide, self._beside):
            layout.setContentsMargins(0, 0, 0, 0)
        self._wide.setSpacing(theme.px(8))
        self._make_buttons()
        caption = label("Video")
        caption.setBuddy(self.videos)
        self._top = QWidget()
        top = row(caption, spacing=12)
        top.addWidget(self.videos, 1)
        top.setContentsMargins(0, 0, 0, 0)
        self._top.setLayout(top)
        self._question, self._guess = label("", "heading", wrap=True), label("", "quiet", wrap=True)
        self._head = QWidget()
        head = QGridLayout(self._head)
        head.setContentsMargins(0, theme.px(8), 0, 0)
        head.setHorizontalSpacing(theme.px(16))
        head.setVerticalSpacing(0)
        head.addLayout(column(self._question, self._guess, spacing=2), 0, 0)
        head.addWidget(self.answers, 0, 1)
        head.addWidget(self.waiting, 1, 0, 1, 2)
        head.setColumnStretch(0, 1)
        for widget in (self._top, self.motion, self.masked, self._head, self.problem):
            self._wide.addWidget(widget)

    def _connect(self) -> None:
        session = self.session
        for signal in (session.videos_changed, session.recipe_changed, session.description_changed):
            signal.connect(self._look_again)
        self.videos.value_changed.connect(lambda _video: self.refresh())
        self.answers.value_changed.connect(self.tuples.set_answers_shown)
        self.motion.tuple_clicked.connect(self.tuples.set_value)
        for changed in (self.answers.value_changed, self.masked.value_changed, self.tuples.value_changed,
                        self.motion.tuple_clicked):
            changed.connect(lambda _value: self._show_motion())
        self.quiz.ended.connect(self._leave_quiz)
        self.dealing.asked.connect(self._wait)
        self.dealing.slow.connect(self._empty)
        self.dealing.answered.connect(self.waiting.stop)
        self.dealing.refused.connect(self._refuse)
        self.waiting.stop_clicked.connect(self._refuse)
        self._allow()

    def _look_again(self) -> None:
        if self.isVisible():
            self.refresh()

    def _deal(self) -> None:
        """Ask for tuples, unless those on the screen are the ones that are wanted."""
        wanted = self._wanted()
        if wanted == self._key or not self.session.usable_videos:
            return
        self._key = wanted
        self._set_quiz_shown(False)
        self.dealing.ask(count=TUPLES, seed=self._seed, video_id=self.videos.value(), then=self._take)

    def _wanted(self) -> object:
        """Give what decides which tuples are dealt."""
        session = self.session
        return (session.project.root if session.project else None, self.videos.value(), self._seed,
                [session.recipe.get(part) for part in _ASKED_BY], session.usable_videos)

    def _wait(self) -> None:
        self.waiting.start(said("Dealing tuples") if self.session.description else said("Starting the preview worker"))

    def _empty(self) -> None:
        """The tuples on the screen belong to other options; new ones take a while."""
        self.tuples.wait()
        self._show_motion()

    def _take(self, tuples: list[Dealt], result: dict[str, Any]) -> None:
        self._result, self._refused = result, ""
        self.problem.set_value("")
        self.tuples.set_tuples(tuples)
        self._tell_question(result)
        self._can_quiz = bool(tuples) and can_ask(tuples[0], result["classes"])
        self._uneven = Guessing.told(result["chance"], result["balanced_chance"]).skewed
        self._set_quiz_shown(False)
        self._show_motion()

    def _refuse(self, error: dict[str, Any] | None = None) -> None:
        """Say why there are no tuples; without an error the person did not want to wait for them."""
        if error is None:
            self.dealing.forget()
            self.problem.tell_stopped()
        else:
            self.problem.tell_refusal(error)
        self._refused = self.problem.value() if error and error.get("rule") else ""  # or it may do when asked again
        self.tuples.wait()
        self._question.setText("")
        self._guess.setText("")
        self._can_quiz = False
        self._set_quiz_shown(False)
        self._show_motion()

    def _tell_question(self, result: dict[str, Any]) -> None:
        self._question.setText(said(result["question"]))
        uneven = Guessing.told(result["chance"], result["balanced_chance"]).skewed
        self._guess.setText(said("{answers}; always giving the commonest is right in {share}. One tuple spans {frames}."
                                 if uneven else "{answers}; guessing gives {share}. One tuple spans {frames}.",
                                 answers=counted(result["classes"], "possible answer"),
                                 share=share(result["chance"]).replace(" ", "\u00a0"),
                                 frames=counted(result["span_frames"], "frame")))

    def _show_motion(self) -> None:
        """Show the chosen video, or that of the selected tuple, with the windows of its tuples."""
        tuples, selected, video_id = self.tuples.tuples, self.tuples.value(), self.videos.value()
        if video_id is None and tuples:
            video_id = tuples[selected].video_id
        if video_id is None and self.session.usable_videos:
            video_id = self.session.usable_videos[0].id
        self.motion.set_video(video_id, None if video_id is None else self.session.cached_video(video_id))
        self.motion.set_tuples(tuples, selected=selected, answers=self.answers.value())
        self.masked.setVisible(show_hidden(self.session, self.masked, self.motion.strip, self.tuples, video_id)
                               and self.quiz.isHidden())

    def _start_quiz(self) -> None:
        self._seed += 1
        self._key = self._wanted()
        self.dealing.ask(count=DRAWN if self._uneven else QUESTIONS, seed=self._seed, video_id=None,
                         then=self._quiz_with)
        self._allow()

    def _quiz_with(self, tuples: list[Dealt], result: dict[str, Any]) -> None:
        self.quiz.start(evened(tuples, QUESTIONS), question=result["question"], classes=result["classes"],
                        chance=result["chance"])
        self._set_quiz_shown(True)
        if area := self.findChild(QScrollArea):
            area.ensureVisible(0, 0)
        self.quiz.take_focus()

    def _leave_quiz(self) -> None:
        self._key = None
        self._set_quiz_shown(False)
        self.refresh()

    def _set_quiz_shown(self, shown: bool) -> None:
        """In the quiz nothing else on the page may give an answer away."""
        self.quiz.setVisible(shown)
        if shown:
            self.problem.set_value("")
            self.masked.hide()
        self.tuples.setVisible(not shown and not self.problem.value())
        for widget in (self._top, self.motion, self._head, self.options, self.ask_me, self.deal):
            widget.setVisible(not shown)
        self.answers.setVisible(not shown and not self.problem.value())
        self._allow()

    def _allow(self) -> None:
        """Let tuples be dealt and asked about, or say why not.

        Before the worker has described the recipe its options are not complete: they would change under the quiz.
        """
        ready = self.session.description is not None and not self.dealing.waiting
        self.deal.setEnabled(not self._refused)
        self.deal.setToolTip(self._refused or said("Deal other tuples with the same options"))
        self.ask_me.setEnabled(ready and self._can_quiz and self.quiz.isHidden())
        self.ask_me.setToolTip(self._refused or (
            said("Tuples have to be dealt first") if not (ready and self.tuples.tuples) else
            said("Answer {count} of these questions yourself", count=QUESTIONS) if self._can_quiz else
            said("This question has too many answers for a person")))


def first_long_enough(videos: Sequence[Video], recipe: Values) -> int | None:
    """Give the first video with room for a tuple; the longest where none has, or where that is not known."""
    longest = max(videos, key=lambda video: video.frames)
    try:
        sampling = Sampling.model_validate(section_of(recipe, "sampling"))
    except ValidationError:
        return longest.id
    rate = sampling.frames_per_second
    return next((video.id for video in videos
                 if (video.seconds * rate if rate else video.frames) >= sampling.span_frames), longest.id)
