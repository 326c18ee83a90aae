"""The tuples that were dealt, under each other; one of them is selected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.tuple_view import Dealt, TupleView


class TupleList(QWidget):
    """Its value is the number of the selected tuple. The places are there before the tuples come."""

    value_changed = Signal(int)

    def __init__(self, *, name: str, count: int, elements: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("Tuples as the network gets them"))
        self._selected = 0
        self._tuples: list[Dealt] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(12))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.views = [TupleView(name=f"{name}.{number + 1}", elements=elements) for number in range(count)]
        for number, view in enumerate(self.views):
            view.clicked.connect(lambda number=number: self._choose(number))
            layout.addWidget(view)

    def value(self) -> int:
        """Give the number of the selected tuple, from 0."""
        return self._selected

    def set_value(self, number: int) -> None:
        """Select a tuple."""
        self._selected = number
        for place, view in enumerate(self.views):
            view.set_selected(place == number)

    @property
    def tuples(self) -> list[Dealt]:
        """The tuples shown, none while they are waited for."""
        return list(self._tuples)

    def set_tuples(self, tuples: Sequence[Dealt]) -> None:
        """Show tuples, as many as there are places."""
        self._tuples = list(tuples)[:len(self.views)]
        for view, dealt in zip(self.views, self._tuples, strict=False):
            view.set_value(dealt)
        self.set_value(min(self._selected, max(0, len(self._tuples) - 1)))

    def set_veils(self, hidden_TE: Sequence[Sequence[NDArray[np.bool_] | None]]) -> None:
        """Hatch what masks hide in the elements of each tuple; nothing where the list is empty."""
        for view, hidden_E in zip(self.views, [*hidden_TE, *[()] * len(self.views)], strict=False):
            view.set_veils(hidden_E)

    def wait(self) -> None:
        """Empty the places until the next tuples come."""
        self._tuples = []
        for view in self.views:
            view.wait()

    def set_answers_shown(self, shown: bool) -> None:
        """Show the answers or hide them."""
        for view in self.views:
            view.set_answer_shown(shown)

    def _choose(self, number: int) -> None:
        self.set_value(number)
        self.value_changed.emit(number)
