"""Previews: the questions exactly as the network gets them, described in words and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engine import preview as preview_module
from studio.engine.errors import RecipeError, UsageError, VideoError
from studio.engine.events import Finished
from studio.engine.preview import deal, preview, recipe_of_task
from studio.engine.project import Project
from studio.engine.recipe import Recipe, make_recipe
from studio.engine.video.footage import Footage, open_footage


@pytest.fixture
def footage(sample_project: Path) -> Footage:
    return open_footage(Project.open(sample_project))


@pytest.fixture
def recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    return make_recipe(tiny_recipe)


def test_a_seed_deals_the_same_tuples_and_another_does_not(footage: Footage, recipe: Recipe) -> None:
    first, again, other = (deal(footage, recipe, count=6, seed=seed).described() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_what_is_said_of_a_tuple_is_true(footage: Footage, recipe: Recipe) -> None:
    task = recipe.make_task()
    for shown in deal(footage, recipe, count=12, seed=3).described():
        starts = [frames[0] for frames in shown["frames"]]
        assert np.argsort(np.argsort(starts)).tolist() == shown["order"]
        assert task.label_text(shown["label"]) == shown["answer"]
        assert shown["window"][0] <= min(starts)
        assert max(frames[-1] for frames in shown["frames"]) < shown["window"][1]
        position = [video.id for video in footage.videos].index(shown["video_id"])
        times_N = footage.cached[position].times_N
        assert shown["times"][0][0] == pytest.approx(times_N[starts[0]], abs=1e-3)
        assert shown["span_seconds"] == pytest.approx(shown["window_seconds"][1] - shown["window_seconds"][0], abs=1e-3)


def test_pictures_show_the_frames_that_were_dealt(footage: Footage, recipe: Recipe) -> None:
    """The crop of the cached frame, in the order shown; a wrong order of elements would differ."""
    recipe = recipe.model_copy(update={"augmentation": recipe.augmentation.model_copy(update={"input_pixels": 112})})
    dealt = deal(footage, recipe, count=2, seed=0)
    for picture_EFHW3, shown in zip(dealt.pictures(), dealt.described(), strict=True):
        position = [video.id for video in footage.videos].index(shown["video_id"])
        elements = []
        for frames, (top, left) in zip(shown["frames"], shown["crop"], strict=True):
            rgb_FHW3 = footage.cached[position].rgb(frames)
            elements.append(rgb_FHW3[:, top:top + 112, left:left + 112])
        wanted_EFHW3 = np.stack(elements).astype(int)
        assert np.abs(picture_EFHW3.astype(int) - wanted_EFHW3).max() <= 1
        assert np.abs(picture_EFHW3[::-1].astype(int) - wanted_EFHW3).max() > 20


def test_one_video_alone_and_one_that_is_too_short(footage: Footage, recipe: Recipe) -> None:
    shown = deal(footage, recipe, count=3, position=4).described()
    assert {one["video_id"] for one in shown} == {footage.videos[4].id}
    long = make_recipe(recipe.model_dump(), ["sampling.interval_frames=100"])
    with pytest.raises(VideoError, match=f"{footage.cached[4].frames} frames, and one tuple of this recipe spans 224"):
        deal(footage, long, count=1, position=4)
    with pytest.raises(VideoError, match="every video is too short"):
        deal(footage, long, count=1)


@pytest.mark.parametrize("count", [0, 65])
def test_counts_are_bounded(footage: Footage, recipe: Recipe, count: int) -> None:
    with pytest.raises(UsageError, match="1 to 64"):
        deal(footage, recipe, count=count)


def test_elements_of_a_second_question_come_last_and_say_how_they_were_turned(footage: Footage,
                                                                               tiny_recipe: dict[str, Any]) -> None:
    recipe = make_recipe({**tiny_recipe, "task": "order-geometry", "task_options": {},
                          "sampling": {"tuple_length": 3, "clip_frames": 1}})
    told, asked = deal(footage, recipe, count=3).described(), recipe.make_task().asked_elements
    for shown in told:
        assert len(shown["frames"]) == len(shown["affine"]) == 6 and asked == 3
        assert sorted(shown["order"][:asked]) == shown["order"][asked:] == [0, 1, 2]
        assert not any(map(any, shown["affine"][:asked])) and all(map(any, shown["affine"][asked:]))
    assert len({tuple(shown["affine"][-1]) for shown in told}) == 3, "each tuple is turned in its own way"


def test_a_sheet_is_written(sample_project: Path, recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "sheet.png"
    events = list(preview(Project.open(sample_project), recipe, count=2, out=out))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert [event.kind for event in events] == ["progress", "progress", "saved", "finished"]
    assert finished.result["picture"] == "sheet.png"
    assert (finished.result["classes"], len(finished.result["tuples"])) == (6, 2)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_stopped_it_writes_nothing(sample_project: Path, recipe: Recipe, tmp_path: Path) -> None:
    finished = list(preview(Project.open(sample_project), recipe, out=tmp_path / "a.png", stop=lambda: True))[-1]
    assert isinstance(finished, Finished)
    assert finished.stopped
    assert not list(tmp_path.iterdir())


def test_a_bare_task_gets_its_usual_recipe() -> None:
    assert recipe_of_task("sequence-sorting").name == "opn"
    assert recipe_of_task("odd-one-out").name == "odd-one-out"
    changed = recipe_of_task("clip-order", ["sampling.interval_frames=3"])
    assert (changed.task, changed.sampling.interval_frames) == ("clip-order", 3)
    with pytest.raises(RecipeError, match=r"did you mean clip-order\?"):
        recipe_of_task("clip-ordr")


def test_an_odd_one_is_shown_frame_by_frame(sample_project: Path, tiny_recipe: dict[str, Any], tmp_path: Path) -> None:
    recipe = make_recipe({**tiny_recipe, "task": "odd-one-out", "sampling": {"tuple_length": 4, "clip_frames": 5}})
    footage = open_footage(Project.open(sample_project))
    dealt = deal(footage, recipe, count=2, seed=1)
    for number, (picture_EFHW3, shown) in enumerate(zip(dealt.pictures(), dealt.described(), strict=True), start=1):
        rows = preview_module._rows(number, picture_EFHW3, shown)
        frames = shown["frames"][shown["label"]]
        assert f"{number}: odd one: " in rows[0].title
        assert f"out of order: [{shown['label'] + 1}] {' '.join(map(str, frames))}" in rows[0].title
        assert [[caption for _, caption in row.tiles] for row in rows] == [
            [f"[{element + 1}] frame {frame}" for frame in frames] for element, frames in enumerate(shown["frames"])]
        shown_FHW3 = np.stack([picture_HW3 for picture_HW3, _ in rows[shown["label"]].tiles])
        assert np.array_equal(shown_FHW3, picture_EFHW3[shown["label"]])
    result = list(preview(Project.open(sample_project), recipe, count=2, out=tmp_path / "odd.png"))[-1].result
    assert (result["classes"], result["span_frames"]) == (4, 8)


@pytest.mark.parametrize(("encoding", "rows", "captions"), [
    ("stack-of-differences", 4, 4), ("sum-of-differences", 1, 4), ("dynamic-image", 1, 4)])
def test_one_picture_a_clip_is_shown_as_it_is(sample_project: Path, tiny_recipe: dict[str, Any], encoding: str,
                                             rows: int, captions: int) -> None:
    recipe = make_recipe({**tiny_recipe, "task": "odd-one-out", "sampling": {"tuple_length": 4, "clip_frames": 5},
                          "augmentation": {**tiny_recipe["augmentation"], "encoding": encoding}})
    dealt = deal(open_footage(Project.open(sample_project)), recipe, count=1, seed=1)
    shown, picture_EFHW3 = dealt.described()[0], next(iter(dealt.pictures()))
    drawn = preview_module._rows(1, picture_EFHW3, shown)
    assert (len(drawn), len(drawn[0].tiles)) == (rows, captions)
    first = shown["frames"][0]
    assert drawn[0].tiles[0][1] == (f"[1] frame {first[0]} to {first[1]}" if rows > 1 else
                                    f"[1] frames {min(first)}-{max(first)}")
