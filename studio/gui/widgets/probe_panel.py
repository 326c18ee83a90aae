"""The leak probe: can the recipe's question be answered from what it should not need?"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from studio.engine.events import Event, Finished, Progress
from studio.gui.blocks import NoticeBar, button, fill, label, row
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.probe_bars import ProbeBars, unbroken
from studio.gui.words import duration, share

_ASKED_BY = ("task", "sampling", "augmentation", "task_options")


class ProbePanel(QWidget):
    """Starts the probe, follows it and shows what it found. Its value is the last result."""

    value_changed = Signal()

    def __init__(self, session: Session, *, page: str) -> None:
        super().__init__()
        self.setObjectName(f"{page}.probe_panel")
        self._session = session
        self._result: dict[str, Any] = {}
        self._job: Job | None = None
        self._probed: list[Any] = []
        self._start = button("Look for leaks", name=f"{page}.probe", icon_name="probe", clicked=self.start)
        self._stop = button("Stop", name=f"{page}.probe_stop", icon_name="stop", kind="plain",
                            clicked=self._ask_to_stop)
        self._bar, self._words = QProgressBar(), label("", "caption", wrap=True)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(said("Progress of the leak probe"))
        self._summary, self._bars = NoticeBar(name=f"{page}.probe_result"), ProbeBars()
        self._stale = label("", "warning", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        layout.addWidget(label("Leak probe", "heading"))
        layout.addWidget(label("Could a network cheat? Small networks try to answer from the border, the mean colour, "
                               "the stillest region or the grain alone.", "quiet", wrap=True))
        layout.addLayout(row(self._start, self._stop, None))
        for widget in (self._bar, self._words, self._summary, self._stale, self._bars):
            layout.addWidget(widget)
        session.recipe_changed.connect(self._mark_stale)
        session.project_changed.connect(self._forget)
        self._summary.set_value("")
        self._stale.hide()
        self._set_running(False)
        if job := session.running_job("probe"):
            self._follow(job)

    def value(self) -> dict[str, Any]:
        """Give the last result, empty before the first."""
        return dict(self._result)

    def kept(self) -> tuple[dict[str, Any], list[Any]]:
        """What outlives a change of theme: the last result and what it was asked by."""
        return dict(self._result), self._probed

    def restore(self, kept: tuple[dict[str, Any], list[Any]]) -> None:
        """Show the result that was kept."""
        result, probed = kept
        if result:
            self._probed = probed
            self._show(result)

    def look_up(self) -> None:
        """Show what was found about the recipe in work before, in this window or another."""
        asked = self._key()
        if not self._session.running_job("probe"):
            self._session.ask("kept_probe", {"recipe": self._session.recipe}, supersedes=True,
                              then=lambda result, _pictures: self._take_kept(asked, result),
                              failed=lambda _error: self._mark_stale())

    def _take_kept(self, asked: list[Any], result: dict[str, Any]) -> None:
        if result and asked == self._key() and not self._session.running_job("probe"):
            self._probed = asked
            self._show(result)

    def start(self) -> None:
        """Start the probe on the recipe in work."""
        project = self._session.project
        if project is None or self._session.running_job("probe"):
            return
        arguments = [str(project.root), *self._session.recipe_arguments()]
        self._follow(self._session.start_job("probe", arguments, title=said("Leak probe")))

    def _follow(self, job: Job) -> None:
        self._job = job
        self._probed = self._key()
        self._words.setText(said("Starting"))
        self._bar.setRange(0, 0)
        self._set_running(True)
        job.told.connect(self._hear)
        job.ended.connect(self._ended)
        if job.progress:
            self._show_progress(job.progress)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._show_progress(event)
        elif isinstance(event, Finished) and event.result.get("probes") and not event.stopped:
            self._show(event.result)

    def _show_progress(self, event: Progress) -> None:
        self._bar.setRange(0, event.total)
        fill(self._bar, event.done)
        done = share(event.done / event.total) if event.total else said("Starting")
        left = said(", {time} left", time=duration(event.seconds_left)) if event.seconds_left else ""
        self._words.setText(said("{done}{left}. Seen now: {detail}", done=done, left=left, detail=event.detail)
                            if event.detail else f"{done}{left}")

    def _show(self, result: dict[str, Any]) -> None:
        self._result = result
        self._summary.set_value(unbroken(result.get("sentence", "")), level="bad" if result.get("leak") else "good")
        self._bars.set_value(result["probes"])
        self._mark_stale()
        self.value_changed.emit()

    def _ask_to_stop(self) -> None:
        if job := self._session.running_job("probe"):
            job.request_stop()
            self._words.setText(said("Stopping"))
            self._stop.setEnabled(False)

    def _ended(self, code: int, sentence: str) -> None:
        self._job = None
        self._set_running(False)
        if sentence:
            self._summary.set_value(sentence, level="bad")
        elif code:
            self._summary.set_value(said("Stopped before the last look."), level="info")

    def _set_running(self, running: bool) -> None:
        self._start.setEnabled(not running)
        self._stop.setEnabled(running)
        for widget in (self._stop, self._bar, self._words):
            widget.setVisible(running)

    def _key(self) -> list[Any]:
        return [self._session.recipe.get(part) for part in _ASKED_BY]

    def _mark_stale(self) -> None:
        other = self._key() != self._probed
        self._stale.setText(said("Found with other options than these. Look again.") if other else
                            said("Found before the videos or the masks changed. Look again."))
        self._stale.setVisible(bool(self._result) and (other or bool(self._result.get("outdated"))))

    def _forget(self) -> None:
        self._result = {}
        job = self._session.running_job("probe")
        if job is not self._job:  # the one followed is about another project
            if self._job is not None:
                self._job.told.disconnect(self._hear)
                self._job.ended.disconnect(self._ended)
            self._job = None
            self._set_running(False)
            if job is not None:
                self._follow(job)
        self._summary.set_value("")
        self._bars.set_value([])
        self._stale.hide()
