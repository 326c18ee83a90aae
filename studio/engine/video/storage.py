"""What a scan keeps of a video: planes, JPEGs or only what was measured, by the project's wish or budget."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studio.engine import files
from studio.engine.catalogue import Video
from studio.engine.errors import VideoError
from studio.engine.project import Project
from studio.engine.video.facts import Form, cache_path, read_facts
from studio.engine.video.footage import plain_form
from studio.engine.video.packs import KINDS
from studio.engine.video.tiers import TIERS

if TYPE_CHECKING:
    from studio.engine.video.make import Order

RESERVE_SHARE, RESERVE_BYTES = 0.05, 2_000_000_000
"""What is always left free of a disk: a share of it, or so many bytes where that is less."""


def tier_of(kind: str) -> str:
    """The tier that reads this kind of file."""
    return next(name for name, tier in TIERS.items() if tier.kind == kind and name != "memory")


def wanted_kinds(project: Project) -> tuple[str, ...]:
    """The kinds of file that will do: the one of the project's tier; any with the tier auto."""
    tier = project.settings.tier
    return KINDS if tier == "auto" else (TIERS[tier].kind,)


def choose_kind(project: Project, needed: Mapping[str, int]) -> str:
    """What to keep of new videos, whose bytes by kind of file are `needed` (empty: unknown).

    With the tier auto: the most that fits the disk budget, which is the project's or what is free, less a reserve.
    """
    return largest_fitting(wanted_kinds(project), needed, budget_bytes=disk_budget_bytes(project))


def largest_fitting(kinds: Sequence[str], needed: Mapping[str, int], *, budget_bytes: int) -> str:
    """The first of these kinds, the largest first, that fits a budget; the last one where none does."""
    return next((kind for kind in kinds if needed.get(kind, 0) <= budget_bytes), kinds[-1])


def disk_budget_bytes(project: Project) -> int:
    """Bytes that the cache may grow by."""
    disk = shutil.disk_usage(project.cache_folder if project.cache_folder.exists() else project.root)
    free = disk.free - min(RESERVE_BYTES, int(RESERVE_SHARE * disk.total))
    if not project.settings.disk_gigabytes:
        return free
    used = sum(path.stat().st_size for path in project.cache_folder.glob("*/*-*.*"))
    return min(free, int(1e9 * project.settings.disk_gigabytes) - used)


def kind_there(project: Project, video: Video, form: Form) -> str:
    """The kind of whole file that the cache has of a video and that will do; empty when there is none."""
    for kind in wanted_kinds(project) if video.identity else ():
        with suppress(VideoError):
            read_facts(cache_path(project.cache_folder, identity=video.identity, form=form, kind=kind))
            return kind
    return ""


def order_for(project: Project, file: Path, *, source: str, group: str, kind: str, with_motion: bool = True,
              short_side_pixels: int | None = None) -> Order:
    """What to make of a file of this source and group."""
    settings = project.settings
    path = file.relative_to(project.source_folder(source)).as_posix() if source else ""
    masks = tuple(mask for mask in settings.masks
                  if mask.holds_for(source=source, path=path, group=group, size=mask.size))
    from studio.engine.video.make import Order  # slow to load, and the window makes none

    return Order(path=file, cache_folder=project.cache_folder, with_motion=with_motion, masks=masks, kind=kind,
                 form=plain_form(project, short_side_pixels=short_side_pixels),
                 frames_per_second=settings.frames_per_second)


def tidy(project: Project, video: Video, form: Form, *, kind: str) -> None:
    """Where the project has a tier of its own, take away what the cache has of a video for other tiers."""
    if project.settings.tier == "auto" or not video.identity:
        return
    for other in KINDS:
        if other != kind:
            files.remove(cache_path(project.cache_folder, identity=video.identity, form=form, kind=other))
