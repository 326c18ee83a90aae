"""The program ends with its window, whatever else is still on the screen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel

from studio.gui.window import Window
from tests.e2e.driver import Step, play
from tests.gui.conftest import left_running


def test_the_program_ends_with_its_window(project: Path) -> None:
    forgotten = QLabel("a window that nobody closed")
    forgotten.show()

    def story(window: Window) -> Step:
        yield lambda: window.session.videos

    try:
        assert play(["open", str(project)], story, seconds=20) == 0
        assert forgotten.isVisible()
    finally:
        forgotten.close()
        forgotten.deleteLater()
    assert left_running() == []
