"""Editors of one value each: a whole number, a number, a choice, yes or no, a text, a list of whole numbers.

All have `value()`, `set_value()` and `value_changed`; setting a value tells nobody. Numbers are written with a point
and read with a point or a comma, whatever the language of the system; a wheel that scrolls the page changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from studio.gui.texts import said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.quiet_wheel import QuietWheel

LARGEST = 2**31 - 1
_DECIMALS = 10
_STEPS = (1, 2, 5)
_ON_THE_WAY = re.compile(r"[+-]?\d*[.,]?\d*(e[+-]?\d*)?", re.IGNORECASE)


class _Typed(QuietWheel):
    """A number as it is typed. What cannot be taken may be typed, and is mended when editing ends: `mended` says how.

    Qt would swallow the digits that lead out of the range: of 99, where 64 is the most, it leaves 9.
    """

    _whole = False
    _mending = ""
    if TYPE_CHECKING:  # of the box it is mixed with
        mended: Signal

        def value(self) -> Any: ...
        def minimum(self) -> Any: ...
        def maximum(self) -> Any: ...
        def suffix(self) -> str: ...

    def valueFromText(self, text: str) -> Any:
        found = read_number(self._typed(text))
        return self.value() if found is None else self._nearest(found)[0]

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        typed = self._typed(text)
        found = read_number(typed)
        if found is not None and not self._nearest(found)[1]:
            return QValidator.State.Acceptable, text, position
        return (QValidator.State.Intermediate if _ON_THE_WAY.fullmatch(typed) else QValidator.State.Invalid), \
            text, position

    def fixup(self, text: str) -> str:
        found = read_number(self._typed(text))
        if found is None:
            return text  # Qt would take a comma out, and read `1,2,3` as 123
        nearest, self._mending = self._nearest(found)
        return number_text(nearest)

    def _nearest(self, number: float) -> tuple[float, str]:
        """Give the number that can be taken in place of this one, and say why; an empty reason where it can itself."""
        least, most = self.minimum(), self.maximum()
        if number > most:
            belongs, end = _end(most)
            return (most if belongs else end - 1e-4), said("At most {number}." if belongs else "Less than {number}.",
                                                           number=number_text(end))
        if number < least:
            belongs, end = _end(least)
            return (least if belongs else end + 1e-4), said("At least {number}." if belongs else "More than {number}.",
                                                            number=number_text(end))
        if self._whole and number != int(number):
            nearest = math.floor(number + 0.5)
            return nearest, said("Whole numbers only: {number} was taken.", number=nearest)
        return (int(number) if self._whole else number), ""

    def _typed(self, text: str) -> str:
        """The number without its unit, whatever kind of space stands between them."""
        number = text.replace("\u00a0", " ").strip()
        for _ in range(2):  # Qt puts its own behind one that was typed
            number = number.removesuffix(self.suffix().strip()).strip()
        return number

    def _tell_mended(self) -> None:
        if self._mending:
            sentence, self._mending = self._mending, ""
            self.mended.emit(sentence)


class WholeNumberBox(_Typed, QSpinBox):
    """Edits a whole number."""

    value_changed = Signal(object)
    mended = Signal(str)
    _whole = True

    def __init__(self, *, minimum: int = -LARGEST, maximum: int = LARGEST, unit: str = "") -> None:
        super().__init__()
        _prepare(self, unit)
        self._unit = unit
        self.setRange(minimum, maximum)
        self.valueChanged.connect(self._tell)
        self.editingFinished.connect(self._tell_mended)

    def set_value(self, value: Any) -> None:
        """Show a number; one outside the range is moved into it."""
        if value != self.value():
            with QSignalBlocker(self):
                self.setValue(min(max(int(value), self.minimum()), self.maximum()))
        self._suit_unit()

    def _tell(self, value: int) -> None:
        self._suit_unit()
        self.value_changed.emit(value)

    def _suit_unit(self) -> None:
        """Write `1 frame`, but `2 frames`."""
        suffix = _suffix(self._unit.removesuffix("s") if self.value() == 1 else self._unit)
        if suffix != self.suffix():
            self.setSuffix(suffix)


class NumberBox(_Typed, QDoubleSpinBox):
    """Edits a number. The arrows go by 1, 2, 5, 10 ... where `fine` says that the size itself is the question."""

    value_changed = Signal(object)
    mended = Signal(str)

    def __init__(self, *, minimum: float = -1e9, maximum: float = 1e9, step: float = 1.0, fine: bool = False,
                 unit: str = "") -> None:
        super().__init__()
        self._fine = fine
        self.setDecimals(_DECIMALS)
        _prepare(self, unit)
        self.setRange(minimum, maximum)
        self.setSingleStep(step)
        self.valueChanged.connect(self.value_changed.emit)
        self.editingFinished.connect(self._tell_mended)

    def set_value(self, value: Any) -> None:
        """Show a number; one outside the range is moved into it."""
        if value != self.value():
            with QSignalBlocker(self):
                self.setValue(float(value))

    def textFromValue(self, value: float) -> str:
        return number_text(value)

    def stepBy(self, steps: int) -> None:
        if self._fine:
            self.setValue(_fine_step(self.value(), steps))
            return
        target = round(self.value() + steps * self.singleStep(), _DECIMALS)
        bound = min(max(target, self.minimum()), self.maximum())
        if _end(bound)[0]:  # one that does not is not stepped to
            self.setValue(bound)


class ChoiceBox(QuietWheel, QComboBox):
    """Chooses one of several values, each with its words."""

    value_changed = Signal(object)

    def __init__(self, choices: Sequence[tuple[Any, str]] = ()) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.set_choices(choices)
        self.currentIndexChanged.connect(lambda _index: self.value_changed.emit(self.value()))

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other values; the chosen one stays chosen where it is still among them."""
        chosen = self.value()
        with QSignalBlocker(self):
            self.clear()
            for value, words in choices:
                self.addItem(said(words), value)
        self.set_value(chosen)

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option,
                                           QStyle.SubControl.SC_ComboBoxEditField, self).width()
        option.currentText = self.fontMetrics().elidedText(  # names differ at their ends
            self.currentText(), Qt.TextElideMode.ElideMiddle, room - current_theme().px(4))

    def showPopup(self) -> None:
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        super().showPopup()

    def value(self) -> Any:
        """Give the value chosen, None when there is none."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a value; one that is not offered leaves the first."""
        found = next((i for i in range(self.count()) if self.itemData(i) == value), 0)
        with QSignalBlocker(self):
            self.setCurrentIndex(found)


class CheckBox(QCheckBox):
    """Edits yes or no."""

    value_changed = Signal(object)

    def __init__(self, text: str = "") -> None:
        super().__init__(said(text))
        self.toggled.connect(self.value_changed.emit)

    def value(self) -> bool:
        """Tell whether it is ticked."""
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        """Tick it or not."""
        with QSignalBlocker(self):
            self.setChecked(bool(value))


class TextBox(QLineEdit):
    """Edits a text; what does not match `pattern` is marked and told to nobody."""

    value_changed = Signal(object)

    def __init__(self, *, pattern: str = "") -> None:
        super().__init__()
        self._pattern = re.compile(pattern) if pattern else None
        self._value: Any = ""
        self.textEdited.connect(self._take)

    def value(self) -> Any:
        """Give the last valid value."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show a value."""
        if value != self._value or not self.text():
            self._value = value
            self.setText(self._written(value))
            self._mark(valid=True)

    @property
    def valid(self) -> bool:
        """Whether what is written can be used."""
        return self.property("kind") != "wrong"

    def _read(self, text: str) -> Any:
        """Give the value that was written, None when it is none."""
        return text if self._pattern is None or self._pattern.search(text) else None

    def _written(self, value: Any) -> str:
        return str(value)

    def _take(self, text: str) -> None:
        found = self._read(text.strip())
        self._mark(valid=found is not None)
        if found is not None and found != self._value:
            self._value = found
            self.value_changed.emit(found)

    def _mark(self, *, valid: bool) -> None:
        if valid != self.valid:
            set_kind(self, "" if valid else "wrong")


class WholeNumbersBox(TextBox):
    """Edits a list of whole numbers, written with commas or spaces between them."""

    def __init__(self) -> None:
        super().__init__()
        self._value = []
        self.setPlaceholderText(said("none"))

    def _read(self, text: str) -> list[int] | None:
        parts = [part for part in re.split(r"[\s,;]+", text) if part]
        return [int(part) for part in parts] if all(part.isascii() and part.isdigit() for part in parts) else None

    def _written(self, value: Any) -> str:
        return ", ".join(str(one) for one in value)


def number_text(value: float) -> str:
    """Write a number with a point and without needless zeros: `0.0005`, `1`, `0.25`."""
    return np.format_float_positional(round(value, _DECIMALS), trim="-")


def read_number(text: str) -> float | None:
    """Read a number written with a point or a comma; None when it is none or not finite."""
    cleaned = text.strip().replace("−", "-").replace("\u202f", "").replace(",", ".")
    try:
        found = float(cleaned)
    except ValueError:
        return None
    return found if math.isfinite(found) and "_" not in cleaned else None


def _end(bound: float) -> tuple[bool, float]:
    """Tell whether the end of a range belongs to it, and give that end (see `limits`)."""
    return round(bound, 4) == bound, round(bound, 4)


def _fine_step(value: float, steps: int) -> float:
    """Go up or down in the row 0.001, 0.002, 0.005, 0.01 ..."""
    if value <= 0:
        return 0.0001 if steps > 0 else 0.0
    place = math.log10(value)
    whole = math.floor(place + 1e-9)
    lead = value / 10**whole
    index = max(i for i, one in enumerate(_STEPS) if one <= lead + 1e-9) if lead >= 1 else 0
    if steps < 0 and lead > _STEPS[index] + 1e-9:
        steps += 1
    tens, index = divmod(index + steps, len(_STEPS))
    return round(_STEPS[index] * 10.0 ** (whole + tens), _DECIMALS)


def _prepare(box: QAbstractSpinBox, unit: str) -> None:
    box.setLocale(QLocale.c())
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setAccelerated(True)
    box.lineEdit().setTextMargins(current_theme().px(6), 0, 0, 0)  # a style sheet's padding does not reach it
    if isinstance(box, (QSpinBox, QDoubleSpinBox)):
        box.setSuffix(_suffix(unit))


def _suffix(unit: str) -> str:
    return f"\u00a0{unit}" if unit else ""


Editor = WholeNumberBox | NumberBox | ChoiceBox | CheckBox | TextBox


def editor_of(part: dict[str, Any]) -> Editor:
    """Make the editor of one property of a JSON schema (type, enum, minimum, maximum, unit, pattern)."""
    kind = part.get("type", "string")
    if "enum" in part:
        return ChoiceBox([(value, str(value)) for value in part["enum"]])
    if kind == "boolean":
        return CheckBox()
    unit = short_unit(part)
    if kind == "integer":
        least, most = limits(part)
        return WholeNumberBox(minimum=-LARGEST if least is None else math.ceil(least), unit=unit,
                              maximum=LARGEST if most is None else math.floor(min(most, LARGEST)))
    if kind == "number":
        least, most = limits(part)
        default = part.get("default") or 0
        small = most is not None and most <= 2
        return NumberBox(minimum=-1e9 if least is None else least, maximum=1e9 if most is None else most, unit=unit,
                         step=0.05 if small else 1.0, fine=0 < default < 0.01)
    return WholeNumbersBox() if kind == "array" else TextBox(pattern=part.get("pattern", ""))


def limits(part: dict[str, Any]) -> tuple[float | None, float | None]:
    """Give the least and the largest value that a property of a JSON schema may have."""
    step = 1 if part.get("type") == "integer" else 1e-9
    least, most = part.get("minimum"), part.get("maximum")
    if (above := part.get("exclusiveMinimum")) is not None:
        least = above + step
    if (below := part.get("exclusiveMaximum")) is not None:
        most = below - step
    return least, most


def short_unit(part: dict[str, Any]) -> str:
    """Give the unit where it is short enough to stand beside the number."""
    unit = str(part.get("unit", ""))
    return unit if len(unit) <= 8 else ""


def label_of(editor: QWidget, *, name: str, title: str, about: str) -> None:
    """Give an editor its object name and what a screen reader says."""
    editor.setObjectName(name)
    editor.setAccessibleName(said(title))
    editor.setAccessibleDescription(said(about))
