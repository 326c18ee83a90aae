"""Line icons of 20 pixels, painted from `resources/icons/*.svg` in any colour. Use them through `theme.icon`."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap, QScreen
from PySide6.QtSvg import QSvgRenderer

from studio.engine.files import resource


def painted(name: str, *, colour: str, pixels: int, air_pixels: int = 0) -> QPixmap:
    """Paint the icon `name` in a colour, `pixels` wide with some air right of it, sharp on the present screen."""
    screen: QScreen | None = QGuiApplication.primaryScreen()
    return _painted(name, colour, pixels, air_pixels, 1.0 if screen is None else screen.devicePixelRatio())


@lru_cache(maxsize=512)
def _painted(name: str, colour: str, pixels: int, air_pixels: int, ratio: float) -> QPixmap:
    drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    side = round(pixels * ratio)
    picture = QPixmap(side + round(air_pixels * ratio), side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture
