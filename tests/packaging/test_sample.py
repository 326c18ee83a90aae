"""The sample clips: what is drawn is what is shipped, small, in two codecs, every session with all its classes."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import av
import draw_sample
import numpy as np
import pytest

from studio.engine import files

SAMPLE = files.resource("sample")


def _labels() -> list[dict[str, str]]:
    with (SAMPLE / "labels.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_what_is_shipped_is_what_the_plan_says() -> None:
    plans = draw_sample.plan_clips()
    assert [(row["path"], row["label"], row["group"]) for row in _labels()] == [
        (plan.path, plan.label, plan.group) for plan in plans]
    assert all((SAMPLE / plan.path).is_file() for plan in plans)


def test_it_is_small_and_in_two_codecs() -> None:
    clips = [SAMPLE / row["path"] for row in _labels()]
    assert sum(clip.stat().st_size for clip in clips) < 8_000_000
    codecs = Counter()
    for clip in clips:
        with av.open(str(clip)) as container:
            codecs[container.streams.video[0].codec_context.name] += 1
    assert set(codecs) == {"h264", "mpeg4"} and min(codecs.values()) >= 12


def test_every_session_has_each_of_its_classes_once() -> None:
    rows = _labels()
    assert max(Counter((row["label"], row["group"]) for row in rows).values()) == 1
    sizes = Counter(row["group"] for row in rows)
    assert {sizes[group] for group in sizes if group.startswith("scene")} == {4}
    assert {sizes[group] for group in sizes if group.startswith("patient")} == {2}


@pytest.mark.parametrize("label", ["walk", "echo-weak"])
def test_the_same_plan_draws_the_same_pictures(label: str) -> None:
    plan = next(plan for plan in draw_sample.plan_clips() if plan.label == label)
    first, second = draw_sample.draw_frames(plan), draw_sample.draw_frames(plan)
    for _ in range(3):
        one, other = next(first), next(second)
        assert one.dtype == np.uint8 and np.array_equal(one, other)


def test_credits_name_every_folder_of_resources() -> None:
    named = (SAMPLE.parent / "CREDITS.md").read_text(encoding="utf-8")
    assert all(f"`{folder.name}/`" in named for folder in Path(SAMPLE.parent).iterdir() if folder.is_dir())
