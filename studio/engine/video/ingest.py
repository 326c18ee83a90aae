"""Scan: find the videos of folders, make the cached frames of the new ones, and keep what was found as rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.engine import files
from studio.engine.catalogue import GOOD, PARTIAL, UNREADABLE, Catalogue, Video, display_path
from studio.engine.errors import MachineError, ProjectError, UsageError, VideoError
from studio.engine.events import Event, Events, Finished, Progress, TimeLeft, Warned
from studio.engine.project import Grouping, Project
from studio.engine.video.cache import Facts, cache_path, read_facts
from studio.engine.video.footage import form_of
from studio.engine.video.grouping import assign_groups
from studio.engine.video.library import Found, Walk, find_videos
from studio.engine.video.make import Order
from studio.engine.video.workers import STALL_SECONDS, Done, Workers, Working, usual_workers

_TELL_EVERY_SECONDS = 0.2
_STALE_SECONDS = 3600.0
GONE = "the file is gone"

Key = tuple[str, str]
"""Source and path: what a row is of."""


@dataclass
class _Scan:
    """What one scan has found so far."""

    project: Project
    found: dict[Key, Found] = field(default_factory=dict)
    walked: list[tuple[str, str]] = field(default_factory=list)
    """Sources that were walked, and the folder inside (with a slash at its end) if only that."""
    fresh: int = 0
    kept: int = 0
    stopped: bool = False

    def cached(self, identity: str) -> bool:
        """Whether whole cached frames of this content are there."""
        try:
            read_facts(cache_path(self.project.cache_folder, identity=identity, form=form_of(self.project)))
        except VideoError:
            return False
        return bool(identity)

    def covers(self, video: Video) -> bool:
        """Whether the walk would have met this row's file."""
        return any(video.source == source and video.path.startswith(below) for source, below in self.walked)


def scan(project: Project, folders: Sequence[Path] = (), *, grouping: Grouping | None = None, workers: int = 0,
         with_motion: bool = True, stall_seconds: float = STALL_SECONDS,
         stop: Callable[[], bool] = lambda: False) -> Events:
    """Add folders to a project (none: look at those it has again) and make the cached frames of what is new.

    Rows are kept as they come, so that a scan which was stopped or killed goes on where it was. `grouping` becomes the
    project's. `workers` is the number of child processes, 0 one for each core. Raises `UsageError` for a missing
    folder, one without videos or a grouping that fits nothing, `MachineError` when the disk is full.
    """
    started = time.monotonic()
    state = _Scan(project)
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
            yield from _ingest(state, catalogue, workers=workers or usual_workers(), with_motion=with_motion,
                               stall_seconds=stall_seconds, stop=stop)
            yield from _settle(state, catalogue)
            result = _report(state, catalogue) | {"elapsed_seconds": round(time.monotonic() - started, 3)}
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
        for found in find_videos(root, source=source, below=below, leave_out=[project.root, *inner], walk=walk):
            state.found[found.source, found.path] = found
        state.walked.append((source, f"{below.relative_to(root).as_posix()}/" if below else ""))
    for folder_name, why in walk.unreadable:
        yield Warned(code="folder-unreadable", message=f"{display_path(folder_name)} cannot be read ({why}).",
                     remedy="Ask for the right to read it, then scan again.")
    if not state.found and folders:
        raise UsageError(", ".join(display_path(str(folder)) for folder in folders),
                         f"there are no video files in it ({walk.others} other files)",
                         "Name a folder with videos, such as .mp4, .avi, .mov, .mkv or .dcm")
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


def _ingest(state: _Scan, catalogue: Catalogue, *, workers: int, with_motion: bool, stall_seconds: float,
            stop: Callable[[], bool]) -> Generator[Event, None, None]:
    """Make what is missing, and commit each row when its video is done."""
    rows = {(row.source, row.path): row for row in catalogue.videos()}
    yield from _follow_moves(state, catalogue, rows)
    fresh = [found for key, found in state.found.items() if not _unchanged(state, found, rows.get(key))]
    state.kept = len(state.found) - len(fresh)
    for found in [one for one in fresh if one.problem]:
        catalogue.put(_row(found, rows, Done(number=0, reason=found.problem)))
    catalogue.commit()
    todo = [found for found in fresh if not found.problem]
    orders = [Order(path=found.file, cache_folder=state.project.cache_folder, with_motion=with_motion,
                    form=form_of(state.project)) for found in todo]
    left, told_at = TimeLeft(len(todo)), 0.0
    yield Progress(phase="ingest", done=0, total=len(todo), unit="videos", detail=f"{state.kept} are unchanged")
    with Workers(orders, workers=workers, stall_seconds=stall_seconds) as pool:
        for message in pool.results():
            if not state.stopped and stop():
                state.stopped = True
                pool.stop()
            if isinstance(message, Done) and not message.stopped:
                _keep(catalogue, todo[message.number], rows, message)
                state.fresh += 1
            if message and (isinstance(message, Done) or time.monotonic() - told_at > _TELL_EVERY_SECONDS):
                told_at = time.monotonic()
                yield Progress(phase="ingest", done=state.fresh, total=len(todo), unit="videos",
                               seconds_left=left(state.fresh), detail=_detail(todo[message.number], message))


def _detail(found: Found, message: Done | Working) -> str:
    name = display_path(found.path)
    return f"{name}, {message.frames} frames" if isinstance(message, Working) and message.frames else name


def _unchanged(state: _Scan, found: Found, row: Video | None) -> bool:
    """Whether a row still holds: the same size and time, and its frames are there."""
    return (row is not None and row.readable and (row.size, row.modified_ns) == (found.size, found.modified_ns)
            and state.cached(row.identity))


def _keep(catalogue: Catalogue, found: Found, rows: dict[Key, Video], done: Done) -> None:
    if done.fault:
        raise MachineError(*done.fault)
    catalogue.put(_row(found, rows, done))
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
            "codec": facts.codec, "motion": facts.motion}


def _follow_moves(state: _Scan, catalogue: Catalogue, rows: dict[Key, Video]) -> Generator[Event, None, None]:
    """Give the row of a vanished file to a new file with its size, time and content: it was moved or renamed.

    A source whose folder is gone and whose videos were all found elsewhere is taken out of the project.
    """
    missing = {source.name for source in state.project.settings.sources
               if not state.project.source_folder(source.name).is_dir()}
    gone = {(row.size, row.modified_ns): key for key, row in rows.items()
            if key not in state.found and row.identity and (state.covers(row) or row.source in missing)}
    moved = [(key, found, old) for key, found in state.found.items()
             if key not in rows and (old := gone.pop((found.size, found.modified_ns), None)) is not None]
    for number, (key, found, old) in enumerate(moved):
        yield Progress(phase="scan", done=number, total=len(moved), unit="videos",
                       detail=f"was {display_path(old[1])} moved?")
        if _same_content(found.file, rows[old].identity):
            path = found.path.encode("utf-8", "surrogateescape")
            catalogue.change([rows[old].id], source=found.source, path=path)
            rows[key] = replace(rows.pop(old), source=found.source, path=found.path)
    catalogue.commit()
    for name in missing - {source for source, _ in rows}:
        state.project.remove_source(name)


def _same_content(file: Path, identity: str) -> bool:
    try:
        return files.sha256_of_file(file) == identity
    except OSError:
        return False


def _settle(state: _Scan, catalogue: Catalogue) -> Generator[Event, None, None]:
    """Mark what vanished, and give every row its group."""
    rows = catalogue.videos()
    gone = [row for row in rows if state.covers(row) and (row.source, row.path) not in state.found]
    usable = [row for row in gone if row.readable and state.cached(row.identity)]
    lost = [row.id for row in gone if row not in usable]
    catalogue.change(lost, verdict=UNREADABLE, reason=GONE, frames=0)
    if usable:
        yield Warned(code="files-gone", message=f"{len(usable)} videos are no longer in their folder; their cached "
                     "frames are still used.", remedy="Exclude them on the Library page if they should not be.")
    if copies := len(rows) - len({row.identity or row.id for row in rows}):
        yield Warned(code="copies", message=f"{copies} files are copies of others; each shares the group of the first.")
    yield from _group(state.project, catalogue, rows)
    catalogue.commit()


def _group(project: Project, catalogue: Catalogue, rows: list[Video]) -> Generator[Event, None, None]:
    """Give every row its group; those that it has stay when the project's grouping is of no use any more."""
    try:
        known = assign_groups(rows, project.settings.grouping, folder=project.root)
    except UsageError as error:
        yield Warned(code="grouping", message=f"The groups stay as they are: {error.value}: {error.rule}.",
                     remedy=error.remedy)
        return
    for row, one in zip(rows, known, strict=True):
        if wanted := {name: value for name, value in one.items() if value != getattr(row, name)}:
            catalogue.change([row.id], **wanted)


def _report(state: _Scan, catalogue: Catalogue) -> dict[str, Any]:
    """What `scan --json` prints: counts over the rows of the scanned folders."""
    rows = [row for row in catalogue.videos() if state.covers(row)]
    by_verdict = {verdict: sum(row.verdict == verdict for row in rows) for verdict in (GOOD, PARTIAL, UNREADABLE)}
    return {"videos": len(rows), **by_verdict, "frames": sum(row.frames for row in rows),
            "seconds": round(sum(row.seconds for row in rows if row.readable), 3),
            "new": state.fresh, "unchanged": state.kept, "groups": len({row.group for row in rows}),
            "problems": [{"path": display_path(row.path), "verdict": row.verdict, "reason": row.reason}
                         for row in rows if row.verdict != GOOD]}


def _catalogue_fault(project: Project, error: sqlite3.Error) -> ProjectError | MachineError:
    path = project.root / "catalogue.sqlite"
    if "full" in str(error):
        return files.disk_full(path)
    if "locked" in str(error):
        return ProjectError(str(path), "another program is writing this catalogue", "Wait until it is done, then go on")
    return ProjectError(str(path), f"the catalogue cannot be written ({error})", "Check the folder, then scan again")
