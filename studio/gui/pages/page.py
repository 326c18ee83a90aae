"""What every page is: a title, a body that scrolls in a small window, and the command line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.gui.blocks import label
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme, icon, icon_size, set_kind
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.waiting import Waiting

_LEAST_HEIGHT_PIXELS = 400


class Page(QWidget):
    """A page of the window.

    Subclasses set `name` (its key in the rail), `title`, `icon` and `summary`, put their controls into `body` and
    their main buttons into `header_buttons` (right of the title), override `waits_for`, `command_line` and `refresh`.
    """

    name = ""
    title = ""
    icon = ""
    summary = ""
    """One sentence on what the page is for; it teaches while the page is locked or empty."""
    prefix = ""
    """Start of the object names of its controls, where it is not `name` (the page `training` has `train.start`)."""

    in_parts = False
    """Whether it is made in `parts`, one each turn of the event loop; such a page is told whether to be `at_once`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._entering = False
        self.parts: Iterator[None] = iter(())
        self.setObjectName(f"page.{self.name}")
        self.setAccessibleName(said(self.title))
        theme = current_theme()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._header = self._make_header()
        layout.addWidget(self._header)
        inner = _Body()
        inner.setProperty("kind", "page")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(theme.px(24), theme.px(8), theme.px(24), theme.px(16))
        self.body.setSpacing(theme.px(12))
        self.scroll: QScrollArea = QScrollArea()  # type: ignore[assignment]  # nor is QWidget.scroll
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll.setMinimumHeight(1)  # with little room this part gives way, never the words above
        self.scroll.setWidget(inner)
        layout.addWidget(self.scroll, 1)
        layout.addWidget(self._make_footer())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._put_header(inside=event.size().height() < current_theme().px(_LEAST_HEIGHT_PIXELS))

    def make_rest(self) -> None:
        """Make the parts that are missing."""
        for _ in self.parts:
            pass

    def enter(self, kept: dict[str, Any] | None = None) -> None:
        """Get ready to be shown, with what the page that stood here before had `kept`.

        What changes while it is seen is laid out, and perhaps painted, with every single change.
        """
        self._entering = True
        try:
            self.refresh()
            if kept:
                self.restore(kept)
        finally:
            self._entering = False

    @property
    def in_view(self) -> bool:
        """Whether it is shown, or about to be."""
        return self._entering or self.isVisible()

    def is_whole(self) -> bool:
        """Tell whether nothing is still to come that the page shows by itself; override where more is made later."""
        waits = any(one.waits for one in self.findChildren(Waiting))
        return not waits and not self.session.service.busy

    def waits_for(self) -> tuple[str, str] | None:
        """Say what the page waits for and which page provides it, or None when it is open."""
        return None

    def command_line(self) -> str:
        """Give the command that does what the page is about to do, or nothing."""
        return ""

    def kept(self) -> dict[str, Any]:
        """What a person picked or waited for on this page, by object names: it outlives a change of theme."""
        return {widget.objectName(): widget.kept() for widget in self._keepers()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what the page that stood here before had `kept`."""
        for widget in self._keepers():
            if widget.objectName() in kept:
                widget.restore(kept[widget.objectName()])

    def _keepers(self) -> list[Any]:
        return [widget for widget in self.findChildren(QWidget) if hasattr(widget, "kept")]

    def refresh(self) -> None:
        """Show the session as it is now. Called when the page is shown; override and call the base class."""
        self.update_command_line()

    def update_command_line(self) -> None:
        """Write the command line anew; call it when an input of it changed."""
        line = self.command_line()
        self._footer.setVisible(bool(line))
        self._command.setText(line)
        self._command.setToolTip(line)

    def put_footer_last(self) -> None:
        """Let the Tab key come to the footer after everything that was made later."""
        last = self.previousInFocusChain()
        while last and not (self.isAncestorOf(last) and last.focusPolicy() & Qt.FocusPolicy.TabFocus):
            last = None if last is self else last.previousInFocusChain()
        if last and last is not self._copy:
            QWidget.setTabOrder(last, self._copy)

    def control(self, name: str) -> str:
        """Give the stable object name of a control: `<page>.<name>`."""
        return f"{self.prefix or self.name}.{name}"

    def _make_header(self) -> QWidget:
        theme = current_theme()
        header, row = _Header(), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        header.setLayout(row)
        row.setContentsMargins(*_header_margins(inside=False))
        row.setSpacing(theme.px(8))
        words = QVBoxLayout()
        words.setSpacing(theme.px(2))
        heading = label(self.title, "title")
        words.addWidget(heading)
        self.subtitle = label(self.summary, "quiet", wrap=True)
        words.addWidget(self.subtitle)
        row.addLayout(words, 1)
        self.header_buttons = _Buttons(spacing=8)
        row.addLayout(self.header_buttons)
        header.buttons = self.header_buttons
        return header

    def _put_header(self, *, inside: bool) -> None:
        """With little height the title scrolls away with the body, so that there is room for what the page is about."""
        layout, row = self.layout(), self._header.layout()
        place = self.body.indexOf(self._header)
        if inside == (place >= 0) or not isinstance(layout, QVBoxLayout) or row is None:
            return
        focus = self.focusWidget()
        row.setContentsMargins(*_header_margins(inside=inside))
        (self.body if inside else layout).insertWidget(0, self._header)
        if focus is not None:
            focus.setFocus()  # which is lost by moving

    def _make_footer(self) -> QWidget:
        theme = current_theme()
        self._footer = QWidget()
        self._footer.setObjectName("footer")
        row = QHBoxLayout(self._footer)
        row.setContentsMargins(theme.px(24), theme.px(2), theme.px(16), theme.px(2))
        self._command = QLabel()
        self._command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._command.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._command.setAccessibleName(said("Command line that does the same"))
        set_kind(self._command, "command")
        row.addWidget(self._command, 1)
        copy = QPushButton(said("Copy command"))
        copy.setIcon(icon("copy", theme.quiet, beside_text=True))
        copy.setIconSize(icon_size(beside_text=True))
        copy.setObjectName(self.control("copy_command"))
        copy.setAccessibleName(said("Copy the command line"))
        set_kind(copy, "plain")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._command.text()))
        row.addWidget(copy)
        self._copy = copy
        self._footer.hide()
        return self._footer


class _Body(QWidget):
    """What scrolls. Where its height follows from its width, that alone says how tall it is.

    Words that wrap would otherwise keep the room that they need in the narrowest window.
    """

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(least.width(), 0) if self.hasHeightForWidth() else least


class _Header(QWidget):
    """Title and main buttons; the buttons move below the title where there is no room for both."""

    _narrow: bool | None = None
    buttons: _Buttons | None = None
    """Kept here: asked for as an item of the row, a layout written in Python would lose its own items with it."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a button came, went or got other words
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        row, buttons = self.layout(), self.buttons
        if isinstance(row, QBoxLayout) and buttons is not None:
            theme, wanted = current_theme(), buttons.sizeHint().width()
            narrow = self.width() < max(theme.px(600), wanted + theme.px(280))
            if narrow == self._narrow:  # setting the same anew would ask for the next layout, without end
                return
            self._narrow = narrow
            row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
            row.setAlignment(buttons, Qt.AlignmentFlag(0) if narrow else Qt.AlignmentFlag.AlignVCenter)


class _Buttons(FlowLayout):
    """Buttons in one line, and in several where the page is too narrow."""

    def sizeHint(self) -> QSize:
        return self.size_in_one_line()


def _header_margins(*, inside: bool) -> tuple[int, int, int, int]:
    """Left, top, right, bottom; the body that may hold the header has margins of its own."""
    px = current_theme().px
    return (0, px(8), 0, 0) if inside else (px(24), px(20), px(24), px(8))


def quoted(*words: str) -> str:
    """Write a command line so that a shell reads it back as these words."""
    return shlex.join(words)
