"""How the window looks: theme, text size and motion, changed by a person or followed from the system."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from studio.gui import theme
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.words import share

SCALES = (1.0, 1.25, 1.5, 1.75, 2.0)
THEMES = {"system": noted("As the system has it"), "dark": noted("Dark"), "light": noted("Light")}


class Appearance(QObject):
    """Keeps theme, text size and motion in the settings; `dress` puts a change on the window."""

    def __init__(self, session: Session, window: QWidget, *, dress: Callable[[], None]) -> None:
        super().__init__(window)
        self._settings, self._window, self._dress = session.settings, window, dress
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def set_theme(self, name: str) -> None:
        """Choose `dark`, `light` or what the `system` has."""
        self._settings.theme = name
        self._dress()

    def set_clips_play(self, wanted: bool) -> None:
        """Choose whether clips play by themselves from now on."""
        self._settings.clips_play = wanted

    def set_scale(self, scale: float) -> None:
        """Choose the size of text and controls, 1 to 2."""
        self._settings.text_scale = scale
        self._dress()

    def step_scale(self, step: int) -> None:
        """Go to the next larger or smaller size."""
        scale = theme.current_theme().scale
        place = min(range(len(SCALES)), key=lambda number: abs(SCALES[number] - scale))
        self.set_scale(SCALES[min(len(SCALES) - 1, max(0, place + step))])

    def offer_themes(self, at: QPoint) -> None:
        """Open a menu of themes, and whether clips play by themselves, at a point of the screen."""
        menu = QMenu(self._window)
        menu.setObjectName("appearance.themes")
        group = QActionGroup(menu)
        for name, words in THEMES.items():
            action = menu.addAction(said(words), partial(self.set_theme, name))
            action.setObjectName(f"appearance.{name}")
            action.setCheckable(True)
            action.setChecked(name == self._settings.theme)
            group.addAction(action)
        menu.addSeparator()
        plays = menu.addAction(said("Clips play by themselves"))
        plays.setObjectName("appearance.clips_play")
        plays.setCheckable(True)
        plays.setChecked(self._settings.clips_play)
        plays.toggled.connect(self.set_clips_play)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def offer_scales(self, at: QPoint) -> None:
        """Open a menu of sizes at a point of the screen."""
        menu = QMenu(self._window)
        for scale in SCALES:
            action = menu.addAction(share(scale), partial(self.set_scale, scale))
            action.setCheckable(True)
            action.setChecked(scale == theme.current_theme().scale)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def _follow_system(self) -> None:
        if self._settings.theme == "system" and theme.system_theme().name != theme.current_theme().name:
            self._dress()
