"""The report of a run, or of two runs beside each other: with frames of the videos or without."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import button, column, label, row
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import CheckBox, ChoiceBox, label_of
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.run_list import run_label
from studio.gui.widgets.written import Written, show_reason

_WHY_PICTURES = noted("Questions as the network gets them, and clips with their neighbours. Without them the page "
                      "shows no frame and may be passed on.")
_ABOUT_PICTURES = (noted("It shows no frame and may be passed on."),
                   noted("It contains pictures of the videos: not for passing on unseen."))
_ONE_PAGE = noted("One page with what was asked, the curves and the results; it needs no network")
_BOTH = noted("Curves over each other, settings that differ, figures with intervals, both verdicts")


class ReportForm(QWidget):
    """Edits what a report shows; `wanted` brings the further arguments of `studio report`."""

    wanted = Signal(object)

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self.pictures = CheckBox(said("With pictures of videos"))
        label_of(self.pictures, name=f"{prefix}.report_pictures", title=self.pictures.text(), about=_WHY_PICTURES)
        self.pictures.setToolTip(said(_WHY_PICTURES))
        self._about = label(_ABOUT_PICTURES[0], "caption", wrap=True)
        self.pictures.value_changed.connect(self._show_about)
        self.report = button("Open the report", name=f"{prefix}.report", icon_name="open",
                             clicked=lambda: self.wanted.emit(self.value()))
        self.other = ChoiceBox()
        label_of(self.other, name=f"{prefix}.report_other", title=said("Beside another run"),
                 about=said("The run that stands beside this one in a report of both"))
        self.other.setMinimumContentsLength(14)
        self.both = button("Open both beside each other", name=f"{prefix}.report_beside", icon_name="open",
                           clicked=lambda: self.wanted.emit(["--beside", str(self.other.value()), *self.value()]))
        self._run: Run | None = None
        self._waits, self._why = "", label("", "caption", wrap=True)
        self.progress = JobLine(prefix=f"{prefix}.reporting", narrow=True)
        self.written = Written(name=f"{prefix}.reported")
        self._beside = QWidget()
        beside = column(label("Beside another run", "caption"), self.other, self.both, spacing=8)
        beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setLayout(beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(12))
        layout.addLayout(column(self.pictures, self._about))
        layout.addLayout(row(self.report, None))
        for part in (self._why, self.progress, self.written, self._beside):
            layout.addWidget(part)
        self.set_runs(None, [])

    def value(self) -> list[str]:
        """Give the arguments that say whether frames are shown."""
        return [] if self.pictures.value() else ["--no-pictures"]

    def set_runs(self, run: Run | None, others: Sequence[Run]) -> None:
        """Report on a run, and offer others to stand beside it."""
        self._run = run
        choices = [(other.name, run_label(other)) for other in others if run is not None and other.name != run.name]
        if [(self.other.itemData(place), self.other.itemText(place)) for place in range(self.other.count())] != choices:
            self.other.set_choices(choices)
        self._beside.setVisible(bool(choices))
        self.set_waiting(self._waits)

    def _show_about(self, pictures: bool) -> None:
        self._about.setText(said(_ABOUT_PICTURES[pictures]))
        set_kind(self._about, "warning" if pictures else "caption")

    def set_waiting(self, reason: str) -> None:
        """Say why no report can be written now; nothing when one can."""
        self._waits = reason
        for one, tip in ((self.report, _ONE_PAGE), (self.both, _BOTH)):
            one.setEnabled(self._run is not None and not reason)
            one.setToolTip(reason or said(tip))
        show_reason(self._why, "" if self.progress.value() else reason)
