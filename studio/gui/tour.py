"""Five notes that point at real controls of the sample project. They never block: everything works while they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.gui.blocks import button, label, row
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind

_FOLLOW_MILLISECONDS = 150


@dataclass(frozen=True)
class Step:
    """One note: the page it is about, the control it points at (the first of these that is seen), and its words."""

    page: str
    controls: tuple[str, ...]
    title: str
    words: str


STEPS = (
    Step("library", ("library.table", "library.stop", "rail.library"), noted("Your videos"),
         noted("Every video was read once. This list says which are healthy and which belong together; you can leave "
               "some out. Nothing is ever written to your files.")),
    Step("sampling", ("sampling.tuples", "rail.sampling"), noted("The question"),
         noted("Clips of a video are put out of order, exactly as the network gets them. Deal again, or answer ten "
               "yourself: what you cannot answer the network may not learn.")),
    Step("task", ("task.recipe", "rail.task"), noted("The recipe"),
         noted("A recipe says what is asked and which network answers. Quick is a good start without a GPU.")),
    Step("training", ("train.start", "rail.train"), noted("Training"),
         noted("Start here. What counts is that the answers about held-out videos climb above the chance line. "
               "Stopping loses nothing.")),
    Step("neighbours", ("neighbours.grid", "rail.neighbours"), noted("What it learned"),
         noted("When a run has weights: pick a moment, and see which moments the trained network finds alike, beside "
               "an untrained one.")),
)


class Tour(QObject):
    """Shows the notes one after the other over a window; `start`, `next`, `stop`. It is remembered when it is over."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._place = -1
        self._note: _Note | None = None
        self._frame: _Frame | None = None
        self._timer = QTimer(self, interval=_FOLLOW_MILLISECONDS)
        self._timer.timeout.connect(self._follow)

    @property
    def running(self) -> bool:
        """Whether a note is shown."""
        return self._place >= 0

    def value(self) -> int:
        """The number of the note shown, from 0; -1 when none is."""
        return self._place

    def offer(self) -> None:
        """Start by itself, once in a person's life."""
        if not self._session.settings.tour_seen and not self.running:
            self.start()

    def start(self) -> None:
        """Show the first note."""
        self._show(0)

    def next(self) -> None:
        """Show the next note, or end after the last."""
        if self._place + 1 < len(STEPS):
            self._show(self._place + 1)
        else:
            self.stop()

    def stop(self) -> None:
        """End it. It can be started again from the help."""
        self._timer.stop()
        self._place = -1
        self._session.settings.tour_seen = True
        self._put_away()

    def close(self) -> None:
        """Put it away because the window closes; it was not seen to its end."""
        self._timer.stop()
        self._put_away()

    def target(self) -> QWidget | None:
        """The control that the note points at."""
        for name in STEPS[self._place].controls if self.running else ():
            found = self._window.findChild(QWidget, name)
            if found is not None and found.isVisible() and not found.visibleRegion().isEmpty():
                return found
        return None

    def _show(self, place: int) -> None:
        self._place = place
        step = STEPS[place]
        self._put_away()
        if self._session.project is not None:
            self._session.go_to(step.page)
        self._frame = _Frame(self._window)
        count = said("{number} of {count}", number=place + 1, count=len(STEPS))
        self._note = _Note(self._window, step, count, last=place + 1 == len(STEPS), further=self.next, skip=self.stop)
        self._follow()
        self._timer.start()

    def _put_away(self) -> None:
        for widget in (self._note, self._frame):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._note = self._frame = None

    def _follow(self) -> None:
        """Keep the note at its control: pages scroll, come late, and are made anew."""
        target, note, frame = self.target(), self._note, self._frame
        if note is None or frame is None:
            return
        frame.setVisible(target is not None)
        whole = self._window.rect()
        place = QRect(whole.center(), whole.center())
        if target is not None:
            place = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size()) & whole
            frame.setGeometry(place.adjusted(-4, -4, 4, 4) & whole)
            frame.raise_()
        note.adjustSize()
        note.move(_beside(place, note.rect(), whole, gap=current_theme().px(12)))
        note.show()
        note.raise_()


class _Frame(QWidget):
    """A line around a control, which lets the mouse through."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("tour.frame")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current_theme().accent), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 8, 8)


class _Note(QFrame):
    """The words, and the ways on and out."""

    def __init__(self, window: QWidget, step: Step, count: str, *, last: bool, further: Callable[[], None],
                 skip: Callable[[], None]) -> None:
        super().__init__(window)
        theme = current_theme()
        self.setObjectName("tour.note")
        self.setAccessibleName(f"{said(step.title)}. {said(step.words)}")
        set_kind(self, "notice")
        self.setFixedWidth(theme.px(320))
        words = label(step.words, "quiet", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(16), theme.px(12), theme.px(12), theme.px(12))
        layout.setSpacing(theme.px(8))
        layout.addWidget(label(step.title, "strong"))
        layout.addWidget(words)
        ways: list[QWidget | None] = [label(count, "caption"), None]
        if not last:
            ways.append(button("Skip", name="tour.skip", kind="plain", clicked=skip))
        ways.append(button(said("Done") if last else said("Next"), name="tour.next", clicked=further))
        layout.addLayout(row(*ways))


def _beside(target: QRect, note: QRect, whole: QRect, *, gap: int) -> QPoint:
    """Where a note goes: right of its target, left, below, above, or inside at the foot where there is no room."""
    middle = target.center().y() - note.height() // 2
    choices = [QPoint(target.right() + gap, middle), QPoint(target.left() - gap - note.width(), middle),
               QPoint(target.left(), target.bottom() + gap), QPoint(target.left(), target.top() - gap - note.height())]
    fits = [at for at in choices if at.x() >= 0 and at.x() + note.width() <= whole.width()
            and -note.height() // 2 <= at.y() <= whole.height() - note.height() // 2]
    at = fits[0] if fits else QPoint(target.right() - note.width() - gap, target.bottom() - note.height() - gap)
    return QPoint(min(max(gap, at.x()), whole.width() - note.width() - gap),
                  min(max(gap, at.y()), whole.height() - note.height() - gap))
