"""A tile: a picture that keeps its aspect inside a place of fixed size, with a thin border and a caption below."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.gui.texts import said
from studio.gui.theme import Theme, current_theme, theme_watch
from studio.gui.widgets.veil import Veiled, paint_veil
from studio.gui.words import breakable

_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
_BORDER = 2
_DRAG = 4


class Tile(Veiled, QWidget):
    """Paints what `shown_pixmap` gives. Its size is known from the start, so nothing jumps when the picture comes.

    `tile` is the picture's place in pixels at 100 % text size.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None, *, tile: tuple[int, int], caption_lines: int = 0,
                 selectable: bool = False) -> None:
        super().__init__(parent)
        self._tile, self._caption_lines, self._selectable = tile, caption_lines, selectable
        self._caption = self._message = self._mark = ""
        self._selected = False
        self._pressed_at: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selectable else Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(said("Picture"))
        if selectable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme_watch().changed.connect(self._restyle)

    def shown_pixmap(self) -> QPixmap | None:
        """Give the picture to paint; none shows the message."""
        return None

    def set_caption(self, text: str) -> None:
        """Write lines under the picture; they wrap and are never cut."""
        if text != self._caption:
            self._caption = text
            self.setAccessibleName(text.replace("\n", ", ") or said("Picture"))
            self._restyle()

    def set_message(self, text: str) -> None:
        """Say in place of the picture why there is none."""
        self._message = text
        self.update()

    def set_mark(self, kind: str) -> None:
        """Draw a border that means something: `good`, `bad`, or nothing."""
        self._mark = kind
        self.update()

    def set_tile(self, tile: tuple[int, int]) -> None:
        """Change the size of the picture's place."""
        self._tile = tile
        self._restyle()

    def set_selected(self, selected: bool) -> None:
        """Give the tile the accent's border, or take it."""
        self._selected = selected
        self.update()

    @property
    def selected(self) -> bool:
        """Whether the tile has the accent's border."""
        return self._selected

    def sizeHint(self) -> QSize:
        theme = current_theme()
        width = theme.px(self._tile[0]) + 2 * _BORDER
        return QSize(width, theme.px(self._tile[1]) + 2 * _BORDER + self._caption_height(theme, width))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        caption = self._caption_height(theme, self.width())
        self._paint_picture(painter, theme, QRect(0, 0, self.width(), self.height() - caption))
        if self._caption:
            painter.setPen(QColor(theme.quiet))
            painter.setFont(theme.font(11))
            top = self.height() - caption + theme.px(4)
            painter.drawText(QRect(_BORDER, top, self.width() - 2 * _BORDER, caption), _WRAP, breakable(self._caption))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is not None and (event.position().toPoint() - pressed).manhattanLength() <= _DRAG:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._selectable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def _caption_height(self, theme: Theme, width: int) -> int:
        if not self._caption_lines and not self._caption:
            return 0
        metrics = QFontMetrics(theme.font(11))
        box = QRect(0, 0, width - 2 * _BORDER, 10_000)
        needed = metrics.boundingRect(box, _WRAP, breakable(self._caption)).height() if self._caption else 0
        return max(needed, self._caption_lines * metrics.lineSpacing()) + theme.px(4)

    def _paint_picture(self, painter: QPainter, theme: Theme, place: QRect) -> None:
        inner = place.adjusted(_BORDER, _BORDER, -_BORDER, -_BORDER)
        painter.fillRect(inner, QColor(theme.raised))
        if (shown := self.shown_pixmap()) is not None:
            target = QRect(QPoint(0, 0), shown.size().scaled(inner.size(), Qt.AspectRatioMode.KeepAspectRatio))
            target.moveCenter(inner.center())
            painter.drawPixmap(target, shown)
            if self._veil_HW is not None:
                paint_veil(painter, target, self._veil_HW)
        elif self._message:
            painter.setPen(QColor(theme.quiet))
            painter.setFont(theme.font(11))
            gap = theme.px(8)
            painter.drawText(inner.adjusted(gap, gap, -gap, -gap),
                             int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
        strong = self._selected or self.hasFocus()
        colour = theme.accent if strong else {"good": theme.good, "bad": theme.bad}.get(self._mark, theme.line)
        width = _BORDER if strong or self._mark else 1
        pen = QPen(QColor(colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(place.adjusted(1, 1, -_BORDER, -_BORDER) if width == 1 else place.adjusted(1, 1, -1, -1))
