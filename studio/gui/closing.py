"""The one question that closing the window asks while something runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.engine import queue
from studio.gui.blocks import button, label, row
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.words import counted

_TRAINS = ("train", "queue")
"""Operations that train."""
_FOR_THE_WINDOW = ("doctor", "preflight", "probe", "mask")
"""Operations whose result only the window takes: without it they are done for nobody."""


class Closing(QObject):
    """Decides whether a window may close now; asks once while work runs that can go on without it."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._question: QDialog | None = None
        self.decided = False
        session.job_ended.connect(self._close_when_done)

    def may_close(self) -> bool:
        """Say yes, or ask and say no: the window is closed again when the answer allows it."""
        goes_on = [job for job in self._session.jobs if job.operation not in _FOR_THE_WINDOW]
        if self.decided or not goes_on:
            self.decided = True
            self._end_the_others()
            return True
        if self._question is None:
            self._question = ask_before_closing(self._window, goes_on, keep=self._keep, stop=self._stop,
                                                more=self._more())
            self._question.finished.connect(self._forget)
        return False

    def _more(self) -> str:
        """Say what becomes of what waits, and of what is paused."""
        session, words = self._session, []
        trains = any(job.operation in _TRAINS for job in session.jobs)
        if session.project is not None and trains:
            with suppress(OSError):
                if waiting := len(queue.look(session.project).entries):
                    words.append(said("{runs} in the queue: kept going, training does them too; stopped, they wait.",
                                      runs=counted(waiting, "run")))
            if any(run.paused for run in session.runs):
                words.append(said("The run is paused, and stays so until it is told to go on here."))
        if any(job.pausing for job in session.jobs):
            words.append(said("What is paused goes on when the window is gone."))
        return " ".join(words)

    def _keep(self) -> None:
        self.decided = True
        self._window.close()

    def _end_the_others(self) -> None:
        for job in self._session.jobs:
            if job.operation in _FOR_THE_WINDOW:
                job.end()

    def _stop(self) -> None:
        self.decided = True
        self._end_the_others()
        for job in self._session.jobs:
            job.request_stop()
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self.decided and not self._session.jobs:
            self._window.close()

    def _forget(self) -> None:
        self._question = None


def ask_before_closing(window: QWidget, jobs: Sequence[Job], *, keep: Callable[[], None],
                       stop: Callable[[], None], more: str = "") -> QDialog:
    """Ask what becomes of the work that runs; cancelling changes nothing. `more` is said besides."""
    theme = current_theme()
    trains = any(job.operation in _TRAINS for job in jobs)
    title = ", ".join(job.title for job in jobs)
    dialog = QDialog(window)
    dialog.setObjectName("closing")
    dialog.setWindowTitle(said("Close the window"))
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(16))
    layout.setSpacing(theme.px(12))
    layout.addWidget(label(said("Training is going on") if trains else said("Work is going on"), "heading"))
    words = label(said("{title} can go on without the window: opening this project again shows all of it. Stopping "
                       "saves what was done, and it can be resumed.",
                       title=title), "quiet", wrap=True)
    besides = label(more, wrap=True)
    besides.setObjectName("closing.more")
    besides.setVisible(bool(more))
    words.setMinimumWidth(theme.px(440))
    layout.addWidget(words)
    layout.addWidget(besides)

    def choose(act: Callable[[], None]) -> Callable[[], None]:
        def chosen() -> None:
            dialog.close()
            act()
        return chosen

    keep_words = said("Keep training in the background") if trains else said("Keep it going in the background")
    first = button(keep_words, name="closing.keep", kind="primary", clicked=choose(keep))
    layout.addLayout(row(button("Cancel", name="closing.cancel", kind="plain", clicked=dialog.close), None,
                         button("Stop and save", name="closing.stop", clicked=choose(stop)), first))
    first.setDefault(True)
    first.setFocus()
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
