"""Hatching over what masks hide of a picture: the picture itself stays as the network gets it, black there.

Legend: H, W height and width in pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap, QTransform

from studio.gui.theme import DARK, current_theme


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
