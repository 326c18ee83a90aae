"""A clip in a tile: plays under the mouse, scrubs by mouse and keys, and can carry heat. Axes: F, H, W, 3 colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QWidget

from studio.gui.widgets.pictures import Frames, heated, pixmap
from studio.gui.widgets.player import Player
from studio.gui.widgets.tile import Tile


class FrameView(Tile):
    """Shows an RGB clip, uint8 [F, H, W, 3]; its value is the frame shown, counted from 0.

    Views that are given the same `player` play together.
    """

    value_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, tile: tuple[int, int] = (128, 96), caption_lines: int = 0,
                 selectable: bool = False, player: Player | None = None) -> None:
        super().__init__(parent, tile=tile, caption_lines=caption_lines, selectable=selectable)
        self._frames_FHW3: Frames | None = None
        self._heat_FHW: NDArray[np.uint8] | None = None
        self._opacity = 0.6
        self._index = 0
        self._shown: tuple[int, QPixmap] | None = None
        self.player = player or Player(self)
        self.player.position_changed.connect(self._follow)

    def value(self) -> int:
        """Give the frame shown."""
        return self._index

    def set_value(self, index: int) -> None:
        """Show a frame; a number past the end goes round."""
        index = index % self.frames if self.frames else 0
        if index != self._index:
            self._index = index
            self.update()
            self.value_changed.emit(index)

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        return 0 if self._frames_FHW3 is None else len(self._frames_FHW3)

    def set_frames(self, frames_FHW3: Frames | None, heat_FHW: NDArray[np.uint8] | None = None) -> None:
        """Show a clip, or one frame [H, W, 3], or nothing; with heat 0 to 255 of the same size over it."""
        if frames_FHW3 is not None and frames_FHW3.ndim == 3:
            frames_FHW3 = frames_FHW3[None]
        self._frames_FHW3, self._heat_FHW, self._shown = frames_FHW3, heat_FHW, None
        self._index = self.player.position % self.frames if self.frames else 0
        self.update()

    def set_opacity(self, share: float) -> None:
        """Set how much the heat covers, 0 to 1."""
        self._opacity, self._shown = share, None
        self.update()

    def set_message(self, text: str) -> None:
        self._frames_FHW3, self._shown = None, None
        super().set_message(text)

    def picture(self) -> Frames | None:
        """Give the frame as it is shown, with its heat, [H, W, 3]."""
        if self._frames_FHW3 is None:
            return None
        frame_HW3 = self._frames_FHW3[self._index]
        if self._heat_FHW is None:
            return frame_HW3
        return heated(frame_HW3, self._heat_FHW[self._index % len(self._heat_FHW)], opacity=self._opacity)

    def shown_pixmap(self) -> QPixmap | None:
        if self._shown is None or self._shown[0] != self._index:
            picture = self.picture()
            self._shown = None if picture is None else (self._index, pixmap(picture))
        return self._shown[1] if self._shown else None

    def enterEvent(self, event: QEnterEvent) -> None:
        if self.frames > 1:
            self.player.play()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.player.stop()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.player.stop()
        super().hideEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None or self.frames < 2:
            return
        if (event.position().toPoint() - self._pressed_at).manhattanLength() > 4 or not self.player.playing:
            self.player.stop()
            share = min(1.0, max(0.0, event.position().x() / max(1, self.width())))
            self.player.set_position(min(self.frames - 1, int(share * self.frames)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.frames < 2 or not self._scrub(event.key()):
            super().keyPressEvent(event)

    def _scrub(self, key: int) -> bool:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if key == Qt.Key.Key_Space:
            self.player.toggle()
            return True
        if not step:
            return False
        self.player.stop()
        self.player.set_position((self._index + step) % self.frames)
        return True

    def _follow(self, position: int) -> None:
        if self.frames:
            self.set_value(position)
