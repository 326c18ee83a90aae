"""Small projects of drawn videos for the tests: real cache files and a real catalogue, without decoding anything."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from studio.engine import files
from studio.engine.catalogue import GOOD, Video
from studio.engine.project import Project
from studio.engine.recipe import Recipe, make_recipe
from studio.engine.video.cache import CachedVideo, CacheWriter, Facts, Form, cache_path
from studio.engine.video.footage import Footage, open_footage

SIDE = 64


def write_video(folder: Path, *, number: int, frames: int = 40) -> Facts:
    """A square that grows and wanders over a still pattern: earlier and later differ by its size."""
    rng = np.random.default_rng([number, 5])
    ground = rng.integers(60, 120, (SIDE, SIDE)).astype(np.uint8)
    start, pace = rng.uniform(8, 40, 2), rng.uniform(-0.3, 0.3, 2)
    identity = hashlib.sha256(str(number).encode()).hexdigest()
    with files.atomic_file(cache_path(folder, identity=identity, form=Form(SIDE))) as stream:
        writer = CacheWriter(stream, SIDE, SIDE)
        for frame in range(frames):
            record, half = writer.next, 1 + frame // 3
            record.y_HW[:] = ground
            top, left = np.clip(start + pace * frame, 4, 60).astype(int)
            record.y_HW[max(0, top - half):top + half, max(0, left - half):left + half] = 240
            record.u_HW[:], record.v_HW[:], record.motion_YX[:] = 128, 128, 1
            writer.write(1.0)
        crc, motion_N = writer.tables(np.arange(frames) / 30)
        facts = Facts(identity=identity, frames=frames, height=SIDE, width=SIDE, verdict=GOOD, reason="",
                      declared_frames=frames, seconds=frames / 30, frames_per_second=30.0, source_width=SIDE,
                      source_height=SIDE, codec="drawn", motion=float(motion_N.mean()), tables_crc=crc)
        writer.finish(facts)
    return facts


def make_project(root: Path, *, videos: int = 8, frames: int = 40, groups: int = 0) -> Project:
    """A scanned project of drawn videos; each is its own group, or they share `groups` in turn."""
    project = Project.create(root)
    project.settings.short_side_pixels = SIDE
    project.save()
    with project.catalogue() as catalogue:
        for number in range(videos):
            facts = write_video(project.cache_folder, number=number, frames=frames)
            catalogue.put(Video(
                source="drawn", path=f"v{number:03}.mp4", identity=facts.identity, verdict=GOOD, frames=facts.frames,
                seconds=facts.seconds, frames_per_second=30.0, width=SIDE, height=SIDE, motion=1.0,
                group=f"g{number % groups}" if groups else f"v{number}"))
    return project


def footage_of(root: Path, **values: int) -> Footage:
    return open_footage(make_project(root, **values))


def tiny_recipe(**training: object) -> Recipe:
    """Three clips of two frames at 32 pixels: a step takes milliseconds."""
    values = {"max_steps": 6, "batch_size": 4, "validation_tuples": 8, "validate_every_steps": 3, "learning_rate": 0.01,
              "precision": "fp32", "threads": 1, "device": "cpu", "validation_share": 0.3, **training}
    return make_recipe({
        "name": "tiny", "task": "clip-order", "backbone": "r3d_small",
        "sampling": {"tuple_length": 3, "clip_frames": 2, "interval_frames": 6},
        "augmentation": {"crop_pixels": 56, "input_pixels": 32, "short_side_pixels": SIDE},
        "task_options": {"hidden_features": 32, "dropout": 0.3}, "training": values})


__all__ = ["CachedVideo", "footage_of", "make_project", "tiny_recipe", "write_video"]
