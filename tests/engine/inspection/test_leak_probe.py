"""The leak probe finds what gives the order away, and finds nothing where nothing does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from studio.engine.events import Progress
from studio.engine.guessing import Guessing
from studio.engine.inspection import leak_probe
from studio.engine.inspection.leak_probe import Answered, counted, deal_questions, judged, probe, tried, widened
from studio.engine.inspection.shortcuts import Look, looks, see_border, see_colour, see_grain, see_tuples
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.sampling import Arrangement, Sampling, Tuples, Windows
from studio.engine.shapes import Floats
from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.sequence_sorting import SequenceSorting
from studio.engine.tasks.task import Task
from studio.engine.video.footage import Footage, open_footage
from studio.engine.video.ingest import scan
from tests.clips import write_clip


def test_looks_see_what_they_say(sample_project: Path) -> None:
    footage = open_footage(Project.open(sample_project))
    video = footage.cached[0]
    frames = np.array([0, 5, 9])
    by_hand = video.y_NHW[frames].mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(see_colour(video, frames)[:, 0], by_hand, rtol=1e-5)
    top = video.y_NHW[frames, :8].mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(see_border(video, frames)[:, :64].mean(axis=1), top, rtol=0.03)
    assert see_grain(video, frames).shape == (3, 6)
    for look in looks(footage):
        assert np.isfinite(look.see(video, frames)).all()


def _answered(right_by_group: list[int], *, each: int = 60) -> Answered:
    """So many right answers in each group of `each` questions."""
    groups = len(right_by_group)
    answer_B = np.concatenate([np.arange(each) < right for right in right_by_group]).astype(np.int64)
    return Answered(answer_B, np.ones(groups * each, np.int64), np.repeat(np.arange(groups), each))


@pytest.mark.parametrize(("right", "leak"), [
    ([10] * 10, False), ([11, 12] * 5, False), ([20] * 10, True), ([0, 40] * 5, False), ([16, 24] * 5, True)])
def test_a_leak_is_more_than_luck_and_than_groups_differ(right: list[int], leak: bool, sample_project: Path) -> None:
    look = looks(open_footage(Project.open(sample_project)))[0]
    entry = judged(look, _answered(right), guessing=Guessing(1 / 6, 1 / 6))
    assert entry["leak"] is leak and entry["interval"][0] < entry["accuracy"] < entry["interval"][1]
    assert entry["accuracy"] == pytest.approx(sum(right) / 600, abs=1e-4)


def test_groups_that_differ_make_questions_count_less() -> None:
    guessing = Guessing(1 / 6, 1 / 6)
    assert counted(_answered([20, 20, 20]), guessing) == (pytest.approx(1 / 3), 180)
    share, telling = counted(_answered([0, 60] * 5), guessing)
    assert share == 0.5 and telling == pytest.approx(9, abs=0.5), "ten groups tell as ten questions"


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.776), (10, 2.228), (30, 2.042)])
def test_the_quantile_of_student(freedom: int, quantile: float) -> None:
    assert widened(1.959964, freedom) == pytest.approx(quantile, abs=0.04)


def _noise(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    return np.random.default_rng([seed, number]).integers(80, 160, (height, width, 3), dtype=np.uint8)


def _brighter(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    return _noise(number, width=width, height=height, seed=seed, still=still) + np.uint8(number)


@pytest.fixture(scope="module")
def brightening(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Videos that grow brighter: the mean colour tells the order."""
    folder = tmp_path_factory.mktemp("bright")
    for number in range(6):
        write_clip(folder / "v" / f"{number}.mp4", frames=50, draw=_brighter, seed=number)
    return _scanned(folder)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Videos of noise that is new in every frame, kept without loss: nothing tells the order."""
    folder = tmp_path_factory.mktemp("steady")
    for number in range(6):
        write_clip(folder / "v" / f"{number}.mkv", frames=50, codec="ffv1", draw=_noise, seed=number)
    return _scanned(folder)


def _scanned(folder: Path) -> Project:
    project = Project.create(folder / "P")
    for _ in scan(project, [folder / "v"], workers=1):
        pass
    return project


RECIPE = {"name": "r", "task": "clip-order", "backbone": "r3d_small",
          "sampling": {"tuple_length": 3, "clip_frames": 8, "interval_frames": 4, "motion_weight": 0},
          "augmentation": {"crop_pixels": 112, "input_pixels": 56}, "training": {"max_steps": 1}}


@pytest.mark.usefixtures("_colour_alone")
def test_brightness_that_rises_is_found_out(brightening: Project) -> None:
    result = list(probe(brightening, make_recipe(RECIPE), tuples=400))[-1].result
    assert result["leak"] and "colour" in result["leaks"] and "Leak:" in result["sentence"]


def test_where_nothing_leaks_nothing_is_found(steady: Project) -> None:
    events = list(probe(steady, make_recipe(RECIPE), tuples=400))
    result = events[-1].result
    assert not result["leak"], result["leaks"]
    tried = [event for event in events if isinstance(event, Progress) and event.phase == "leak probe"]
    assert len({event.total for event in tried}) == 1 and len({event.detail for event in tried}) == 4
    assert [event.done for event in tried] == sorted(event.done for event in tried), "one bar, which never goes back"
    assert tried[-1].done == tried[-1].total - 1 and tried[-1].seconds_left is not None
    assert "No leak" in result["sentence"]


# ------------------------------------------------------------------------------------------------ other questions

SHUFFLE = {**RECIPE, "task": "shuffle-and-learn", "sampling": {"tuple_length": 3, "clip_frames": 1},
           "task_options": {"tau_max_frames": 20, "tau_min_frames": 8}}
GEOMETRY = {**RECIPE, "task": "order-geometry", "sampling": {"tuple_length": 3, "clip_frames": 1, "interval_frames": 4}}


@pytest.fixture
def _colour_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look instead of four: a quarter of the time."""
    monkeypatch.setattr(leak_probe, "looks", lambda footage: [look for look in looks(footage) if look.name == "colour"])


def _probed(project: Project, recipe: dict[str, Any]) -> dict[str, Any]:
    return list(probe(project, make_recipe(recipe), tuples=800))[-1].result


@pytest.mark.usefixtures("_colour_alone")
def test_where_one_answer_is_common_a_leak_is_judged_with_each_answer_alike(brightening: Project,
                                                                           steady: Project) -> None:
    found = _probed(brightening, SHUFFLE)
    assert found["chance"] == 0.5 and found["leaks"] == ["colour"]
    assert "each answer counting alike" in found["probes"][0]["sentence"]
    nothing = _probed(steady, SHUFFLE)
    assert not nothing["leak"] and nothing["probes"][0]["accuracy"] < 0.65, "always \"out of order\" would be 75 %"


def _seeing_all(footage: Footage, tuples: Tuples, look: Look) -> Floats:
    """The broken twin: each shuffled element is seen together with those that lie in the order of time."""
    seen_BEK = see_tuples(footage, tuples, look)
    others_B1K = seen_BEK[:, 3:].reshape(len(seen_BEK), 1, -1)
    return np.concatenate([seen_BEK[:, :3], np.repeat(others_B1K, 3, axis=1)], axis=2)


@pytest.mark.usefixtures("_colour_alone")
@pytest.mark.parametrize("twin", [False, True])
def test_elements_that_are_not_asked_about_do_not_give_the_order_away(steady: Project, twin: bool,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    if twin:
        monkeypatch.setattr(leak_probe, "see_tuples", _seeing_all)
    assert _probed(steady, GEOMETRY)["leak"] is twin


# ------------------------------------------------------------------------------------------------ a counter in a corner

FONT = ("7b6f", "2c97", "73e7", "73cf", "5bc9", "79cf", "79ef", "7249", "7bef", "7bcf")
"""Digits of 3 x 5 dots, fifteen bits each."""


def _digit(value: int) -> np.ndarray:
    bits = [int(FONT[value], 16) >> (14 - place) & 1 for place in range(15)]
    return np.array(bits, np.uint8).reshape(5, 3).repeat(3, axis=0).repeat(3, axis=1) * 235


def _numbered(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    """Noise with the frame's number in the right upper corner, black behind it."""
    picture = _noise(number, width=width, height=height, seed=seed, still=still)
    picture[2:20, -26:-2] = 0
    for place, value in enumerate((number // 10, number % 10)):
        picture[4:19, width - 24 + 11 * place:width - 15 + 11 * place] = _digit(value)[:, :, None]
    return picture


def test_a_counter_in_a_corner_is_found_until_it_is_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_probe, "looks", lambda footage: [look for look in looks(footage) if look.name == "still"])
    for number in range(6):
        write_clip(tmp_path / "v" / f"{number}.mkv", frames=50, codec="ffv1", draw=_numbered, seed=number)
    project = _scanned(tmp_path)
    before = list(probe(project, make_recipe(RECIPE), tuples=600))[-1].result
    assert before["leaks"] == ["still"] and before["probes"][0]["accuracy"] > 0.8
    project.settings.masks = [Mask(name="counter", shapes=(Rectangle(x=0.7, y=0, width=0.3, height=0.3),))]
    project.save()
    assert list(scan(project, workers=1))
    after = list(probe(project, make_recipe(RECIPE), tuples=600))[-1].result
    assert not after["leak"], after["leaks"]


# ---------------------------------------------------------------------------------------- questions of another shape


class _OddOne(Task):
    """Which of three elements of six frames, with uneven steps, is shuffled inside?"""

    title = question = learns = paper = "odd one out"

    @property
    def classes(self) -> int:
        return 3

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        frames_BEF = np.sort(rng.permuted(np.broadcast_to(np.arange(26), (len(windows), 3, 26)), axis=2)[..., :6])
        label_B = rng.integers(0, 3, len(windows))
        for b, odd in enumerate(label_B):
            frames_BEF[b, odd] = frames_BEF[b, odd][[3, 0, 5, 1, 4, 2]]
        order_BE = np.broadcast_to(np.arange(3), (len(windows), 3))
        return Arrangement(windows.start_B[:, None, None] + frames_BEF, label_B.astype(np.int64), order_BE)

    def label_text(self, label: int) -> str:
        return str(label)

    def head(self, feature_dim: int) -> nn.Module:
        return nn.Linear(feature_dim, 3)


def _sorted_inside(footage: Footage, tuples: Tuples, look: Look) -> Floats:
    """The broken twin: frames of an element are seen in the order of time."""
    return see_tuples(footage, dataclasses.replace(tuples, frames_BEF=np.sort(tuples.frames_BEF, axis=2)), look)


def _tried(project: Project, task: Task) -> dict[str, Any]:
    footage, found = open_footage(project), list[dict[str, Any]]()
    questions = deal_questions(footage, make_recipe(RECIPE), task, tuples=600)
    assert list(tried(footage, questions, task, found, seed=1))
    return found[0]


@pytest.mark.usefixtures("_colour_alone")
@pytest.mark.parametrize("twin", [False, True])
def test_all_frames_of_an_element_are_seen_in_the_order_shown(brightening: Project, twin: bool,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    if twin:
        monkeypatch.setattr(leak_probe, "see_tuples", _sorted_inside)
    found = _tried(brightening, _OddOne(sampling=Sampling(tuple_length=3, clip_frames=6, interval_frames=4)))
    assert found["chance"] == pytest.approx(1 / 3, abs=1e-3) and found["leak"] is not twin


@pytest.mark.usefixtures("_colour_alone")
def test_a_task_of_very_many_answers_is_asked_for_the_middle_one(brightening: Project, steady: Project) -> None:
    sampling = Sampling(tuple_length=6, clip_frames=1, interval_frames=4)
    ranking = ClipOrder(sampling=sampling, options=ClipOrder.Options.model_validate({"answer": "ranking"}))
    for task in (ranking, SequenceSorting(sampling=sampling)):
        assert task.classes >= 360
        found = _tried(brightening, task)
        assert found["leak"] and found["chance"] == pytest.approx(1 / 3, abs=1e-3)
    assert not _tried(steady, ranking)["leak"]
