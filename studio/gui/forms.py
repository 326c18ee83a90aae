"""Forms made of JSON schemas: an option is declared once in the engine and appears here with its unit, range and help.

A `Field` edits one option, a `Form` the options of one section; `value()` of a form is a dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.gui.blocks import button, label
from studio.gui.texts import said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import (
    NumberBox,
    WholeNumberBox,
    editor_of,
    label_of,
    limits,
    number_text,
    short_unit,
)
from studio.gui.widgets.flow import FlowLayout

_CONTROL_PIXELS = 124


class Field(QWidget):
    """One option: title and editor, below them what it does, its range and the recipe's own value."""

    value_changed = Signal(object)

    def __init__(self, key: str, part: Mapping[str, Any], *, page: str) -> None:
        super().__init__()
        self._part = dict(part)
        self.key, self.title = key, said(str(part.get("title") or key.replace("_", " ")))
        self.editor = editor_of(self._part)
        self._default = self._part.get("default")
        self._error = self._mended = ""
        self._label, self._about = label(self.title, wrap=True), label("", "caption", wrap=True)
        self._label.setBuddy(self.editor)
        self._reset = button("", name=f"{page}.{key}.reset", icon_name="undo", kind="quiet-icon",
                             clicked=lambda: self._edited(self._default, show=True))
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._name = f"{page}.{key}"
        self._layout = QGridLayout(self)
        self._lay_out()
        self.editor.value_changed.connect(self._edited)
        if isinstance(self.editor, (WholeNumberBox, NumberBox)):
            self.editor.mended.connect(self._tell_mended)
        self.set_default(self._default)
        self.set_value(self._default)

    def value(self) -> Any:
        """Give the option's value."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self.editor.set_value(value)
        self._show_difference()

    def set_default(self, value: Any) -> None:
        """Set what the recipe has; the reset goes back to it."""
        self._default = value
        text = said("Back to {value}, as in the recipe", value=value_text(value))
        self._reset.setToolTip(text)
        self._reset.setAccessibleName(f"{self.title}: {text}")
        self.set_error("")
        self._show_difference()

    def set_error(self, sentence: str) -> None:
        """Say what is wrong with the value in place of the help; an empty sentence brings the help back."""
        self._error = sentence
        self._say()

    @property
    def about(self) -> str:
        """What stands below the editor."""
        return self._about.text()

    def sizeHint(self) -> QSize:
        width = super().sizeHint().width() if self.maximumWidth() > 100_000 else self.maximumWidth()
        return QSize(width, self._layout.totalHeightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() if self.maximumWidth() < 100_000 else super().minimumSizeHint()

    def _bounds(self) -> str:
        own = value_text(self._default)
        return f"{range_text(self._part)}. ".removeprefix(". ") + said("In the recipe: {value}.", value=own)

    def _lay_out(self) -> None:
        theme = current_theme()
        self.editor.setFixedWidth(theme.px(_CONTROL_PIXELS))
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(theme.px(4))
        self._layout.setVerticalSpacing(theme.px(2))
        self._layout.addWidget(self._label, 0, 0)
        self._layout.addWidget(self._reset, 0, 1)
        self._layout.addWidget(self.editor, 0, 2)
        self._layout.addWidget(self._about, 1, 0, 1, 3)
        self._layout.setColumnStretch(0, 1)
        self._layout.setAlignment(self._about, Qt.AlignmentFlag.AlignTop)

    def _say(self) -> None:
        help_text = " ".join(filter(None, (said(self._part.get("description", "")), self._bounds())))
        about = self._error or " ".join(filter(None, (self._mended, help_text)))
        self._about.setText(about)
        kind = "bad" if self._error else "warning" if self._mended else "caption"
        if self._about.property("kind") != kind:
            set_kind(self._about, kind)
        label_of(self.editor, name=self._name, title=self.title, about=about)
        self.updateGeometry()

    def _tell_mended(self, sentence: str) -> None:
        self._mended = sentence
        self._say()

    def _edited(self, value: Any, *, show: bool = False) -> None:
        if show:
            self.editor.set_value(value)
            self.editor.setFocus()
        self._show_difference()
        self._tell_mended("")
        self.value_changed.emit(value)

    def _show_difference(self) -> None:
        self._reset.setVisible(self.value() != self._default)


class Form(QWidget):
    """The options of one section. `value_changed` tells the key and the new value of what the person edited."""

    value_changed = Signal(str, object)

    def __init__(self, schema: Mapping[str, Any], *, page: str, field_pixels: int = 0) -> None:
        super().__init__()
        self._fields: dict[str, Field] = {}
        layout = FlowLayout(self, spacing=24) if field_pixels else QVBoxLayout(self)
        if isinstance(layout, QVBoxLayout):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(current_theme().px(12))
        else:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        for key, part in schema.get("properties", {}).items():
            field = Field(key, part, page=page)
            field.value_changed.connect(lambda value, key=key: self.value_changed.emit(key, value))
            if field_pixels:
                field.setFixedWidth(current_theme().px(field_pixels))
            layout.addWidget(field)
            self._fields[key] = field

    def value(self) -> dict[str, Any]:
        """Give the options' values by key."""
        return {key: field.value() for key, field in self._fields.items()}

    def set_value(self, values: Mapping[str, Any]) -> None:
        """Show values; an option that is left out shows the recipe's."""
        for key, field in self._fields.items():
            field.set_value(values.get(key, field._default))

    def set_defaults(self, values: Mapping[str, Any]) -> None:
        """Set what the recipe has; what it leaves out keeps the option's own default."""
        for key, field in self._fields.items():
            field.set_default(values.get(key, field._part.get("default")))

    def set_errors(self, errors: Mapping[str, str]) -> None:
        """Mark the options that are wrong with a sentence each; the others get their help back."""
        for key, field in self._fields.items():
            field.set_error(errors.get(key, ""))

    def field(self, key: str) -> Field:
        """Give the field of one option."""
        return self._fields[key]

    def has(self, key: str) -> bool:
        """Tell whether there is an option of this key."""
        return key in self._fields

    def changes(self) -> int:
        """Count the options that differ from the recipe."""
        return sum(field.value() != field._default for field in self._fields.values())


def value_text(value: Any) -> str:
    """Write an option's value for a person: `on`, `off`, `none`, `0.0005`."""
    if isinstance(value, bool):
        return said("on") if value else said("off")
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(one) for one in value) or said("none")
    return said("nothing") if value in ("", None) else str(value)


def range_text(part: Mapping[str, Any]) -> str:
    """Say which values an option may have: `2 to 6 frames`, `0 or more`, `more than 0, up to 10`."""
    if part.get("type") not in ("integer", "number"):
        return ""
    least, most = limits(dict(part))
    above, below = part.get("exclusiveMinimum"), part.get("exclusiveMaximum")
    unit = "" if short_unit(dict(part)) else said(str(part.get("unit", "")))
    low = None if least is None else number_text(least)
    high = None if most is None else number_text(most)
    if above is not None:
        low = said("more than {number}", number=number_text(above))
    if below is not None:
        high = said("below {number}", number=number_text(below))
    if low is None and high is None:
        text = ""
    elif high is None or (most or 0) >= 2**31 - 1:
        text = said("{low} or more", low=low) if above is None else str(low)
    elif above is None and below is None:
        text = said("{low} to {high}", low=low, high=high)
    else:
        text = f"{low}, {high}" if below is not None else said("{low}, up to {high}", low=low, high=high)
    text = f"{text} {unit}".strip()
    return text[:1].upper() + text[1:]
