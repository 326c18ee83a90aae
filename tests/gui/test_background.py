"""Reading threads: what they bring arrives in the window's thread, and pages may be deleted at any moment meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from studio.gui.background import Background
from tests.gui.conftest import wait_for

RACE = """
import sys, time
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from studio.gui.background import Background

class Broken(Background):
    def _work(self):
        while taken := self._take():
            try:
                self.done.emit(taken[0], taken[1]())
            except RuntimeError:
                pass

sort = {"as it is": Background, "emits from the thread": Broken}[sys.argv[1]]
application = QCoreApplication([])
sys.setswitchinterval(1e-6)
heard, pages, until = [], 0, time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    page = QObject()
    for made in [sort(page) for _ in range(4)]:
        made.done.connect(lambda key, _result: heard.append(key))
        for key in range(20):
            made.ask(key, lambda: None)
    if pages % 3:
        application.processEvents()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(page, QEvent.Type.DeferredDelete.value)
    pages += 1
assert pages > 20 and heard, (pages, len(heard))
"""


@pytest.mark.parametrize(("sort", "seconds"), [("as it is", 2.0), ("emits from the thread", 30.0)])
def test_a_page_may_be_deleted_while_a_thread_reads_for_it(sort: str, seconds: float) -> None:
    done = subprocess.run([sys.executable, "-c", RACE, sort, str(seconds)], cwd=Path(__file__).parents[2],
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True,
                          check=False)
    if sort == "as it is":
        assert done.returncode == 0, done.stderr
    else:  # the broken twin: the system ends it
        assert done.returncode != 0, "it was to crash"
        assert "AssertionError" not in done.stderr, done.stderr


def test_what_was_read_arrives_in_the_thread_of_the_window(qapp: QApplication) -> None:
    page, heard = QObject(), []
    background = Background(page)
    background.done.connect(lambda key, result: heard.append((key, result, threading.current_thread())))

    def fail() -> None:
        raise OSError("the disk is gone")

    background.ask("good", lambda: threading.current_thread().name)
    background.ask("bad", fail)
    wait_for(lambda: len(heard) == 2)
    assert sorted(heard, key=lambda one: one[0]) == [("bad", None, threading.main_thread()),
                                                     ("good", "studio-reading", threading.main_thread())]
