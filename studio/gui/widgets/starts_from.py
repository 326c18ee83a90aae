"""Where the first weights come from: random, a run with the same backbone, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.runs import Run
from studio.gui.blocks import button, label, row
from studio.gui.file_choice import choose_file
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.run_choice import WEIGHTS

_SUFFIXES = (".safetensors", ".pth")


class StartsFrom(QWidget):
    """Edits a recipe's `starts_from`: empty, a run's name or a file's path."""

    value_changed = Signal(str)

    def __init__(self, *, page: str) -> None:
        super().__init__()
        self._file = ""
        self._runs: list[Run] = []
        self._backbone = ""
        self.box = ChoiceBox()
        about = noted("Weights of a run or a file have to be of the same backbone")
        label_of(self.box, name=f"{page}.starts_from", title=noted("Start from random weights or those of a run"),
                 about=about)
        self.box.value_changed.connect(self._chosen)
        self._browse = button("Choose a file", name=f"{page}.starts_from_file", icon_name="folder",
                              tip="A .safetensors file, or torchvision's .pth, of the same backbone",
                              clicked=self._choose)
        self._note = label("", "caption", wrap=True)
        caption = label("Start from")
        caption.setBuddy(self.box)
        line = row(caption, spacing=12)
        line.addWidget(self.box, 1)
        line.addWidget(self._browse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(4))
        layout.addLayout(line)
        layout.addWidget(self._note)

    def value(self) -> str:
        """Give the run's name or the file's path; empty for random weights."""
        return str(self.box.value() or "")

    def set_value(self, source: str) -> None:
        """Show where the weights come from."""
        if Path(source).suffix.lower() in _SUFFIXES and source not in [run.name for run in self._runs]:
            self._file = source
        runs = [run.name for run in reversed(self._runs) if self._suits(run)]
        names = [*runs, *([source] if source and source not in runs else []),
                 *([self._file] if self._file and self._file not in (source, *runs) else [])]
        self.box.set_choices([("", said("Random weights")), *((name, self._words(name)) for name in names)])
        self.box.set_value(source)
        self._say(source)

    def set_runs(self, runs: Sequence[Run], *, backbone: str) -> None:
        """Offer the runs that have weights of this backbone."""
        self._runs, self._backbone = list(runs), backbone
        self.set_value(self.value())

    def choose_file(self, path: Path) -> None:
        """Start from a file, as the person chose it."""
        self.set_value(str(path))
        self.value_changed.emit(str(path))

    def _suits(self, run: Run) -> bool:
        return run.recipe.get("backbone") == self._backbone and (run.folder / WEIGHTS).is_file()

    def _words(self, source: str) -> str:
        if any(run.name == source for run in self._runs):
            return said("The weights of {run}", run=source)
        return said("The file {name}", name=Path(source).name)

    def _chosen(self, source: str) -> None:
        self._say(source)
        self.value_changed.emit(source)

    def _say(self, source: str) -> None:
        """Say where a file lies, or what is wrong with what was chosen."""
        run = next((run for run in self._runs if run.name == source), None)
        words, kind = "", "caption"
        if run is not None and not self._suits(run):
            words = (said("This run has no weights yet.") if run.recipe.get("backbone") == self._backbone else
                     said("This run trained another backbone ({backbone}): its weights do not fit.",
                          backbone=run.recipe.get("backbone")))
            kind = "warning"
        elif source and run is None:
            words = source if Path(source).is_file() else said(
                "There is no run or file {source} now. Choose another.", source=source)
            kind = "caption" if Path(source).is_file() else "warning"
        self._note.setText(words)
        self._note.setVisible(bool(words))
        self.box.setToolTip(source)
        if self._note.property("kind") != kind:
            set_kind(self._note, kind)

    def _choose(self) -> None:
        choose_file(self, said("Choose a file of weights"), self.choose_file,
                    start=Path(self._file) if self._file else None,
                    kinds=said("Weights (*.safetensors *.pth);;All files (*)"))
