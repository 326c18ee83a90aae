"""A session with its worker started and the studio described: made once a file, because loading torch takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from studio.gui.session import Session
from tests.gui.conftest import wait_for


@contextmanager
def warm_session(project: Path, place: Path) -> Iterator[Session]:
    """Open a copy of a project, with settings of its own; the worker has loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(place / "home"))
        session = Session()
        session.open_project(shutil.copytree(project, place / "project"))
        session.service.start()
        wait_for(lambda: session.description, seconds=60)
        yield session
        session.close()
        session.deleteLater()


def put_away(page: QWidget) -> None:
    """Take a page away for good."""
    page.hide()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
