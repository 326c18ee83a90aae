"""Which weights stand beside a run's and random ones: none, another run's, or those of a file (Kinetics)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import button, column, label, row
from studio.gui.file_choice import choose_file
from studio.gui.texts import noted, said
from studio.gui.theme import set_kind
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.run_list import run_label

_FILE = "file"
_ENDINGS = (".safetensors", ".pth")
_WHY = noted("Another run's weights, or a file of weights for the same network, such as torchvision's of Kinetics-400 "
             "(r3d_18_KINETICS400…pth): what labelled video of everyday actions would have given.")


class OtherWeights(QWidget):
    """Edits what `--kinetics` is given: nothing, the name of a run, or the path of a file."""

    value_changed = Signal(str)

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self.box = ChoiceBox()
        label_of(self.box, name=f"{prefix}.beside", title="Beside", about=_WHY)
        self.box.setToolTip(said(_WHY))
        self.box.setMinimumContentsLength(14)
        self.file = QLineEdit()
        self.file.setObjectName(f"{prefix}.beside_file")
        self.file.setAccessibleName(said("File of weights, .safetensors or .pth"))
        self.file.setPlaceholderText(said(".safetensors or .pth"))
        self._given = QWidget()
        given = row(self.file, button("Choose …", name=f"{prefix}.choose_weights", clicked=self._ask_for_file))
        given.setContentsMargins(0, 0, 0, 0)
        self._given.setLayout(given)
        self._says = label("", "caption", wrap=True)
        layout = column(self.box, self._given, self._says)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.set_runs([])
        self.box.value_changed.connect(self._changed)
        self.file.editingFinished.connect(self._changed)
        self._show()

    @property
    def problem(self) -> str:
        """Why these weights cannot be asked for; nothing when they can."""
        if self.box.value() != _FILE:
            return ""
        path = Path(self.file.text().strip())
        if not self.file.text().strip():
            return said("Choose a file of weights.")
        if path.suffix.lower() not in _ENDINGS:
            return said("Weights are read from .safetensors or .pth files. Choose one of them.")
        return "" if path.is_file() else said("This file is not there. Choose another one.")

    def value(self) -> str:
        """Give the run's name or the file's path; nothing while nothing stands beside."""
        return self.file.text().strip() if self.box.value() == _FILE else str(self.box.value() or "")

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Offer the runs whose weights fit; what was chosen stays while it is there."""
        kept = self.box.value()
        wanted = [("", noted("nothing else")), (_FILE, noted("a file of weights")),
                  *((run.name, said("weights of {run}", run=run_label(run))) for run in runs)]
        if [self.box.itemData(place) for place in range(self.box.count())] != [value for value, _ in wanted]:
            self.box.set_choices(wanted)
            self.box.set_value(kept if kept in dict(wanted) else "")
            self._show()

    def set_file(self, path: str) -> None:
        """Put the weights of a file beside."""
        self.box.set_value(_FILE)
        self.file.setText(path)
        self._changed()

    def _changed(self, *_: object) -> None:
        self._show()
        self.value_changed.emit(self.value())

    def _show(self) -> None:
        problem = self.problem
        self._given.setVisible(self.box.value() == _FILE)
        self._says.setVisible(bool(problem))
        self._says.setText(problem)
        set_kind(self._says, "warning" if problem and self.file.text() else "caption")

    def _ask_for_file(self) -> None:
        choose_file(self, said("Choose a file of weights"), lambda chosen: self.set_file(str(chosen)),
                    start=Path(self.file.text()) if self.file.text() else None,
                    kinds=said("Weights (*.safetensors *.pth);;All files (*)"))
