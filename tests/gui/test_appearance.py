"""The theme (also the way back to the system's) and whether clips play by themselves: one menu, and it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from studio.gui import theme
from studio.gui.settings import WindowSettings
from studio.gui.theme import DARK, LIGHT, current_theme
from studio.gui.widgets.confusion_grid import ConfusionGrid
from studio.gui.widgets.unit_side import UnitSide
from studio.gui.window import Window
from tests.gui.conftest import settle, wait_for


def choose(window: Window, name: str) -> None:
    """Open the menu in the rail and choose one of its entries."""
    window.findChild(QToolButton, "rail.theme").click()
    menu = window.findChild(QMenu, "appearance.themes")
    action = menu.findChild(QAction, f"appearance.{name}")
    action.trigger()
    menu.hide()
    settle()
    wait_for(window.updatesEnabled)


def ticked(window: Window) -> list[str]:
    window.findChild(QToolButton, "rail.theme").click()
    menu = window.findChild(QMenu, "appearance.themes")
    found = [action.objectName().partition(".")[2] for action in menu.actions() if action.isChecked()]
    menu.hide()
    settle()
    return found


def test_there_is_a_way_back_to_the_theme_of_the_system(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ticked(window) == ["system", "clips_play"]
    choose(window, "light")
    assert current_theme().name == "light" and ticked(window) == ["light", "clips_play"]
    monkeypatch.setattr(theme, "system_theme", lambda: DARK)
    window.appearance._follow_system()
    assert current_theme().name == "light", "a chosen theme stays"
    choose(window, "system")
    assert current_theme().name == "dark" and WindowSettings().theme == "system"
    monkeypatch.setattr(theme, "system_theme", lambda: LIGHT)
    window.appearance._follow_system()
    wait_for(window.updatesEnabled)
    assert current_theme().name == "light"


def test_clips_can_be_kept_from_playing_by_themselves(window: Window, project: Path) -> None:
    window.session.open_project(project)
    choose(window, "clips_play")
    assert not WindowSettings().clips_play and ticked(window) == ["system"]
    side = UnitSide(window.session, name="here", title="Units", methods=("units", "units2"))
    grid = ConfusionGrid(window.session, name="here")
    videos = [video.id for video in window.session.usable_videos]
    clip = {"video_id": videos[0], "at_seconds": 1.0, "value": 1.0, "frame": 0, "box": [[0, 2], [0, 4], [0, 4]],
            "inner": [[0, 1], [1, 2], [1, 2]]}
    answer = {"ranked": [{"unit": 3, "selectivity": 0.5, "clips": [clip]}]}
    pictures = [np.zeros((2, 8, 8, 3), np.uint8)]
    side.grid._unit = 3
    for plays in (False, True):
        window.session.settings.clips_play = plays
        side._take_clips(answer, pictures)
        grid._show_clips(videos[:2])
        assert (side.grid.player.playing, grid.player.playing) == (plays, plays)
    for player in (side.grid.player, grid.player):
        player.stop()
    for made in (side, grid):
        made.deleteLater()


def test_sizes_are_written_as_everywhere(window: Window) -> None:
    window.findChild(QToolButton, "rail.text_size").click()
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    assert [action.text() for action in menu.actions()] == ["100 %", "125 %", "150 %", "175 %", "200 %"]
    menu.hide()
    assert "100 %" in window.rail.text_button.toolTip()
