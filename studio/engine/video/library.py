"""Which files of a folder are videos: a walk that always ends, in the order in which people read names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.engine.catalogue import Video
from studio.engine.project import Project
from studio.engine.video.picture_folder import is_picture, kind_of_series, series_of, stamp_of_series
from studio.engine.video.probe import DICOM_SUFFIXES, is_dicom

_KNOWN = (
    ".264 .265 .3g2 .3gp .amv .asf .avi .divx .dv .f4v .flv .gif .h264 .h265 .hevc .ivf .m1v .m2p .m2t .m2ts .m2v .m4v "
    ".mjpeg .mjpg .mkv .mov .mp4 .mpe .mpeg .mpg .mts .mxf .nut .ogm .ogv .ogx .qt .rm .rmvb .tod .ts .vob .webm .wmv "
    ".wtv .xvid .y4m")
VIDEO_SUFFIXES = frozenset(re.findall(r"\S+", _KNOWN)) | DICOM_SUFFIXES


@dataclass(frozen=True, kw_only=True)
class Found:
    """One video file, or a folder of pictures that is one.

    `path` is relative to its source, with forward slashes; `problem` says why it is no file.
    """

    source: str
    path: str
    file: Path
    size: int = 0
    modified_ns: int = 0
    problem: str = ""
    kind: str = ""
    """Of a folder of pictures, which is one video: what the catalogue says of it."""

    def is_as_in(self, row: Video | None) -> bool:
        """Whether a row is of this very file: the same size and time, and rate of pictures."""
        return (row is not None and (row.size, row.modified_ns) == (self.size, self.modified_ns)
                and (not self.kind or row.codec == self.kind))


@dataclass
class Walk:
    """What a walk met besides videos: folders that could not be read, and how many other files."""

    unreadable: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which `clip 9` comes before `clip 10`."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def find_videos(root: Path, *, source: str, below: Path | None = None, leave_out: Sequence[Path] = (),
                walk: Walk | None = None, frames_per_second: float = 0.0) -> Iterator[Found]:
    """Give the video files under `root` (or only under `below`), folder by folder in natural order.

    Links to folders are followed once; folders in `leave_out` and hidden ones are not entered. A file is a video by
    the end of its name, or, with an unknown end, by a DICOM beginning. With a rate, a folder of numbered pictures is a
    video of that rate (see `picture_folder`).
    """
    walk = walk if walk is not None else Walk()
    seen = {key for folder in leave_out if (key := _folder_key(folder))}
    pending = [below or root]
    while pending:
        folder = pending.pop()
        key = _folder_key(folder)
        if key in seen:
            continue
        seen.add(key)
        folders, pictures, videos = [], list[str](), 0
        for entry in _entries(folder, walk):
            if _is_folder(entry):
                folders += [] if entry.name.startswith(".") else [Path(entry.path)]
            elif is_picture(entry.name):
                pictures.append(entry.name)
            elif (found := _video(entry, root, source)) is not None:
                videos += 1
                yield found
            else:
                walk.others += 1
        if not videos and frames_per_second and (found := _series(folder, pictures, root, source, frames_per_second)):
            yield found
        else:
            walk.others += len(pictures)
        pending += reversed(folders)


def new_videos(project: Project, rows: Sequence[Video], *, rest: Callable[[], None] = lambda: None) -> list[Found]:
    """List the video files that a scan would read: those without a row, and those that changed since.

    `rest` is called at every file and row.
    """
    known = {}
    for row in rows:
        rest()
        known[row.source, row.path] = row
    roots = {source.name: project.source_folder(source.name) for source in project.settings.sources}
    found, rate = [], project.settings.frames_per_second
    for name, root in roots.items():
        inner = [other for other in roots.values() if other != root and other.is_relative_to(root)]
        for one in find_videos(root, source=name, leave_out=[project.root, *inner], frames_per_second=rate):
            rest()
            if not one.is_as_in(known.get((one.source, one.path))):
                found.append(one)
    return found


def _folder_key(folder: Path) -> object:
    """What two names of one folder have in common."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)


def _entries(folder: Path, walk: Walk) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: (natural_key(entry.name), entry.name))
    except OSError as error:
        walk.unreadable.append((str(folder), error.strerror or str(error)))
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _series(folder: Path, names: Sequence[str], root: Path, source: str, rate: float) -> Found | None:
    """The folder as a video, if its pictures are one."""
    series = series_of(names)
    if series is None:
        return None
    path, kind = folder.relative_to(root).as_posix(), kind_of_series(rate)
    try:
        size, modified_ns = stamp_of_series(folder, series.names)
    except OSError as error:
        return Found(source=source, path=path, file=folder, kind=kind, problem=error.strerror or str(error))
    return Found(source=source, path=path, file=folder, size=size, modified_ns=modified_ns, kind=kind)


def _relative(path: str, root: Path) -> str:
    """A path below the root with forward slashes; with `Path` this is a fifth of the time of a walk."""
    top = f"{root}{os.sep}"
    below = path[len(top):] if path.startswith(top) else Path(path).relative_to(root).as_posix()
    return below.replace(os.sep, "/")


def _video(entry: os.DirEntry[str], root: Path, source: str) -> Found | None:
    begin, _, end = entry.name.rpartition(".")
    known = bool(begin) and f".{end.lower()}" in VIDEO_SUFFIXES
    if entry.name.startswith("._"):  # what macOS keeps beside a file on a foreign disk
        return None
    path = _relative(entry.path, root)
    try:
        status = entry.stat()
    except OSError as error:
        why = "it is a link to a file that is gone" if entry.is_symlink() else error.strerror or str(error)
        return Found(source=source, path=path, file=Path(entry.path), problem=why) if known else None
    if not stat.S_ISREG(status.st_mode):
        return Found(source=source, path=path, file=Path(entry.path),
                     problem="it is a pipe or a device, not a file") if known else None
    if not known and not is_dicom(entry.path):
        return None
    return Found(source=source, path=path, file=Path(entry.path), size=status.st_size, modified_ns=status.st_mtime_ns)
