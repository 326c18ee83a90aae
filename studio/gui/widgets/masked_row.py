"""A line that says how much of the picture masks hide, with a tick for the hatching. Its value is the tick."""

from __future__ import annotations

from PySide6.QtCore import Signal

from studio.gui.blocks import label
from studio.gui.texts import said
from studio.gui.widgets.editors import CheckBox
from studio.gui.widgets.flow import SideBySide
from studio.gui.words import share

_TICK_PIXELS, _LEAST_WORDS_PIXELS = 190, 200


class MaskedRow(SideBySide):
    """Says what masks hide of the video shown; `value()` tells whether it shall be hatched."""

    value_changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        words, hatch = label("", "quiet", wrap=True), CheckBox("Hatch what masks hide")
        super().__init__(words, hatch, column_pixels=_TICK_PIXELS, least_pixels=_LEAST_WORDS_PIXELS)
        self._words, self.hatch = words, hatch
        self.hatch.setObjectName(name)
        self.hatch.setAccessibleName(self.hatch.text())
        self.hatch.set_value(True)
        self.hatch.value_changed.connect(self.value_changed)

    def value(self) -> bool:
        """Tell whether what is hidden shall be hatched."""
        return self.hatch.value()

    def set_hidden(self, hidden: float) -> None:
        """Say how much of the video shown is hidden, a share from 0 to 1."""
        self._words.setText(masked_words(hidden))

    def words(self) -> str:
        """Give what is said."""
        return self._words.text()


def masked_words(hidden: float) -> str:
    """Say how much of a video's picture masks hide from the network, a share from 0 to 1."""
    if not hidden:
        return said("Masks hide nothing of this video.")
    return said("Masks hide {share} of this video's picture: the network gets black there. They are drawn on the "
                "Library page.", share=share(hidden))
