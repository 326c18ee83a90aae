"""The window: a rail, the pages, the messages and the status line. It knows pages by their entries only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from studio.gui import projects, theme
from studio.gui.appearance import Appearance
from studio.gui.closing import Closing
from studio.gui.entries import ENTRIES, MACHINE, START
from studio.gui.focus import FocusKeeper
from studio.gui.garbage import Sweeper
from studio.gui.help import HelpDialog
from studio.gui.looking_on import LookingOn
from studio.gui.memory import Memory
from studio.gui.notices import Notices
from studio.gui.page_stack import PageStack
from studio.gui.pages.page import Page
from studio.gui.rail import Entry, Rail
from studio.gui.session import Notice, Session
from studio.gui.shortcuts import ELSEWHERE, Shortcut, install
from studio.gui.statusbar import StatusBar
from studio.gui.texts import said
from studio.gui.tour import Tour

_AFTER_FIRST_PAINT_MILLISECONDS = 50
_FRAME_PIXELS = QSize(16, 48)
"""Room for what the system draws around a window."""


class Window(QMainWindow):
    """The one window of a session. `closed` when it has let go of everything."""

    closed = Signal()

    def __init__(self, session: Session, *, entries: Sequence[Entry] = ENTRIES, start: Entry = START) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.session = session
        self._entries, self._start = list(entries), start
        self._sweeper = Sweeper(self)
        self._painted = False
        self._closing = Closing(session, self)
        self.appearance = Appearance(session, self, dress=self._dress)
        self.rail, self.pages = Rail(entries), PageStack(session, [*entries, MACHINE], start)
        self.notices, self.status, self.looking_on = Notices(session), StatusBar(session), LookingOn(session)
        self.tour = Tour(session, self, self.pages)
        self.memory = Memory(session, self, pages=[entry.name for entry in entries])
        self._focus = FocusKeeper(self, self.pages, bars=(self.rail, self.status))
        self._put_together()
        self._connect()
        self.shortcuts = self._make_shortcuts()
        install(self, self.shortcuts)
        self.resize(1280, 720)
        if not session.settings.geometry.isEmpty():
            self.restoreGeometry(session.settings.geometry)
        self.show_page(start.name)

    def page(self, name: str) -> Page | None:
        """Give a page by its name, made now if it has not been."""
        return self.pages.page(name)

    def show_page(self, name: str) -> None:
        """Show a page, or what it waits for."""
        self.pages.show_page(name)

    def add_folder(self, folder: Path) -> None:
        """Add a folder of videos, or open it when it is a project (as dropping it on the window does)."""
        projects.open_or_add(self.session, folder)

    def set_theme(self, name: str) -> None:
        """Dress everything in `dark`, `light` or what the `system` has, now."""
        self.appearance.set_theme(name)
        self.pages.finish_dressing()

    def set_text_scale(self, scale: float) -> None:
        """Set the size of text and controls, 1 to 2, now."""
        self.appearance.set_scale(scale)
        self.pages.finish_dressing()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(_AFTER_FIRST_PAINT_MILLISECONDS, self, self._after_first_paint)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _folders(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for folder in _folders(event):
            self.add_folder(folder)
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.tour.running:  # nothing else took it
            self.tour.stop()
        else:
            super().keyPressEvent(event)

    def fit_screen(self) -> None:
        """At the first start, take the whole of a screen on which the window and its frame have no room."""
        room = self.screen().availableSize()
        small = room.width() < self.width() + _FRAME_PIXELS.width() or room.height() < (
            self.height() + _FRAME_PIXELS.height())
        if small and self.session.settings.geometry.isEmpty():
            self.resize((room - _FRAME_PIXELS).boundedTo(self.size()))
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing.may_close():
            event.ignore()
            return
        self._let_go()
        event.accept()
        self.closed.emit()

    def _put_together(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.looking_on)
        column.addWidget(self.notices)
        column.addWidget(self.pages, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.rail)
        upper.addWidget(right, 1)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        session = self.session
        self.rail.value_changed.connect(session.go_to)
        self.rail.project_clicked.connect(lambda: session.go_to(self._start.name))
        self.rail.theme_clicked.connect(lambda: self.appearance.offer_themes(_corner_of(self.rail.theme_button)))
        self.rail.text_size_clicked.connect(lambda: self.appearance.offer_scales(_corner_of(self.rail.text_button)))
        for machine_clicked in (self.rail.machine_clicked, self.status.machine_clicked):
            machine_clicked.connect(lambda: session.go_to(MACHINE.name))
        self.rail.shortcuts_clicked.connect(self._show_shortcuts)
        self.status.messages_clicked.connect(self.notices.show_all)
        self.notices.unread_changed.connect(self.status.set_messages)
        self.pages.shown.connect(self.rail.set_value)
        self.pages.locks_changed.connect(self._show_locks)
        session.page_wanted.connect(self.show_page)
        session.sample_opened.connect(self.tour.offer)
        session.notified.connect(self._notify)
        session.project_changed.connect(self._show_project)
        session.writing.changed.connect(self._show_project)

    def _make_shortcuts(self) -> list[Shortcut]:
        session = self.session
        pages = [Shortcut([f"Ctrl+{number}"], entry.title, partial(session.go_to, entry.name))
                 for number, entry in enumerate(self._entries, 1)]
        return [
            *pages,
            Shortcut(["Ctrl+O"], "Open or make a project", lambda: session.go_to(self._start.name)),
            Shortcut(["Ctrl+8"], "What works on this machine", lambda: session.go_to(MACHINE.name)),
            Shortcut(["F5"], "Look at the project's folder again", self._look_again),
            Shortcut(["Ctrl+Z"], "Undo", session.undo.undo),
            Shortcut(["Ctrl+Shift+Z", "Ctrl+Y"], "Redo", session.undo.redo),
            Shortcut(["Ctrl++", "Ctrl+="], "Larger text", lambda: self.appearance.step_scale(1)),
            Shortcut(["Ctrl+-"], "Smaller text", lambda: self.appearance.step_scale(-1)),
            Shortcut(["Ctrl+0"], "Text at 100 %", lambda: self.appearance.set_scale(1.0)),
            Shortcut(["F1", "?"], "Help: keys and words", self._show_shortcuts),
            Shortcut(["Ctrl+W", "Ctrl+Q"], "Close the window", self.close),
        ]

    def _after_first_paint(self) -> None:
        if not self._closing.decided:
            self.session.service.start()
            self.pages.build_in_background()

    def _dress(self) -> None:
        """Change the dress in a few turns of the event loop, under a busy pointer; the old picture stays meanwhile."""
        self.pages.finish_dressing()
        focus = QApplication.focusWidget()
        name = focus.objectName() if focus else ""
        self.setUpdatesEnabled(False)
        self.setCursor(Qt.CursorShape.BusyCursor)

        def dress_all() -> None:
            dress(self.session)
            self.notices.dress()

        def over() -> None:
            self.unsetCursor()
            self.setUpdatesEnabled(True)
            if again := self.findChild(QWidget, name) if name else None:
                again.setFocus()

        self.pages.make_anew(dress=dress_all, over=over)

    def _show_shortcuts(self) -> None:
        HelpDialog(self, [*self.shortcuts, *ELSEWHERE], show_around=self.tour.start).open()

    def _show_locks(self) -> None:
        for entry in self._entries:
            waiting = self.pages.waits_for(entry.name)
            self.rail.set_locked(entry.name, waiting[0] if waiting else "")

    def _show_project(self) -> None:
        project = self.session.project
        name = (project.settings.name or project.root.name) if project else ""
        self.rail.set_project(name)
        only_looks = " " + said("(only looking)") if self.session.writing.reason else ""
        self.setWindowTitle(f"{name}{only_looks} – Unshuffle Studio" if name else "Unshuffle Studio")

    def _notify(self, notice: Notice) -> None:
        self.notices.add(notice, shown=not self.looking_on.takes(notice))

    def _look_again(self) -> None:
        self.session.reload_videos()
        self.session.reload_runs()

    def _let_go(self) -> None:
        self.session.settings.geometry = self.saveGeometry()
        self.memory.leave()
        self.status.close_timers()
        self.tour.close()
        self.pages.close_pages()
        self.session.close()
        self._sweeper.stop()


def dress(session: Session) -> theme.Theme:
    """Put the theme and text size of the settings on the application."""
    named = {"dark": theme.DARK, "light": theme.LIGHT}.get(session.settings.theme)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return theme.apply(application, named or theme.system_theme(), session.settings.text_scale)


def _corner_of(widget: QWidget) -> QPoint:
    """The point of the screen where a menu of a control opens."""
    return widget.mapToGlobal(widget.rect().topRight())


def _folders(event: QDropEvent) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir()]
