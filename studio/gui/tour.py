"""Five notes that point at real controls of the sample project. They never block: everything works while they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from studio.gui.blocks import button, label, row
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind

_FOLLOW_MILLISECONDS = 150
_CORNERS = (Qt.Corner.BottomRightCorner, Qt.Corner.BottomLeftCorner, Qt.Corner.TopRightCorner,
            Qt.Corner.TopLeftCorner)
"""Where a note goes, the best first."""


@dataclass(frozen=True)
class Step:
    """One note: the page it is about, the control it points at (the first of these that is seen), and its words.

    `meanwhile` is said instead while one of the operations in `during` is at work.
    """

    page: str
    controls: tuple[str, ...]
    title: str
    words: str
    meanwhile: str = ""
    during: tuple[str, ...] = ()


STEPS = (
    Step("library", ("library.table", "library.stop", "rail.library"), noted("Your videos"),
         noted("Every video was read once. This list says which are healthy and which belong together; you can leave "
               "some out. Nothing is ever written to your files."),
         noted("Every video is being read once. The list then says which are healthy and which belong together; you "
               "can leave some out. Nothing is ever written to your files."), ("scan",)),
    Step("sampling", ("sampling.tuples", "rail.sampling"), noted("The question"),
         noted("Clips of a video are put out of order, exactly as the network gets them. Deal again, or answer ten "
               "yourself: what you cannot answer the network may not learn.")),
    Step("task", ("task.recipe", "rail.task"), noted("The recipe"),
         noted("A recipe says what is asked and which network answers. Quick is a good start without a GPU.")),
    Step("training", ("train.start", "train.stop", "rail.train"), noted("Training"),
         noted("Start here. What counts is that the answers about held-out videos climb above the chance line. "
               "Stopping loses nothing."),
         noted("It trains. What counts is that the answers about held-out videos climb above the chance line. "
               "Stopping loses nothing."), ("train", "queue")),
    Step("neighbours", ("neighbours.grid", "rail.neighbours"), noted("What it learned"),
         noted("When a run has weights: pick a moment, and see which moments the trained network finds alike, beside "
               "an untrained one.")),
)


class Tour(QObject):
    """Shows the notes one after the other over a window; `start`, `next`, `stop`. It is remembered when it is over."""

    def __init__(self, session: Session, window: QWidget, pages: QWidget) -> None:
        super().__init__(window)
        self._session, self._window, self._pages = session, window, pages
        self._corner: Qt.Corner | None = None
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
            if found is not None and found.isVisible() and not _seen(found, self._window).isEmpty():
                return found
        return None

    def _show(self, place: int) -> None:
        self._place = place
        step = STEPS[place]
        self._put_away()
        if self._session.project is not None:
            self._session.go_to(step.page)
        self._corner = None
        self._frame = _Frame(self._window)
        count = said("{number} of {count}", number=place + 1, count=len(STEPS))
        self._note = _Note(self._window, step, count, last=place + 1 == len(STEPS), further=self.next, skip=self.stop)
        self._follow()
        self._note.next.setFocus()
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
        step = STEPS[self._place]
        at_work = any(self._session.running_job(operation) for operation in step.during)
        note.set_value(step.meanwhile if at_work else step.words)
        frame.setVisible(target is not None)
        place = QRect()
        if target is not None:
            place = _seen(target, self._window)
            frame.setGeometry(place.adjusted(-4, -4, 4, 4) & self._window.rect())
            frame.raise_()
        note.adjustSize()
        self._put_note(note, place)
        note.show()
        note.raise_()

    def _put_note(self, note: _Note, target: QRect) -> None:
        """Put the note into a corner of the page; it stays there while it covers nothing that it should not."""
        gap = current_theme().px(12)
        room = QRect(self._pages.mapTo(self._window, QPoint(0, 0)), self._pages.size()).adjusted(gap, gap, -gap, -gap)
        kept_free = [target, *(_seen(one, self._window) for one in self._pages.findChildren(QPushButton)
                               if one.property("kind") == "primary" and one.isVisible())]

        def covered(corner: Qt.Corner) -> int:
            place = QRect(_in_corner(corner, note.size(), room), note.size())
            return sum(part.width() * part.height() for part in (place & one for one in kept_free) if part.isValid())

        if self._corner is None or covered(self._corner):
            self._corner = min(_CORNERS, key=covered)
        note.move(_in_corner(self._corner, note.size(), room))


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
        self._title = said(step.title)
        set_kind(self, "notice")
        self.setFixedWidth(theme.px(320))
        self._words = label("", "quiet", wrap=True)
        self.set_value(step.words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(16), theme.px(12), theme.px(12), theme.px(12))
        layout.setSpacing(theme.px(8))
        layout.addWidget(label(step.title, "strong"))
        layout.addWidget(self._words)
        ways: list[QWidget | None] = [label(count, "caption"), None]
        if not last:
            ways.append(button("Skip", name="tour.skip", kind="plain", clicked=skip))
        self.next = button(said("Done") if last else said("Next"), name="tour.next", clicked=further)
        layout.addLayout(row(*ways, self.next))

    def set_value(self, words: str) -> None:
        """Say the words."""
        self._words.setText(said(words))
        self.setAccessibleName(f"{self._title}. {said(words)}")


def _seen(widget: QWidget, window: QWidget) -> QRect:
    """The part of a control that its window shows: a page that scrolls cuts it off."""
    seen = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    holder = widget.parentWidget()
    while holder is not None and holder is not window:
        seen &= QRect(holder.mapTo(window, QPoint(0, 0)), holder.size())
        holder = holder.parentWidget()
    return seen


def _in_corner(corner: Qt.Corner, size: QSize, room: QRect) -> QPoint:
    """Where something of a size lies in a corner of a room."""
    place = QRect(QPoint(0, 0), size)
    right = corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner)
    low = corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner)
    (place.moveRight if right else place.moveLeft)(room.right() if right else room.left())
    (place.moveBottom if low else place.moveTop)(room.bottom() if low else room.top())
    return place.topLeft()
