"""A page that was made anew for another theme is gone, and with it all that it held."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from studio.gui import garbage
from studio.gui.entries import ENTRIES
from studio.gui.pages.page import Page
from studio.gui.window import Window
from tests.gui.conftest import settle, wait_for


def _kept_alive(window: Window) -> list[str]:
    """The pages that are still there after all were made anew."""
    for entry in ENTRIES:
        window.page(entry.name)
    before = {name: weakref.ref(page) for name, page in window.pages._pages.items()}
    window.pages.make_anew()
    window.pages.finish_dressing()
    settle()
    gc.collect()
    return [name for name, page in before.items() if page() is not None]


def test_pages_made_anew_leave_nothing_behind(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("library")
    wait_for(lambda: window.session.videos)
    assert _kept_alive(window) == []


@pytest.mark.parametrize("swept", [True, False])
def test_pages_that_were_spared_are_let_go_too(window: Window, project: Path, monkeypatch: pytest.MonkeyPatch,
                                               swept: bool) -> None:
    if not swept:  # the broken twin
        monkeypatch.setattr(garbage, "sweep", lambda: None)
    window.session.open_project(project)
    for entry in ENTRIES:
        window.page(entry.name)
    try:
        garbage.spare()
        assert bool(_kept_alive(window)) is not swept
    finally:
        gc.unfreeze()


def test_a_page_that_was_half_made_is_let_go_with_what_had_no_place_yet(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.pages.finish_dressing()
    stack = window.pages
    placeless: list[weakref.ref[QWidget]] = []
    while not placeless:
        assert "task" not in stack._pages, "the page has such parts while it is made"
        stack._make_a_part("task")
        placeless = [weakref.ref(part) for part in vars(stack._half_made["task"]).values()
                     if isinstance(part, QWidget) and part.parent() is None]
    stack.make_anew()
    stack.finish_dressing()
    settle()
    gc.collect()
    assert [one() for one in placeless if one() is not None] == []


def test_a_page_that_something_holds_would_be_found(window: Window, project: Path) -> None:
    window.session.open_project(project)
    window.show_page("library")

    def held(page: Page) -> None:  # as a page must not do it
        window.session.videos_changed.connect(lambda: page.subtitle.setText(""))

    held(window.page("library"))
    assert _kept_alive(window) == ["library"]
