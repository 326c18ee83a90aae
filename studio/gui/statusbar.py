"""The line at the window's foot: the device, the work that runs, free disk space, messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from studio.engine import files
from studio.engine.runs import HEARTBEAT, Run, stop_requested
from studio.gui.blocks import button, fill, label
from studio.gui.jobs import Job
from studio.gui.run_wishes import ask_to_stop
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme, icon, icon_size, set_kind, theme_watch
from studio.gui.widgets.elided import Elided
from studio.gui.words import bytes_text, counted, duration, phase_text

SILENCE_SECONDS = 30.0
"""After so long without an event the person is told that nothing was heard."""

_TICK_MILLISECONDS = 1000
_DISK_EVERY_TICKS = 15
_LITTLE_DISK_BYTES = 5e9
_LARGE = 1.6
_TRAINS = ("train", "queue")
"""Operations that train."""


@dataclass(frozen=True)
class Work:
    """Something that runs, as the status line shows it. `share` is 0 to 1, None while unknown.

    There is no `stop` where this window may not stop it.
    """

    title: str
    words: str
    share: float | None
    silent_seconds: float
    stop: Callable[[], None] | None
    stopping: bool


class StatusBar(QWidget):
    """Shows the state of the machine and of the work that runs."""

    messages_clicked = Signal()
    machine_clicked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setAccessibleName(said("Status"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._heard: dict[Job, float] = {}
        self._ticks = 0
        self._messages = 0
        self._gives_room = False
        self._device = button("", name="status.device", kind="plain", clicked=self.machine_clicked.emit)
        self._work = Elided()
        self._work.setObjectName("status.work")
        self._bar = QProgressBar()
        self._bar.setObjectName("status.progress")
        self._bar.setTextVisible(False)
        self._stop = button("Stop", name="status.stop", kind="plain", clicked=self._stop_first)
        self._disk = label("", "quiet")
        self._disk.setObjectName("status.disk")
        self._bell = button("", name="status.messages", kind="plain", clicked=self.messages_clicked.emit)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._device)
        self._layout.addSpacing(current_theme().px(16))
        self._layout.addWidget(self._work, 1)
        for widget in (self._bar, self._stop, self._disk, self._bell):
            self._layout.addWidget(widget)
        self._tick = QTimer(self, interval=_TICK_MILLISECONDS)
        self._tick.timeout.connect(self._on_tick)
        session.job_started.connect(self._follow)
        session.job_ended.connect(self._forget)
        session.description_changed.connect(self._show_device)
        session.runs_changed.connect(self._show_work)
        session.project_changed.connect(self._show_disk)
        session.project_changed.connect(self._show_work)
        session.writing.changed.connect(self._show_work)
        theme_watch().changed.connect(self.dress)
        self.dress()
        self._tick.start()

    def value(self) -> str:
        """Give the words about the running work."""
        return self._work.text()

    def set_messages(self, count: int) -> None:
        """Show how many messages behind the bell were not read yet."""
        self._messages = count
        self._bell.setText(str(count) if count else "")
        self._bell.setAccessibleName(said("New messages: {count}", count=count))
        self._bell.setToolTip(counted(count, "new message") if count else said("Messages; none is new"))

    def dress(self) -> None:
        """Take over the theme's sizes and colours."""
        theme = current_theme()
        self._layout.setContentsMargins(theme.px(16), theme.px(2), theme.px(8), theme.px(2))
        self._layout.setSpacing(theme.px(8))
        self._bar.setFixedWidth(theme.px(160 if theme.scale < _LARGE else 40))  # the words need the room
        for made, name in ((self._bell, "bell"), (self._stop, "stop")):
            self._put_icon(made, name)
        self._show_device()
        self._show_disk()
        self._show_work()
        self.set_messages(self._messages)

    def close_timers(self) -> None:
        """Stop looking."""
        self._tick.stop()

    def works(self) -> list[Work]:
        """Everything that runs: what this window does for the open project, its other runs, work for other projects.

        A training comes first: it is the longest, and what else runs has a line on its own page.
        """
        session = self._session
        here = sorted(session.jobs_here(), key=lambda job: job.operation not in _TRAINS)
        found = [self._of_job(job) for job in here]
        if not any(job.operation in _TRAINS for job in here):
            found += [self._of_run(run) for run in session.runs if run.state == "running"]
        return found + [self._of_job(job) for job in session.jobs if job not in here]

    def _of_job(self, job: Job) -> Work:
        progress = job.progress
        tells = progress is not None and bool(progress.unit or progress.total > 1)  # of one it is none or all
        share = progress.done / progress.total if progress and progress.total and tells else None
        words = []
        if progress:
            count = said("{done} of {total} {unit}", done=progress.done, total=progress.total,
                         unit=said(progress.unit)).strip() if progress.total and tells else ""
            left = said("{time} left", time=duration(progress.seconds_left)) if progress.seconds_left else ""
            words = [phase_text(progress.phase), count, left]
        silent = time.monotonic() - self._heard.get(job, time.monotonic())
        return Work(self._title(job), " · ".join(filter(None, words)) or said("starting"), share, silent,
                    job.request_stop, job.stopping)

    def _title(self, job: Job) -> str:
        """Name a job, and its project when that is not the open one."""
        if job.project is None or job in self._session.jobs_here():
            return job.title
        return said("{title} ({project})", title=job.title, project=job.project.name)

    def _of_run(self, run: Run) -> Work:
        """A run that another window or a command line started; who only looks on cannot stop it."""
        share = run.step / run.total_steps if run.total_steps else None
        step = said("step {step} of {total_steps}", step=run.step,
                    total_steps=run.total_steps) if run.total_steps else said("running")
        seconds_left = run.seconds / run.step * max(0, run.total_steps - run.step) if run.step else 0.0
        words = [said("paused") if run.paused else "", step,
                 said("{time} left", time=duration(seconds_left)) if seconds_left and not run.paused else ""]
        stop = None if self._session.writing.reason else partial(ask_to_stop, self._session, run)
        return Work(said("Training {run}", run=run.name), " · ".join(filter(None, words)), share, _silent_seconds(run),
                    stop, stop_requested(run.folder))

    def _follow(self, job: Job) -> None:
        self._heard[job] = time.monotonic()
        job.told.connect(self._hear)
        self._show_work()

    def _hear(self, _event: object) -> None:
        job = self.sender()
        if isinstance(job, Job):
            self._heard[job] = time.monotonic()

    def _forget(self, job: Job) -> None:
        self._heard.pop(job, None)
        self._show_work()
        self._show_disk()

    def _on_tick(self) -> None:
        self._ticks += 1
        if self._ticks % _DISK_EVERY_TICKS == 0:
            self._show_disk()
        if self._session.jobs or self._bar.isVisible():
            self._show_work()

    def _show_work(self) -> None:
        works = self.works()
        self._give_room(bool(works) and current_theme().scale >= _LARGE)
        self._bar.setVisible(bool(works))
        self._stop.setVisible(bool(works) and works[0].stop is not None)
        if not works:
            self._work.setText("")
            return
        work = works[0]
        silent = work.silent_seconds > SILENCE_SECONDS
        text = f"{work.title}: {work.words}"
        if silent:
            text = said("{title}: nothing heard for {time}", title=work.title, time=duration(work.silent_seconds))
        elif work.stopping:
            text = said("{title}: stopping and saving", title=work.title)
        if len(works) > 1:
            text += said(" · {count} more", count=len(works) - 1)
        self._work.setText(text)
        self._work.setToolTip("\n".join(f"{one.title}: {one.words}" for one in works))
        wanted = "warning" if silent else ""
        if self._work.property("kind") != wanted:
            set_kind(self._work, wanted)
        self._bar.setRange(0, 0 if work.share is None else 1000)
        fill(self._bar, round(1000 * (work.share or 0)))
        self._bar.setAccessibleName(said("Progress of {title}", title=work.title))
        self._stop.setEnabled(not work.stopping)
        self._stop.setAccessibleName(said("Stop {title}", title=work.title))

    def _give_room(self, wanted: bool) -> None:
        """With large text the words about the work take the place of what hardly changes; little disk stays said."""
        if wanted == self._gives_room:
            return
        self._gives_room = wanted
        self._show_device()
        self._show_disk()

    def _stop_first(self) -> None:
        works = self.works()
        if works and works[0].stop:
            works[0].stop()
            self._show_work()

    def _show_device(self) -> None:
        device = (self._session.description or {}).get("device") or {}
        title, reason = device.get("title", ""), device.get("reason", "")
        slow = bool(device) and device.get("kind") == "cpu"
        theme = current_theme()
        self._device.setText("" if self._gives_room else title or said("looking at this machine"))
        words = said("Trains on the processor: {reason}", reason=reason) if slow else title
        self._device.setToolTip(said("{words}\nWhat works on this machine", words=words).strip())
        self._device.setAccessibleName(said("Device: {title}. {reason}", title=title, reason=reason).strip())
        wanted = "plain-warning" if slow else "plain"
        if self._device.property("kind") != wanted:
            set_kind(self._device, wanted)
        self._device.setIcon(icon("chip", theme.warning if slow else theme.quiet, beside_text=True))
        self._device.setIconSize(icon_size(beside_text=True))

    def _show_disk(self) -> None:
        project = self._session.project
        if project is None:
            self._disk.setText("")
            return
        free = files.free_bytes(project.root)
        self._disk.setText(said("{free} free", free=bytes_text(free)))
        self._disk.setToolTip(said("Free space on the disk of {root}", root=project.root))
        wanted = "warning" if free < _LITTLE_DISK_BYTES else "quiet"
        self._disk.setVisible(wanted == "warning" or not self._gives_room)
        if self._disk.property("kind") != wanted:
            set_kind(self._disk, wanted)

    def _put_icon(self, made: QPushButton, name: str) -> None:
        theme = current_theme()
        made.setIcon(icon(name, theme.quiet if name == "bell" else "", beside_text=True))
        made.setIconSize(icon_size(beside_text=True))


def _silent_seconds(run: Run) -> float:
    """How long ago a run of another process told that it lives; one that waits for a person need not."""
    with suppress(OSError):
        return 0.0 if run.paused else max(0.0, time.time() - (run.folder / HEARTBEAT).stat().st_mtime)
    return 0.0
