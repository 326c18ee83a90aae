"""How a run's curves are drawn: how much they are smoothed, by their logarithm or not, and back to all steps."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.gui.blocks import button, label, row
from studio.gui.texts import noted, said
from studio.gui.widgets.editors import CheckBox, ChoiceBox, label_of
from studio.gui.widgets.flow import FlowLayout

_SMOOTHING = [(0, noted("as it suits")), (1, noted("none")), (5, "5"), (20, "20"), (100, "100")]
_WHY_SMOOTHING = noted("How many measurements one point of a training curve is the mean of. More shows the trend, "
                       "fewer the single measurements; what was held out is never smoothed.")
_WHY_LOGARITHM = noted("Draws the loss and the learning rate by their logarithm: halving looks the same anywhere.")
HOW_TO = noted("Ctrl and the wheel, plus and minus zoom; dragging, Shift and arrows move; 0 shows all steps.")


class CurveOptions(QWidget):
    """Edits how curves are drawn; its value is (measurements a mean covers, 0 as it suits; whether by logarithm)."""

    value_changed = Signal(object)
    whole_wanted = Signal()

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._smoothing = ChoiceBox(_SMOOTHING)
        self._smoothing.setMinimumContentsLength(8)
        label_of(self._smoothing, name=f"{name}.smoothing", title=said("Smoothing"), about=said(_WHY_SMOOTHING))
        self._smoothing.setToolTip(said(_WHY_SMOOTHING))
        self._logarithmic = CheckBox(said("Logarithmic loss and rate"))
        label_of(self._logarithmic, name=f"{name}.logarithmic", title=self._logarithmic.text(),
                 about=said(_WHY_LOGARITHM))
        self._logarithmic.setToolTip(said(_WHY_LOGARITHM))
        self._whole = button("All steps", name=f"{name}.whole", kind="plain", tip=HOW_TO,
                             clicked=self.whole_wanted.emit)
        for box in (self._smoothing, self._logarithmic):
            box.value_changed.connect(lambda _value: self.value_changed.emit(self.value()))
        caption = label("Smoothing", "caption")
        caption.setBuddy(self._smoothing)
        held = QWidget()
        line = row(caption, self._smoothing)
        line.setContentsMargins(0, 0, 0, 0)
        held.setLayout(line)
        flow = FlowLayout(self, spacing=12, centred=True)
        for widget in (held, self._logarithmic, self._whole):
            flow.addWidget(widget)
        self.set_zoomed(False)

    def value(self) -> tuple[int, bool]:
        """Give how many measurements a mean covers, and whether values are drawn by their logarithm."""
        return int(self._smoothing.value()), self._logarithmic.value()

    def set_value(self, value: tuple[int, bool]) -> None:
        """Show how curves are drawn."""
        self._smoothing.set_value(value[0])
        self._logarithmic.set_value(value[1])

    def set_zoomed(self, zoomed: bool) -> None:
        """Offer the way back to all steps while only some are shown."""
        self._whole.setEnabled(zoomed)
