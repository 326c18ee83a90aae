"""The units of one network, asked of the worker: the most selective ones, and the clips of the one that is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.question import Question
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.unit_grid import UnitGrid

UNITS_SHOWN, CLIPS_SHOWN = 12, 6


class UnitSide(QWidget):
    """Shows what `ask` asked for. The worker's two methods are named so that both sides can be asked at once."""

    answered = Signal()
    failed = Signal(object)
    progressed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, session: Session, *, name: str, title: str, methods: tuple[str, str]) -> None:
        super().__init__()
        self.grid = UnitGrid(session, name=name)
        self._title = label(title, "heading")
        self.units_question, self.clips_question = (Question(session, method, self) for method in methods)
        self.units_question.answered.connect(self._take_units)
        self.clips_question.answered.connect(self._take_clips)
        for question in (self.units_question, self.clips_question):
            question.failed.connect(self._fail)
            question.busy_changed.connect(self.busy_changed)
        self.units_question.progressed.connect(self.progressed)
        self.grid.value_changed.connect(self._ask_for_clips)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        layout.addWidget(self._title)
        layout.addWidget(self.grid, 1)

    @property
    def questions(self) -> tuple[Question, Question]:
        """What is asked of the worker."""
        return self.units_question, self.clips_question

    def ask(self, params: dict[str, Any], *, title: str = "") -> None:
        """Ask for a network's units: `run`, `layer`, and `random` for its weights before training."""
        if title:
            self._title.setText(title)
        self.units_question.ask({**params, "count": UNITS_SHOWN})

    def _ask_for_clips(self, unit: int) -> None:
        self.clips_question.ask({**self.units_question.value(), "unit": unit, "clips": CLIPS_SHOWN}, now=True)

    def _take_units(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        self.grid.set_units(result, pictures)
        self.answered.emit()

    def _take_clips(self, result: dict[str, Any], pictures: list[np.ndarray]) -> None:
        self.grid.set_clips(result, pictures)

    def _fail(self, error: dict[str, Any]) -> None:
        self.grid.set_message(said("No picture"))
        self.failed.emit(error)
