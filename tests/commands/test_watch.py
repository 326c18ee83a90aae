"""Progress in words: what a line says, how often, and what is never kept quiet."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from studio.commands import watch
from studio.commands.watch import Bars, Lines, Pace, metric_text, progress_text
from studio.engine.events import Metric, Progress, Warned


def _progress(done: int, *, at: float, phase: str = "train", total: int = 100) -> Progress:
    return Progress(phase=phase, done=done, total=total, unit="steps", at=at)


VALIDATION = Metric(split="validation", step=20, total_steps=100, epoch=1,
                    values={"loss": 1.5, "accuracy": 0.25, "chance": 1 / 6, "samples_per_second": None})


def test_a_line_says_count_rate_time_left_and_detail() -> None:
    event = Progress(phase="scan", done=3, total=9, unit="videos", seconds_left=130, detail="a.mp4")
    assert progress_text(event, 1.5) == "3 of 9 videos, 1.5 videos a second, 2 min left, a.mp4"
    assert progress_text(Progress(phase="x", done=0, total=0), None) == ""


def test_the_rate_is_that_of_the_phase_and_starts_anew_when_it_does() -> None:
    pace = Pace()
    assert pace.heard(_progress(0, at=10.0)) is None
    assert pace.heard(_progress(20, at=12.0)) == 10
    assert pace.heard(_progress(1, at=13.0)) is None
    assert pace.heard(_progress(5, at=15.0)) == 2


def test_figures_stand_beside_chance() -> None:
    assert metric_text(VALIDATION) == "loss 1.500, 25.0 % right (guessing gives 16.7 %)"


def test_where_one_answer_is_common_the_figure_that_tells_is_said_too() -> None:
    common = replace(VALIDATION, values={"loss": 0.5, "accuracy": 0.72, "chance": 0.75, "balanced_accuracy": 0.7,
                                         "balanced_chance": 0.5})
    assert metric_text(common) == ("loss 0.500, 72.0 % right (guessing gives 75.0 %), 70.0 % with each answer "
                                   "counting alike (guessing gives 50.0 %)")


def test_a_pause_of_a_night_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LINE_SECONDS", 0.0)
    with Lines() as lines:
        for done in (1, 1, 1):
            lines(_progress(done, at=time.time(), phase="paused"))
        lines(_progress(2, at=time.time(), phase="training"))
    assert capsys.readouterr().err.splitlines() == ["paused: 1 of 100 steps", "training: 2 of 100 steps"]


def test_lines_are_seconds_apart_but_phases_validations_and_warnings_always_come(
        capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as lines:
        for done in range(50):
            lines(_progress(done, at=time.time()))
        lines(VALIDATION)
        for _ in range(2):
            lines(Warned(code="cpu", message="Training runs on the processor", remedy="Use a GPU"))
        lines(_progress(0, at=time.time(), phase="saving"))
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "train: 0 of 100 steps",
        "step 20, held-out videos: loss 1.500, 25.0 % right (guessing gives 16.7 %)",
        "warning: Training runs on the processor. Use a GPU",
        "saving: 0 of 100 steps"]


def test_silence_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 0.5)
    with Lines() as lines:
        lines(_progress(3, at=time.time()))
        time.sleep(1.2)
    assert "train: still working, no news for 1 s" in capsys.readouterr().err


def test_bars_show_the_same_and_forget_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars(Progress(phase=watch.STARTING, done=0, total=1))
        bars(_progress(7, at=time.time()))
        bars(VALIDATION)
        bars(Warned(code="a", message="Odd"))
        bars(_progress(2, at=time.time(), phase="saving"))
    said = capsys.readouterr().err
    assert "7 of 100 steps" in said
    assert "saving" in said
    assert "warning: Odd." in said
    assert watch.STARTING not in said
