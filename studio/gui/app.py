"""The window's start: application, theme, the hook for what nobody foresaw, and the first project."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

import studio
from studio.gui import garbage, projects
from studio.gui.session import Session
from studio.gui.texts import install_translation, said
from studio.gui.window import Window, dress

_TURN_SECONDS = 0.0005
"""How long a thread may work while another one waits: usually it is ten times as long, and the window feels it."""


class Unforeseen(QObject):
    """Brings errors that nobody foresaw, of any thread, into the window's thread: what happened, and the trace."""

    met = Signal(str, str)

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Take what `sys.excepthook` gets."""
        details = "".join(traceback.format_exception(kind, error, trace))
        with suppress(RuntimeError):  # the window is gone
            self.met.emit(said("Something went wrong that the studio did not foresee ({kind}: {error}).",
                               kind=kind.__name__, error=error), details)

    def thread_hook(self, given: threading.ExceptHookArgs) -> None:
        """Take what `threading.excepthook` gets."""
        if given.exc_value is not None and given.exc_type is not SystemExit:
            self.hook(given.exc_type, given.exc_value, given.exc_traceback)


@contextmanager
def unforeseen_errors_of(session: Session) -> Iterator[Unforeseen]:
    """Show errors that nobody foresaw as messages of this session, until the block ends."""
    unforeseen = Unforeseen()
    unforeseen.met.connect(lambda message, details: session.notify(
        message, remedy=said("Your project is not affected. The details help whoever looks into it."), details=details,
        level="error"), Qt.ConnectionType.QueuedConnection)  # a widget made while another lays itself out ends it all
    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = unforeseen.hook, unforeseen.thread_hook
    try:
        yield unforeseen
    finally:
        sys.excepthook, threading.excepthook = before


def make_application() -> QApplication:
    """Give the application, made now if there is none."""
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    sys.setswitchinterval(_TURN_SECONDS)
    application.setApplicationName("Unshuffle Studio")
    application.setOrganizationName("Unshuffle Studio")
    application.setApplicationVersion(studio.__version__)
    return application


def main(project: Path | None = None) -> int:
    """Open the window, on a project if one is given. Returns the exit code."""
    application = make_application()
    install_translation(application, QLocale())
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop never gets to Python's handler
    session = Session()
    dress(session)
    with unforeseen_errors_of(session):
        window = Window(session)
        window.pages.loaded.connect(garbage.spare)
        window.closed.connect(lambda: application.exit(0))  # whatever else may still be on the screen
        if project is not None:
            projects.open_project(session, project)
        window.fit_screen()
        window.show()
        code = application.exec()
    for gone in (window, session):  # now, and not in whatever order the interpreter's end brings
        gone.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return code
