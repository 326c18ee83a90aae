"""Where trained weights or features go, and in which format."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import button, column, label, row
from studio.gui.file_choice import choose_place
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.written import Written, show_reason

_NAMES_INSIDE = noted("A row a clip, with its video's name: not for passing on unseen.")
FORMATS = {
    "safetensors": (noted("safetensors"), ".safetensors", noted("Data only, for any program that reads tensors.")),
    "torchvision": (noted("torchvision state dict"), ".pth",
                    noted("For torchvision's r3d_18, mc3_18 and r2plus1d_18.")),
    "onnx": (noted("ONNX graph"), ".onnx", noted("Clips in, features out, without Python.")),
    "npz": (noted("features as NumPy arrays"), ".npz", _NAMES_INSIDE),
    "csv": (noted("features as a table"), ".csv", _NAMES_INSIDE),
}
FEATURES = ("npz", "csv")
"""What is written by `studio features`, not by `studio export`."""
_TORCHVISION_BACKBONES = ("r3d_18", "mc3_18", "r2plus1d_18")


class ExportForm(QWidget):
    """Edits a format and a destination; its value is (format, destination)."""

    value_changed = Signal(object)
    export_clicked = Signal()

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        self._run: Run | None = None
        self._folder = Path()
        self._own = True
        self._format = ChoiceBox([(name, words[0]) for name, words in FORMATS.items()])
        label_of(self._format, name=f"{prefix}.format", title=said("Format"),
                 about=said("What the weights are written as"))
        self._about = label("", "caption", wrap=True)
        self._place = QLineEdit()
        self._place.setObjectName(f"{prefix}.destination")
        self._place.setAccessibleName(said("File to export to"))
        choose = button("Choose …", name=f"{prefix}.choose_destination", clicked=self._ask_for_place)
        self.export = button("Export", name=f"{prefix}.export", icon_name="save",
                             clicked=self.export_clicked.emit)
        self._waits, self._why = "", label("", "caption", wrap=True)
        self.progress = JobLine(prefix=f"{prefix}.exporting", narrow=True)
        self.written = Written(name=f"{prefix}.exported")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(12))
        layout.addLayout(column(label("Format", "caption"), self._format, self._about))
        layout.addLayout(column(label("Destination", "caption"), self._place))
        layout.addLayout(row(choose, self.export, None))
        for part in (self._why, self.progress, self.written):
            layout.addWidget(part)
        self._format.value_changed.connect(self._format_changed)
        self._place.textEdited.connect(self._edited)

    def value(self) -> tuple[str, str]:
        """Give the format and the destination."""
        return self._format.value(), self._place.text().strip()

    def set_value(self, format: str, destination: str) -> None:  # noqa: A002
        """Choose a format and a destination."""
        self._format.set_value(format)
        self._place.setText(destination)
        self._own = False
        self._show()

    def set_run(self, run: Run | None, *, folder: Path) -> None:
        """Export the weights of a run; `folder` is where files go unless another place is given."""
        if run != self._run or folder != self._folder:
            self._run, self._folder = run, folder
            self._propose()
        self._show()

    @property
    def problem(self) -> str:
        """Why the weights cannot be exported like this; nothing when they can."""
        chosen, place = self.value()
        if self._run is None:
            return said("There is no run with weights yet.")
        if chosen == "torchvision" and self._run.recipe.get("backbone") not in _TORCHVISION_BACKBONES:
            return said("torchvision has no {backbone}: choose another format.",
                        backbone=self._run.recipe.get("backbone"))
        return "" if place else said("Say where the file should go.")

    def set_waiting(self, reason: str) -> None:
        """Say why nothing can be written now; nothing when it can."""
        self._waits = reason
        self._show()

    def _propose(self) -> None:
        if self._own and self._run is not None:
            self._place.setText(str(self._folder / f"{self._run.name}{FORMATS[self._format.value()][1]}"))

    def _format_changed(self, *_: object) -> None:
        if not self._own and (place := self._place.text().strip()):
            self._place.setText(str(Path(place).with_suffix(FORMATS[self._format.value()][1])))
        self._propose()
        self._show()
        self.value_changed.emit(self.value())

    def _edited(self, text: str) -> None:
        self._own = not text.strip()
        self._show()
        self.value_changed.emit(self.value())

    def _show(self) -> None:
        problem = self.problem
        self._about.setText(problem or said(FORMATS[self._format.value()][2]))
        set_kind(self._about, "warning" if problem and self._run else "caption")
        self._place.setToolTip(self._place.text())
        self.export.setEnabled(not problem and not self._waits)
        self.export.setToolTip(self._waits)
        show_reason(self._why, "" if self.progress.value() else self._waits)

    def _ask_for_place(self) -> None:
        suffix = FORMATS[self._format.value()][1]
        start = Path(self._place.text()) if self._place.text() else Path.home() / f"weights{suffix}"
        choose_place(self, said("Export to"), self._take_place, start=start.with_suffix(suffix))

    def _take_place(self, path: Path) -> None:
        self.set_value(self.value()[0], str(path))
        self.value_changed.emit(self.value())
