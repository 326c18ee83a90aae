"""What the window asks of a training in another process, which reads it in its folder: to pause, to go on, to stop."""

from __future__ import annotations

from collections.abc import Callable

from studio.engine import steering
from studio.engine.errors import StudioError
from studio.engine.runs import Run
from studio.gui.session import Session
from studio.gui.texts import said


def ask(session: Session, wish: Callable[[], object], *, name: str) -> None:
    """Write a wish down; the person is told where the folder of what is called `name` cannot be written to."""
    try:
        wish()
    except (OSError, StudioError):
        session.notify(said("{run} cannot be told: its folder cannot be written to.", run=name),
                       remedy=said("Make that folder writable, then try again."), level="error")


def ask_to_stop(session: Session, run: Run | None) -> None:
    """Ask a run of the open project to stop after its present step, and whatever trains its queue."""
    if project := session.project:
        ask(session, lambda: steering.ask_to_stop(project, run), name=run.name if run else said("The queue"))
