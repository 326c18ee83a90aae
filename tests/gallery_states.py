"""States of the gallery that need a few clicks: other views of a page, dialogs, a result."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QTabBar, QWidget

from studio.engine.files import resource
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Project
from studio.gui.jobs import studio_command, studio_environment
from studio.gui.session import Session
from studio.gui.window import Window

Variants = tuple[tuple[str, float], ...]


class Shooting(Protocol):
    """What a state needs of the gallery."""

    session: Session
    window: Window

    def settle(self) -> None: ...
    def pause(self, seconds: float) -> None: ...
    def dress(self, theme: str, scale: float) -> None: ...
    def shoot_variants(self, name: str, variants: Variants) -> None: ...
    def shoot_now(self, name: str, variant: tuple[str, float]) -> None: ...
    def shoot_dialog(self, name: str, dialog: QDialog, variant: tuple[str, float]) -> None: ...
    def wait(self, true: Any, *, seconds: float = ..., why: str = ...) -> None: ...


def show_all(gallery: Shooting, variants: Variants) -> None:
    """Bring the loaded project into every state and write its pictures."""
    gallery.window.show_page("doctor")
    gallery.settle()
    part(gallery, QPushButton, "doctor.look").click()
    gallery.wait(lambda: not gallery.session.jobs, why="the doctor", seconds=180)
    gallery.shoot_variants("doctor", variants)
    _inspect(gallery, variants)
    _masks(gallery, variants)
    _quiz(gallery, variants)
    _evaluated(gallery, variants)
    _compared(gallery, variants)
    _settled_map(gallery, variants)


def paused_with_a_queue(gallery: Shooting) -> None:
    """A run that is paused, and two that wait for it."""
    session = gallery.session
    running = next(run.name for run in session.runs if run.state == "running")
    part(gallery, QPushButton, "train.pause").click()
    gallery.wait(lambda: (run := session.run(running)) and run.paused, why="the pause")
    for name in ("a slower one", "with another seed, and a name that is quite long"):
        add = part(gallery, QPushButton, "train.queue_add")
        gallery.wait(add.isEnabled, why="a button that rests after a click")
        part(gallery, QLineEdit, "train.name").setText(name)
        add.click()
    gallery.wait(lambda: len(part(gallery, QWidget, "train.queue").value()) == 2, why="the queue")
    gallery.shoot_variants("training-paused", (("dark", 1.0), ("light", 1.0), ("dark", 2.0)))
    for number in (2, 1):
        part(gallery, QPushButton, f"train.queue_remove.{number}").click()
        gallery.settle()


def other_projects(gallery: Shooting, work: Path, variants: Variants) -> None:
    """A project whose folder has gone, with what is kept of the frames; one with a mask."""
    place = work / "Lost"
    if not place.exists():
        copied = Path(shutil.copytree(resource("sample", "walk"), place / "Videos of the ward"))
        scan(place / "study", copied)
        copied.rename(place / "Moved elsewhere")
    gallery.session.open_project(place / "study")
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("library")
        gallery.settle()
        part(gallery, QPushButton, "library.storage").click()
        gallery.shoot_variants("library-lost", (variant,))
        _to_the_end(gallery, "library")
        gallery.shoot_variants("library-kept", (variant,))
    place = work / "Masked"
    if not place.exists():
        scan(place / "study", resource("sample", "echo-strong"))
        project = Project.open(place / "study")
        project.settings.masks = [Mask(name="clock and trace", shapes=(
            Rectangle(x=0.0, y=0.8, width=1.0, height=0.2), Rectangle(x=0.7, y=0.0, width=0.3, height=0.12)))]
        project.save()
        scan(place / "study", resource("sample", "echo-strong"))
    gallery.session.open_project(place / "study")
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("sampling")
        gallery.shoot_variants("sampling-masked", (variant,))


def scan(project: Path, folder: Path) -> None:
    """Make a project of a folder."""
    subprocess.run([*studio_command(), "scan", str(project), str(folder)], check=True, capture_output=True,
                   env=dict(studio_environment()))


def _to_the_end(gallery: Shooting, page: str) -> None:
    """Scroll a page down."""
    gallery.settle()
    bar = gallery.window.page(page).scroll.verticalScrollBar()
    bar.setValue(bar.maximum())


def part(gallery: Shooting, kind: type, name: str) -> Any:
    """Find a control of the window by its name."""
    found = gallery.window.findChild(kind, name)
    assert found is not None, name
    return found


def _inspect(gallery: Shooting, variants: Variants) -> None:
    """Units of a layer, and the pixels that told an answer."""
    for variant in variants:
        gallery.dress(*variant)  # makes the pages anew
        gallery.window.show_page("inspect")
        gallery.settle()
        for place, name in ((1, "units"), (2, "why")):
            part(gallery, QTabBar, "inspect.views").setCurrentIndex(place)
            gallery.settle()
            gallery.shoot_variants(f"inspect-{name}", (variant,))


def _masks(gallery: Shooting, variants: Variants) -> None:
    """The window for masks, with what it suggests."""
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("library")
        gallery.settle()
        part(gallery, QPushButton, "library.masks").click()
        gallery.settle()
        dialog: QDialog = part(gallery, QDialog, "masks")
        dialog.findChild(QPushButton, "masks.suggest").click()
        gallery.wait(lambda: not gallery.session.jobs, why="the suggestions", seconds=180)
        gallery.settle()
        gallery.shoot_dialog("masks", dialog, variant)
        dialog.reject()


def _quiz(gallery: Shooting, variants: Variants) -> None:
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("sampling")
        gallery.settle()
        part(gallery, QPushButton, "sampling.quiz").click()
        gallery.settle()
        gallery.shoot_variants("sampling-quiz", (variant,))
        part(gallery, QPushButton, "sampling.quiz_end").click()


def _evaluated(gallery: Shooting, variants: Variants) -> None:
    """A linear probe, and below it what was mixed up with what."""
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("evaluate")
        page = gallery.window.page("evaluate")
        page._form.set_value("linear")
        gallery.settle()
        if not page.confusion.isVisible():
            part(gallery, QPushButton, "evaluate.run").click()
            gallery.wait(lambda: not gallery.session.jobs, why="the linear probe", seconds=180)
        page.confusion.table.setCurrentCell(0, 1)
        gallery.settle()
        gallery.shoot_variants("evaluate-linear", (variant,))
        page.scroll.verticalScrollBar().setValue(page.scroll.verticalScrollBar().maximum())
        gallery.shoot_variants("evaluate-confusion", (variant,))
        _to_the_end(gallery, "evaluate")
        gallery.shoot_variants("evaluate-report", (variant,))


def _compared(gallery: Shooting, variants: Variants) -> None:
    """Two runs over each other."""
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("training")
        gallery.settle()
        gallery.window.page("training")._runs.selectAll()
        gallery.shoot_variants("training-compared", (variant,))


def _settled_map(gallery: Shooting, variants: Variants) -> None:
    """The map that keeps neighbours together, on its way and at its end."""
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("neighbours")
        _to_the_end(gallery, "neighbours")
        panel = gallery.window.page("neighbours").map_panel
        panel.controls.method_box.set_value("neighbours")
        panel.method_changed.emit("neighbours")
        gallery.wait(lambda panel=panel: panel._settling or panel.method_shown == "neighbours", seconds=180,
                     why="a map that moves")
        if panel._settling:
            gallery.shoot_now("neighbours-settling", variant)
        gallery.wait(lambda panel=panel: panel.method_shown == "neighbours" and not panel._settling, seconds=120,
                     why="the map")
        gallery.window.page("neighbours").scroll.ensureWidgetVisible(part(gallery, QWidget, "neighbours.map"), 0, 0)
        gallery.shoot_variants("neighbours-settled", (variant,))
