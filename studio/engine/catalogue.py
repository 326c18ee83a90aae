"""One row a video: the catalogue of a project, in SQLite.

Paths are kept as bytes, because a file name may be no valid text; in Python they are `str` with surrogate escapes,
relative to their source, with forward slashes. Use `display_path` to show one.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from studio.engine.errors import ProjectError, UsageError

GOOD, PARTIAL, UNREADABLE = "good", "partial", "unreadable"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Video:
    """What the catalogue knows of one video.

    `identity` is the SHA-256 of the file's bytes ("" while unread). `verdict` is good, partial or unreadable, `reason`
    says why in words. `frames` were decoded, `declared_frames` is what the file's header claims (None: nothing).
    `motion` is the mean of the motion curve, in pixels a frame at the cached size. `group` is never split between
    train and validation.
    """

    id: int = 0
    source: str
    path: str
    size: int = 0
    modified_ns: int = 0
    identity: str = ""
    verdict: str = UNREADABLE
    reason: str = ""
    declared_frames: int | None = None
    frames: int = 0
    seconds: float = 0.0
    frames_per_second: float = 0.0
    width: int = 0
    height: int = 0
    codec: str = ""
    group: str = ""
    label: str = ""
    motion: float = 0.0
    excluded: bool = False

    @property
    def readable(self) -> bool:
        """Whether its frames are in the cache (good or partial)."""
        return self.verdict in (GOOD, PARTIAL)


_FIELDS = [field.name for field in dataclasses.fields(Video) if field.name != "id"]
_TYPES = {"path": "BLOB NOT NULL", "size": "INTEGER", "modified_ns": "INTEGER", "declared_frames": "INTEGER",
          "frames": "INTEGER", "seconds": "REAL", "frames_per_second": "REAL", "width": "INTEGER",
          "height": "INTEGER", "motion": "REAL", "excluded": "INTEGER"}
_COLUMNS = ", ".join(f'"{name}"' for name in _FIELDS)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS videos (id INTEGER PRIMARY KEY, "
    + ", ".join(f'"{name}" {_TYPES.get(name, "TEXT")}' for name in _FIELDS)
    + ", UNIQUE (source, path));"
    + "CREATE INDEX IF NOT EXISTS videos_identity ON videos (identity);"
)


def display_path(path: str) -> str:
    """Make a path that is no valid text showable; a valid one is unchanged."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Catalogue:
    """The videos of a project. Use it in a `with` block; writes are committed when `commit` or the block's end says so.

    Raises `ProjectError` when the file is no catalogue or of a newer studio.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        try:
            if read_only:
                self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
            else:
                self._db = sqlite3.connect(path, timeout=10)
            self._open(create=not read_only)
        except sqlite3.Error as error:
            self._close_quietly()
            raise ProjectError(str(path), f"the catalogue cannot be read ({error})",
                               "Move the file away and scan again; your videos and runs are not affected") from error

    def _open(self, *, create: bool) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            self._db.close()
            raise ProjectError(str(self._path), f"this catalogue has format {version}, made by a newer studio",
                               "Open it with that studio")
        if create and version == 0:
            self._db.executescript(_SCHEMA + f"PRAGMA user_version={FORMAT};")

    def _close_quietly(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self._db.commit()
        self._db.close()

    def commit(self) -> None:
        """Make the writes so far durable."""
        self._db.commit()

    def videos(self, *, usable_only: bool = False) -> list[Video]:
        """List the videos in the order of their source and path; `usable_only`: readable and not excluded."""
        where = "WHERE verdict IN ('good', 'partial') AND NOT excluded" if usable_only else ""
        rows = self._db.execute(f'SELECT id, {_COLUMNS} FROM videos {where} ORDER BY source, path')
        return [_video(row) for row in rows]

    def video(self, video_id: int) -> Video:
        """Give one video. Raises `UsageError` when there is none of that number."""
        row = self._db.execute(f"SELECT id, {_COLUMNS} FROM videos WHERE id = ?", (video_id,)).fetchone()
        if row is None:
            raise UsageError(f"video number {video_id}", "the catalogue has no such video", "Scan its folder again")
        return _video(row)

    def find(self, path: str) -> Video:
        """Find a video by its path inside its source, or by the end of it.

        Raises `UsageError` when none or several fit.
        """
        wanted = path.replace("\\", "/").strip("/")
        names = {video.id: (video, f"{video.source}/{video.path}") for video in self.videos()}
        exact = [video for video, name in names.values() if wanted in (video.path, name)]
        found = exact or [video for video, name in names.values()
                          if name.endswith("/" + wanted) or wanted.endswith("/" + name)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(path, "the project has no such video", "Name one as `studio scan` listed it")
        several = ", ".join(display_path(video.path) for video in found[:3])
        raise UsageError(path, f"{len(found)} videos end like that ({several}, …)", "Give more of the path")

    def put(self, video: Video) -> int:
        """Insert or replace the row of the video's source and path; returns its number."""
        record = _record(video)
        marks = ", ".join("?" * len(_FIELDS))
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in _FIELDS if name not in ("source", "path"))
        row = self._db.execute(
            f"INSERT INTO videos ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (source, path) DO UPDATE SET {updates} "
            "RETURNING id", record).fetchone()
        return int(row[0])

    def change(self, video_ids: Iterable[int], **values: Any) -> None:
        """Set fields (`excluded`, `group`, `label`, ...) of the videos with these numbers."""
        if unknown := set(values) - set(_FIELDS):
            raise ValueError(f"a video has no {unknown}")
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self._db.executemany(f"UPDATE videos SET {sets} WHERE id = ?",
                             [(*values.values(), video_id) for video_id in video_ids])

    def forget(self, video_ids: Iterable[int]) -> None:
        """Take rows out of the catalogue. The files and the cache stay."""
        self._db.executemany("DELETE FROM videos WHERE id = ?", [(video_id,) for video_id in video_ids])


def _record(video: Video) -> list[Any]:
    return [video.path.encode("utf-8", "surrogateescape") if name == "path" else getattr(video, name)
            for name in _FIELDS]


def _video(row: tuple[Any, ...]) -> Video:
    values = dict(zip(["id", *_FIELDS], row, strict=True))
    values["path"] = bytes(values["path"]).decode("utf-8", "surrogateescape")
    values["excluded"] = bool(values["excluded"])
    return Video(**values)
