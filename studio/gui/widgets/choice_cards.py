"""Cards of which one is chosen: a drawing, a title, a line of facts and what it is good for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.flow import FlowLayout

_WIDTH_PIXELS = 236


class ChoiceCard(QAbstractButton):
    """One card. Its drawing is a widget that paints itself."""

    def __init__(self, drawing: QWidget, *, title: str, about: str, source: str, name: str) -> None:
        super().__init__()
        theme = current_theme()
        self.setObjectName(name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedWidth(theme.px(_WIDTH_PIXELS))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._title, self._about = said(title), said(about)
        self._facts = label("", "", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*[theme.px(12)] * 4)
        self._column.setSpacing(theme.px(4))
        self._column.addWidget(drawing)
        self._column.addSpacing(theme.px(4))
        for shown in (label(title, "strong", wrap=True), label(about, "quiet", wrap=True), self._facts,
                      label(source, "caption", wrap=True)):
            self._column.addWidget(shown)
            shown.setVisible(bool(shown.text()))
        self._column.addStretch(1)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_facts("")

    def set_facts(self, facts: str) -> None:
        """Say the figures: chance, parameters, cost."""
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        self.setAccessibleName(self._title)
        self.setAccessibleDescription(" ".join(filter(None, (self._about, facts))))

    def facts(self) -> str:
        """Give the figures shown."""
        return self._facts.text()

    def needed_height(self) -> int:
        """Pixels that the content needs, measured anew: asks for a layout, so not for use in one."""
        self._column.invalidate()
        return self._height()

    def _height(self) -> int:
        return self._column.totalHeightForWidth(self.maximumWidth())

    def sizeHint(self) -> QSize:
        return QSize(self.maximumWidth(), max(self._height(), self.minimumHeight()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        colour = theme.accent if chosen else theme.quiet if self.underMouse() else theme.line
        painter.setPen(QPen(QColor(colour), 2 if chosen else 1))
        painter.setBrush(QColor(theme.surface))
        place = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(place, theme.px(6), theme.px(6))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(4, 4, -4, -4), theme.px(4), theme.px(4))


class ChoiceCards(QWidget):
    """Its value is the name of the chosen card. Cards may stand in groups, each under its heading."""

    value_changed = Signal(str)

    def __init__(self, *, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(said(title))
        self._cards: dict[str, ChoiceCard] = {}
        self._group = QButtonGroup(self)
        self._level_soon = QTimer(self, singleShot=True, interval=0)
        self._level_soon.timeout.connect(self._level)
        self._flows: dict[str, FlowLayout] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(8))
        _grow_with_width(self)

    def value(self) -> str:
        """Give the name of the chosen card, nothing when none is."""
        return next((name for name, card in self._cards.items() if card.isChecked()), "")

    def set_value(self, name: str) -> None:
        """Choose a card."""
        if name in self._cards:
            self._cards[name].setChecked(True)

    def add(self, name: str, card: ChoiceCard, *, group: str = "") -> None:
        """Add a card, below the others of its group."""
        self._cards[name] = card
        self._group.addButton(card)
        self._flow(group).addWidget(card)
        card.clicked.connect(lambda _checked=False: self.value_changed.emit(name))
        self._level_soon.start()  # once for all that come in this turn: each card measures its text

    def set_facts(self, name: str, facts: str) -> None:
        """Say the figures of a card."""
        if name in self._cards and facts != self._cards[name].facts():
            self._cards[name].set_facts(facts)
            self._level_soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._level()

    def names(self) -> Sequence[str]:
        """Give the names of the cards in their order."""
        return list(self._cards)

    def card(self, name: str) -> ChoiceCard:
        """Give a card."""
        return self._cards[name]

    def _flow(self, group: str) -> FlowLayout:
        if group not in self._flows:
            place = QWidget()
            self._flows[group] = FlowLayout(place, spacing=12)
            _grow_with_width(place)
            if group:
                place.setAccessibleName(said(group))
                self._layout.addWidget(label(group, "strong"))
            self._layout.addWidget(place)
        return self._flows[group]

    def _level(self) -> None:
        """Make all cards as high as the highest."""
        height = max((card.needed_height() for card in self._cards.values()), default=0)
        for card in self._cards.values():
            card.setMinimumHeight(height)
        self.updateGeometry()


def _grow_with_width(widget: QWidget) -> None:
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)
