"""A map of clip features: one point a clip, near together where the network finds clips alike.

Legend: N clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.widgets.point_plot import PointPlot, inside_N

Tool = Literal["point", "rectangle", "lasso"]
_STILL_PIXELS, _STEP_PIXELS = 4, 3
_ZOOM, _PAN_PIXELS = 1.25, 40
_SPARE_PIXELS = 48
_KEYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
HOW_TO = noted("Arrow keys walk from clip to clip, Enter asks about one, Space takes one into the selection or out of "
               "it, Shift+Enter takes all in the rectangle from the last one taken, Ctrl+A takes all, Escape takes "
               "none. Plus and minus zoom (also Ctrl and the wheel), Shift and arrows move the map, 0 shows all of it.")


class FeatureMap(PointPlot):
    """Shows N clips; its value is the clip chosen.

    `hovered` tells of the point under the mouse or reached by the arrow keys (-1: none), `value_changed` of the one
    that was clicked or entered, `taken` of those that were selected: inside what was drawn with the tool, or by keys.
    Several maps of the same clips can point at the same one (`point_at`).
    """

    hovered = Signal(int)
    value_changed = Signal(int)
    taken = Signal(object)

    def __init__(self, *, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(said(title))
        self.setAccessibleDescription(said(HOW_TO))
        self._tool: Tool = "point"
        self._drawn: list[QPointF] = []
        self._pressed_at: QPointF | None = None
        self._corner = -1
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Qt would ask for the height it once had; words above that wrap take their room from what is more."""
        return self.minimumSize() + QSize(0, current_theme().px(_SPARE_PIXELS))

    def value(self) -> int:
        """Give the clip chosen, -1 while there is none."""
        return self._chosen

    def set_value(self, clip: int) -> None:
        """Mark the clip that is asked about, without telling."""
        self._chosen = clip
        self._draw_rings()

    def set_tool(self, tool: Tool) -> None:
        """Say what dragging does: moves the map, or draws a rectangle or a lasso around clips."""
        self._tool = tool
        self.setCursor(Qt.CursorShape.ArrowCursor if tool == "point" else Qt.CursorShape.CrossCursor)

    def inside(self, outline: Sequence[QPointF]) -> list[int]:
        """The points inside an outline of places in the widget."""
        corners_P2 = np.array([(place.x(), place.y()) for place in outline]).reshape(-1, 2)
        found: list[int] = np.flatnonzero(inside_N(self._in_pixels(), corners_P2)).tolist()
        return found

    def draw_outline(self, outline: Sequence[QPointF]) -> None:
        """Show what is being drawn around points; nothing takes it away."""
        box = self.getViewBox()
        places = [box.mapSceneToView(self.mapToScene(place.toPoint())) for place in [*outline, *outline[:1]]]
        self._outline.setData([place.x() for place in places], [place.y() for place in places])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position()
        self._drawn = [event.position()]

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed_at = self._pressed_at, None
        outline, self._drawn = self._outline_to(event.position()), []
        self.draw_outline([])
        if pressed is None:
            return
        if (event.position() - pressed).manhattanLength() <= _STILL_PIXELS:
            self._choose(self.clip_at(event.position()))
        elif self._tool != "point":
            self._take(self.inside(outline))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None or not event.buttons():
            self._look_at(self.clip_at(event.position()))
        elif self._tool == "point":
            moved = event.position() - self._drawn[-1]
            self._drawn.append(event.position())
            self.pan(moved.x(), moved.y())
        else:
            if (event.position() - self._drawn[-1]).manhattanLength() >= _STEP_PIXELS:
                self._drawn.append(event.position())
            self.draw_outline(self._outline_to(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._look_at(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(_ZOOM ** (event.angleDelta().y() / 120), around=event.position())
            event.accept()
        else:
            event.ignore()  # the page scrolls

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in _KEYS and shift:
            self.pan(*(-_PAN_PIXELS * step for step in _KEYS[key]))
        elif key in _KEYS and self.count:
            self._look_at(self._next_clip(*_KEYS[key]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pointed >= 0:
            self._take_rectangle() if shift and self._corner >= 0 else self._choose(self._pointed)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._take(range(self.count))
        elif key == Qt.Key.Key_Escape and len(self._taken):
            self._take([])
        elif not self._pressed(key):
            event.ignore()

    def _pressed(self, key: Qt.Key) -> bool:
        """Do what one of the other keys does; whether it does anything."""
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM)
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key == Qt.Key.Key_Space and self._pointed >= 0:
            self._corner = self._pointed
            self._take(sorted({int(clip) for clip in self._taken} ^ {self._pointed}))
        else:
            return False
        return True

    def _take_rectangle(self) -> None:
        """Take what lies between the clip taken last and the one pointed at, both with it."""
        one, other = self.place_of(self._corner), self.place_of(self._pointed)
        low, high = QPointF(min(one.x(), other.x()) - 1, min(one.y(), other.y()) - 1), \
            QPointF(max(one.x(), other.x()) + 1, max(one.y(), other.y()) + 1)
        self._take(sorted({int(clip) for clip in self._taken} | set(self.inside(_corners(low, high)))))

    def _outline_to(self, place: QPointF) -> list[QPointF]:
        if not self._drawn:
            return []
        return _corners(self._drawn[0], place) if self._tool == "rectangle" else [*self._drawn, place]

    def _take(self, clips: Sequence[int]) -> None:
        self.set_taken(clips)
        self.taken.emit(list(clips))

    def _look_at(self, clip: int) -> None:
        if clip != self._pointed:
            self.point_at(clip)
            self.hovered.emit(clip)

    def _choose(self, clip: int) -> None:
        if clip >= 0:
            self.set_value(clip)
            self.value_changed.emit(clip)

    def _next_clip(self, right: int, down: int) -> int:
        """The nearest clip in a direction of the one looked at (the chosen one at first)."""
        start = self._pointed if self._pointed >= 0 else max(0, self._chosen)
        away_N2 = self._in_pixels() - self._in_pixels()[start]
        along_N = away_N2 @ np.array([right, down])
        across_N = np.abs(away_N2 @ np.array([down, right]))
        ahead_N = along_N > np.maximum(0.5, across_N)
        return int(np.where(ahead_N, along_N + across_N, np.inf).argmin()) if ahead_N.any() else start


def _corners(one: QPointF, other: QPointF) -> list[QPointF]:
    return [one, QPointF(other.x(), one.y()), other, QPointF(one.x(), other.y())]
