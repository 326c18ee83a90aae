"""The report of a run, or of two runs beside each other: with frames of the videos or without."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import button, column, label, row
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import CheckBox, ChoiceBox, label_of

_WHY_PICTURES = ("Questions as the network gets them, and clips with their neighbours. Without them the page shows no "
                 "frame and may be passed on.")


class ReportForm(QWidget):
    """Edits what a report shows; `wanted` brings the further arguments of `studio report`."""

    wanted = Signal(object)

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self.pictures = CheckBox(said("With frames of the videos"))
        label_of(self.pictures, name=f"{prefix}.report_pictures", title=self.pictures.text(), about=_WHY_PICTURES)
        self.pictures.setToolTip(said(_WHY_PICTURES))
        self.pictures.set_value(True)
        self.report = button("Open the report", name=f"{prefix}.report", icon_name="open",
                             tip="One page with what was asked, the curves and the results; it needs no network",
                             clicked=lambda: self.wanted.emit(self.value()))
        self.other = ChoiceBox()
        label_of(self.other, name=f"{prefix}.report_other", title=said("Beside another run"),
                 about=said("The run that stands beside this one in a report of both"))
        self.other.setMinimumContentsLength(14)
        self.both = button("Open both beside each other", name=f"{prefix}.report_beside", icon_name="open",
                           tip="Curves over each other, settings that differ, figures with intervals, both verdicts",
                           clicked=lambda: self.wanted.emit(["--beside", str(self.other.value()), *self.value()]))
        self._says = label("", "caption", wrap=True)
        self._beside = QWidget()
        beside = column(label("Beside another run", "caption"), self.other, self.both, spacing=8)
        beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setLayout(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(12))
        layout.addWidget(self.pictures)
        layout.addLayout(row(self.report, None))
        layout.addWidget(self._beside)
        layout.addWidget(self._says)
        self.set_runs(None, [])

    def value(self) -> list[str]:
        """Give the arguments that say whether frames are shown."""
        return [] if self.pictures.value() else ["--no-pictures"]

    def set_runs(self, run: Run | None, others: Sequence[Run]) -> None:
        """Report on a run, and offer others to stand beside it."""
        self.report.setEnabled(run is not None)
        names = [other.name for other in others if run is not None and other.name != run.name]
        if [self.other.itemData(place) for place in range(self.other.count())] != names:
            self.other.set_choices([(name, name) for name in names])
        self._beside.setVisible(bool(names))

    def say(self, words: str) -> None:
        """Say where the report lies when no program opened it."""
        self._says.setText(words)
        self._says.setVisible(bool(words))
