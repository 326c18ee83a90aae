"""A frame on which masks are seen and rectangles are drawn with the mouse, in shares of the frame (0 to 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.engine.masks import Mask
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.pictures import Frames, pixmap

_LEAST_SHARE = 0.01
_STEPS: dict[int, tuple[float, float]] = {
    Qt.Key.Key_Left: (-0.02, 0.0), Qt.Key.Key_Right: (0.02, 0.0), Qt.Key.Key_Up: (0.0, -0.02),
    Qt.Key.Key_Down: (0.0, 0.02)}
_FIRST = (0.4, 0.4, 0.2, 0.2)


class Drawn(NamedTuple):
    """A mask and how it is shown: put on, or only suggested; `chosen` has the thick outline."""

    mask: Mask
    on: bool
    chosen: bool = False


class MaskCanvas(QWidget):
    """Shows a frame with masks over it; a rectangle drawn with the mouse is told as x, y, width, height."""

    rectangle_drawn = Signal(float, float, float, float)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said("The frame: draw a rectangle over what the network must not see"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keys = said("Arrow keys move a rectangle, with Shift they size it, Enter takes it, Escape drops it")
        self.setToolTip(keys)
        self.setAccessibleDescription(keys)
        self._picture: QPixmap | None = None
        self._message = ""
        self._masks: list[Drawn] = []
        self._from: QPointF | None = None
        self._to = QPointF()
        self._keyed: QRectF | None = None
        """The rectangle that is being made with the keys, in shares."""

    def set_picture(self, frame_HW3: Frames | None, message: str = "") -> None:
        """Show a frame, or say why there is none."""
        self._picture = None if frame_HW3 is None else pixmap(frame_HW3)
        self._message = message
        self.update()

    def set_value(self, masks: Sequence[Drawn]) -> None:
        """Show masks over the frame."""
        self._masks = list(masks)
        self.update()

    def place(self) -> QRectF:
        """Where the frame is painted, its aspect kept."""
        if self._picture is None:
            return QRectF(self.rect())
        size = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(),
                      size.height())

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(560), theme.px(420))

    def minimumSizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(240), theme.px(180))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter, place = current_theme(), QPainter(self), self.place()
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            return
        painter.drawPixmap(place.toRect(), self._picture)
        for drawn in self._masks:
            self._paint(painter, drawn, place)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        if self._from is not None:
            painter.drawRect(QRectF(self._from, self._to).normalized())
        elif self._keyed is not None:
            one = self._keyed
            painter.drawRect(QRectF(place.x() + one.x() * place.width(), place.y() + one.y() * place.height(),
                                    one.width() * place.width(), one.height() * place.height()))

    def _paint(self, painter: QPainter, drawn: Drawn, place: QRectF) -> None:
        theme = current_theme()
        colour = QColor(theme.accent if drawn.on else theme.warning)
        fill = QColor(colour)
        fill.setAlphaF(0.35 if drawn.on else 0.12)
        pen = QPen(colour, 3 if drawn.chosen else 1.5)
        pen.setStyle(Qt.PenStyle.SolidLine if drawn.on else Qt.PenStyle.DashLine)
        shapes = QPainterPath()
        for shape in drawn.mask.shapes:
            shapes.addPolygon(QPolygonF([QPointF(place.x() + x * place.width(), place.y() + y * place.height())
                                         for x, y in shape.points]))
            shapes.closeSubpath()
        whole = QPainterPath()
        whole.addRect(place)
        painter.fillPath(shapes if drawn.mask.hides == "inside" else whole.subtracted(shapes), fill)
        painter.strokePath(shapes, pen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keyed, key = self._keyed, event.key()
        if self._picture is not None and key in _STEPS:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._keyed = QRectF(*_FIRST) if keyed is None else _moved(keyed, *_STEPS[key], sizes=shift)
        elif keyed is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._keyed = None
            self.rectangle_drawn.emit(keyed.x(), keyed.y(), keyed.width(), keyed.height())
        elif keyed is not None and key == Qt.Key.Key_Escape:
            self._keyed = None
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._picture is not None and event.button() == Qt.MouseButton.LeftButton:
            self._from = self._to = self._inside(event.position())
            self._keyed = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._to = self._inside(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            return
        place, drawn = self.place(), QRectF(self._from, self._inside(event.position())).normalized()
        self._from = None
        self.update()
        width, height = drawn.width() / place.width(), drawn.height() / place.height()
        if width >= _LEAST_SHARE and height >= _LEAST_SHARE:
            x, y = ((drawn.x() - place.x()) / place.width(), (drawn.y() - place.y()) / place.height())
            self.rectangle_drawn.emit(x, y, min(width, 1 - x), min(height, 1 - y))

    def _inside(self, at: QPointF) -> QPointF:
        place = self.place()
        return QPointF(min(max(at.x(), place.left()), place.right()), min(max(at.y(), place.top()), place.bottom()))


def _moved(rectangle: QRectF, x: float, y: float, *, sizes: bool) -> QRectF:
    """A rectangle one step further, or larger or smaller by it, inside the frame."""
    left, top, width, height = rectangle.x(), rectangle.y(), rectangle.width(), rectangle.height()
    if sizes:
        return QRectF(left, top, min(max(width + x, _LEAST_SHARE), 1 - left),
                      min(max(height + y, _LEAST_SHARE), 1 - top))
    return QRectF(min(max(left + x, 0.0), 1 - width), min(max(top + y, 0.0), 1 - height), width, height)
