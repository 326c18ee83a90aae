"""The main buttons of the Train page: what they are called and which of them there are follows from what trains."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QPushButton

from studio.engine.runs import Run
from studio.gui.blocks import button, set_icon
from studio.gui.texts import said
from studio.gui.theme import set_kind
from studio.gui.training_jobs import GOES_ON, TrainingJobs

REST_MILLISECONDS = 1000
"""After a click on a start so long nothing more is taken: it may be a double one, on what came in its place."""


class RunButtons(QObject):
    """Start, pause, stop, go on: `begin_clicked` asks for a new run, `again_clicked` to go on (longer: True) with one.

    While something trains a new run, and going on, means later: it is added to the queue.
    """

    begin_clicked = Signal()
    again_clicked = Signal(bool)

    def __init__(self, jobs: TrainingJobs, parent: QObject, *, prefix: str) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._run: Run | None = None
        self._only_looks = False
        self._resting: list[QPushButton] = []
        self._rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._rest.timeout.connect(self._show)
        self.longer = button("Train longer", name=f"{prefix}.longer", clicked=lambda: self._go_on(longer=True))
        self.resume = button("Resume", name=f"{prefix}.resume", icon_name="play",
                             clicked=lambda: self._go_on(longer=False))
        self.pause = button("Pause", name=f"{prefix}.pause", icon_name="pause", clicked=jobs.pause_or_go_on)
        self.stop = button("Stop and keep", name=f"{prefix}.stop", icon_name="stop", clicked=jobs.stop)
        self.start = button("Start training", name=f"{prefix}.start", icon_name="play", kind="primary",
                            clicked=self._begin)
        self.add = button("Add to the queue", name=f"{prefix}.queue_add", kind="primary",
                          clicked=self._begin,
                          tip="The recipe in work is trained when what trains now, and what waits, is done")

    def value(self) -> list[QPushButton]:
        """Give the buttons from left to right."""
        return [self.longer, self.resume, self.pause, self.stop, self.start, self.add]

    def set_value(self, run: Run | None, *, only_looks: bool) -> None:
        """Show what can be done; `run` is the one shown, if it is one. `only_looks`: nothing may be added."""
        self._run, self._only_looks = run, only_looks
        self._show()

    def _begin(self) -> None:
        self._let_rest(self.add)
        self.begin_clicked.emit()
        self._show()

    def _go_on(self, *, longer: bool) -> None:
        self._let_rest(self.longer if longer else self.resume)
        self.again_clicked.emit(longer)
        self._show()

    def _let_rest(self, clicked: QPushButton) -> None:
        """What only lets something wait moves no other button."""
        self._resting = [clicked] if self._jobs.trains() else self.value()
        self._rest.start()

    def _show(self) -> None:
        jobs = self._jobs
        busy, trains = jobs.busy(), jobs.trains()
        _allow(self.start, not busy, busy or said("Train the recipe in work from the beginning"))
        _allow(self.stop, jobs.stoppable(),
               said("Nothing more is trained. What waits goes on waiting") if jobs.between_runs() else
               said("Stops after the present step. Everything learned so far is kept, and it can go on later"))
        self.stop.setText(said("Stopping …") if jobs.stopping() else said("Stop and keep"))
        self.start.setVisible(not trains)
        self.add.setVisible(trains)
        self.add.setEnabled(not self._only_looks)
        self._show_pause()
        self._show_again(trains=trains, allowed=not (self._only_looks if trains else busy))
        if self._rest.isActive():
            for made in self._resting:
                made.setEnabled(False)

    def _show_again(self, *, trains: bool, allowed: bool) -> None:
        """Offer to go on with the run shown, unless that begins already."""
        run = self._run if self._run and self._run.name != self._jobs.going_on() else None
        self.resume.setVisible(run is not None and run.state in GOES_ON)
        self.longer.setVisible(run is not None and run.state == "finished")
        waits = run is not None and any(entry.resume == run.name for entry in self._jobs.queue.entries)
        for made, now, later, tip in (
                (self.resume, said("Resume"), said("Resume later"),
                 said("Go on with this run from its last checkpoint")),
                (self.longer, said("Train longer"), said("Train longer later"),
                 said("Go on with this run until it has taken twice as long"))):
            made.setText(later if trains else now)
            made.setAccessibleName(made.text())
            _allow(made, allowed and not waits, said("It waits in the queue already") if waits else tip)

    def _show_pause(self) -> None:
        pausing = self._jobs.pausing()
        set_kind(self.pause, "primary" if pausing else "")
        set_kind(self.add, "" if pausing else "primary")
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
