"""Which layer of a network is looked at, and which of its units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QLabel, QWidget

from studio.gui.blocks import column, label
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.editors import ChoiceBox, WholeNumberBox, label_of
from studio.gui.words import counted

ALL_UNITS = -1


class LayerChoice(QWidget):
    """Edits a layer's name and a unit: `value()` is (layer, unit); "" is the last layer, None all units together."""

    value_changed = Signal(str, object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._layers: list[dict[str, Any]] = []
        self.layer_box = ChoiceBox()
        label_of(self.layer_box, name=f"{name}.layer", title=said("Layer"), about=said("From the input to the output"))
        self.layer_box.setMinimumContentsLength(12)
        self.layer_box.value_changed.connect(self._layer_changed)
        self.unit_box = WholeNumberBox(minimum=ALL_UNITS, maximum=ALL_UNITS)
        label_of(self.unit_box, name=f"{name}.unit", title=said("Unit"),
                 about=said("All units together, or one by its number"))
        self.unit_box.setSpecialValueText(said("all units together"))
        self.unit_box.setWrapping(True)
        self.unit_box.value_changed.connect(self._tell)
        self._size = label("", "caption", wrap=True)
        self._unit_field = self._field("Unit", self.unit_box)
        layout = column(self._field("Layer", self.layer_box), self.layer_box, self._size, self._unit_field,
                        self.unit_box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.insertSpacing(3, current_theme().px(4))
        self.setLayout(layout)
        self.setEnabled(False)

    def value(self) -> tuple[str, int | None]:
        """Give the layer's name and the unit."""
        unit = self.unit_box.value()
        return str(self.layer_box.value() or ""), None if unit == ALL_UNITS else unit

    def set_unit_shown(self, shown: bool) -> None:
        """Offer the choice of a unit, or only that of a layer."""
        self._unit_field.setVisible(shown)
        self.unit_box.setVisible(shown)

    def set_layers(self, layers: Sequence[dict[str, Any]], *, shown: str) -> None:
        """Offer a network's layers, each with `name`, `channels` and `shape` (frames, height, width); `shown` is one.

        Nothing is told. A layer that was chosen stays chosen when the network has it.
        """
        self.setEnabled(bool(layers))
        if list(layers) == self._layers:
            return
        kept, self._layers = self.layer_box.value(), list(layers)
        self.layer_box.set_choices([(layer["name"], f"{layer['name']} · {counted(layer['channels'], 'unit')}")
                                    for layer in layers])
        self.layer_box.set_value(kept if kept in {layer["name"] for layer in layers} else shown)
        self._take_size()

    def _field(self, text: str, buddy: QWidget) -> QLabel:
        made = label(text, "caption")
        made.setBuddy(buddy)
        return made

    def _layer_changed(self, _layer: object) -> None:
        self._take_size()
        self._tell()

    def _take_size(self) -> None:
        place = self.layer_box.currentIndex()
        if not 0 <= place < len(self._layers):
            return
        frames, height, width = self._layers[place]["shape"]
        self._size.setText(said("Each unit's map: {steps} in time, {height} × {width} places",
                                steps=counted(frames, 'step'), height=height, width=width))
        with QSignalBlocker(self.unit_box):
            self.unit_box.setMaximum(self._layers[place]["channels"] - 1)

    def _tell(self, _unit: object = None) -> None:
        self.value_changed.emit(*self.value())
