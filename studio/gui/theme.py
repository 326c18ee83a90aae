"""One object for colours, spacing, type and plots: dark and light, at 100 to 200 % of text size.

The theme in use hangs on the application, so that a widget that paints itself asks `current_theme()` when it paints;
`theme_watch().changed` tells when to paint anew what was made of its colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from studio.gui.icons import painted
from studio.gui.style import stylesheet

_KEY, _STYLED = "studio_theme", "studio_styled"
_AIR = 5


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`, and sizes: every size in pixels goes through `px`, which follows the text scale."""

    name: str
    dark: bool
    ground: str
    surface: str
    raised: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    warning: str
    bad: str
    good: str
    train: str
    validation: str
    chance: str
    random: str
    scale: float = 1.0

    def px(self, pixels: float) -> int:
        """Scale a size in pixels with the text."""
        return round(pixels * self.scale)

    @property
    def plot_colours(self) -> dict[str, str]:
        """Okabe and Ito's colours by meaning."""
        return {"train": self.train, "validation": self.validation, "chance": self.chance, "random": self.random}

    def series(self, number: int) -> str:
        """Colour of the `number`th of several runs or groups laid over each other (Okabe and Ito, in order)."""
        colours = _SERIES_DARK if self.dark else _SERIES_LIGHT
        return colours[number % len(colours)]

    def faint(self, colour: str, *, share: float = 0.15) -> QColor:
        """Give a colour that lets the ground through: `share` of it is left."""
        faint = QColor(colour)
        faint.setAlphaF(share)
        return faint

    def font(self, pixels: float = 13, *, bold: bool = False) -> QFont:
        """Give the interface's font at a size (13 base, 20 titles, 11 captions), figures in columns."""
        font = QFont(QApplication.font())
        font.setPixelSize(self.px(pixels))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font


_SERIES_DARK = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")
_SERIES_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1b1f24")

DARK = Theme(
    name="dark", dark=True, ground="#14161A", surface="#1C1F25", raised="#252932", line="#343A46", text="#E8EAED",
    quiet="#9AA3B2", accent="#4CC2B0", on_accent="#08110F", warning="#F2B84B", bad="#F0716A", good="#6CC788",
    train="#56B4E9", validation="#E69F00", chance="#CC79A7", random="#009E73")
LIGHT = Theme(
    name="light", dark=False, ground="#F6F7F9", surface="#FFFFFF", raised="#EEF1F4", line="#D9DEE5", text="#1B1F24",
    quiet="#5B6573", accent="#0B7A6C", on_accent="#FFFFFF", warning="#8A5A00", bad="#B3312B", good="#256E37",
    train="#0072B2", validation="#D55E00", chance="#CC79A7", random="#009E73")


class ThemeWatch(QObject):
    """Tells when the theme in use changed."""

    changed = Signal()


def _application() -> QApplication:
    return cast("QApplication", QApplication.instance())


def current_theme() -> Theme:
    """Give the theme in use (dark before any was applied)."""
    application = QApplication.instance()
    found = application.property(_KEY) if application else None
    return found if isinstance(found, Theme) else DARK


def theme_watch() -> ThemeWatch:
    """Give the object whose `changed` tells of a new theme or text size; it lives as long as the application."""
    application = _application()
    found = application.findChild(ThemeWatch)
    return found if isinstance(found, ThemeWatch) else ThemeWatch(application)


def system_theme() -> Theme:
    """Give the theme that the system asks for."""
    dark = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
    return DARK if dark else LIGHT


def apply(app: QApplication, theme: Theme, scale: float = 1.0) -> Theme:
    """Dress the whole application; `scale` is 1 to 2. Returns the theme with its scale."""
    theme = replace(theme, scale=min(2.0, max(1.0, scale)))
    app.setProperty(_KEY, theme)
    if app.property(_STYLED) is None:  # under a style sheet the style tells no name, and setting it is slow
        app.setStyle("Fusion")
        app.setProperty(_STYLED, True)
    font = QFont(app.font())
    font.setPixelSize(theme.px(13))
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
    app.setPalette(palette(theme))
    app.setStyleSheet(stylesheet(theme))
    theme_watch().changed.emit()
    return theme


def palette(theme: Theme) -> QPalette:
    """The theme's colours in Qt's roles, for what the style sheet does not reach."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: theme.ground, roles.WindowText: theme.text, roles.Base: theme.surface, roles.Text: theme.text,
        roles.AlternateBase: theme.raised, roles.Button: theme.raised, roles.ButtonText: theme.text,
        roles.Highlight: theme.accent, roles.HighlightedText: theme.on_accent, roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text, roles.PlaceholderText: theme.quiet, roles.Link: theme.accent,
        roles.Light: theme.raised, roles.Midlight: theme.raised, roles.Mid: theme.line, roles.Dark: theme.line,
        roles.Shadow: theme.ground, roles.BrightText: theme.bad, roles.LinkVisited: theme.accent,
        roles.Accent: theme.accent,
    }
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.quiet))
    return made


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget one of the style sheet's kinds (title, heading, caption, quiet, primary, ...)."""
    widget.setProperty("kind", kind)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):  # before its first look it is dressed anyway
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def icon(name: str, colour: str = "", *, beside_text: bool = False) -> QIcon:
    """Give the icon `resources/icons/<name>.svg` in a colour (the theme's text if none is given).

    `beside_text` leaves some air between the icon and the words right of it.
    """
    theme, made = current_theme(), QIcon()
    pixels, air_pixels = theme.px(20), theme.px(_AIR) if beside_text else 0
    for mode, painted_in in ((QIcon.Mode.Normal, colour or theme.text), (QIcon.Mode.Disabled, theme.quiet)):
        made.addPixmap(painted(name, colour=painted_in, pixels=pixels, air_pixels=air_pixels), mode)
    return made


def icon_size(*, beside_text: bool = False) -> QSize:
    """The size of icons at the present text scale."""
    theme = current_theme()
    return QSize(theme.px(20) + (theme.px(_AIR) if beside_text else 0), theme.px(20))
