"""The first minutes of somebody new: from 'Try the sample project' to neighbours, with every click counted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from studio.gui.window import Window
from tests.e2e.driver import Step, click, control, play
from tests.gui.conftest import left_running

MOST_CLICKS, MOST_SECONDS = 10, 300


class _Clicks(QObject):
    """Counts what the mouse does anywhere in the application."""

    count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease:
            type(self).count += 1
        return False


@pytest.fixture
def clicks(qapp: QApplication) -> type[_Clicks]:
    watching = _Clicks(qapp)
    _Clicks.count = 0
    qapp.installEventFilter(watching)
    yield _Clicks
    qapp.removeEventFilter(watching)
    watching.deleteLater()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_from_the_sample_to_neighbours_in_few_clicks_and_minutes(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication, clicks: type[_Clicks],
        record_property: object) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    qapp.setQuitOnLastWindowClosed(True)
    started, told = time.monotonic(), dict[str, float]()

    def story(window: Window) -> Step:
        session = window.session
        yield lambda: control(window, "start.sample").isVisible()
        click(window, "start.sample")
        yield lambda: len(session.usable_videos) > 60 and not session.jobs
        told["scanned"] = time.monotonic() - started
        click(window, "tour.skip")
        click(window, "rail.train")
        yield lambda: session.description is not None and control(window, "train.start").isEnabled()
        click(window, "train.start")
        yield lambda: session.run() is not None and session.run().accuracy is not None  # its first weights are there
        told["first weights"] = time.monotonic() - started
        click(window, "train.stop")
        yield lambda: session.run().state == "stopped" and not session.jobs
        click(window, "rail.neighbours")
        page = window.page("neighbours")
        yield lambda: sum(tile.frames > 1 for tile in page.grid.trained.tiles) > 0
        told["neighbours"] = time.monotonic() - started

    assert play([], story, seconds=280) == 0
    record_property("clicks", clicks.count)  # type: ignore[operator]
    record_property("seconds", {name: round(seconds) for name, seconds in told.items()})  # type: ignore[operator]
    print(f"{clicks.count} clicks, {told}")
    assert clicks.count <= MOST_CLICKS and told["neighbours"] < MOST_SECONDS
    assert left_running() == []
