"""A great many of everything in the window: rows of the table, points on the map, metrics of a run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.event_loop import SMALL, Ticks, felt, memory_mb, opened_window, rest, sample, work

MANY, MOVES = (5_000, 20) if SMALL else (100_000, 100)
FILL = """
import sys
from pathlib import Path
from studio.engine.project import Project
from tests.benchmarks.catalogue import fill
with Project.open(Path(sys.argv[1])).catalogue() as catalogue:
    fill(catalogue, int(sys.argv[2]))
"""
CROWD = FILL + """
with Project.open(Path(sys.argv[1])).catalogue() as catalogue:
    catalogue.change([one.id for one in catalogue.videos() if one.source.startswith("clinic-")], excluded=True)
"""


def crowded(project: Path) -> Path:
    """Put so many videos into a project's table that are left out of everything else."""
    subprocess.run([sys.executable, "-c", CROWD, str(project), str(MANY)], check=True)
    return project


def rows(place: Path) -> dict[str, Any]:
    """What a person does to a table of 100 000 videos: the worst delay of the event loop each, in milliseconds."""
    from studio.engine.project import Project

    project = Project.create(place / "study")
    subprocess.run([sys.executable, "-c", FILL, str(project.root), str(MANY)], check=True)  # as no window would
    from studio.gui import library_edits
    from studio.gui.entries import ENTRIES

    found: dict[str, Any] = {"videos": MANY}
    with opened_window(place / "home") as window:
        session, ticks = window.session, Ticks()
        window.show_page("library")
        began = time.perf_counter()
        felt(found, ticks, "open", lambda: session.open_project(project.root),
             lambda: work(lambda: session.videos, seconds=60))
        found["all_rows_there_seconds"] = round(time.perf_counter() - began - 1.1, 2)  # `felt` rests before and after
        work(lambda: len(window.pages.built()) == len(ENTRIES) + 1, seconds=60)
        felt(found, ticks, "open_every_page", *(lambda one=one: window.show_page(one.name) for one in ENTRIES))
        window.show_page("library")
        table = window.page("library").list.table
        bar, videos = table.verticalScrollBar(), window.page("library").list
        felt(found, ticks, "scroll", *(lambda at=at: bar.setValue(bar.maximum() * at // 20) for at in range(21)))
        felt(found, ticks, "filter", *(lambda end=end: videos.search("clip123"[:end]) for end in range(1, 8)))
        felt(found, ticks, "filter_away", lambda: videos.search(""))
        felt(found, ticks, "sort", lambda: table.sortByColumn(1, table.horizontalHeader().sortIndicatorOrder()))
        for count in (2, 1000):
            felt(found, ticks, f"exclude_{count}", lambda count=count: library_edits.exclude(
                session, session.usable_videos[:count], excluded=True))
        felt(found, ticks, "undo", session.undo.undo)
        found["memory_mb"] = memory_mb()
    return found


def points(place: Path) -> dict[str, Any]:
    """Move and point at a map of many clips, trained and random side by side: frames a second, and the worst one."""
    import numpy as np
    from PySide6.QtCore import QPoint

    from studio.engine.project import Project
    from studio.gui.widgets.clip_tile import Turns
    from studio.gui.widgets.map_panel import MapPanel
    from tests.benchmarks.catalogue import fill

    clips, rng = 10, np.random.default_rng(1)
    project = Project.create(place / "study")
    with project.catalogue() as catalogue:
        fill(catalogue, MANY // clips)
    found: dict[str, Any] = {"points": MANY}
    with opened_window(place / "home") as window:
        session, ticks = window.session, Ticks()
        session.open_project(project.root)
        panel = MapPanel(session, Turns(window), name="map", answers=window)
        panel.resize(1100, 640)
        panel.show()
        rest(1.0)
        ids = [video.id for video in session.videos]
        centres_V12 = rng.normal(size=(len(ids), 1, 2)) * 4
        shown = [(centres_V12 + rng.normal(size=(len(ids), clips, 2))).reshape(-1, 2).astype(np.float32)
                 for _ in range(2)]
        told = {"beside": {"name": "random", "title": "random weights"}, "method": "directions", "video_ids": ids,
                "motion": np.ones((len(ids), clips)).tolist(), "shares": [0.3, 0.2], "random_shares": [0.2, 0.1],
                "times": np.tile(np.arange(clips, dtype=float), (len(ids), 1)).tolist()}
        felt(found, ticks, "shown", lambda: panel.set_value("run", told, *shown))
        middle = panel.trained.rect().center()
        places = [middle + QPoint(int(90 * np.cos(turn / 7)), int(60 * np.sin(turn / 5))) for turn in range(MOVES)]
        found |= _frames("pan", panel.trained, places, pressed=True)
        felt(found, ticks, "whole_again", lambda: None)  # all points are drawn when the map comes to rest
        found |= _frames("hover", panel.trained, places, pressed=False)
        found["memory_mb"] = memory_mb()
        panel.close()
        panel.deleteLater()
    return found


def metrics(place: Path) -> dict[str, Any]:
    """Choose a run of 100 000 metrics: the worst delay, and how long until its curves are whole."""
    project = sample(place / "study")
    from studio.engine import runs
    from studio.engine.events import Metric
    from studio.engine.project import Project

    folder = Project.open(project).new_run_folder("long")
    (folder / runs.RECIPE).write_text('name = "quick"\ntask = "clip-order"\n')
    (folder / runs.HEARTBEAT).write_text(json.dumps({"state": "finished", "step": MANY, "total_steps": MANY}))
    with (folder / runs.EVENTS).open("w") as stream:
        for step in range(1, MANY + 1):
            values = {"loss": 1.8 - step / MANY, "accuracy": 0.2 + 0.5 * step / MANY, "chance": 1 / 6,
                      "learning_rate": 1e-3, "samples_per_second": 80.0}
            split = "validation" if step % 100 == 0 else "train"
            stream.write(Metric(step=step, total_steps=MANY, epoch=step / 100, split=split,
                                values=values).to_json() + "\n")
    found: dict[str, Any] = {"metrics": MANY}
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


def _frames(name: str, shown: Any, places: list[Any], *, pressed: bool) -> dict[str, float]:
    """Move the mouse over a plot, one painted frame a place: frames a second, and the longest in milliseconds."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    view, held = shown.viewport(), Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
    if pressed:
        QTest.mousePress(view, held, pos=places[0])
    taken = []
    for place in places:
        started, at = time.perf_counter(), QPointF(place)
        QApplication.sendEvent(view, QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at),
                                                 Qt.MouseButton.NoButton, held, Qt.KeyboardModifier.NoModifier))
        view.repaint()
        QApplication.processEvents()
        taken.append(time.perf_counter() - started)
    if pressed:
        QTest.mouseRelease(view, held, pos=places[-1])
    return {f"{name}_frames_a_second": round(len(taken) / sum(taken), 1),
            f"{name}_longest_frame_ms": round(1000 * max(taken), 1)}
