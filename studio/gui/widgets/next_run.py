"""The run that Start would begin: its recipe, a name, and what one measured step says of time, memory and chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from studio.engine.events import Progress
from studio.engine.guessing import Guessing
from studio.engine.project import run_name
from studio.gui.blocks import Figure, button, column, label, row
from studio.gui.judgement import manner
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme
from studio.gui.words import bytes_text, counted, duration, limits_text, number, progress_text, rounded, share

_FIGURES = (noted("Expected time"), noted("One step"), noted("Chance"), noted("Videos"), noted("Memory of a step"),
            noted("RAM"), noted("Disk"), noted("Device"), noted("Precision"))

_NARROW = 1.1
"""A range of times that is no wider than this is told as one."""


class NextRun(QWidget):
    """Edits the next run's name and shows what was measured for it; its value is the name."""

    value_changed = Signal(str)
    measure_clicked = Signal()
    stop_clicked = Signal()
    task_clicked = Signal()

    def __init__(self, *, prefix: str) -> None:
        super().__init__()
        theme = current_theme()
        self._recipe, self._summary = label("", "strong", wrap=True), label("", "caption", wrap=True)
        self._name = QLineEdit()
        self._name.setObjectName(f"{prefix}.name")
        self._name.setAccessibleName(said("Name of the new run, if you like"))
        self._name.setMaxLength(60)
        self._name.textChanged.connect(self._hear_name)
        self._named = label("", "caption", wrap=True)
        self._named.setObjectName(f"{prefix}.name_says")
        self._named.hide()
        change = button("Change on the Task page", name=f"{prefix}.change_recipe", kind="link",
                        clicked=self.task_clicked.emit)
        self.measure = button("Measure one step", name=f"{prefix}.preflight",
                              tip="Takes one real step on this machine and keeps nothing", clicked=self._measure)
        self._says = label("", "caption", wrap=True)
        self._says.setObjectName(f"{prefix}.preflight_says")
        self._changed = label("", "caption", wrap=True)
        self._changed.setObjectName(f"{prefix}.changed")
        self._told = self._blocked = ""
        self._measuring = False
        self._figures = {title: Figure(title, name=f"{prefix}.{title.lower().replace(' ', '_')}")
                         for title in _FIGURES}
        self._grid = QWidget()
        grid = QGridLayout(self._grid)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(16))
        grid.setVerticalSpacing(theme.px(12))
        time, *others = self._figures.values()
        grid.addWidget(time, 0, 0, 1, 2)  # a range of times is the longest of them
        for place, figure in enumerate(others, 2):
            grid.addWidget(figure, place // 2, place % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(12))
        layout.addLayout(column(label("Next run", "heading"), self._recipe, self._changed, self._summary, change))
        layout.addLayout(column(label("Name", "caption"), self._name, self._named))
        layout.addWidget(self._grid)
        layout.addLayout(row(self.measure, None))
        layout.addWidget(self._says)
        self.set_measured(None)

    def value(self) -> str:
        """Give the name, or nothing."""
        return self._name.text().strip()

    def set_value(self, name: str) -> None:
        """Write a name."""
        self._name.setText(name)

    def set_recipe(self, recipe: Mapping[str, Any], *, changes: int = 0) -> None:
        """Say which recipe is about to be trained, and how many of its options were changed."""
        self._changed.setText(said("{options} changed on the Task page", options=counted(changes, "option")))
        self._changed.setVisible(changes > 0)
        self._recipe.setText(said(str(recipe.get("title") or recipe.get("name", ""))))
        training, sampling = recipe.get("training", {}), recipe.get("sampling", {})
        words = [str(recipe.get("backbone", "")),
                 said("{count} questions a step", count=training.get("batch_size", 8)), _end(training)]
        if sampling.get("tuple_length"):
            clip = sampling.get("clip_frames", 16)
            words.insert(1, said("{count} frames" if clip == 1 else "{count} clips of {frames} frames",
                                 count=sampling["tuple_length"], frames=clip))
        self._summary.setText(" · ".join(filter(None, words)))
        self._name.setPlaceholderText(str(recipe.get("name", "")))

    def set_measuring(self, progress: Progress | None, *, running: bool) -> None:
        """Show that a step is being measured."""
        self._measuring = running
        words = said("Stop measuring") if running else said("Measure one step")
        self.measure.setText(words)
        self.measure.setAccessibleName(words)
        if running:
            detail = said("loading the network")
            if progress:  # the phases before have files as details
                detail = said(progress.detail) if progress.phase == "preflight" else progress_text(progress)
            self._told = said("Measuring: {detail}.", detail=detail)
        self._write()

    def set_blocked(self, reason: str) -> None:
        """Say why no step can be measured now; nothing when it can."""
        self._blocked = reason
        self.measure.setToolTip(reason or said("Takes one real step on this machine and keeps nothing"))
        self._write()

    def set_measured(self, found: Mapping[str, Any] | None, *, stale: bool = False, failure: str = "") -> None:
        """Show the result of a preflight, or that there is none for this recipe."""
        self._grid.setVisible(found is not None)
        if found is None or stale:
            self._told = failure or (said("These figures are of another recipe or other videos. Measure again.")
                                     if stale else said("One real step tells the time, memory and disk to expect."))
        else:
            self._told = found.get("precision_detail") or ""
        self._write()
        for title, (value, beside) in (_in_words(found) if found else {}).items():
            self._figures[title].set_value(value, beside)

    def _write(self) -> None:
        self.measure.setEnabled(not self._blocked or self._measuring)
        self._says.setText("\n".join(filter(None, (self._told, "" if self._measuring else self._blocked))))
        self._says.setVisible(bool(self._says.text()))

    def _hear_name(self, typed: str) -> None:
        """Tell of another name, and say what a folder's name cannot hold of it."""
        name = run_name(typed)
        self._named.setText(said('No folder can be named with / \\ : * ? " < > |, so it becomes: {name}', name=name))
        self._named.setVisible(name != self.value() and bool(self.value()))
        self.value_changed.emit(typed)

    def _measure(self) -> None:
        (self.stop_clicked if self._measuring else self.measure_clicked).emit()


def expected(seconds: Any) -> str:
    """Write an expected time as a range: `3 to 5 min`, `about 2 h 5 min`."""
    least, most = (float(one) for one in seconds)
    if most < least * _NARROW:
        least = most = (least + most) / 2
    low, high = duration(least), duration(most)
    if low == high:
        return said("about {low}", low=low)
    first, second = low.split(), high.split()
    if len(first) == len(second) == 2 and first[1] == second[1]:
        low = first[0]
    return said("{low} to {high}", low=low, high=high)


def _in_words(found: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    step, guessing = float(found["step_seconds"]), Guessing.told(found["chance"], found.get("balanced_chance"))
    split = said("{train_videos} teach, {validation_videos} held out", train_videos=number(found['train_videos']),
                 validation_videos=number(found['validation_videos']))
    return {
        "Expected time": (expected(found["expected_seconds"]), said("for {steps}",
                                                                    steps=counted(found['steps'], 'step'))),
        "One step": (f"{1000 * step:.0f} ms" if step < 1 else f"{step:.1f} s",
                     said("{speed} questions a second", speed=rounded(found["samples_per_second"]))),
        "Chance": (share(guessing.level), said("{classes} possible answers{manner}",
                                               classes=number(found['classes']), manner=manner(guessing))),
        "Videos": (number(found["videos"]), split),
        "Memory of a step": (bytes_text(found["peak_memory_bytes"]),
                             said("{free} free", free=bytes_text(found["free_memory_bytes"]))),
        "RAM": (bytes_text(found["peak_ram_bytes"]), said("{free} free", free=bytes_text(found["free_ram_bytes"]))),
        "Disk": (bytes_text(found["disk_needed_bytes"]), said("{free} free",
                                                              free=bytes_text(found["disk_free_bytes"]))),
        "Device": ("GPU" if not found["device_reason"] else said("Processor"), str(found["device"])),
        "Precision": (str(found["precision"]), f"{counted(found['parameters'], 'weight')}"),
    }


def _end(training: Mapping[str, Any]) -> str:
    words = limits_text(training)
    return said("at most {limits}", limits=words) if words else ""
