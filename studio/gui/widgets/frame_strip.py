"""The frames around a moment of a video, side by side; the one in the middle is the value. Legend: N frames."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.engine.video.stored import StoredVideo
from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme, theme_watch
from studio.gui.widgets.pictures import pixmap
from studio.gui.widgets.veil import Veiled, paint_veil
from studio.gui.words import seconds_text

_HEIGHT, _GAP = 72, 4
_STEP_SECONDS = 0.1
_KEPT = 128


class FrameStrip(Veiled, QWidget):
    """Shows as many frames as fit, a tenth of a second apart; clicking one, or the arrow keys, moves there."""

    value_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._video: StoredVideo | None = None
        self._frame = 0
        self._pixmaps: dict[int, QPixmap] = {}
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(said("Frames under the cursor"))
        theme_watch().changed.connect(self._dress)

    def value(self) -> int:
        """Give the frame in the middle."""
        return self._frame

    def set_value(self, frame: int) -> None:
        """Put a frame in the middle."""
        if self._video and frame != self._frame:
            self._frame = max(0, min(frame, self._video.frames - 1))
            seconds = float(self._video.times_N[self._frame])
            self.setAccessibleDescription(said("frame {frame} at {seconds} s", frame=self._frame,
                                               seconds=f"{seconds:.2f}"))
            self.update()

    @property
    def video(self) -> StoredVideo | None:
        """The video shown."""
        return self._video

    def set_video(self, video: StoredVideo | None, message: str = "") -> None:
        """Show another video, or say why there is none."""
        self._video, self._message = video, message
        self._pixmaps.clear()
        self._frame = min(self._frame, video.frames - 1) if video else 0
        self.update()

    def shown_frames(self) -> list[int]:
        """Give the frame numbers in view, from left to right."""
        if self._video is None:
            return []
        theme, step = current_theme(), self._step()
        count = max(1, (self.width() + theme.px(_GAP)) // (self._tile(theme).width() + theme.px(_GAP)))
        half = (count - 1) // 2
        first = self._frame - half * step
        return [first + i * step for i in range(count)]

    def _pitch(self, theme: Theme, count: int) -> float:
        """Pixels from one frame to the next, so that they fill the width."""
        tile = self._tile(theme).width()
        return (self.width() - tile) / (count - 1) if count > 1 else tile

    def sizeHint(self) -> QSize:
        theme = current_theme()
        return QSize(theme.px(320), theme.px(_HEIGHT) + self._caption_height(theme))

    def minimumSizeHint(self) -> QSize:
        return QSize(current_theme().px(160), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font(11))
        if self._video is None:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._message)
            return
        frames = self.shown_frames()
        self._load([frame for frame in frames if 0 <= frame < self._video.frames])
        tile, pitch = self._tile(theme), self._pitch(theme, len(frames))
        for number, frame in enumerate(frames):
            place = QRect(QPoint(round(number * pitch), 0), tile)
            if 0 <= frame < self._video.frames:
                self._paint_frame(painter, theme, place, frame)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        frames = self.shown_frames()
        number = int(event.position().x() / self._pitch(current_theme(), len(frames))) if frames else -1
        if 0 <= number < len(frames):
            self._go(frames[number])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._go(self._frame + step)
        else:
            super().keyPressEvent(event)

    def _go(self, frame: int) -> None:
        if self._video and 0 <= frame < self._video.frames and frame != self._frame:
            self.set_value(frame)
            self.value_changed.emit(frame)

    def _step(self) -> int:
        assert self._video
        times_N = self._video.times_N
        length = float(times_N[-1] - times_N[0]) if len(times_N) > 1 else 0.0
        return max(1, round(_STEP_SECONDS * (len(times_N) - 1) / length)) if length > 0 else 1

    def _tile(self, theme: Theme) -> QSize:
        assert self._video
        height = theme.px(_HEIGHT)
        return QSize(round(height * self._video.width / self._video.height), height)

    def _caption_height(self, theme: Theme) -> int:
        return theme.px(20)

    def _load(self, frames: list[int]) -> None:
        missing = [frame for frame in frames if frame not in self._pixmaps]
        if self._video is None or not missing:
            return
        if len(self._pixmaps) > _KEPT:
            self._pixmaps = {frame: made for frame, made in self._pixmaps.items() if frame in frames}
        for frame, frame_HW3 in zip(missing, self._video.rgb(missing), strict=True):
            self._pixmaps[frame] = pixmap(frame_HW3)

    def _paint_frame(self, painter: QPainter, theme: Theme, place: QRect, frame: int) -> None:
        assert self._video
        middle = frame == self._frame
        painter.drawPixmap(place, self._pixmaps[frame])
        if self._veil_HW is not None:
            paint_veil(painter, place, self._veil_HW)
        if middle:
            pen = QPen(QColor(theme.accent), theme.px(3) if self.hasFocus() else 2)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(place.adjusted(1, 1, -1, -1))
        painter.setPen(QColor(theme.text if middle else theme.quiet))
        below = QRect(place.left(), place.bottom() + theme.px(4), place.width(), theme.px(16))
        text = f"{frame}, {seconds_text(float(self._video.times_N[frame]))}"
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), text)

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()
