"""Where the keyboard goes when the control that had it is hidden, disabled or deleted: to its neighbour on the page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget
from shiboken6 import isValid


class FocusKeeper(QObject):
    """Keeps the focus on the page that is shown. Qt gives it to whatever comes next, which may be in the `bars`."""

    def __init__(self, window: QWidget, pages: QStackedWidget, *, bars: Sequence[QWidget]) -> None:
        super().__init__(window)
        self._window, self._pages, self._bars = window, pages, bars
        self._held: QWidget | None = None
        self._at = QPoint()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._catch)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._look)

    def _look(self, _before: object, now: QWidget | None) -> None:
        """Note what has the focus, and whether what had it is gone."""
        held = self._held
        if held is not None and not (isValid(held) and held.isEnabled() and held.isVisible()):
            self._later.start()  # what took it away may give it to something else
        if now is not None and now.window() is self._window:
            if not self._later.isActive():
                self._at = now.mapTo(self._window, now.rect().center())
            self._held = now

    def _catch(self) -> None:
        page = self._pages.currentWidget()
        if page is not None and self._fell(self._window.focusWidget()) and self._window.updatesEnabled() and (
                near := _takers(page)):
            min(near, key=self._distance).setFocus()

    def _fell(self, now: QWidget | None) -> bool:
        return now is None or any(bar.isAncestorOf(now) for bar in self._bars)

    def _distance(self, widget: QWidget) -> int:
        return (widget.mapTo(self._window, widget.rect().center()) - self._at).manhattanLength()


def _takers(page: QWidget) -> list[QWidget]:
    """The controls of a page that may get the focus; a key pressed twice must not stop what it started."""
    return [one for one in page.findChildren(QWidget)
            if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
            and not one.objectName().endswith("stop")]
