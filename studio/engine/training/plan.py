"""Who learns from what: a project's videos split by whole groups into those that teach and those that are held out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from studio.engine.augmentation import crop_room
from studio.engine.errors import UsageError
from studio.engine.recipe import Recipe
from studio.engine.sampling import (
    TRAIN,
    VALIDATION,
    Tuples,
    batch_videos,
    deal_tuples,
    long_enough,
    split_by_group,
    steps_per_epoch,
)
from studio.engine.tasks.task import Task
from studio.engine.video.footage import Footage


@dataclass(frozen=True)
class Plan:
    """A recipe on a project's videos. `held_out` are the keys of the groups that training never sees."""

    recipe: Recipe
    task: Task
    train: Footage
    validation: Footage
    too_short: int
    held_out: frozenset[str]

    @property
    def steps_per_epoch(self) -> int:
        """Batches that deal every training video its tuples once."""
        return steps_per_epoch(videos=len(self.train.cached), batch_size=self.recipe.training.batch_size,
                               tuples_per_video=self.recipe.sampling.tuples_per_video)

    @property
    def fingerprint(self) -> str:
        """Hash of the videos on both sides: when it changes, a resumed run deals other tuples."""
        sides = [[[video.id, video.identity, cached.frames, cached.height, cached.width]
                  for video, cached in zip(side.videos, side.cached, strict=True)]
                 for side in (self.train, self.validation)]
        return hashlib.sha256(repr(sides).encode()).hexdigest()


def make_plan(footage: Footage, recipe: Recipe, *, held_out: Collection[str] | None = None) -> Plan:
    """Split the videos that are long enough for the recipe.

    `held_out` are the keys of the groups that an earlier start of the same run held out: groups that came since then
    train, so that no group ever changes sides.
    Raises `VideoError` when every video is too short or smaller than the crop, `UsageError` with less than two groups.
    """
    task = recipe.make_task()
    kept = long_enough(footage.cached, span_frames=task.span_frames,
                       frames_per_second=recipe.sampling.frames_per_second)
    for position in kept if recipe.augmentation.crop != "whole" else []:
        crop_room(footage.cached[position], crop_pixels=recipe.augmentation.crop_pixels)
    groups = [_group(footage, position) for position in kept]
    if held_out is None:
        train, held = split_by_group(groups, validation_share=recipe.training.validation_share,
                                     seed=recipe.training.seed)
    else:
        train = [i for i, group in enumerate(groups) if group_key(group) not in held_out]
        held = [i for i, group in enumerate(groups) if group_key(group) in held_out]
        if not train or not held:
            raise UsageError("the videos of this run", "they are no longer in the project, so it cannot go on",
                             "Scan their folder again, or start a new run")
    return Plan(recipe, task, _part(footage, [kept[i] for i in train]), _part(footage, [kept[i] for i in held]),
                len(footage.cached) - len(kept), frozenset(group_key(groups[i]) for i in held))


def group_key(group: str) -> str:
    """A group's name, hashed: a run's files may be passed on, and groups can be patients."""
    return hashlib.sha256(group.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def deal_batch(plan: Plan, *, step: int) -> Tuples:
    """The tuples of batch `step` (from 0): a pure function of the seed and the step. Videos count in `plan.train`."""
    recipe = plan.recipe
    video_B = batch_videos(step=step, videos=len(plan.train.cached), batch_size=recipe.training.batch_size,
                           tuples_per_video=recipe.sampling.tuples_per_video, seed=recipe.training.seed)
    return deal_tuples(plan.train.cached, video_B, task=plan.task, sampling=recipe.sampling,
                       augmentation=recipe.augmentation,
                       rng=np.random.default_rng([recipe.training.seed, TRAIN, step]))


def validation_tuples(plan: Plan) -> Tuples:
    """The fixed questions about held-out videos, dealt round them. Videos count in `plan.validation`."""
    recipe = plan.recipe
    video_B = np.arange(recipe.training.validation_tuples, dtype=np.int64) % len(plan.validation.cached)
    return deal_tuples(plan.validation.cached, video_B, task=plan.task, sampling=recipe.sampling,
                       augmentation=recipe.augmentation,
                       rng=np.random.default_rng([recipe.training.seed, VALIDATION]))


def _group(footage: Footage, position: int) -> str:
    """The video's group; one without is a group of its own."""
    video = footage.videos[position]
    return video.group or f"video {video.identity or video.id}"


def _part(footage: Footage, positions: Sequence[int]) -> Footage:
    return Footage([footage.videos[position] for position in positions],
                   [footage.cached[position] for position in positions])
