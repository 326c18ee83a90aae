"""Files that were moved or renamed are known again by their content, and a folder that moved is linked anew."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from studio.engine.catalogue import Catalogue, Video, display_path
from studio.engine.errors import ProjectError, UsageError, VideoError
from studio.engine.events import Event, Events, Finished, Progress
from studio.engine.project import Project
from studio.engine.video.library import Found
from studio.engine.video.opening import identity_of, stamp_of

_CHECKED = 12
"""Files whose bytes are read before a folder is believed to be the one that moved."""

_LEVELS, _MOST_FOLDERS = 2, 200
"""How deep below a folder, and in how many folders of a level, videos are looked for that moved."""
_NAMED = 20

Key = tuple[str, str]
"""Source and path: what a row is of."""


def follow_moves(project: Project, catalogue: Catalogue, found: Mapping[Key, Found], rows: dict[Key, Video],
                 covers: Callable[[Video], bool]) -> Generator[Event, None, None]:
    """Give the row of a vanished file to a new file with its size and content: it was moved or renamed.

    `rows` is changed as the catalogue is. A file outside the walk (`covers`) counts as vanished when it is not there.
    A source whose folder is gone and whose videos were all found elsewhere is taken out of the project.
    """
    missing = {source.name for source in project.settings.sources if not project.source_folder(source.name).is_dir()}
    new = {key: one for key, one in found.items() if key not in rows and not one.problem}
    gone = _vanished(project, rows, found, covers, missing, sizes={one.size for one in new.values()})
    sizes = {rows[key].size for keys in gone.values() for key in keys}
    asked = [key for key, one in new.items() if one.size in sizes]
    for number, key in enumerate(asked):
        yield Progress(phase="scan", done=number, total=len(asked), unit="videos",
                       detail=f"was {display_path(key[1])} moved?")
        old = _taken(gone, _identity(project, new[key].file), key)
        if old is not None:
            catalogue.change([rows[old].id], source=key[0], path=key[1].encode("utf-8", "surrogateescape"),
                             modified_ns=new[key].modified_ns)
            rows[key] = replace(rows.pop(old), source=key[0], path=key[1], modified_ns=new[key].modified_ns)
        if not any(gone.values()):
            break
    catalogue.commit()
    for name in missing - {source for source, _ in rows}:
        project.remove_source(name)


def _vanished(project: Project, rows: Mapping[Key, Video], found: Mapping[Key, Found],
              covers: Callable[[Video], bool], missing: set[str], *, sizes: set[int]) -> dict[str, list[Key]]:
    """Rows whose file is not there any more and has the size of a new one, by content."""
    gone: defaultdict[str, list[Key]] = defaultdict(list)
    for key, row in rows.items():
        if key in found or not row.identity or row.size not in sizes:
            continue
        if covers(row) or row.source in missing or not _is_there(project, row):
            gone[row.identity].append(key)
    return gone


def _is_there(project: Project, row: Video) -> bool:
    try:
        return os.path.lexists(project.video_file(source=row.source, path=row.path))
    except UsageError:  # its source was taken out
        return False


def _taken(gone: dict[str, list[Key]], identity: str, key: Key) -> Key | None:
    """The vanished row of that content that is likest: the same path, or else the same name; it is taken out."""
    keys = gone.get(identity) or []
    if not keys:
        return None
    name = key[1].rpartition("/")[2]
    likest = max(keys, key=lambda one: (one[1] == key[1], one[1].rpartition("/")[2] == name))
    keys.remove(likest)
    return likest


def _identity(project: Project, file: Path) -> str:
    """The content of a file; "" when it cannot be read."""
    try:
        return identity_of(file, frames_per_second=project.settings.frames_per_second)
    except (OSError, VideoError):
        return ""


# ---------------------------------------------------------------- a folder that moved


def relink(project: Project, old: str, folder: Path, *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Say that the source `old` (its name, or where it lay) now lies in `folder`, after reading some of its files.

    `folder` may be the one above, or the one above that. Nothing is decoded, and rows, groups and runs stay. Raises
    `UsageError` when there is no such source or folder, or when not one of the files read is the one of its row,
    `ProjectError` when the source has no videos.
    """
    name = _source_named(project, old)
    if not folder.is_dir():
        raise UsageError(str(folder), "there is no such folder", "Check the spelling, or attach its drive")
    with project.catalogue() as catalogue:
        rows = [row for row in catalogue.videos() if row.source == name and row.identity]
    if not rows:
        raise ProjectError(name, "this source has no videos that could be compared", "Scan the new folder instead")
    folder = _begins_in(folder, rows)
    for source in project.settings.sources:
        if source.name != name and project.source_folder(source.name).resolve() == folder.resolve():
            raise UsageError(str(folder), f"this is the folder of another source ({source.name})",
                             "Name the folder to which the videos moved")
    there = [row for row in rows if _same_size(folder / row.path, row)]
    asked = there[::max(1, -(-len(there) // _CHECKED))]
    fit = 0
    for number, row in enumerate(asked):
        if stop():
            yield Finished(operation="relink", result=_result(name, folder, rows, there, number, fit), stopped=True)
            return
        yield Progress(phase="relink", done=number, total=len(asked), unit="videos", detail=display_path(row.path))
        fit += _identity(project, folder / row.path) == row.identity
    if not fit:
        _refuse(folder, name, rows, asked)
    project.move_source(name, folder)
    yield Finished(operation="relink", result=_result(name, folder, rows, there, len(asked), fit))


def _begins_in(folder: Path, rows: Sequence[Video]) -> Path:
    """Where the paths of videos begin: in the folder, or in one below it; the folder itself where in none."""
    some = rows[::max(1, -(-len(rows) // _CHECKED))]
    level = [folder]
    for _ in range(_LEVELS + 1):
        for inner in level:
            if any(_same_size(inner / row.path, row) for row in some):
                return inner
        level = [below for inner in level for below in _folders_in(inner)][:_MOST_FOLDERS]
    return folder


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return []


def _source_named(project: Project, old: str) -> str:
    names = {source.name for source in project.settings.sources}
    if old in names:
        return old
    wanted = os.path.normpath(Path(old).absolute())
    for source in project.settings.sources:
        if wanted == os.path.normpath(project.source_folder(source.name).absolute()):
            return source.name
    raise UsageError(old, f"the project has no such source (it has {', '.join(sorted(names)) or 'none'})",
                     "Name one of them, or the folder where it lay")


def _same_size(file: Path, row: Video) -> bool:
    try:
        return stamp_of(file)[0] == row.size
    except (OSError, VideoError):
        return False


def _refuse(folder: Path, name: str, rows: Sequence[Video], asked: Sequence[Video]) -> None:
    if asked:
        raise UsageError(str(folder), f"{len(asked)} files with the sizes of videos of {name} were read, and none has "
                         "their content", "Name the folder to which the videos moved, or scan it as a new source")
    example = display_path(rows[0].path)
    raise UsageError(str(folder), f"none of the {len(rows)} videos of {name} lies in it, such as {example}",
                     "Name the folder in which that path begins")


def _result(name: str, folder: Path, rows: Sequence[Video], there: Sequence[Video], checked: int,
            fit: int) -> dict[str, object]:
    found = {row.id for row in there}
    missing = [display_path(row.path) for row in rows if row.id not in found]
    return {"source": name, "folder": folder.name, "videos": len(rows), "there": len(there), "checked": checked,
            "fit": fit, "missing": len(missing), "missing_paths": missing[:_NAMED]}
