"""The main buttons of the Train page: what they are called and which of them there are follows from what trains."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton

from studio.engine.runs import Run
from studio.gui.blocks import button, set_icon
from studio.gui.texts import said
from studio.gui.training_jobs import GOES_ON, TrainingJobs


class RunButtons(QObject):
    """Start, pause, stop, go on: `begin_clicked` asks for a new run, `again_clicked` to go on (longer: True) with one.

    While something trains a new run, and going on, means later: it is added to the queue.
    """

    begin_clicked = Signal()
    again_clicked = Signal(bool)

    def __init__(self, jobs: TrainingJobs, parent: QObject, *, prefix: str) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.longer = button("Train longer", name=f"{prefix}.longer", clicked=lambda: self.again_clicked.emit(True),
                             tip="Go on with this run until it has taken twice as long")
        self.resume = button("Resume", name=f"{prefix}.resume", icon_name="play",
                             clicked=lambda: self.again_clicked.emit(False),
                             tip="Go on with this run from its last checkpoint")
        self.pause = button("Pause", name=f"{prefix}.pause", icon_name="pause", clicked=jobs.pause_or_go_on)
        self.stop = button("Stop and keep", name=f"{prefix}.stop", icon_name="stop", clicked=jobs.stop)
        self.start = button("Start training", name=f"{prefix}.start", icon_name="play", kind="primary",
                            clicked=self.begin_clicked.emit)
        self.add = button("Add to the queue", name=f"{prefix}.queue_add", kind="primary",
                          clicked=self.begin_clicked.emit,
                          tip="The recipe in work is trained when what trains now, and what waits, is done")

    def value(self) -> list[QPushButton]:
        """Give the buttons from left to right."""
        return [self.longer, self.resume, self.pause, self.stop, self.start, self.add]

    def set_value(self, run: Run | None, *, only_looks: bool) -> None:
        """Show what can be done; `run` is the one shown, if it is one. `only_looks`: nothing may be added."""
        jobs = self._jobs
        busy, trains = jobs.busy(), jobs.trains()
        _allow(self.start, not busy, busy or said("Train the recipe in work from the beginning"))
        _allow(self.stop, jobs.stoppable(),
               said("Stops after the present step. Everything learned so far is kept, and it can go on later"))
        self.stop.setText(said("Stopping …") if jobs.stopping() else said("Stop and keep"))
        self.start.setVisible(not trains)
        self.add.setVisible(trains)
        self.add.setEnabled(not only_looks)
        self._show_pause()
        self.resume.setVisible(run is not None and run.state in GOES_ON)
        self.longer.setVisible(run is not None and run.state == "finished")
        for made, now, later in ((self.resume, said("Resume"), said("Resume later")),
                                 (self.longer, said("Train longer"), said("Train longer later"))):
            made.setText(later if trains else now)
            made.setAccessibleName(made.text())
            made.setEnabled(not only_looks if trains else not busy)

    def _show_pause(self) -> None:
        pausing = self._jobs.pausing()
        self.pause.setVisible(self._jobs.trains())
        self.pause.setText(said("Go on") if pausing else said("Pause"))
        self.pause.setAccessibleName(self.pause.text())
        set_icon(self.pause, "play" if pausing else "pause")
        _allow(self.pause, self._jobs.pausable(), said("Go on from the step at which it paused") if pausing else
               said("Waits after the present step. It keeps its memory, and its clock stands still"))


def _allow(made: QPushButton, allowed: bool, tip: str) -> None:
    made.setEnabled(allowed)
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
