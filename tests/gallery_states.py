"""States of the gallery that need a few clicks: other views of a page, dialogs, a result."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtWidgets import QDialog, QPushButton, QTabBar

from studio.gui.session import Session
from studio.gui.window import Window

Variants = tuple[tuple[str, float], ...]


class Shooting(Protocol):
    """What a state needs of the gallery."""

    session: Session
    window: Window
    out: Any

    def settle(self) -> None: ...
    def dress(self, theme: str, scale: float) -> None: ...
    def shoot_variants(self, name: str, variants: Variants) -> None: ...
    def wait(self, true: Any, *, seconds: float = ..., why: str = ...) -> None: ...


def show_all(gallery: Shooting, variants: Variants) -> None:
    """Bring the loaded project into every state and write its pictures."""
    gallery.window.show_page("doctor")
    gallery.settle()
    _part(gallery, QPushButton, "doctor.look").click()
    gallery.wait(lambda: not gallery.session.jobs, why="the doctor", seconds=120)
    gallery.shoot_variants("doctor", variants)
    _inspect(gallery, variants)
    _masks(gallery)
    _quiz(gallery, variants)
    _evaluated(gallery, variants)


def _part(gallery: Shooting, kind: type, name: str) -> Any:
    found = gallery.window.findChild(kind, name)
    assert found is not None, name
    return found


def _inspect(gallery: Shooting, variants: Variants) -> None:
    """Units of a layer, and the pixels that told an answer."""
    for variant in variants:
        gallery.dress(*variant)  # makes the pages anew
        gallery.window.show_page("inspect")
        for place, name in ((1, "units"), (2, "why")):
            _part(gallery, QTabBar, "inspect.views").setCurrentIndex(place)
            gallery.settle()
            gallery.shoot_variants(f"inspect-{name}", (variant,))


def _masks(gallery: Shooting) -> None:
    """The window for masks, with what it suggests."""
    gallery.dress("dark", 1.0)
    gallery.window.show_page("library")
    gallery.settle()
    _part(gallery, QPushButton, "library.masks").click()
    gallery.settle()
    dialog: QDialog = _part(gallery, QDialog, "masks")
    dialog.findChild(QPushButton, "masks.suggest").click()
    gallery.wait(lambda: not gallery.session.jobs, why="the suggestions", seconds=90)
    gallery.settle()
    assert dialog.grab().save(str(gallery.out / "masks-dark-100.png"))
    dialog.reject()


def _quiz(gallery: Shooting, variants: Variants) -> None:
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("sampling")
        gallery.settle()
        _part(gallery, QPushButton, "sampling.quiz").click()
        gallery.settle()
        gallery.shoot_variants("sampling-quiz", (variant,))
        _part(gallery, QPushButton, "sampling.quiz_end").click()


def _evaluated(gallery: Shooting, variants: Variants) -> None:
    """A linear probe, and below it what was mixed up with what."""
    for variant in variants:
        gallery.dress(*variant)
        gallery.window.show_page("evaluate")
        page = gallery.window.page("evaluate")
        page._form.set_value("linear")
        gallery.settle()
        if not page.confusion.isVisible():
            _part(gallery, QPushButton, "evaluate.run").click()
            gallery.wait(lambda: not gallery.session.jobs, why="the linear probe", seconds=120)
        page.confusion.table.setCurrentCell(0, 1)
        gallery.settle()
        gallery.shoot_variants("evaluate-linear", (variant,))
        page.scroll.verticalScrollBar().setValue(page.scroll.verticalScrollBar().maximum())
        gallery.shoot_variants("evaluate-confusion", (variant,))
