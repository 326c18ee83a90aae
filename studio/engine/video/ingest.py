"""Scan: find the videos of folders, make the cached frames of the new ones, and keep what was found as rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from studio.engine import files
from studio.engine.catalogue import GOOD, PARTIAL, UNREADABLE, Catalogue, Video, display_path
from studio.engine.errors import MachineError, ProjectError, UsageError
from studio.engine.events import Event, Events, Finished, Progress, TimeLeft, Warned
from studio.engine.project import Grouping, Project, TierName
from studio.engine.video.cache import Facts
from studio.engine.video.estimate import kind_for
from studio.engine.video.findings import find_near_copies, told, warnings
from studio.engine.video.footage import form_of
from studio.engine.video.grouping import assign_groups
from studio.engine.video.library import Found, Walk, find_videos
from studio.engine.video.moves import Key, follow_moves
from studio.engine.video.sizes import Amount, make_size, paused
from studio.engine.video.storage import kind_there, order_for, tidy
from studio.engine.video.workers import STALL_SECONDS, Done, Workers, Working, usual_workers

_TELL_EVERY_SECONDS = 0.2
_STALE_SECONDS = 3600.0
GONE = "the file is gone"

Make: TypeAlias = Callable[[Sequence[Found], dict[Key, Video]], Generator[Event, None, None]]
"""Makes the cached frames of files, whose rows are given as far as there are any."""


@dataclass
class _Scan:
    """What one scan has found so far."""

    project: Project
    found: dict[Key, Found] = field(default_factory=dict)
    walked: list[tuple[str, str]] = field(default_factory=list)
    """Sources that were walked, and the folder inside (with a slash at its end) if only that."""
    made: set[Key] = field(default_factory=set)
    kind: str = ""
    """What is kept of the frames of new videos."""
    kept: int = 0
    stopped: bool = False

    def cached(self, video: Video) -> bool:
        """Whether whole cached frames of this video are there, as its masks want them."""
        return bool(kind_there(self.project, video, form_of(self.project, video)))

    def covers(self, video: Video) -> bool:
        """Whether the walk would have met this row's file."""
        return any(video.source == source and f"{video.path}/".startswith(below) for source, below in self.walked)


def scan(project: Project, folders: Sequence[Path] = (), *, grouping: Grouping | None = None, workers: int = 0,
         frames_per_second: float | None = None, tier: TierName | None = None, short_side_pixels: int | None = None,
         with_motion: bool = True, stall_seconds: float = STALL_SECONDS,
         stop: Callable[[], bool] = lambda: False, pause: Callable[[], bool] = lambda: False) -> Events:
    """Add folders to a project (none: look at those it has again) and make the cached frames of what is new.

    Rows are kept as they come, so that a scan which was stopped or killed goes on where it was. `grouping` becomes the
    project's, and so do `frames_per_second`, the rate of folders of pictures, and `tier`, where frames come from. With
    `short_side_pixels` frames of that size are made besides, of all its usable videos. `workers` is the number of child
    processes, 0 one for each core. While `pause` says so no video is begun. Raises `UsageError` for a missing folder,
    one without videos or a grouping that fits nothing, `MachineError` when the disk is full.
    """
    started = time.monotonic()
    state = _Scan(project)
    if frames_per_second is not None and frames_per_second != project.settings.frames_per_second:
        project.settings.frames_per_second = frames_per_second
        project.save()
    if tier is not None and tier != project.settings.tier:
        project.settings.tier = tier
        project.save()
    yield Progress(phase="scan", done=0, total=0, unit="videos", detail="looking for videos")
    yield from _look(state, folders)
    _sweep(project.cache_folder)
    if grouping is not None and grouping != project.settings.grouping:
        found = [Video(source=source, path=path) for source, path in state.found]
        assign_groups(found, grouping, folder=project.root)
        project.settings.grouping = grouping
        project.save()
    try:
        with project.catalogue() as catalogue:
            make = partial(_make, state, catalogue, workers=workers or usual_workers(), with_motion=with_motion,
                           stall_seconds=stall_seconds, stop=stop, pause=pause)
            yield from _ingest(state, catalogue, make)
            yield from _settle(state, catalogue)
            yield from _follow_groups(state, catalogue, make)
            if short_side_pixels and short_side_pixels != project.settings.short_side_pixels and not state.stopped:
                state.stopped = yield from make_size(
                    project, catalogue.videos(usable_only=True), short_side_pixels=short_side_pixels, workers=workers,
                    with_motion=with_motion, stall_seconds=stall_seconds, stop=stop, pause=pause)
            find_near_copies(catalogue)
            rows = [row for row in catalogue.videos() if state.covers(row)]
            yield from warnings(rows)
            result = _report(state, rows) | {"elapsed_seconds": round(time.monotonic() - started, 3)}
    except sqlite3.Error as error:
        raise _catalogue_fault(project, error) from error
    yield Finished(operation="scan", result=result, stopped=state.stopped)


def _look(state: _Scan, folders: Sequence[Path]) -> Generator[Event, None, None]:
    """Walk the folders; nothing is opened yet."""
    project, walk = state.project, Walk()
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(str(folder), "there is no such folder", "Check the spelling, or attach its drive")
        if display_path(str(folder.resolve())) != str(folder.resolve()):
            raise UsageError(display_path(str(folder)), "the name of this folder is no valid text, and a project keeps "
                             "its folders in a text file", "Rename the folder, or scan the folder above it")
    places = [_place(project, folder) for folder in folders] or [
        (source.name, None) for source in project.settings.sources]
    roots = {source.name: project.source_folder(source.name) for source in project.settings.sources}
    for source, below in places:
        root = roots[source]
        if not root.is_dir():
            yield Warned(code="folder-gone", message=f"The folder {display_path(str(root))} is not there.",
                         remedy="Attach its drive. Its videos stay usable as long as their cached frames are kept.")
            continue
        inner = [other for name, other in roots.items() if name != source and _inside(other, root)]
        for found in find_videos(root, source=source, below=below, leave_out=[project.root, *inner], walk=walk,
                                 frames_per_second=project.settings.frames_per_second):
            state.found[found.source, found.path] = found
        state.walked.append((source, f"{below.relative_to(root).as_posix()}/" if below else ""))
    if kinds := [found.kind for found in state.found.values() if found.kind]:
        yield Warned(code="pictures", message=f"{len(kinds)} folders of numbered pictures are videos here: {kinds[0]}.",
                     remedy="If the rate is another, scan with --frames-per-second; 0 leaves such folders alone.")
    for folder_name, why in walk.unreadable:
        yield Warned(code="folder-unreadable", message=f"{display_path(folder_name)} cannot be read ({why}).",
                     remedy="Ask for the right to read it, then scan again.")
    if not state.found and folders:
        raise UsageError(", ".join(display_path(str(folder)) for folder in folders),
                         f"there are no video files in it ({walk.others} other files)",
                         "Name a folder with videos, such as .mp4, .avi, .mov, .mkv or .dcm, or with folders of "
                         "numbered pictures")
    yield Progress(phase="scan", done=len(state.found), total=len(state.found), unit="videos", detail="found")


def _place(project: Project, folder: Path) -> tuple[str, Path | None]:
    """The source that a folder is or lies in; it becomes one if it is neither."""
    resolved = folder.resolve()
    for source in project.settings.sources:
        root = project.source_folder(source.name).resolve()
        if root != resolved and _inside(resolved, root):
            return source.name, project.source_folder(source.name) / resolved.relative_to(root)
    return project.add_source(folder).name, None


def _inside(folder: Path, root: Path) -> bool:
    return folder.resolve().is_relative_to(root.resolve())


def _sweep(cache_folder: Path) -> None:
    """Take away what a killed scan left half written, unless somebody may still be writing it."""
    for path in cache_folder.glob("*/.writing-*.tmp"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def _ingest(state: _Scan, catalogue: Catalogue, make: Make) -> Generator[Event, None, None]:
    """Make what is missing."""
    rows = {(row.source, row.path): row for row in catalogue.videos()}
    yield from follow_moves(state.project, catalogue, state.found, rows, state.covers)
    fresh = [found for key, found in state.found.items() if not _unchanged(state, found, rows.get(key))]
    state.kept = len(state.found) - len(fresh)
    for found in [one for one in fresh if one.problem]:
        catalogue.put(_row(found, rows, Done(number=0, reason=found.problem)))
    catalogue.commit()
    yield from make([found for found in fresh if not found.problem], rows)


def _follow_groups(state: _Scan, catalogue: Catalogue, make: Make) -> Generator[Event, None, None]:
    """Make the videos anew whose new group has other masks."""
    if state.stopped or not any(mask.group for mask in state.project.settings.masks):
        return
    rows = {(row.source, row.path): row for row in catalogue.videos()}
    todo = [found for key, found in state.found.items()
            if key in rows and rows[key].readable and not state.cached(rows[key])]
    if todo:
        yield from make(todo, rows)


def _make(state: _Scan, catalogue: Catalogue, todo: Sequence[Found], rows: dict[Key, Video], *, workers: int,
          with_motion: bool, stall_seconds: float, stop: Callable[[], bool],
          pause: Callable[[], bool]) -> Generator[Event, None, None]:
    """Make the cached frames of files, and commit each row when its video is done."""
    state.kind = state.kind or kind_for(state.project, todo)
    groups = [row.group if (row := rows.get((found.source, found.path))) else "" for found in todo]
    orders = [order_for(state.project, found.file, source=found.source, group=group, kind=state.kind,
                        with_motion=with_motion) for found, group in zip(todo, groups, strict=True)]
    read, told_at, done, kept = Amount([found.size for found in todo]), 0.0, 0, _kept(state, todo, rows)
    left = TimeLeft(read.whole)
    yield Progress(phase="ingest", done=0, total=len(todo), unit="videos", detail=kept)
    with Workers(orders, workers=workers, stall_seconds=stall_seconds) as pool:
        for message in pool.results(pause=pause):
            if not state.stopped and stop():
                state.stopped = True
                pool.stop()
            read.take(message)
            if isinstance(message, Done) and not message.stopped:
                found, done = todo[message.number], done + 1
                _keep(catalogue, found, rows, message)
                state.made.add((found.source, found.path))
                if message.facts and message.facts.frames:
                    row = _row(found, rows, message)
                    tidy(state.project, row, form_of(state.project, row), kind=state.kind)
            if message and (isinstance(message, Done) or time.monotonic() - told_at > _TELL_EVERY_SECONDS):
                told_at = time.monotonic()
                yield Progress(phase="ingest", done=done, total=len(todo), unit="videos", seconds_left=left(read.done),
                               detail=" · ".join(filter(None, [_detail(todo[message.number], message), kept])))
            elif message is None and pause():
                told_at = yield from paused(done, len(todo), left, told_at)


def _kept(state: _Scan, todo: Sequence[Found], rows: dict[Key, Video]) -> str:
    """Say how many are unchanged, and how many could not be read before: those are looked at in every scan."""
    again = sum(not row.readable and found.is_as_in(row) for found in todo
                if (row := rows.get((found.source, found.path))))
    words = [(state.kept, "are unchanged"), (again, "could not be read before and are tried again")]
    return ", ".join(f"{count} {said}" for count, said in words if count)


def _detail(found: Found, message: Done | Working) -> str:
    name = display_path(found.path)
    return f"{name}, {message.frames} frames" if isinstance(message, Working) and message.frames else name


def _unchanged(state: _Scan, found: Found, row: Video | None) -> bool:
    """Whether a row still holds, its frames are there, and somebody looked at them."""
    return (row is not None and row.readable and row.findings is not None and found.is_as_in(row)
            and state.cached(row))


def _keep(catalogue: Catalogue, found: Found, rows: dict[Key, Video], done: Done) -> None:
    if done.fault:
        raise MachineError(*done.fault)
    if old := rows.get((found.source, found.path)):  # a person may have left it out meanwhile
        rows |= {(now.source, now.path): now for now in catalogue.some([old.id])}
    catalogue.put(_row(found, rows, done))
    if done.facts and done.facts.signature:
        catalogue.put_signature(done.facts.identity, bytes.fromhex(done.facts.signature))
    catalogue.commit()


def _row(found: Found, rows: dict[Key, Video], done: Done) -> Video:
    """The new row of a file; what a person decided about the old one stays."""
    old = rows.get((found.source, found.path)) or Video(source=found.source, path=found.path)
    facts = done.facts
    plain = replace(Video(source=found.source, path=found.path), size=found.size, modified_ns=found.modified_ns,
                    id=old.id, group=old.group, label=old.label, excluded=old.excluded)
    if facts is None:
        return replace(plain, verdict=UNREADABLE, reason=done.reason)
    return replace(plain, **_told(facts))


def _told(facts: Facts) -> dict[str, Any]:
    return {"identity": facts.identity, "verdict": facts.verdict, "reason": facts.reason,
            "declared_frames": facts.declared_frames, "frames": facts.frames, "seconds": facts.seconds,
            "frames_per_second": facts.frames_per_second, "width": facts.source_width, "height": facts.source_height,
            "codec": facts.codec, "motion": facts.motion, "findings": facts.findings}


def _settle(state: _Scan, catalogue: Catalogue) -> Generator[Event, None, None]:
    """Mark what vanished, and give every row its group."""
    rows = catalogue.videos()
    gone = [row for row in rows if state.covers(row) and (row.source, row.path) not in state.found]
    usable = [row for row in gone if row.readable and state.cached(row)]
    waiting = [row for row in gone if row.readable and row not in usable
               and list(state.project.cache_folder.glob(f"{row.identity[:2]}/{row.identity}-*"))]
    lost = [row.id for row in gone if row not in usable and row not in waiting]
    catalogue.change(lost, verdict=UNREADABLE, reason=GONE, frames=0)
    if usable:
        yield Warned(code="files-gone", message=f"{len(usable)} videos are no longer in their folder; their cached "
                     "frames are still used.", remedy="Exclude them on the Library page if they should not be.")
    if waiting:
        yield Warned(code="files-gone-masked", message=f"{len(waiting)} videos are no longer in their folder, so their "
                     "frames cannot be made with the present masks and settings; they are left out.",
                     remedy="Bring the files back and scan again, or undo what was changed.")
    if copies := len(rows) - len({row.identity or row.id for row in rows}):
        yield Warned(code="copies", message=f"{copies} files are copies of others; each shares the group of the first.")
    yield from _group(state.project, catalogue, rows)
    catalogue.commit()


def _group(project: Project, catalogue: Catalogue, rows: list[Video]) -> Generator[Event, None, None]:
    """Give every row its group; those that it has stay when the project's grouping is of no use any more."""
    try:  # a person may have chosen another grouping meanwhile
        grouping = Project.open(project.root).settings.grouping
        known = assign_groups(rows, grouping, folder=project.root)
    except UsageError as error:
        yield Warned(code="grouping", message=f"The groups stay as they are: {error.value}: {error.rule}.",
                     remedy=error.remedy)
        return
    for row, one in zip(rows, known, strict=True):
        if wanted := {name: value for name, value in one.items() if value != getattr(row, name)}:
            catalogue.change([row.id], **wanted)


def _report(state: _Scan, rows: Sequence[Video]) -> dict[str, Any]:
    """What `scan --json` prints: counts over the rows of the scanned folders."""
    by_verdict = {verdict: sum(row.verdict == verdict for row in rows) for verdict in (GOOD, PARTIAL, UNREADABLE)}
    return {"videos": len(rows), **by_verdict, "frames": sum(row.frames for row in rows),
            "seconds": round(sum(row.seconds for row in rows if row.readable), 3),
            "new": len(state.made), "unchanged": state.kept, "groups": len({row.group for row in rows}),
            "problems": [{"path": display_path(row.path), "verdict": row.verdict, "reason": row.reason}
                         for row in rows if row.verdict != GOOD], **told(rows)}


def _catalogue_fault(project: Project, error: sqlite3.Error) -> ProjectError | MachineError:
    path = project.root / "catalogue.sqlite"
    if "full" in str(error):
        return files.disk_full(path)
    if "locked" in str(error):
        return ProjectError(str(path), "another program is writing this catalogue", "Wait until it is done, then go on")
    return ProjectError(str(path), f"the catalogue cannot be written ({error})", "Check the folder, then scan again")
