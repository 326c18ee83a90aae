from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest
import torch

from studio.engine.errors import VideoError
from studio.engine.events import Finished
from studio.engine.training.preflight import preflight
from tests.engine.training.footage import make_project, tiny_recipe


def test_one_real_step_is_measured_and_nothing_is_kept(tmp_path: Path) -> None:
    project = make_project(tmp_path / "P")
    before, state = sorted(tmp_path.rglob("*")), torch.get_rng_state()
    events = list(preflight(project, tiny_recipe(max_steps=1000)))
    end = events[-1]
    assert isinstance(end, Finished)
    result = end.result
    assert set(result) >= {
        "device", "device_reason", "precision", "precision_detail", "parameters", "step_seconds", "samples_per_second",
        "peak_memory_bytes", "free_memory_bytes", "disk_needed_bytes", "disk_free_bytes", "steps", "expected_seconds",
        "chance", "balanced_chance", "classes", "videos", "train_videos", "validation_videos", "too_short",
        "span_frames", "warnings", "peak_ram_bytes", "free_ram_bytes"}
    assert 50e6 < result["peak_ram_bytes"] < psutil.virtual_memory().total  # torch alone is larger than 50 MB
    assert result["peak_ram_bytes"] > result["peak_memory_bytes"] and result["free_ram_bytes"] > 0
    assert (result["steps"], result["classes"], result["videos"], result["span_frames"]) == (1000, 6, 8, 18)
    low, high = result["expected_seconds"]
    assert 1000 * result["step_seconds"] <= low * 1.01 < high
    assert {"running-on-the-cpu", "few-held-out"} <= {one["code"] for one in result["warnings"]}
    assert all(one["message"] and one["remedy"] for one in result["warnings"])
    assert sorted(tmp_path.rglob("*")) == before
    assert torch.equal(torch.get_rng_state(), state)
    assert threading.active_count() == 1


def test_a_clock_is_expected_to_take_its_time(tmp_path: Path) -> None:
    project = make_project(tmp_path / "P", videos=4)
    result = list(preflight(project, tiny_recipe(max_steps=0, max_minutes=2)))[-1].result  # type: ignore[union-attr]
    assert result["expected_seconds"][0] == 120
    assert result["steps"] > 10
    both = list(preflight(project, tiny_recipe(max_steps=3, max_minutes=2)))[-1].result  # type: ignore[union-attr]
    assert both["steps"] == 3
    assert both["expected_seconds"][0] < 120


def test_a_wish_to_stop_ends_it(tmp_path: Path) -> None:
    end = list(preflight(make_project(tmp_path / "P", videos=3), tiny_recipe(), stop=lambda: True))[-1]
    assert isinstance(end, Finished)
    assert end.stopped


def test_what_cannot_train_is_said_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="too short"):
        list(preflight(make_project(tmp_path / "P", videos=3, frames=8), tiny_recipe()))
