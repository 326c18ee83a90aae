"""Colours can be read, sizes follow the text, the choice is remembered."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from studio.gui import theme
from studio.gui.settings import WindowSettings
from studio.gui.style import stylesheet
from studio.gui.theme import DARK, LIGHT, Theme

LEAST_CONTRAST = 4.5
INKS = ("text", "quiet", "accent", "warning", "bad", "good")
GROUNDS = ("ground", "surface", "raised")


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
             for value in QColor(colour).getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("dress", [DARK, LIGHT], ids=lambda one: one.name)
def test_every_pair_can_be_read(dress: Theme) -> None:
    pairs = [(getattr(dress, ink), getattr(dress, ground)) for ink, ground in itertools.product(INKS, GROUNDS)]
    pairs.append((dress.on_accent, dress.accent))
    pairs.append((dress.text, selection(dress)))
    weak = [(pair, round(contrast(*pair), 2)) for pair in pairs if contrast(*pair) < LEAST_CONTRAST]
    assert weak == []


def selection(dress: Theme) -> str:
    """The ground of selected rows, as the style sheet has it."""
    rule = next(line for line in stylesheet(dress).splitlines() if "::item:selected" in line)
    return rule.partition("background: ")[2].partition(";")[0]


def test_a_weak_pair_would_be_noticed() -> None:
    assert contrast("#777777", "#888888") < LEAST_CONTRAST < contrast("#000000", "#ffffff")
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("dress", [DARK, LIGHT], ids=lambda one: one.name)
def test_plots_can_be_told_from_the_ground(dress: Theme) -> None:
    for colour in dress.plot_colours.values():
        assert contrast(colour, dress.ground) >= 2.5


def test_sizes_and_the_style_sheet_follow_the_text(qapp: QApplication) -> None:
    plain = theme.apply(qapp, DARK)
    sheet = qapp.styleSheet()
    large = theme.apply(qapp, LIGHT, 2.0)
    assert (plain.px(13), large.px(13)) == (13, 26)
    assert large.font().pixelSize() == 26 and qapp.font().pixelSize() == 26
    assert theme.current_theme() is large and qapp.styleSheet() != sheet
    assert theme.apply(qapp, DARK, 9).scale == 2.0
    theme.apply(qapp, DARK)


def test_icons_take_the_text_colour(qapp: QApplication) -> None:
    theme.apply(qapp, DARK)
    pixels = theme.icon("library").pixmap(theme.icon_size()).toImage()
    inks = {pixels.pixelColor(x, y).name() for x in range(pixels.width()) for y in range(pixels.height())
            if pixels.pixelColor(x, y).alpha() == 255}
    assert inks == {DARK.text.lower()}


def test_what_the_person_chose_is_remembered(home: Path) -> None:
    settings = WindowSettings()
    assert (settings.theme, settings.text_scale) == ("system", 1.0)
    settings.theme, settings.text_scale = "light", 1.5
    settings.write()
    again = WindowSettings()
    assert (again.theme, again.text_scale) == ("light", 1.5)
    again.theme, again.text_scale = "pink", 77.0
    assert (again.theme, again.text_scale) == ("system", 2.0)
