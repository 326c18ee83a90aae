"""How quick the window is: `python -m tests.benchmarks.window [PART]...` prints JSON (offscreen, real child processes).

Parts: `opening` (to the first paint and to usable, beside importing torch; memory), `busy` (the worst event-loop delay
while a scan, a training and its curves go on, beside the same training in a QThread), `rows` (100 000 videos: scroll,
filter, sort, leave out) and `metrics` (a run of 100 000 metrics is chosen). With all parts the result is also written
to `tests/benchmarks/results/window.json`. Every part runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).resolve().parent / "results" / "window.json"
REACH = {"worst_delay_ms": 100, "times_better_than_a_thread": 5, "usable_seconds": 1.5, "torch_over_usable": 4,
         "memory_mb": 300, "rows_ms": 100}
PARTS = ("opening", "busy", "rows", "metrics")
VIDEOS, METRICS, BUSY_SECONDS = 100_000, 100_000, 20
STARTED = "STUDIO_BENCHMARK_STARTED"
TRAINING = ["--recipe", "quick", "--set", "training.batch_size=4", "--set", "training.max_steps=100000", "--set",
            "training.validation_tuples=12", "--set", "training.validate_every_steps=5", "--set",
            "training.max_minutes=0"]


class Ticks:
    """Feels the event loop: a timer that should fire every few milliseconds, and how late it was at worst."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.worst, self.late = 0.0, 0
        self._last = time.perf_counter()
        self._timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        delay = now - self._last - 0.005
        self.worst, self._last = max(self.worst, delay), now
        self.late += delay > 0.1

    def reset(self) -> None:
        """Forget what was before."""
        self.worst, self.late, self._last = 0.0, 0, time.perf_counter()

    @property
    def worst_ms(self) -> float:
        """The worst delay in milliseconds."""
        return round(1000 * self.worst, 1)


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

    from studio.gui.app import make_application
    from studio.gui.session import Session
    from studio.gui.window import Window, dress

    make_application()
    session = Session()
    dress(session)
    window = Window(session)
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
    """A scanned sample project."""
    from studio.engine.files import resource
    from studio.gui.jobs import studio_command, studio_environment

    subprocess.run([*studio_command(), "scan", str(folder), str(resource("sample"))], check=True, capture_output=True,
                   env=dict(studio_environment()))
    return folder


# ---------------------------------------------------------------- parts


def opening(place: Path) -> dict[str, Any]:
    """Open the window in fresh processes, in turn with processes that import torch; the best of three each."""
    project = sample(place / "study")
    opened: list[dict[str, float]] = []
    torch: list[float] = []
    for _ in range(3):
        opened.append(_fresh("open_once", str(project)))
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True, cwd=ROOT)
        torch.append(time.perf_counter() - started)
    usable = min(one["usable_seconds"] for one in opened)
    return {"first_paint_seconds": min(one["first_paint_seconds"] for one in opened), "usable_seconds": usable,
            "import_torch_seconds": round(min(torch), 3), "torch_over_usable": round(min(torch) / usable, 2),
            "memory_mb": max(one["memory_mb"] for one in opened),
            "all_pages_seconds": min(one["all_pages_seconds"] for one in opened),
            "worst_delay_while_pages_are_made_ms": min(one["worst_delay_ms"] for one in opened)}


def open_once(place: Path, project: str) -> dict[str, float]:
    """Open the window on a project: seconds since the process was started."""
    started = float(os.environ[STARTED])
    from studio.gui.entries import ENTRIES

    with opened_window(place) as window:
        ticks = Ticks()
        window.session.open_project(Path(project))
        window.session.go_to("library")
        work(lambda: window._painted, seconds=20)
        painted = time.time() - started
        rest(0.0)  # one turn: what a person clicks now is answered
        usable = time.time() - started
        ticks.reset()
        work(lambda: len(window.pages.built()) == len(ENTRIES) + 1, seconds=30)
        pages = time.time() - started
        rest(1.0)
        return {"first_paint_seconds": round(painted, 3), "usable_seconds": round(usable, 3),
                "all_pages_seconds": round(pages, 3), "worst_delay_ms": ticks.worst_ms, "memory_mb": memory_mb()}


def busy(place: Path) -> dict[str, Any]:
    """The worst delay while scanning, training and plotting at once, and with the training in a thread."""
    project = sample(place / "study")
    own = _fresh("busy_window", str(project))
    thread = _fresh("busy_thread", str(project))
    return {**own, "in_a_thread": thread,
            "times_better_than_a_thread": round(thread["worst_delay_ms"] / max(own["worst_delay_ms"], 0.1), 2)}


def busy_window(place: Path, project: str) -> dict[str, Any]:
    """Scan, train and draw the curves in the real window."""
    from studio.engine.files import resource

    with opened_window(place) as window:
        session = window.session
        session.open_project(Path(project))
        window.show_page("training")
        work(lambda: session.description, seconds=60)
        session.start_job("train", [project, *TRAINING], title="Training")
        work(lambda: session.run() and session.run().step > 2, seconds=60)
        rest(1.0)
        ticks, scans = Ticks(), 0
        end = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < end:
            if session.running_job("scan") is None:
                session.start_job("scan", [str(place / f"scanned-{scans}"), str(resource("sample"))], title="Scanning")
                scans += 1
            rest(0.2)
        run = session.run()
        return {"worst_delay_ms": ticks.worst_ms, "delays_over_100_ms": ticks.late, "seconds": BUSY_SECONDS,
                "steps_meanwhile": run.step if run else 0, "scans_meanwhile": scans, "memory_mb": memory_mb()}


def busy_thread(place: Path, project: str) -> dict[str, Any]:
    """The design that was turned down: the same training in a QThread of the window's own process."""
    os.environ["STUDIO_HOME"] = str(place)
    from PySide6.QtCore import QThread
    from PySide6.QtWidgets import QLabel

    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe
    from studio.engine.training.loop import train
    from studio.gui.app import make_application

    over, steps = [], []

    class Trainer(QThread):
        def run(self) -> None:
            steps.extend(train(Project.open(Path(project)), load_recipe("quick", TRAINING[3::2]),
                               stop=lambda: bool(over)))

    application, shown, trainer = make_application(), QLabel("Training"), Trainer()
    shown.show()
    trainer.start()
    work(lambda: len(steps) > 6, seconds=60)
    ticks = Ticks()
    rest(BUSY_SECONDS)
    worst = ticks.worst_ms
    over.append(True)
    trainer.wait()
    del application
    return {"worst_delay_ms": worst, "delays_over_100_ms": ticks.late}


def rows(place: Path) -> dict[str, Any]:
    """What a person does to a table of 100 000 videos: the worst delay of the event loop each, in milliseconds."""
    from studio.engine.project import Project
    from tests.benchmarks.catalogue import fill

    project = Project.create(place / "study")
    with project.catalogue() as catalogue:
        fill(catalogue, VIDEOS)
    from studio.gui import library_edits

    found: dict[str, Any] = {"videos": VIDEOS}
    with opened_window(place / "home") as window:
        session, ticks = window.session, Ticks()
        window.show_page("library")
        _felt(found, ticks, "open", lambda: session.open_project(project.root))
        table = window.page("library").list.table
        bar, videos = table.verticalScrollBar(), window.page("library").list
        _felt(found, ticks, "scroll", *(lambda at=at: bar.setValue(bar.maximum() * at // 20) for at in range(21)))
        _felt(found, ticks, "filter", *(lambda end=end: videos.search("clip123"[:end]) for end in range(1, 8)))
        _felt(found, ticks, "filter_away", lambda: videos.search(""))
        _felt(found, ticks, "sort", lambda: table.sortByColumn(1, table.horizontalHeader().sortIndicatorOrder()))
        for count in (2, 1000):
            _felt(found, ticks, f"exclude_{count}", lambda count=count: library_edits.exclude(
                session, session.usable_videos[:count], excluded=True))
        _felt(found, ticks, "undo", session.undo.undo)
        found["memory_mb"] = memory_mb()
    return found


def metrics(place: Path) -> dict[str, Any]:
    """Choose a run of 100 000 metrics: the worst delay, and how long until its curves are whole."""
    project = sample(place / "study")
    from studio.engine import runs
    from studio.engine.events import Metric
    from studio.engine.project import Project

    folder = Project.open(project).new_run_folder("long")
    (folder / runs.RECIPE).write_text('name = "quick"\ntask = "clip-order"\n')
    (folder / runs.HEARTBEAT).write_text(json.dumps({"state": "finished", "step": METRICS, "total_steps": METRICS}))
    with (folder / runs.EVENTS).open("w") as stream:
        for step in range(1, METRICS + 1):
            values = {"loss": 1.8 - step / METRICS, "accuracy": 0.2 + 0.5 * step / METRICS, "chance": 1 / 6,
                      "learning_rate": 1e-3, "samples_per_second": 80.0}
            split = "validation" if step % 100 == 0 else "train"
            stream.write(Metric(step=step, total_steps=METRICS, epoch=step / 100, split=split,
                                values=values).to_json() + "\n")
    found: dict[str, Any] = {"metrics": METRICS}
    with opened_window(place / "home") as window:
        ticks = Ticks()
        window.session.open_project(project)
        rest(1.5)
        ticks.reset()
        started = time.perf_counter()
        window.show_page("training")
        feed = window.page("training")._run_view.feed
        work(lambda: feed.folder and feed.caught_up, seconds=120)
        found["seconds"] = round(time.perf_counter() - started, 2)
        rest(1.0)
        found["worst_delay_ms"] = ticks.worst_ms
        found["memory_mb"] = memory_mb()
    return found


def _felt(found: dict[str, Any], ticks: Ticks, name: str, *acts: Callable[[], object]) -> None:
    """Do something in the event loop, and keep the worst delay that it brought."""
    rest(0.5)
    ticks.reset()
    for act in acts:
        act()
        rest(0.05)
    rest(0.5)
    found[f"{name}_ms"] = ticks.worst_ms


# ---------------------------------------------------------------- processes


def _fresh(part: str, *arguments: str) -> Any:
    """Run a part in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks.window", "--child", part, folder, *arguments],
                              stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False,
                              env={**os.environ, STARTED: str(time.time())})
        if done.returncode:
            raise SystemExit(f"{part} ended with {done.returncode}")
        return json.loads(done.stdout.splitlines()[-1])


def main(arguments: list[str]) -> None:
    """Measure and print."""
    if arguments[:1] == ["--child"]:
        part, folder, *rest_of = arguments[1:]
        print(json.dumps(globals()[part](Path(folder), *rest_of)))
        return
    chosen = arguments or list(PARTS)
    found: dict[str, Any] = {"reach": REACH, "cores": os.cpu_count()}
    for part in chosen:
        found[part] = _fresh(part)
    text = json.dumps(found, indent=2)
    if not arguments:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
