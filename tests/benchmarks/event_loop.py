"""What benchmarks of the window share: a real window, its event loop and how late that is, a scanned sample project."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

QUICK, SAMPLE = "STUDIO_BENCHMARK_QUICK", "STUDIO_BENCHMARK_SAMPLE"
"""Variables: whether to measure in small; where the scanned sample lies, or is to be made."""
SMALL = bool(os.environ.get(QUICK))


class Ticks:
    """Feels the event loop: a timer that should fire every few milliseconds, and how late it was at worst."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.worst, self.late = 0.0, 0
        self._delays: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        delay = now - self._last - 0.005
        self.worst, self._last = max(self.worst, delay), now
        self.late += delay > 0.1
        self._delays.append(delay)

    def reset(self) -> None:
        """Forget what was before."""
        self.worst, self.late, self._last = 0.0, 0, time.perf_counter()
        self._delays.clear()

    @property
    def worst_ms(self) -> float:
        """The worst delay in milliseconds."""
        return round(1000 * self.worst, 1)

    @property
    def median_ms(self) -> float:
        """The median delay in milliseconds."""
        return round(1000 * statistics.median(self._delays or [0.0]), 1)


def work(true: Callable[[], object], *, seconds: float) -> bool:
    """Let the event loop run until something is true; tells whether it came true in time."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, end = QEventLoop(), time.monotonic() + seconds
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: loop.quit() if true() or time.monotonic() > end else None)
    timer.start()
    loop.exec()
    timer.stop()
    return bool(true())


def rest(seconds: float) -> None:
    """Let the event loop run for a while."""
    work(lambda: False, seconds=seconds)


def memory_mb() -> float:
    """Memory of this process alone, in megabytes."""
    import psutil

    return round(psutil.Process().memory_info().rss / 1e6, 1)


@contextmanager
def opened_window(home: Path) -> Iterator[Any]:
    """A window with settings of its own."""
    os.environ["STUDIO_HOME"] = str(home)
    from PySide6.QtCore import QCoreApplication, QEvent

    from studio.gui import garbage
    from studio.gui.app import make_application
    from studio.gui.session import Session
    from studio.gui.window import Window, dress

    make_application()
    session = Session()
    dress(session)
    window = Window(session)
    window.pages.loaded.connect(garbage.spare)
    window.show()
    try:
        yield window
    finally:
        for job in list(session.jobs):
            job.request_stop()
        work(lambda: not session.jobs, seconds=30)
        window.close()
        for gone in (window, session):
            gone.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def sample(folder: Path) -> Path:
    """A scanned sample project; every part gets a copy of the one that was made first."""
    from studio.engine.files import resource
    from studio.gui.jobs import studio_command, studio_environment

    made = Path(os.environ[SAMPLE])
    if not made.exists():
        subprocess.run([*studio_command(), "scan", str(made), str(resource("sample"))], check=True,
                       capture_output=True, env=dict(studio_environment()))
    return Path(shutil.copytree(made, folder))


def felt(found: dict[str, Any], ticks: Ticks, name: str, *acts: Callable[[], object]) -> None:
    """Do something in the event loop, and keep the worst delay that it brought."""
    rest(0.5)
    ticks.reset()
    for act in acts:
        act()
        rest(0.05)
    rest(0.5)
    found[f"{name}_ms"] = ticks.worst_ms
