"""The terms beside the pretext task: each is ticked to be learned as well, and then has options of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.gui.blocks import label
from studio.gui.forms import Form
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import CheckBox, label_of

Terms = dict[str, dict[str, Any]]
_FIELD_PIXELS = 360


class TermEditor(QWidget):
    """Edits one term; its value are its options, None while it is not ticked."""

    value_changed = Signal(object)

    def __init__(self, described: Mapping[str, Any], *, page: str) -> None:
        super().__init__()
        name, learns = described["name"], said(described["learns"])
        about = said("Learns: {what}.", what=learns[:1].lower() + learns[1:])
        self.tick = CheckBox(described["title"])
        label_of(self.tick, name=f"{page}.term.{name}", title=described["title"], about=about)
        self.form = Form(described["options"], page=f"{page}.term.{name}", field_pixels=_FIELD_PIXELS)
        theme = current_theme()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(4))
        for widget in (self.tick, label(about, "quiet", wrap=True), label(described["paper"], "caption", wrap=True),
                       self.form):
            layout.addWidget(widget)
        self.form.hide()
        self.tick.value_changed.connect(self._tell)
        self.form.value_changed.connect(self._tell)

    def value(self) -> dict[str, Any] | None:
        """Give the options, None when it is not ticked."""
        return self.form.value() if self.tick.value() else None

    def set_value(self, options: Mapping[str, Any] | None) -> None:
        """Show options, or that it is not ticked; what was edited before it was unticked is kept for the next time."""
        self.tick.set_value(options is not None)
        if options is not None:
            self.form.set_value(options)
        self.form.setVisible(options is not None)

    def _tell(self, *_edited: object) -> None:
        self.form.setVisible(self.tick.value())
        self.value_changed.emit(self.value())


class TermsEditor(QWidget):
    """Edits a recipe's terms; its value are the options of those that are ticked, by name."""

    value_changed = Signal(object)

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._page = page
        self.editors: dict[str, TermEditor] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(current_theme().px(12))

    def set_described(self, terms: Sequence[Mapping[str, Any]]) -> None:
        """Offer what the worker describes; terms offered already stay as they are."""
        for described in terms:
            if described["name"] not in self.editors:
                editor = TermEditor(described, page=self._page)
                editor.value_changed.connect(lambda _options: self.value_changed.emit(self.value()))
                self.editors[described["name"]] = editor
                self._layout.addWidget(editor)

    def value(self) -> Terms:
        """Give the options of the ticked terms."""
        return {name: options for name, editor in self.editors.items() if (options := editor.value()) is not None}

    def set_value(self, terms: Mapping[str, Mapping[str, Any]]) -> None:
        """Show a recipe's terms."""
        for name, editor in self.editors.items():
            editor.set_value(terms.get(name))

    def set_defaults(self, terms: Mapping[str, Mapping[str, Any]]) -> None:
        """Set what the recipe has; a term that it lacks keeps its own defaults."""
        for name, editor in self.editors.items():
            editor.form.set_defaults(terms.get(name, {}))

    def set_error(self, place: str, rule: str) -> None:
        """Mark the option at `terms.name.key` (with ` = value` behind it or not) with the rule it breaks."""
        section, _dot, rest = place.partition(" ")[0].partition(".")
        wrong, _dot, key = rest.partition(".")
        for name, editor in self.editors.items():
            found = section == "terms" and name == wrong and editor.form.has(key)
            editor.form.set_errors({key: rule[:1].upper() + rule[1:] + "."} if found else {})
