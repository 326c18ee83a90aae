"""Garbage that holds parts of the window is let go in the window's thread, between two events, and nowhere else."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtWidgets import QLabel

from studio.gui.window import Window
from tests.gui.conftest import wait_for


def _leave_a_circle() -> tuple[weakref.ref[QLabel], list[str]]:
    """Make a part that nothing but itself holds; the list gets the thread that lets it go."""
    part, where = QLabel(), list[str]()
    part.held = part  # type: ignore[attr-defined]
    weakref.finalize(part, lambda: where.append(threading.current_thread().name))
    return weakref.ref(part), where


def _work_elsewhere() -> None:
    """Ask for as much memory in another thread as makes Python look through everything."""
    thread = threading.Thread(target=lambda: [[] for _ in range(300_000)], name="elsewhere")
    thread.start()
    thread.join()


@pytest.mark.parametrize("mended", [True, False])
def test_no_other_thread_takes_a_part_of_the_window_apart(window: Window, mended: bool) -> None:
    gc.collect()
    part, where = _leave_a_circle()
    if not mended:  # the broken twin: Python by itself
        gc.enable()
    _work_elsewhere()
    if not mended:
        assert where == ["elsewhere"]
        gc.disable()
        return
    assert part() is not None and where == []
    for _ in range(gc.get_threshold()[1] + gc.get_threshold()[2] + 2):  # until it is the turn of older ones too
        gc.collect(0)
        gc.collect(1)
    wait_for(lambda: where)
    assert where == [threading.main_thread().name]


def test_garbage_is_left_to_python_again_when_the_window_is_closed(window: Window) -> None:
    assert not gc.isenabled()
    window.close()
    assert gc.isenabled()
