"""Which run the pages look into: the runs that have weights, the newest first."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from studio.engine.runs import Run
from studio.gui.blocks import column, label
from studio.gui.judgement import right_words
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.run_list import run_label

WEIGHTS = "weights.safetensors"


def runs_with_weights(session: Session) -> list[Run]:
    """The runs that can be looked into, newest first."""
    return [run for run in reversed(session.runs) if (run.folder / WEIGHTS).is_file()]


def chosen_run(session: Session) -> Run | None:
    """The chosen run if it has weights, otherwise the newest one that has."""
    found = runs_with_weights(session)
    return next((run for run in found if run.name == session.selected_run), found[0] if found else None)


def name_beside(session: Session, result: dict[str, Any]) -> None:
    """Name what stands beside, in an answer of the worker, as the choice does."""
    if (run := session.run(str(result["beside"]["name"]))) is not None:
        result["beside"]["title"] = said("run {run}", run=run_label(run))


class RunChoice(QWidget):
    """Edits the session's chosen run."""

    def __init__(self, session: Session, *, name: str) -> None:
        super().__init__()
        self._session, self._labels = session, list[tuple[str, str]]()
        self.box = ChoiceBox()
        label_of(self.box, name=name, title=said("Run to look into"), about=said("Runs with weights, the newest first"))
        self.box.setMinimumContentsLength(18)
        self.box.value_changed.connect(self._choose)
        self._beside = label("", "caption", wrap=True)
        layout = column(label("Run", "caption"), self.box, self._beside)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.setMinimumWidth(current_theme().px(160))

    def value(self) -> str:
        """Give the run's name, or nothing."""
        run = chosen_run(self._session)
        return run.name if run else ""

    def refresh(self) -> None:
        """Show the session's runs."""
        found, chosen = runs_with_weights(self._session), chosen_run(self._session)
        labels = [(run.name, run_label(run)) for run in found]
        if labels != self._labels:
            self._labels = labels
            self.box.set_choices(labels)
        if chosen:
            self.box.set_value(chosen.name)
            self.box.setToolTip(f"{chosen.name}\n{said(chosen.title)}")
        self._beside.setText(_in_words(chosen) if chosen else "")

    def _choose(self, name: str) -> None:
        self._session.select_run(name)
        self.refresh()


def _in_words(run: Run) -> str:
    words = []
    if run.accuracy is not None:
        words.append(right_words(run).replace(" %", "\u202f%"))
    if run.state == "running":
        words.append(said("still training: its best weights so far"))
    return " · ".join(words) or said(run.title)
