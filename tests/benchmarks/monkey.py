"""A monkey at the window: `python -m tests.benchmarks.monkey [--minutes M] [--seeds S...] [--keep]` prints JSON.

Random clicks, keys, drags, wheels, sizes, themes and pages on the real window with a copy of the sample project and a
short run. It ends with an exit code of 1 when anything raised, when a page is dead afterwards, or when memory grew by
more than a fifth in the second half. Named are the action that took longest, and what was done before memory grew by
much at once. `--keep` writes the result to `tests/benchmarks/results/monkey.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil
import PySide6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDesktopServices, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QGraphicsView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from studio.engine import files
from studio.gui.theme import current_theme
from studio.gui.window import Window

RESULT = Path(__file__).resolve().parent / "results" / "monkey.json"
SHORT = ["--recipe", "quick", "--set", "training.batch_size=4", "--set", "training.validation_tuples=12", "--set",
         "training.validate_every_steps=2", "--set", "training.max_steps=4"]
MOST_GROWTH = 0.2
STEP_MB = 40
"""Memory that grows by as much within one action is noted with what led to it."""
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QGraphicsView,
            QPlainTextEdit)
KEYS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Up,
        Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown,
        Qt.Key.Key_PageUp, Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F1, Qt.Key.Key_F5)
WITH_CONTROL = (*(Qt.Key(Qt.Key.Key_1.value + place) for place in range(7)), Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_A,
                Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_V)
TEXTS = ("7", "-1", "1e9", "3,5", "0.25", "clip", "(a", "Ünïcödé 漢字", "'; --", "../..", "9" * 40)
JOBS = ("library.scan", "train.start", "train.resume", "train.longer", "evaluate.run", "doctor.look", "next.measure",
        "train.measure", "task.probe")


class Monkey:
    """Acts on a window; `starts_jobs` lets it start long work (which it also stops)."""

    def __init__(self, window: Window, *, seed: int, starts_jobs: bool) -> None:
        self._window, self._rng, self._starts_jobs = window, np.random.default_rng(seed), starts_jobs
        self.done: Counter[str] = Counter()
        self.last = ""
        QDesktopServices.setUrlHandler("file", window, "update")  # reports are not opened in a browser

    def act(self) -> None:
        """Do one thing."""
        ways = {"click": 50, "key": 18, "control_key": 8, "drag": 8, "wheel": 6, "text": 6, "page": 6, "resize": 2,
                "theme": 1}
        names, shares = list(ways), np.array(list(ways.values()), float)
        way = str(self._rng.choice(names, p=shares / shares.sum()))
        self.done[way] += 1
        self.last = way
        getattr(self, f"_{way}")()
        self._close_file_dialogs()

    def _pick(self) -> QWidget:
        top = QApplication.activePopupWidget() or next(
            (one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()), None)
        root = top or self._window
        found = [one for one in visible_inside(root) if isinstance(one, CONTROLS) and one.isEnabled()
                 and not one.visibleRegion().isEmpty() and (self._starts_jobs or one.objectName() not in JOBS)]
        return found[int(self._rng.integers(len(found)))] if found else root

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(int(self._rng.integers(max(1, widget.width()))), int(self._rng.integers(max(1, widget.height()))))

    def _pick_inside(self) -> QWidget:
        """Pick what takes the mouse."""
        widget = self._pick()
        if isinstance(widget, (QAbstractItemView, QGraphicsView, QPlainTextEdit)):
            widget = widget.viewport()
        return widget if isValid(widget) else self._window  # what PySide made for an older one at that address

    def _click(self) -> None:
        widget = self._pick_inside()
        self.last = f"click {widget.objectName() or type(widget).__name__}"
        modifier = Qt.KeyboardModifier.ControlModifier if self._rng.random() < 0.1 else Qt.KeyboardModifier.NoModifier
        click = QTest.mouseDClick if self._rng.random() < 0.05 else QTest.mouseClick
        click(widget, Qt.MouseButton.LeftButton, modifier, self._place(widget))

    def _key(self) -> None:
        QTest.keyClick(self._focused(), KEYS[int(self._rng.integers(len(KEYS)))])

    def _control_key(self) -> None:
        QTest.keyClick(self._focused(), WITH_CONTROL[int(self._rng.integers(len(WITH_CONTROL)))],
                       Qt.KeyboardModifier.ControlModifier)

    def _drag(self) -> None:
        widget = self._pick_inside()
        self.last = f"drag {widget.objectName() or type(widget).__name__}"
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self._place(widget))
        for _ in range(4):
            QTest.mouseMove(widget, self._place(widget))
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self._place(widget))

    def _wheel(self) -> None:
        widget = self._pick_inside()
        place = QPointF(self._place(widget))
        turn = QPoint(0, int(self._rng.choice([-240, -120, 120, 240])))
        QApplication.sendEvent(widget, QWheelEvent(
            place, widget.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False))

    def _text(self) -> None:
        focused = self._focused()
        if isinstance(focused, (QLineEdit, QAbstractSpinBox)):
            for letter in TEXTS[int(self._rng.integers(len(TEXTS)))]:  # as typed: QTest knows Latin letters alone
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                    QApplication.sendEvent(self._focused(), QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))

    def _page(self) -> None:
        names = [*self._window.rail._entries, "start", "doctor"]
        self._window.session.go_to(names[int(self._rng.integers(len(names)))])

    def _resize(self) -> None:
        self._window.resize(int(self._rng.integers(640, 1920)), int(self._rng.integers(400, 1080)))

    def _theme(self) -> None:
        if self._rng.random() < 0.5:
            self._window.appearance.set_theme(str(self._rng.choice(["dark", "light"])))
        else:
            self._window.set_text_scale(float(self._rng.choice([1.0, 1.25, 2.0])))

    def _focused(self) -> QWidget:
        return QApplication.focusWidget() or self._window

    def _close_file_dialogs(self) -> None:
        for one in QApplication.topLevelWidgets():
            if isinstance(one, QFileDialog) and one.isVisible():
                one.close()  # a file dialog can delete files, and where it leads is no business of a monkey


def visible_inside(root: QWidget) -> Iterator[QWidget]:
    """The widgets inside another that are shown, from the top.

    Not by `findChildren` of the window: PySide then keeps what it makes for Qt's own widgets until the window goes.
    """
    for one in root.children():
        if isinstance(one, QWidget) and one.isVisible() and not one.isWindow():
            yield one
            yield from visible_inside(one)


def settle() -> None:
    """Let what waits in the event loop happen."""
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def calm(window: Window) -> None:
    """Close what is open above the window and stop what runs."""
    for one in (*window.findChildren(QMenu), *window.findChildren(QDialog)):
        one.close()
    for job in list(window.session.jobs):
        job.request_stop()
    settle()


def dead_pages(window: Window) -> list[str]:
    """The pages that do not come when they are asked for, show nothing, or have no control that could be used."""
    from tests.gallery import _FEWEST_COLOURS, _colours

    found = []
    for name in window.rail._entries:
        window.session.go_to(name)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            settle()
            time.sleep(0.01)
        shown = window.pages.currentWidget()
        usable = [one for one in shown.findChildren(QWidget) if isinstance(one, CONTROLS) and one.isEnabled()
                  and not one.visibleRegion().isEmpty()]
        if window.pages.name != name or not usable or _colours(window.grab().toImage()) < _FEWEST_COLOURS:
            found.append(name)
    return found


def soak(window: Window, met: list[str], *, seed: int, minutes: float) -> dict[str, Any]:
    """Let the monkey at the window for some minutes."""
    monkey, process = Monkey(window, seed=seed, starts_jobs=True), psutil.Process()
    started, worst, memory = time.monotonic(), (0.0, ""), list[float]()
    acts, steps, held = list[str](), list[dict[str, Any]](), process.memory_info().rss
    while (passed := time.monotonic() - started) < 60 * minutes and not met and window.isVisible():
        before = time.monotonic()
        monkey.act()
        settle()
        acts = [*acts[-20:], monkey.last]
        worst = max(worst, (time.monotonic() - before, f"{monkey.last} on {window.pages.name}"))
        held, held_before = process.memory_info().rss, held
        if held - held_before > STEP_MB * 1e6:
            steps.append({"minute": round(passed / 60, 1), "mb": round((held - held_before) / 1e6),
                          "page": window.pages.name, "text_scale": current_theme().scale, "after": acts[-4:]})
            print(steps[-1], file=sys.stderr, flush=True)  # a crash would take it away
        if len(memory) <= passed // 5:
            memory.append(held / 1e6)
            if len(memory) % 12 == 1:
                print(f"{passed / 60:.0f} of {minutes:.0f} minutes, {sum(monkey.done.values())} actions, "
                      f"{memory[-1]:.0f} MB", file=sys.stderr, flush=True)
    calm(window)
    until = time.monotonic() + 60
    while window.session.jobs and time.monotonic() < until:
        settle()
        time.sleep(0.01)
    dead = dead_pages(window)
    answers = window.isVisible() and not dead
    half = len(memory) // 2
    growth = memory[-1] / memory[half] - 1 if half else 0.0
    return {"seed": seed, "minutes": minutes, "actions": sum(monkey.done.values()), "ways": dict(monkey.done),
            "raised": met[:3], "before_that": acts[-6:] if met else [], "answers": answers, "dead_pages": dead,
            "longest_action_ms": round(1000 * worst[0]), "longest_action": worst[1],
            "memory_steps": steps, "memory_mb": [round(one) for one in memory],
            "growth_in_the_second_half": round(growth, 3)}


def main() -> int:
    """Soak with each seed and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    from tests.gallery import _studio, _window, resource

    found = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "videos").mkdir()
        for label in ("walk", "jump", "echo-strong"):
            shutil.copytree(resource("sample", label), place / "videos" / label)
        _studio("scan", str(place / "study"), str(place / "videos"))
        _studio("train", str(place / "study"), *SHORT, "--name", "short")
        os.chdir(place)
        for seed in arguments.seeds:
            project = shutil.copytree(place / "study", place / f"study-{seed}")
            (place / f"work-{seed}").mkdir()
            with _window(place / f"work-{seed}") as (session, window, met):
                session.settings.tour_seen = True
                session.open_project(project)
                found.append(soak(window, met, seed=seed, minutes=arguments.minutes / len(arguments.seeds)))
    good = all(not one["raised"] and one["answers"] and one["growth_in_the_second_half"] < MOST_GROWTH for one in found)
    result = {"good": good, "command": " ".join(["python -m tests.benchmarks.monkey", *sys.argv[1:]]),
              "date": time.strftime("%Y-%m-%d"), "python": platform.python_version(), "pyside6": PySide6.__version__,
              "cores": os.cpu_count(), "soaks": found}
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if arguments.keep:
        RESULT.parent.mkdir(exist_ok=True)
        files.write_json(RESULT, result)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
