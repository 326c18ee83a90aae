from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.errors import UsageError, VideoError
from studio.engine.recipe import make_recipe
from studio.engine.sampling import some_of
from studio.engine.training import loader as loader_module
from studio.engine.training.loader import Loader
from studio.engine.training.pixels import gather, network_input
from studio.engine.training.plan import deal_batch, group_key, make_plan, validation_tuples
from studio.engine.video.footage import Footage
from tests.engine.training.footage import footage_of, tiny_recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("plan") / "P", videos=12, groups=6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_no_group_is_on_both_sides(footage: Footage, seed: int, share: float) -> None:
    plan = make_plan(footage, tiny_recipe(seed=seed, validation_share=share))
    train, held = ({video.group for video in side.videos} for side in (plan.train, plan.validation))
    assert train
    assert held
    assert not train & held
    assert len(plan.train.videos) + len(plan.validation.videos) == 12
    assert plan.held_out == {group_key(group) for group in held}
    asked = {plan.validation.videos[position].group for position in validation_tuples(plan).video_B}
    assert asked <= held


def test_broken_twin_that_splits_by_video_is_seen_to_leak(footage: Footage) -> None:
    by_video = Footage([dataclasses.replace(video, group="") for video in footage.videos], footage.cached)
    leaks = 0
    for seed in range(8):
        plan = make_plan(by_video, tiny_recipe(seed=seed))
        groups = {video.id: video.group for video in footage.videos}
        sides = [{groups[video.id] for video in side.videos} for side in (plan.train, plan.validation)]
        leaks += bool(sides[0] & sides[1])
    assert leaks


def test_a_resumed_run_keeps_its_held_out_groups_and_new_groups_train(footage: Footage) -> None:
    part = Footage(footage.videos[:8], footage.cached[:8])
    new = [dataclasses.replace(video, group=f"new-{video.id}") for video in footage.videos[8:]]
    before = make_plan(part, tiny_recipe())
    after = make_plan(Footage(part.videos + new, footage.cached), tiny_recipe(), held_out=before.held_out)
    assert [video.id for video in after.validation.videos] == [video.id for video in before.validation.videos]
    assert len(after.train.videos) == len(before.train.videos) + 4
    assert after.fingerprint != before.fingerprint
    with pytest.raises(UsageError, match="no longer in the project"):
        make_plan(Footage(new, footage.cached[8:]), tiny_recipe(), held_out=before.held_out)


def test_short_videos_are_counted_and_too_large_crops_refused(footage: Footage, tmp_path: Path) -> None:
    short = footage_of(tmp_path / "short", videos=3, frames=10)
    mixed = Footage(footage.videos + short.videos, footage.cached + short.cached)
    assert make_plan(mixed, tiny_recipe()).too_short == 3
    with pytest.raises(VideoError, match="spans 18 frames"):
        make_plan(short, tiny_recipe())
    values = tiny_recipe().model_dump()
    values["augmentation"]["crop_pixels"] = 80
    with pytest.raises(VideoError, match="larger than the frame"):
        make_plan(footage, make_recipe(values))


def test_batches_and_validation_are_pure_functions_of_seed_and_step(footage: Footage) -> None:
    plan, again = (make_plan(footage, tiny_recipe()) for _ in range(2))
    for step in (0, 5, 1000):
        for one, other in zip(vars(deal_batch(plan, step=step)).values(),
                              vars(deal_batch(again, step=step)).values(), strict=True):
            assert np.array_equal(one, other)
    assert not np.array_equal(deal_batch(plan, step=0).frames_BEF, deal_batch(plan, step=1).frames_BEF)
    other_seed = make_plan(footage, tiny_recipe(seed=2))
    assert not np.array_equal(deal_batch(plan, step=0).frames_BEF, deal_batch(other_seed, step=0).frames_BEF)
    assert np.array_equal(validation_tuples(plan).frames_BEF, validation_tuples(again).frames_BEF)
    part = some_of(validation_tuples(plan), slice(2, 5))
    assert len(part) == 3
    assert np.array_equal(part.crop_BE2, validation_tuples(plan).crop_BE2[2:5])


def test_the_loader_makes_the_same_batches_in_order_from_any_step(footage: Footage) -> None:
    plan = make_plan(footage, tiny_recipe())
    with Loader(plan, device=CPU, first_step=3) as loader:
        for step in (3, 4, 5):
            batch = loader.take()
            assert batch.step == step
            tuples = deal_batch(plan, step=step)
            planes = gather(plan.train, tuples, plan.recipe.augmentation)
            assert torch.equal(loader.clips(batch), network_input(planes, tuples, plan.recipe.augmentation, CPU))
        assert loader.waited_seconds > 0


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_the_loader_leaves_no_thread(footage: Footage, taken: int) -> None:
    before = threading.active_count()
    with Loader(make_plan(footage, tiny_recipe()), device=CPU) as loader:
        for _ in range(taken):
            loader.take()
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_what_goes_wrong_in_the_thread_is_raised_where_the_batch_is_taken(footage: Footage,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def vanished(*_: object, **__: object) -> None:
        raise VideoError("v000.mp4", "the cached frames are gone", "Scan again")

    monkeypatch.setattr(loader_module, "gather", vanished)
    with Loader(make_plan(footage, tiny_recipe()), device=CPU) as loader, pytest.raises(VideoError, match="gone"):
        loader.take()


def test_a_thread_that_ended_unforeseen_does_not_make_the_step_wait_for_ever(footage: Footage) -> None:
    loader = Loader(make_plan(footage, tiny_recipe()), device=CPU)
    with pytest.raises(RuntimeError, match="has ended"):
        loader.take()
