"""Hatching over what masks hide of a picture: the picture itself stays as the network gets it, black there.

Legend: H, W height and width in pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from studio.gui.theme import DARK, current_theme


class Veiled:
    """What shows pictures of which a part may be hatched; mixed into a widget."""

    _veil_HW: NDArray[np.bool_] | None = None

    def set_veil(self, hidden_HW: NDArray[np.bool_] | None) -> None:
        """Hatch a part of the picture, given as true at any size; None takes the hatching away."""
        if hidden_HW is not self._veil_HW:
            self._veil_HW = hidden_HW
            if isinstance(self, QWidget):
                self.update()

    @property
    def veil_HW(self) -> NDArray[np.bool_] | None:
        """The part of the picture that is hatched."""
        return self._veil_HW


def paint_veil(painter: QPainter, place: QRect, hidden_HW: NDArray[np.bool_]) -> None:
    """Hatch a picture that is painted at a place, where it is hidden."""
    theme = current_theme()
    alpha_HW = np.ascontiguousarray(hidden_HW, np.uint8) * np.uint8(255)
    height, width = alpha_HW.shape
    shape = QImage(alpha_HW.data, width, height, width, QImage.Format.Format_Alpha8).scaled(place.size())
    hatched = QPixmap(place.size())
    hatched.fill(Qt.GlobalColor.transparent)
    brush = QBrush(QColor(DARK.warning), Qt.BrushStyle.BDiagPattern)  # it lies on black, whatever the theme
    brush.setTransform(QTransform.fromScale(theme.scale, theme.scale))
    inner = QPainter(hatched)
    inner.fillRect(hatched.rect(), brush)
    inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    inner.drawImage(0, 0, shape)
    inner.end()
    painter.drawPixmap(place.topLeft(), hatched)
