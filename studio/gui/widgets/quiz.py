"""The quiz: the person orders ten tuples, points at the odd one or chooses an answer, and learns how hard that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.inspection.wilson import wilson
from studio.gui.blocks import button, column, label, row
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.tuple_view import LETTERS, Dealt, TupleView, letters_in_time
from studio.gui.words import counted, ordinal, share

_TILE_PIXELS = 168
_MOST_CHOICES = 4
_UNEVEN = 0.6
"""Where the commonest answer is right more often than this among few answers, they are not called equally common."""


class Answer(NamedTuple):
    """What the person said of a tuple: each shown element's place in time; or the odd one, or the answer chosen, alone.

    All are counted from 0.
    """

    dealt: Dealt
    order: list[int]
    right: bool


class Quiz(QWidget):
    """Asks tuple after tuple; its value are the answers so far. `ended` when the person leaves it."""

    value_changed = Signal()
    ended = Signal()

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._page, self._chance, self._merged, self._asks_more = page, 0.0, False, False
        self._waiting: list[Dealt] = []
        self._asked = 0
        self._answers: list[Answer] = []
        self._picked: list[int] = []
        theme = current_theme()
        self._count, self._head = label("", "caption"), label("", "heading", wrap=True)
        self._how, self._question = label("", "quiet", wrap=True), ""
        self._view = TupleView(name=f"{page}.quiz_tuple", elements=3, facts=False, tile_pixels=_TILE_PIXELS)
        self._view.set_answer_shown(False)
        self._view.element_clicked.connect(self._pick)
        self._next = button("Next", name=f"{page}.quiz_next", kind="primary", clicked=self._take)
        self._again = button("Start this one over", name=f"{page}.quiz_over", kind="plain", clicked=self._forget)
        self._choices = [button(said("Answer {number}", number=number + 1), name=f"{page}.quiz_choice_{number + 1}",
                                clicked=partial(self._choose, number)) for number in range(_MOST_CHOICES)]
        self._end = button("End the quiz", name=f"{page}.quiz_end", kind="plain", clicked=self._leave)
        self._missed = QVBoxLayout()
        self._missed.setSpacing(theme.px(16))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(12))
        layout.addLayout(column(self._count, self._head, self._how))
        layout.addWidget(self._view)
        layout.addLayout(row(*self._choices, self._next, self._again, self._end, None))
        layout.addLayout(self._missed)

    def value(self) -> list[Answer]:
        """Give the answers so far."""
        return list(self._answers)

    def start(self, tuples: Sequence[Dealt], *, question: str, classes: int, chance: float) -> None:
        """Ask these tuples."""
        self._question = question
        self._waiting, self._asked, self._answers = [one.asked_part for one in tuples], len(tuples), []
        choices, self._asks_more = self._waiting[0].choices, any(one.asks_more for one in tuples)
        self._chance = commonest(tuples) if choices else chance
        self._merged = classes * 2 == math.factorial(len(self._waiting[0].order))
        self._clear_missed()
        self._view.show()
        for widget in (self._next, self._again):
            widget.setVisible(not choices)
        for number, widget in enumerate(self._choices):
            widget.setVisible(number < len(choices))
            if number < len(choices):
                widget.setText(choices[number])
                widget.setAccessibleName(choices[number])
        self._end.setText(said("End the quiz"))
        self._ask()

    def take_focus(self) -> None:
        """Let the keyboard go on where the next answer is given, or where the quiz is left."""
        (self._end if not self._waiting else self._choices[0] if self._waiting[0].choices
         else self._view.tiles[0]).setFocus()

    def result(self) -> str:
        """Say how the person did against guessing."""
        return verdict(sum(answer.right for answer in self._answers), len(self._answers), chance=self._chance)

    def _ask(self) -> None:
        dealt = self._waiting[0]
        self._view.set_value(dealt)
        self._count.setText(said("Question {count} of {asked}", count=len(self._answers) + 1, asked=self._asked))
        self._head.setText(said(self._question))
        clips = dealt.pictures_EFHW3.shape[1] > 1
        both = said(" Forward and backward both count.") if self._merged else ""
        if dealt.choices:
            self._how.setText(said("Look at them from left to right. Among these questions each answer is right "
                                   "about equally often.") if self._chance < _UNEVEN
                              else said("Look at them from left to right."))
        elif dealt.odd is not None:
            self._how.setText(said("Point at a clip to play it, and choose the odd one.") if clips
                              else said("Choose the odd one."))
        else:
            both += said(" Only the order is asked of you.") if self._asks_more else ""
            how = said("Point at a clip to play it, and choose the clips in the order of time: first what happened "
                       "first.") if clips else \
                said("Choose the frames in the order of time: first what happened first.")
            self._how.setText(how + both)
        self._forget()

    @property
    def _picks_one(self) -> bool:
        return bool(self._waiting) and self._waiting[0].odd is not None

    def _pick(self, element: int) -> None:
        if not self._waiting or self._waiting[0].choices or element in self._picked:
            return
        self._picked = [element] if self._picks_one else [*self._picked, element]
        left = [number for number in range(len(self._view.tiles)) if number not in self._picked]
        self._picked += left if len(left) == 1 and not self._picks_one else []
        self._show_picks()

    def _forget(self) -> None:
        self._picked = []
        self._show_picks()

    def _show_picks(self) -> None:
        for number, tile in enumerate(self._view.tiles):
            place = self._picked.index(number) if number in self._picked else -1
            tile.set_selected(place >= 0)
            chosen = said("the odd one") if self._picks_one else said("{place} in time", place=ordinal(place + 1))
            tile.set_caption(LETTERS[number] + (f": {chosen}" if place >= 0 else ""))
        self._next.setEnabled(len(self._picked) == (1 if self._picks_one else len(self._view.tiles)))
        self._next.setText(said("Next") if len(self._waiting) > 1 else said("See how you did"))
        self._again.setEnabled(bool(self._picked))

    def _choose(self, answer: int) -> None:
        if self._waiting:
            dealt = self._waiting.pop(0)
            self._note(Answer(dealt, [answer], answer == dealt.label))

    def _take(self) -> None:
        dealt, picked = self._waiting.pop(0), self._picked
        if dealt.odd is not None:
            self._note(Answer(dealt, picked, picked == [dealt.odd]))
        else:
            order = [picked.index(number) for number in range(len(picked))]
            self._note(Answer(dealt, order, is_right(order, dealt.order, merged=self._merged)))

    def _note(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._ask() if self._waiting else self._judge()
        if not answer.dealt.choices or not self._waiting:  # the same choice may be right again
            self.take_focus()
        self.value_changed.emit()

    def _leave(self) -> None:
        """End the quiz: what was answered is judged first."""
        if self._waiting and self._answers:
            self._waiting.clear()
            self._judge()
            self.take_focus()
        else:
            self.ended.emit()

    def _judge(self) -> None:
        missed = [answer for answer in self._answers if not answer.right]
        lucky = [answer for answer in self._answers if answer.right and answer.dealt.still]
        self._count.setText(said("Your answers") if len(self._answers) == self._asked else
                            said("Your answers to {count} of {asked} questions", count=len(self._answers),
                                 asked=self._asked))
        self._head.setText(said("{right} of {asked} right", right=len(self._answers) - len(missed),
                                asked=len(self._answers)))
        self._how.setText(self.result())
        for widget in (self._view, self._next, self._again, *self._choices):
            widget.hide()
        self._end.setText(said("Back to the tuples"))
        self._list(missed, said("{tuples} missed", tuples=counted(len(missed), "tuple")), name="missed")
        self._list(lucky, said("{tuples} answered rightly, perhaps by luck", tuples=counted(len(lucky), "tuple")),
                   name="lucky")

    def _list(self, answers: Sequence[Answer], heading: str, *, name: str) -> None:
        if answers:
            self._missed.addWidget(label(heading, "heading"))
        for number, answer in enumerate(answers):
            view = TupleView(name=f"{self._page}.quiz_{name}_{number + 1}", elements=len(answer.dealt.order))
            view.set_note(answer_note(answer))
            view.set_value(answer.dealt)
            self._missed.addWidget(view)

    def _clear_missed(self) -> None:
        while (item := self._missed.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


def is_right(order: Sequence[int], truth: Sequence[int], *, merged: bool) -> bool:
    """Tell whether an order is the true one, or its reverse where the two count as one."""
    backward = [len(truth) - 1 - place for place in truth]
    return list(order) == list(truth) or (merged and list(order) == backward)


def evened(tuples: Sequence[Dealt], count: int) -> list[Dealt]:
    """Choose `count` tuples so that each answer is right as often as the others, as far as there are enough of it."""
    seen: dict[int, int] = {}
    turn = []
    for dealt in tuples:
        turn.append(seen.setdefault(dealt.label, 0))
        seen[dealt.label] += 1
    chosen = sorted(range(len(tuples)), key=lambda place: (turn[place], place))[:count]
    return [tuples[place] for place in sorted(chosen)]


def commonest(tuples: Sequence[Dealt]) -> float:
    """The share of tuples that the commonest answer is right for."""
    labels = [dealt.label for dealt in tuples]
    return max(map(labels.count, labels)) / len(labels)


def can_ask(dealt: Dealt, classes: int) -> bool:
    """Tell whether a tuple asks for one of few answers, the odd element, or an order where each order is an answer."""
    if dealt.odd is not None or dealt.choices:
        return dealt.odd is not None or len(dealt.choices) <= _MOST_CHOICES
    order = dealt.asked_part.order
    orders = math.factorial(len(order))
    return sorted(order) == list(range(len(order))) and classes in (orders, orders // 2)


def answer_note(answer: Answer) -> str:
    """Say what the person answered, in the letters of the elements, and whether the tuple was hard for anybody."""
    dealt = answer.dealt
    if dealt.choices:
        choice = dealt.choices[answer.order[0]]
        answered = choice[:1].lower() + choice[1:]
    else:
        answered = LETTERS[answer.order[0]] if dealt.odd is not None else letters_in_time(answer.order)
    hard = "" if not dealt.still else said(" Little moves in it: nobody could be sure, a network neither.") \
        if not answer.right else said(" Little moves in it: that could have been luck.")
    return said("You said {answered}.{hard}", answered=answered, hard=hard)


def verdict(right: int, asked: int, *, chance: float) -> str:
    """Say what `right` answers out of `asked` mean against guessing, with the 95 % interval in words."""
    low, high = wilson(right, asked)
    if low > chance:
        meaning = said("That is better than guessing: the order can be seen in these videos.")
    elif high < chance:
        meaning = said("That is worse than guessing: something misleads you, and may mislead a network.")
    else:
        meaning = said("{asked} answers cannot tell this from guessing: the question may be too hard for these "
                       "videos.", asked=asked)
    return said("Guessing would give {guessed} of {asked} ({chance}). With so few questions your true rate lies "
                "between {low} and {high}. {meaning}", guessed=f"{chance * asked:.1f}", asked=asked,
                chance=share(chance), low=share(low), high=share(high), meaning=meaning)
