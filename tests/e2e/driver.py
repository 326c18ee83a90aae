"""Drives the window that `main()` opened, from inside its event loop, by clicks and keys as a person would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QDialog, QWidget

from studio.__main__ import main
from studio.gui.window import Window

Step = Iterator[Callable[[], object]]
Widget = TypeVar("Widget", bound=QWidget)
_POLL_MILLISECONDS, _PATIENCE_MILLISECONDS = 20, 1000


def play(arguments: list[str], story: Callable[[Window], Step], *, seconds: float = 120) -> int:
    """Run `main(arguments)` and, in its window, a story; returns the exit code of `main`.

    A story yields what it waits for; when one comes true it goes on. What it raises, or a wait that takes longer than
    `seconds`, closes the window and is raised here.
    """
    told = _Told(story, seconds)
    timer = QTimer(interval=_POLL_MILLISECONDS)
    timer.timeout.connect(told.go_on)
    timer.start()
    try:
        code = main(arguments)
    finally:
        timer.stop()
        told.give_up.stop()
    if told.failure is not None:
        raise told.failure
    assert told.over, "the window closed before the story was over"
    return code


class _Told:
    """A story on its way."""

    def __init__(self, story: Callable[[Window], Step], seconds: float) -> None:
        self._story, self._seconds = story, seconds
        self._steps: Step | None = None
        self._waits: Callable[[], object] = lambda: True
        self._until = time.monotonic() + seconds
        self.over = False
        self.failure: BaseException | None = None
        self.give_up = QTimer(singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self.give_up.timeout.connect(lambda: QApplication.exit(1))

    def go_on(self) -> None:
        window = open_window()
        if window is None or self.over or self.failure:
            return
        try:
            if not self._waits():
                assert time.monotonic() < self._until, f"waited in vain{self._place()}"
                return
            if self._steps is None:
                window.setWindowState(Qt.WindowState.WindowNoState)  # whatever the size of the screen
                window.resize(1280, 720)
                self._steps = self._story(window)
            self._waits = next(self._steps)
            self._until = time.monotonic() + self._seconds
        except StopIteration:
            self.over = True
            window.close()
        except BaseException as error:  # noqa: BLE001 - raised again by `play`, outside Qt's loop
            self.failure = error
            for job in list(window.session.jobs):
                job.kill()
            QTimer.singleShot(0, window, window.close)
            self.give_up.start()  # a window that asks something does not close

    def _place(self) -> str:
        frame = getattr(self._steps, "gi_frame", None)
        return f" in line {frame.f_lineno} of the story" if frame else " for the window"


def open_window() -> Window | None:
    """Give the window that is open."""
    return next((one for one in QApplication.topLevelWidgets() if isinstance(one, Window) and one.isVisible()), None)


def control(window: QWidget, name: str, kind: type[Widget] = QWidget) -> Widget:  # type: ignore[assignment]
    """Find a control by its stable name."""
    found = window.findChild(kind, name)
    assert found is not None, f"there is no {name}"
    return found


def click(window: QWidget, name: str) -> None:
    """Click a button with the mouse; it must be there to be clicked."""
    found = control(window, name, QAbstractButton)
    assert found.isEnabled(), f"{name} cannot be clicked: {found.toolTip()}"
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def choose(window: QWidget, name: str, words: str) -> None:
    """Choose an entry of a list by a part of its words, with the keyboard."""
    box = control(window, name, QComboBox)
    place = next((row for row in range(box.count()) if words in box.itemText(row)), None)
    assert place is not None, f"{name} has no {words}: {[box.itemText(row) for row in range(box.count())]}"
    while box.currentIndex() != place:
        QTest.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < place else Qt.Key.Key_Up)


def write(window: QWidget, name: str, text: str) -> None:
    """Write into a field, in place of what is there."""
    field = control(window, name)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def drag(widget: QWidget, first: QPoint, last: QPoint) -> None:
    """Draw with the left button from one place of a widget to another."""
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(widget, (first + last) / 2)
    QTest.mouseMove(widget, last)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=last)


def pick_rows(window: QWidget, name: str, rows: Sequence[int]) -> None:
    """Click rows of a list, the second and later ones with the control key held."""
    shown = control(window, name, QAbstractItemView)
    for number, row in enumerate(rows):
        place = shown.visualRect(shown.model().index(row, 0)).center()
        held = Qt.KeyboardModifier.ControlModifier if number else Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, held, place)


def drop(window: Window, folder: str) -> None:
    """Drop a folder on the window."""
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(folder)])
    how = Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(300, 300), *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), *how))


def dialog(name: str) -> QDialog | None:
    """Give the dialog of a name that is open."""
    return next((one for one in QApplication.topLevelWidgets()
                 if isinstance(one, QDialog) and one.objectName() == name and one.isVisible()), None)
