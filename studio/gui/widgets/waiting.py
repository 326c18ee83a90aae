"""A line that says what is waited for: the phase, how far, how long still. It keeps its place while it is hidden."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from studio.gui.blocks import button, fill
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.elided import Elided
from studio.gui.words import duration, number

_PATIENCE_MILLISECONDS, _SILENCE_SECONDS = 250, 30
_PHASES = {"features": noted("Making features"), "neighbours": noted("Comparing clips"),
           "activations": noted("Looking at the clip"), "map": noted("Drawing the map"),
           "decoding": noted("Reading the file"), "units": noted("Looking for what excites the units")}


class Waiting(QWidget):
    """Shown a moment after `start`, until `stop`; `progress` takes the worker's events.

    With `can_stop` long work has a button: `stop_clicked`.
    """

    stop_clicked = Signal()

    def __init__(self, *, name: str, can_stop: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        theme = current_theme()
        self._words = Elided()
        self._words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._words.setMinimumWidth(1)  # a long sentence never makes the page scroll sideways
        set_kind(self._words, "caption")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(theme.px(160))
        self._bar.setAccessibleName(said("Progress"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(12))
        row.addWidget(self._bar)
        row.addWidget(self._words, 0 if can_stop else 1)
        if can_stop:
            self._stop = button("Stop", name=f"{name}.stop", kind="link", clicked=self.stop_clicked.emit,
                                tip="Stop this; it can be asked again")
            row.addWidget(self._stop)
            row.addStretch(1)
        self.setFixedHeight(theme.px(20))
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self._patience.timeout.connect(self._appear)
        self._silence = QTimer(self, interval=1000)
        self._silence.timeout.connect(self._count_silence)
        self._sentence, self._heard_at = "", 0.0
        self.hide()

    def value(self) -> str:
        """Give the words shown."""
        return self._words.text()

    @property
    def waits(self) -> bool:
        """Whether something is waited for, shown already or not."""
        return self._patience.isActive() or not self.isHidden()

    def start(self, sentence: str) -> None:
        """Say what is waited for, unless it comes at once."""
        self._hear(sentence)
        self._bar.setRange(0, 0)
        self._patience.start()

    def stop(self) -> None:
        """It came."""
        self._patience.stop()
        self._silence.stop()
        self.hide()

    def progress(self, event: Mapping[str, Any]) -> None:
        """Show a progress event of the worker."""
        if event.get("kind") != "progress":
            return
        done, total = int(event.get("done", 0)), int(event.get("total", 0))
        words = said(_PHASES.get(str(event.get("phase")), str(event.get("phase", "")).capitalize()))
        if detail := event.get("detail"):
            words += f", {detail}"
        if total and event.get("unit"):
            words += said(": {done} of {total} {unit}", done=number(done), total=number(total),
                          unit=said(event["unit"]))
        if (left := event.get("seconds_left")) is not None and left >= 1:
            words += said(", {time} left", time=duration(left))
        self._bar.setRange(0, total)
        fill(self._bar, done)
        self._hear(words)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._silence.stop()

    def _hear(self, sentence: str) -> None:
        self._sentence, self._heard_at = sentence, time.monotonic()
        self._words.setText(sentence)
        self._words.setToolTip(sentence)
        self.setAccessibleName(sentence)

    def _appear(self) -> None:
        self.show()
        self._silence.start()

    def _count_silence(self) -> None:
        silent = time.monotonic() - self._heard_at
        if silent >= _SILENCE_SECONDS:
            self._words.setText(said("{sentence}. No word from the worker for {time}; it still runs.",
                                     sentence=self._sentence, time=duration(silent)))
