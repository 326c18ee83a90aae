"""One line for a job that runs: what phase, how far, how long still, what it is at, and a way to stop it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.events import Event, Progress
from studio.gui.blocks import button, label, set_icon
from studio.gui.jobs import Job
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.words import duration, number, phase_text

_CAN_WAIT = ("scan",)
"""Operations that can be paused."""
_PAUSED = "paused"


class JobLine(QWidget):
    """Shows one job, or hides while there is none. `prefix` starts the object names of its controls."""

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self._job: Job | None = None
        self._words, self._detail = label("", "strong"), label("", "caption")
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setObjectName(f"{prefix}.progress")
        self._bar.setTextVisible(False)
        self._stop = button("Stop", name=f"{prefix}.stop", icon_name="stop", clicked=self._ask_to_stop)
        self._pause = button("Pause", name=f"{prefix}.pause", icon_name="pause", clicked=self._pause_or_go_on,
                             tip="What is at hand is finished, and nothing else is begun")
        left = QVBoxLayout()
        left.setSpacing(theme.px(6))
        for widget in (self._words, self._bar, self._detail):
            left.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(16))
        layout.addLayout(left, 1)
        layout.addWidget(self._pause)
        layout.addWidget(self._stop)
        self.hide()

    def value(self) -> Job | None:
        """Give the job shown."""
        return self._job

    def set_value(self, job: Job | None) -> None:
        """Show a job, or none."""
        if job is not self._job:
            if self._job is not None:
                self._job.told.disconnect(self._hear)
            self._job = job
            if job is not None:
                job.told.connect(self._hear)
        self.setVisible(job is not None)
        if job is not None:
            self._show(job.progress)

    def forget(self) -> None:
        """Let go of a job that ended."""
        self._job = None
        self.hide()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._show(event)

    def _show(self, progress: Progress | None) -> None:
        stopping = self._job is not None and self._job.stopping
        self._stop.setEnabled(not stopping)
        pausing = self._job is not None and self._job.pausing
        self._show_pause(pausing=pausing, stopping=stopping)
        words = "Starting" if progress is None else phase_text(progress.phase).capitalize()
        if progress and progress.total:
            words += f": {number(progress.done)} of {number(progress.total)} {progress.unit}".rstrip()
        if progress and progress.seconds_left:
            words += f", {duration(progress.seconds_left)} left"
        if stopping:
            words = "Stopping; what has been read is kept"
        elif pausing and (progress is None or progress.phase != _PAUSED):
            words = said("{doing}; it pauses after the videos at hand", doing=words)
        self._words.setText(words)
        self._detail.setText(progress.detail if progress else "")
        self._bar.setAccessibleName(words)
        self._bar.setRange(0, progress.total if progress else 0)
        self._bar.setValue(progress.done if progress else 0)

    def _show_pause(self, *, pausing: bool, stopping: bool) -> None:
        self._pause.setVisible(self._job is not None and self._job.operation in _CAN_WAIT)
        self._pause.setEnabled(not stopping)
        self._pause.setText(said("Go on") if pausing else said("Pause"))
        self._pause.setAccessibleName(self._pause.text())
        set_icon(self._pause, "play" if pausing else "pause")

    def _pause_or_go_on(self) -> None:
        if self._job is not None:
            self._job.request_pause(wanted=not self._job.pausing)
            self._show(self._job.progress)

    def _ask_to_stop(self) -> None:
        if self._job is not None:
            self._job.request_stop()
            self._show(self._job.progress)
