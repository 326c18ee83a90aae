"""Windows above the studio's are no larger than it, also with the largest text: a small screen holds them whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QScrollArea

from studio.gui.mask_dialog import MaskDialog
from studio.gui.report_text import Happened
from studio.gui.reporting import ReportDialog
from studio.gui.window import Window
from tests.gui.conftest import settle

WAYS = {
    "help": lambda window: window._show_shortcuts(),
    "messages": lambda window: window.notices.show_all(),
    "report": lambda window: ReportDialog(window, window.session, Happened(message="It failed.")).open(),
    "masks": lambda window: MaskDialog(window, window.session, window.session.usable_videos[0]).open(),
    "looking": lambda window: _looking(MaskDialog(window, window.session, window.session.usable_videos[0])),
}


def _looking(dialog: MaskDialog) -> None:
    """It has its bar and buttons as while the studio looks for overlays."""
    dialog._progress.show()
    dialog.open()


@pytest.mark.parametrize("scale", [1.0, 2.0], ids="{:.0%}".format)
def test_no_dialog_is_larger_than_the_window(window: Window, project: Path, scale: float) -> None:
    window.resize(1280, 720)
    window.session.open_project(project)
    window.set_text_scale(scale)
    settle()
    wrong = []
    for way, opens in WAYS.items():
        opens(window)
        settle()
        dialog, = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
        if dialog.width() > window.width() or dialog.height() > window.height():
            wrong.append(f"{way} is {dialog.width()}x{dialog.height()}")
        if any(area.horizontalScrollBar().maximum() for area in dialog.findChildren(QScrollArea)):
            wrong.append(f"{way} scrolls sideways")
        dialog.close()
        settle()
    window.set_text_scale(1.0)
    assert wrong == []
