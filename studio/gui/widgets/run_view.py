"""One run: how it goes, its curves, what was asked last, and at its end what it learned, in words."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.events import Preview, Progress, Warned
from studio.engine.runs import Run
from studio.gui.blocks import NoticeBar, button
from studio.gui.judgement import judged
from studio.gui.measured import Measured
from studio.gui.run_feed import RunFeed
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.answers import Answers
from studio.gui.widgets.curves import Curves
from studio.gui.widgets.run_head import RunHead

_DRAW_MILLISECONDS, _CATCHING_UP_MILLISECONDS = 120, 600


class RunView(QWidget):
    """Follows a run in its folder while it is shown; its value is the run. `warned` tells of new alarms."""

    warned = Signal()

    def __init__(self, session: Session, *, prefix: str) -> None:
        super().__init__()
        self._session = session
        self._run: Run | None = None
        self._before: Run | None = None
        self._stopping = self._pausing = self._going_on = False
        self._live_preview: Preview | None = None
        self.feed = RunFeed(self)
        self.feed.changed.connect(self._draw_later)
        self.feed.started_over.connect(self._draw_later)
        self.feed.previewed.connect(self._draw_later)
        self.feed.warned.connect(lambda _event: self.warned.emit())
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._draw)
        self.verdict = NoticeBar(name=f"{prefix}.verdict")
        for words, page in (("Neighbours", "neighbours"), ("Evaluate", "evaluate")):
            self.verdict.buttons.addWidget(button(words, name=f"{prefix}.to_{page}", kind="link",
                                                  clicked=partial(session.go_to, page)))
        self.verdict.hide()
        self.head, self.curves = RunHead(prefix=prefix), Curves(name=f"{prefix}.curves")
        self.answers = Answers(session, name=f"{prefix}.answers")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(16))
        for widget in (self.verdict, self.head, self.curves, self.answers):
            layout.addWidget(widget)

    def value(self) -> Run | None:
        """Give the run shown."""
        return self._run

    @property
    def warnings(self) -> dict[str, Warned]:
        """The run's alarms by their codes."""
        return self.feed.warnings if self._run is not None else {}

    @property
    def is_drawn(self) -> bool:
        """Whether all that was written of the run so far is shown."""
        return self.feed.caught_up and not self._soon.isActive() and not self.curves.drawing.isActive()

    def set_value(self, run: Run | None, *, before: Run | None = None, stopping: bool = False,
                  pausing: bool = False, going_on: bool = False) -> None:
        """Show a run, the run before it for comparison, and whether it was asked to stop, to wait or to go on."""
        if run is None or self._run is None or run.name != self._run.name:
            self._live_preview = None
        self._run, self._before, self._stopping, self._pausing = run, before, stopping, pausing
        self._going_on = going_on
        self._follow()
        self._draw()

    def hear(self, progress: Progress) -> None:
        """Take a sign of life of the run that trains."""
        if self._run is not None and self._run.state == "running":
            self.head.hear(progress)

    def show_preview(self, preview: Preview) -> None:
        """Show what was asked just now, of the run that trains."""
        if self._run is not None and self._run.state == "running":
            self._live_preview = preview
            self._draw_later()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()
        self._draw_later()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.feed.pause()
        self._soon.stop()

    def _follow(self) -> None:
        if self._run is None:
            self.feed.follow(None, live=False)
        elif self.isVisible():
            self.feed.follow(self._run.folder, live=self._run.state == "running")

    def _draw_later(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start(_DRAW_MILLISECONDS if self.feed.caught_up else _CATCHING_UP_MILLISECONDS)

    def _draw(self) -> None:
        run, measured = self._run, self.feed.measured
        if run is None or self.feed.folder != run.folder:
            return
        self.head.set_value(run, measured, before=self._before, stopping=self._stopping, pausing=self._pausing,
                            going_on=self._going_on)
        self.curves.set_measured(measured)
        shown = [preview for preview in (self.feed.preview, self._live_preview) if preview is not None]
        self.answers.set_value(max(shown, key=lambda preview: preview.step, default=None), chance=measured.chance)
        self._judge(run, measured)

    def _judge(self, run: Run, measured: Measured) -> None:
        """Say at a run's end what it learned, or why nobody can say."""
        if run.state == "running" or self._going_on or not self.feed.caught_up:
            self.verdict.set_value("")
        elif measured.has_validation:
            sentence, level = judged(measured, run)
            self.verdict.set_value(sentence.replace(" %", "\u00a0%"), level=level)
        else:
            self.verdict.set_value(
                said("It ended before it was asked about held-out videos, so nobody can say what it learned."),
                said("Resume it: it is asked now and then, and at its end."), level="info")
