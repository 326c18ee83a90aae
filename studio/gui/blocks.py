"""Small pieces that every page is made of: labels, buttons, figures, notices."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.gui.texts import said
from studio.gui.theme import current_theme, icon, icon_size, set_kind

_LEAST_WORDS_PIXELS = 400


def label(text: str = "", kind: str = "", *, wrap: bool = False) -> QLabel:
    """Make a label of a kind (title, heading, strong, figure, quiet, caption, good, warning, bad)."""
    made = QLabel(said(text))
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if wrap:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    if kind:
        set_kind(made, kind)
    return made


def button(text: str, *, name: str, icon_name: str = "", kind: str = "", tip: str = "",
           clicked: Callable[[], object] | None = None) -> QPushButton:
    """Make a button with its stable object name; `kind` is primary, plain or link."""
    made = QPushButton(said(text))
    made.setObjectName(name)
    made.setAccessibleName(said(text))
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if kind:
        set_kind(made, kind)
    if icon_name:
        set_icon(made, icon_name)
    if tip:
        made.setToolTip(said(tip))
    if clicked:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def set_icon(made: QPushButton, icon_name: str) -> None:
    """Give a button an icon in the colour of its text."""
    theme, beside_text = current_theme(), bool(made.text())
    colour = theme.on_accent if made.property("kind") == "primary" else theme.text
    made.setIcon(icon(icon_name, colour, beside_text=beside_text))
    made.setIconSize(icon_size(beside_text=beside_text))


def line() -> QFrame:
    """Make a hairline."""
    made = QFrame()
    set_kind(made, "line")
    return made


def fill(bar: QProgressBar, value: int) -> None:
    """Say how far a bar is. Qt would paint it at once, and with it everything else that waits to be painted."""
    bar.setUpdatesEnabled(False)
    bar.setValue(value)
    bar.setUpdatesEnabled(True)


def row(*widgets: QWidget | None, spacing: int = 8) -> QHBoxLayout:
    """Lay widgets beside each other; None is a stretch."""
    made = QHBoxLayout()
    made.setSpacing(current_theme().px(spacing))
    for widget in widgets:
        if widget is None:
            made.addStretch(1)
        else:
            made.addWidget(widget)
    return made


def column(*widgets: QWidget, spacing: int = 4) -> QVBoxLayout:
    """Lay widgets under each other."""
    made = QVBoxLayout()
    made.setSpacing(current_theme().px(spacing))
    for widget in widgets:
        made.addWidget(widget)
    return made


def fit(dialog: QWidget, width: int, height: int) -> None:
    """Give a window above the studio's its size: with large text too it is no larger than what it lies on."""
    theme = current_theme()
    wanted, holder = QSize(theme.px(width), theme.px(height)), dialog.parentWidget()
    dialog.resize(wanted.boundedTo(holder.size()) if holder else wanted)


class Figure(QWidget):
    """A number with its caption and what it is compared with."""

    def __init__(self, caption: str, *, name: str = "") -> None:
        super().__init__()
        self._caption = said(caption)
        self._value, self._beside = label("–", "figure"), label("", "caption")
        layout = column(label(caption, "caption"), self._value, self._beside, spacing=2)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        if name:
            self.setObjectName(name)
        self.set_value("–")

    def value(self) -> str:
        """Give the number as it is shown."""
        return self._value.text()

    def set_value(self, value: str, beside: str = "", *, kind: str = "figure") -> None:
        """Show a number and what stands beside it (chance, the run before)."""
        self._value.setText(value)
        self._beside.setText(beside)
        self._beside.setVisible(bool(beside))
        self.setAccessibleName(f"{self._caption}: {value} {beside}".strip())
        if self._value.property("kind") != kind:
            set_kind(self._value, kind)


class WordsAndButtons(QFrame):
    """Words with buttons beside them, or below where these would leave the words too little room."""

    _whole: QBoxLayout | None = None
    _below: bool | None = None

    def set_parts(self, whole: QBoxLayout, buttons: QHBoxLayout, *, least_pixels: int) -> None:
        """Say which layout holds the words and the buttons, and how much room the words need at 100 % text."""
        self._whole, self._beside, self._least_pixels = whole, buttons, least_pixels

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        if self._whole is None:
            return
        below = self.width() < self._beside.sizeHint().width() + current_theme().px(self._least_pixels)
        if below != self._below:  # setting the same anew would ask for the next layout, without end
            self._below = below
            self._whole.setDirection(QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight)
            self._whole.setAlignment(self._beside, Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag(0))


class NoticeBar(WordsAndButtons):
    """One message with an icon, a remedy and perhaps buttons; `level` is info, good, warning or bad."""

    closed = Signal()

    def __init__(self, level: str = "info", *, closable: bool = False, name: str = "") -> None:
        super().__init__()
        theme = current_theme()
        if name:
            self.setObjectName(name)
        self._sign, self._message, self._remedy = QLabel(), label("", wrap=True), label("", "quiet", wrap=True)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = column(self._message, self._remedy, spacing=2)
        middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        middle.setSpacing(theme.px(8))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.px(12), theme.px(8), theme.px(8), theme.px(8))
        layout.setSpacing(theme.px(12))
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(middle, 1)
        middle.addLayout(words, 1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(theme.px(4))
        middle.addLayout(self.buttons)
        self.set_parts(middle, self.buttons, least_pixels=_LEAST_WORDS_PIXELS)
        if closable:
            close = button("", name=f"{name}.close", icon_name="close", kind="plain", clicked=self._close)
            close.setAccessibleName(said("Dismiss this message"))
            layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.set_level(level)

    def set_level(self, level: str) -> None:
        """Colour the message."""
        theme = current_theme()
        signs = {"info": ("info", theme.quiet), "good": ("good", theme.good), "warning": ("warning", theme.warning),
                 "bad": ("bad", theme.bad), "error": ("bad", theme.bad)}
        name, colour = signs[level]
        self._sign.setPixmap(icon(name, colour).pixmap(icon_size()))
        set_kind(self, {"warning": "notice-warning", "bad": "notice-bad", "error": "notice-bad"}.get(level, "notice"))

    def value(self) -> str:
        """Give the message shown."""
        return self._message.text()

    def set_value(self, message: str, remedy: str = "", *, level: str = "") -> None:
        """Show a message and its remedy; an empty message hides the bar."""
        self._message.setText(message)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.setAccessibleName(message)
        self.setVisible(bool(message))
        if level:
            self.set_level(level)

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


class Teaching(QWidget):
    """The first look of a page: one picture, one sentence, one button."""

    def __init__(self, picture: QWidget, sentence: str, action: QPushButton | None = None) -> None:
        super().__init__()
        theme = current_theme()
        self._sentence = label(sentence, "quiet", wrap=True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._sentence.setMaximumWidth(theme.px(520))
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.px(16))
        layout.addStretch(2)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._sentence, 20)
        middle.addStretch(1)
        layout.addLayout(middle)
        if action:
            layout.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def set_value(self, sentence: str) -> None:
        """Change the sentence."""
        self._sentence.setText(sentence)
