"""How quick the window is: `python -m tests.benchmarks.window [PART]... [--quick] [--keep]` prints JSON (offscreen).

Parts: `opening` (to the first paint and to usable, beside importing torch; memory), `busy` (the worst event-loop delay
while a scan, a training, its curves and a table of 100 000 videos go on, beside the same training in a QThread), `rows`
(100 000 videos: scroll, filter, sort, leave out), `points` (100 000 clips on the map: frames a second while it is moved
and pointed at) and `metrics` (a run of 100 000 metrics is chosen). Every part runs in a process of its own, with real
child processes.
`--quick` tries it out in small; `--keep` writes the result to `tests/benchmarks/results/window.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from studio.engine import files
from tests.benchmarks.event_loop import QUICK, SAMPLE, SMALL, Ticks, memory_mb, opened_window, rest, sample, work
from tests.benchmarks.window_many import crowded, metrics, points, rows

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).resolve().parent / "results" / "window.json"
REACH = {"worst_delay_ms": 100, "times_better_than_a_thread": 5, "usable_seconds": 1.5, "torch_over_usable": 4,
         "memory_mb": 300, "rows_ms": 100}
STARTED = "STUDIO_BENCHMARK_STARTED"
BUSY_SECONDS, OPENINGS, TURNS_A_PAGE = (5, 1, 10) if SMALL else (20, 3, 25)
TRAINING = ["--recipe", "quick", "--set", "training.batch_size=4", "--set", "training.max_steps=100000", "--set",
            "training.validation_tuples=12", "--set", "training.validate_every_steps=5", "--set",
            "training.max_minutes=0"]


# ---------------------------------------------------------------- parts


def opening(place: Path) -> dict[str, Any]:
    """Open the window in fresh processes, in turn with processes that import torch; the best of some each."""
    project = sample(place / "study")
    opened: list[dict[str, float]] = []
    torch: list[float] = []
    for _ in range(OPENINGS):
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
    own = _fresh("busy_process", str(crowded(sample(place / "process"))))
    thread = _fresh("busy_thread", str(crowded(sample(place / "thread"))))
    return {**own, "in_a_thread": thread,
            "times_better_than_a_thread": round(thread["worst_delay_ms"] / max(own["worst_delay_ms"], 0.1), 2)}


def busy_process(place: Path, project: str) -> dict[str, Any]:
    """As it is: the window starts a child process that trains."""
    with opened_window(place) as window:
        window.session.open_project(Path(project))
        work(lambda: window.session.description, seconds=60)
        window.session.start_job("train", [project, *TRAINING], title="Training")
        return _felt_while_busy(window, place)


def busy_thread(place: Path, project: str) -> dict[str, Any]:
    """The design that was turned down: the same training in a QThread of the window's own process."""
    from PySide6.QtCore import QThread

    from studio.engine.project import Project
    from studio.engine.recipe import load_recipe
    from studio.engine.training.loop import train

    over: list[bool] = []

    class Trainer(QThread):
        def run(self) -> None:
            for _ in train(Project.open(Path(project)), load_recipe("quick", TRAINING[3::2]),
                           stop=lambda: bool(over)):
                pass

    with opened_window(place) as window:
        window.session.open_project(Path(project))
        work(lambda: window.session.description, seconds=60)
        trainer = Trainer()
        trainer.start()
        found = _felt_while_busy(window, place)
        over.append(True)
        trainer.wait()
        return found


def _felt_while_busy(window: Any, place: Path) -> dict[str, Any]:
    """Scan, draw the curves and scroll the table in the real window while something trains: the worst delay."""
    from studio.engine.files import resource

    session = window.session
    window.show_page("training")
    training = work(lambda: session.run() and session.run().step > 2, seconds=150)
    rest(1.0)
    ticks, scans, before = Ticks(), 0, session.run().step if training else 0
    bar, turns = window.page("library").list.table.verticalScrollBar(), 0
    end = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < end:
        if turns % TURNS_A_PAGE == 0:
            window.show_page(("training", "library")[turns // TURNS_A_PAGE % 2])
        turns += 1
        bar.setValue(bar.maximum() * (turns * 7 % 100) // 100)
        if session.running_job("scan") is None:
            session.start_job("scan", [str(place / f"scanned-{scans}"), str(resource("sample"))], title="Scanning")
            scans += 1
        rest(0.2)
    run = session.run()
    return {"videos": len(session.videos), "worst_delay_ms": ticks.worst_ms, "delays_over_100_ms": ticks.late,
            "median_delay_ms": ticks.median_ms, "seconds": BUSY_SECONDS,
            "steps_meanwhile": run.step - before if run else 0, "scans_meanwhile": scans, "memory_mb": memory_mb()}


PARTS: dict[str, Callable[..., Any]] = {
    "opening": opening, "busy": busy, "rows": rows, "points": points, "metrics": metrics}
CHILDREN: dict[str, Callable[..., Any]] = {
    **PARTS, "open_once": open_once, "busy_process": busy_process, "busy_thread": busy_thread}

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
        print(json.dumps(CHILDREN[part](Path(folder), *rest_of)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    parts = chosen.parts or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: parts are {', '.join(PARTS)}")
    if chosen.quick:
        os.environ[QUICK] = "1"
    started = time.monotonic()
    found: dict[str, Any] = {
        "command": " ".join(["python -m tests.benchmarks.window", *arguments]), "date": time.strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in (
            "unshuffle-studio", "PySide6-Essentials", "pyqtgraph", "torch")},
        "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2), "reach": REACH}
    with tempfile.TemporaryDirectory() as folder:
        os.environ[SAMPLE] = str(Path(folder) / "sample")
        for part in parts:
            print(f"{part} …", file=sys.stderr, flush=True)
            found[part] = _fresh(part)
    found["seconds"] = round(time.monotonic() - started)
    print(json.dumps(found, indent=2))
    if chosen.keep:
        RESULT.parent.mkdir(exist_ok=True)
        files.write_json(RESULT, found)


if __name__ == "__main__":
    main(sys.argv[1:])
