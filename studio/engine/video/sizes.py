"""Footage as a recipe wants it: frames of its size, made first where they are missing, and in memory if they fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

import psutil

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import MachineError
from studio.engine.events import Event, Progress, TimeLeft, Warned
from studio.engine.project import Project
from studio.engine.video.footage import Footage, form_of, no_footage, open_some, usable_rows
from studio.engine.video.storage import choose_kind, kind_there, order_for, tidy
from studio.engine.video.tiers.memory import pixel_bytes, resident
from studio.engine.video.workers import STALL_SECONDS, WAIT_SECONDS, Done, Workers, Working, usual_workers

_MEMORY_SHARE = 0.25
"""Of the free memory that footage may fill."""
_TELL_EVERY_SECONDS, _PAUSE_TOLD_SECONDS = 0.2, 1.0


def ensured_footage(project: Project, *, short_side_pixels: int,
                    stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Footage | None]:
    """Open the usable videos with frames of this size; those that only have another size are made first.

    The generator's return value is None when it was stopped; what was made stays. Raises as `open_footage` does,
    `MachineError` when the disk is full.
    """
    rows = usable_rows(project)
    found, missing = open_some(project, rows, short_side_pixels=short_side_pixels)
    if missing and short_side_pixels != project.settings.short_side_pixels:
        stopped = yield from make_size(project, missing, short_side_pixels=short_side_pixels, stop=stop)
        if stopped:
            return None
        found, missing = open_some(project, rows, short_side_pixels=short_side_pixels)
    if not found.videos:
        raise no_footage(project, missing=len(missing))
    return found


def make_size(project: Project, rows: Sequence[Video], *, short_side_pixels: int, workers: int = 0,
              with_motion: bool = True, stall_seconds: float = STALL_SECONDS,
              stop: Callable[[], bool] = lambda: False,
              pause: Callable[[], bool] = lambda: False) -> Generator[Event, None, bool]:
    """Make the frames of another size of those videos that lack them; whether it was stopped before the end.

    What a stopped or killed one made is kept. Videos whose file is not there are left out with a warning.
    """
    forms = {row.id: form_of(project, row, short_side_pixels=short_side_pixels) for row in rows}
    lacking = [row for row in rows if row.readable and not kind_there(project, row, forms[row.id])]
    todo = [row for row in lacking if project.video_file(source=row.source, path=row.path).exists()]
    if gone := len(lacking) - len(todo):
        yield Warned(code="files-gone", message=f"{gone} videos are no longer in their folder, so they get no "
                     f"frames of {short_side_pixels} pixels and are left out.", remedy="Attach their drive")
    kinds = {row.id: kind_there(project, row, form_of(project, row)) or choose_kind(project, {}) for row in todo}
    orders = [order_for(project, project.video_file(source=row.source, path=row.path), source=row.source,
                        group=row.group, kind=kinds[row.id], with_motion=with_motion,
                        short_side_pixels=short_side_pixels) for row in todo]
    read, told_at, done, stopped = Amount([row.frames for row in todo]), 0.0, 0, False
    left = TimeLeft(read.whole)
    with Workers(orders, workers=workers or usual_workers(), stall_seconds=stall_seconds) as pool:
        for message in pool.results(pause=pause):
            if not stopped and stop():
                stopped = True
                pool.stop()
            read.take(message)
            if isinstance(message, Done) and not message.stopped:
                done += 1
                yield from _told(message, todo[message.number])
                tidy(project, todo[message.number], forms[todo[message.number].id], kind=kinds[todo[message.number].id])
            if message and (isinstance(message, Done) or time.monotonic() - told_at > _TELL_EVERY_SECONDS):
                told_at = time.monotonic()
                yield Progress(phase="ingest", done=done, total=len(todo), unit="videos", seconds_left=left(read.done),
                               detail=f"{display_path(todo[message.number].path)}, {short_side_pixels} pixels")
            elif message is None and pause():
                told_at = yield from paused(done, len(todo), left, told_at)
    return stopped


class Amount:
    """How much of some videos is read, in the unit of their sizes: one of an hour counts for more than a short one.

    Of those at hand as much as their frames took in the others.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.whole = sum(sizes)
        self._sizes = sizes
        self._read = self._of_frames = self._frames = 0
        self._at_hand: dict[int, int] = {}

    @property
    def done(self) -> float:
        each = self._of_frames / self._frames if self._frames else 0.0
        return self._read + sum(min(frames * each, self._sizes[number]) for number, frames in self._at_hand.items())

    def take(self, message: Done | Working | None) -> None:
        """Take in what a worker told."""
        if isinstance(message, Working):
            self._at_hand[message.number] = message.frames
        elif message is not None:
            self._at_hand.pop(message.number, None)
            size = self._sizes[message.number]
            self._read += size
            if message.facts and message.facts.frames:
                self._of_frames += size
                self._frames += message.facts.frames


def paused(done: int, total: int, left: TimeLeft, told_at: float) -> Generator[Event, None, float]:
    """Tell now and then that a scan waits for somebody to let it go on; the return value is when that was last told."""
    left.skip(WAIT_SECONDS)
    if (now := time.monotonic()) - told_at < _PAUSE_TOLD_SECONDS:
        return told_at
    yield Progress(phase="paused", done=done, total=total, unit="videos")
    return now


def _told(done: Done, row: Video) -> Generator[Event, None, None]:
    if done.fault:
        raise MachineError(*done.fault)
    reason = done.reason if done.facts is None else "" if done.facts.frames else done.facts.reason
    if done.facts is not None and done.facts.identity != row.identity:
        reason = reason or "the file has changed since it was scanned"
    if reason:
        yield Warned(code=f"no-size-{row.id}", message=f"{display_path(row.path)} is left out: {reason}.",
                     remedy="Scan the folder again.")


def in_memory(project: Project, footage: Footage, *,
              stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Footage | None]:
    """Read footage into memory where the project's tier wants that and it fits; else it stays as it is. None: stopped.

    With the tier auto it may fill the project's memory budget, or else a quarter of what is free.
    """
    settings = project.settings
    if settings.tier not in ("auto", "memory"):
        return footage
    free = psutil.virtual_memory().available
    budget = int(1e9 * settings.memory_gigabytes) or int(_MEMORY_SHARE * free)
    needed = pixel_bytes(footage.cached)
    if needed > min(budget, free):
        if settings.tier == "memory":
            yield Warned(code="not-in-memory", message=f"The frames take {needed / 1e9:.1f} GB and the memory has "
                         f"{min(budget, free) / 1e9:.1f} GB for them, so they are read from the disk.",
                         remedy="Close other programs, or set memory_gigabytes in project.toml.")
        return footage
    loaded = yield from resident(footage.cached, stop=stop)
    return None if loaded is None else Footage(footage.videos, loaded)
