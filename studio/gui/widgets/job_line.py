"""One line for a job that runs: what phase, how far, how long still, what it is at, and a way to stop it."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QProgressBar, QVBoxLayout

from studio.engine.events import Event, Progress
from studio.gui.blocks import WordsAndButtons, button, fill, label, row, set_icon
from studio.gui.jobs import Job
from studio.gui.texts import said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.elided import Elided
from studio.gui.words import duration, number, phase_text

_CAN_WAIT = ("scan",)
"""Operations that can be paused."""
_PAUSED = "paused"
_LEAST_WORDS_PIXELS = 200


class JobLine(WordsAndButtons):
    """Shows one job, or hides while there is none. `prefix` starts the object names of its controls.

    A `narrow` one breaks its words, for a side column or large text.
    """

    def __init__(self, *, prefix: str, narrow: bool = False) -> None:
        super().__init__()
        theme = current_theme()
        self._job: Job | None = None
        self._words, self._detail = label("", "strong", wrap=narrow), Elided()
        set_kind(self._detail, "caption")
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
        buttons = row(self._pause, self._stop, spacing=16)
        whole = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.px(16))
        whole.addLayout(left, 1)
        whole.addLayout(buttons)
        self.set_parts(whole, buttons, least_pixels=_LEAST_WORDS_PIXELS)
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
        words = said("Starting") if progress is None else phase_text(progress.phase)
        words = words[:1].upper() + words[1:]
        if progress and progress.total:
            words += said(": {done} of {total} {unit}", done=number(progress.done), total=number(progress.total),
                          unit=said(progress.unit)).rstrip()
        if progress and progress.seconds_left:
            words += said(", {time} left", time=duration(progress.seconds_left))
        if stopping:
            words = said("Stopping; what has been read is kept")
        elif pausing and (progress is None or progress.phase != _PAUSED):
            words = said("{doing}; it pauses after the videos at hand", doing=words)
        self._words.setText(words)
        self._detail.setText(said(progress.detail) if progress else "")
        self._detail.setToolTip(self._detail.text())
        self._bar.setAccessibleName(words)
        self._bar.setRange(0, progress.total if progress else 0)
        fill(self._bar, progress.done if progress else 0)

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
