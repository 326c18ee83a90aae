"""One row a video: the catalogue of a project, in SQLite.

Paths are kept as bytes, because a file name may be no valid text; in Python they are `str` with surrogate escapes,
relative to their source, with forward slashes. Use `display_path` to show one.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from studio.engine.errors import ProjectError, UsageError

GOOD, PARTIAL, UNREADABLE = "good", "partial", "unreadable"
FORMAT = 2
"""2 added what was found in the pictures: the column `findings` and the table `signatures`."""


class Finding(NamedTuple):
    """Something about a video that a person should know although it can be read: a stable code, and why in words."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """What the catalogue knows of one video.

    `identity` is the SHA-256 of the file's bytes ("" while unread). `verdict` is good, partial or unreadable, `reason`
    says why in words. `frames` were decoded, `declared_frames` is what the file's header claims (None: nothing).
    `motion` is the mean of the motion curve, in pixels a frame at the cached size. `group` is never split between
    train and validation. `findings` is None while nobody looked for any.
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
    findings: tuple[Finding, ...] | None = None

    @property
    def readable(self) -> bool:
        """Whether its frames are in the cache (good or partial)."""
        return self.verdict in (GOOD, PARTIAL)


_FIELDS = [field.name for field in dataclasses.fields(Video) if field.name != "id"]
_PUT = {name: getattr(Video, name).__set__ for name in ("id", *_FIELDS)}
"""Sets a field of a video that is being made, past the frozen class."""
_OWN = {"id", "path", "identity", "size", "modified_ns", "excluded"}
"""Fields in which hardly two videos are alike, or which have two values anyway."""
_SLICE = 1000
_TYPES = {"path": "BLOB NOT NULL", "size": "INTEGER", "modified_ns": "INTEGER", "declared_frames": "INTEGER",
          "frames": "INTEGER", "seconds": "REAL", "frames_per_second": "REAL", "width": "INTEGER",
          "height": "INTEGER", "motion": "REAL", "excluded": "INTEGER"}
_COLUMNS = ", ".join(f'"{name}"' for name in _FIELDS)
_SIGNATURES = "CREATE TABLE IF NOT EXISTS signatures (identity TEXT PRIMARY KEY, bits BLOB NOT NULL) WITHOUT ROWID;"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS videos (id INTEGER PRIMARY KEY, "
    + ", ".join(f'"{name}" {_TYPES.get(name, "TEXT")}' for name in _FIELDS)
    + ", UNIQUE (source, path));"
    + "CREATE INDEX IF NOT EXISTS videos_identity ON videos (identity);"
    + _SIGNATURES
)


_AMONG = "id IN (SELECT value FROM json_each(?))"


def display_path(path: str) -> str:
    """Make a path that is no valid text showable; a valid one is unchanged."""
    shown = path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return path if shown == path else shown  # one object, where a hundred thousand are kept


class Catalogue:
    """The videos of a project. Use it in a `with` block; writes are committed when `commit` or the block's end says so.

    Raises `ProjectError` when the file is no catalogue or of a newer studio.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path, self._row = path, _COLUMNS
        try:
            if read_only:
                self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
            else:
                self._db = sqlite3.connect(path, timeout=10)
            self._open(create=not read_only)
        except sqlite3.Error as error:
            if hasattr(self, "_db"):
                self._db.close()
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
        elif create and version < FORMAT:
            self._upgrade()
        elif version < FORMAT:
            self._row = _COLUMNS.replace('"findings"', "NULL")

    def _upgrade(self) -> None:
        """Bring a catalogue of format 1 up to date, unless another window did so meanwhile; nothing in it is lost."""
        self._db.execute("BEGIN IMMEDIATE")
        if self._db.execute("PRAGMA user_version").fetchone()[0] == 1:
            self._db.execute('ALTER TABLE videos ADD COLUMN "findings" TEXT')
            self._db.execute(_SIGNATURES)
            self._db.execute(f"PRAGMA user_version={FORMAT}")
        self._db.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._db.commit()
        except sqlite3.Error as failed:
            raise _not_written(self._path, failed) from failed
        finally:
            self._db.close()
        if isinstance(error, sqlite3.Error):
            raise _not_written(self._path, error) from error

    def commit(self) -> None:
        """Make the writes so far durable."""
        self._db.commit()

    def videos(self, *, usable_only: bool = False) -> list[Video]:
        """List the videos in the order of their source and path; `usable_only`: readable and not excluded."""
        rows = self._ordered("WHERE verdict IN ('good', 'partial') AND NOT excluded" if usable_only else "")
        return [video for some in _slices(rows, _SLICE) for video in some]

    def slices(self, videos: int) -> Iterator[list[Video]]:
        """List all videos as `videos` does, so many at a time: whoever reads can do something else in between."""
        return _slices(self._ordered(), videos)

    def some(self, video_ids: Iterable[int]) -> list[Video]:
        """Give those of these videos that there are, in no order."""
        rows = self._db.execute(f"SELECT id, {self._row} FROM videos WHERE {_AMONG}", (_listed(video_ids),))
        return [video for some in _slices(rows, _SLICE) for video in some]

    def _ordered(self, where: str = "") -> sqlite3.Cursor:
        # With + all rows are read in one go and then sorted: the index would fetch them one by one.
        return self._db.execute(f"SELECT id, {self._row} FROM videos {where} ORDER BY +source, +path")

    def count(self) -> int:
        """How many videos there are; far quicker than `counts`."""
        return int(self._db.execute("SELECT COUNT(*) FROM videos").fetchone()[0])

    def video(self, video_id: int) -> Video:
        """Give one video. Raises `UsageError` when there is none of that number."""
        found = self.some([video_id])
        if not found:
            raise UsageError(f"video number {video_id}", "the catalogue has no such video", "Scan its folder again")
        return found[0]

    def find(self, path: str) -> Video:
        """Find a video by its path inside its source, or by the end of it; or by its name as it is shown.

        Raises `UsageError` when none or several fit.
        """
        found = self._named(path) or self._named(path.replace("\\", "/").strip("/")) or self._shown_as(path)
        if len(found) == 1:
            return self.video(found[0][0])
        if not found:
            raise UsageError(display_path(path), "the project has no such video", "Name one as `studio scan` listed it")
        several = ", ".join(display_path(_text(name)) for _, name in found[:3])
        raise UsageError(display_path(path), f"{len(found)} videos end like that ({several}, …)",
                         "Give more of the path")

    def _named(self, wanted: str) -> list[tuple[int, bytes]]:
        """Numbers and paths of the videos with this path (with or without their source), or else with this end of it.

        A path from elsewhere fits when it ends in a source and a path.
        """
        sources = [name for name, in self._db.execute("SELECT DISTINCT source FROM videos")]
        source, _, rest = wanted.partition("/")
        if found := self._at([*((one, wanted) for one in sources), *([(source, rest)] if source in sources else [])]):
            return found
        name = b"/" + wanted.encode("utf-8", "surrogateescape")
        ends = self._db.execute("SELECT id, path FROM videos WHERE substr(path, ?) = ?", (-len(name), name)).fetchall()
        parts = wanted.split("/")
        heads = [("/" + "/".join(parts[:place]), "/".join(parts[place:])) for place in range(1, len(parts))]
        return ends + self._at([(source, rest) for source in sources for head, rest in heads
                                if f"/{source}".endswith(head) or head.endswith(f"/{source}")])

    def _at(self, places: Iterable[tuple[str, str]]) -> list[tuple[int, bytes]]:
        return [row for source, path in places for row in self._db.execute(
            "SELECT id, path FROM videos WHERE source = ? AND path = ?",
            (source, path.encode("utf-8", "surrogateescape")))]

    def _shown_as(self, path: str) -> list[tuple[int, bytes]]:
        """Videos whose name is no valid text can be asked for by what is shown of it."""
        if "\ufffd" not in path:
            return []
        return [(number, name) for number, name in self.rows("id", "path") if display_path(_text(name)).endswith(path)]

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of all videos, in no order, as they are kept (paths as bytes): far lighter than `videos`."""
        if unknown := set(columns) - {"id", *_FIELDS}:
            raise ValueError(f"a video has no {unknown}")
        wanted = (_quoted(name) if _quoted(name) in self._row or name == "id" else "NULL" for name in columns)
        return self._db.execute(f"SELECT {', '.join(wanted)} FROM videos").fetchall()

    def counts(self) -> dict[str, int]:
        """How many videos there are, by verdict, and how many are `excluded` and `usable`."""
        found = {"videos": 0, GOOD: 0, PARTIAL: 0, UNREADABLE: 0, "excluded": 0, "usable": 0}
        for verdict, excluded, count in self._db.execute(
                "SELECT verdict, excluded, COUNT(*) FROM videos GROUP BY verdict, excluded"):
            for name in ("videos", verdict, *(["excluded"] if excluded else []),
                         *(["usable"] if not excluded and verdict in (GOOD, PARTIAL) else [])):
                found[name] += count
        return found

    def search(self, text: str = "", *, verdict: str = "", limit: int = 1000) -> list[Video]:
        """The first `limit` videos whose path, group or label holds `text`, large letters or small."""
        where, values = ["1"], list[Any]()
        if text:
            self._db.create_function("holds", -1, _holds, deterministic=True)
            where.append("(CAST(path AS TEXT) || char(10) || \"group\" || char(10) || label) LIKE ? ESCAPE '\\'"
                         if text.isascii() else "holds(?, path, \"group\", label)")
            escaped = "".join(f"\\{letter}" if letter in "%_\\" else letter for letter in text)
            values += [f"%{escaped}%" if text.isascii() else text.casefold()]
        if verdict:
            where.append("verdict = ?")
            values.append(verdict)
        rows = self._db.execute(f"SELECT id, {self._row} FROM videos WHERE {' AND '.join(where)} "
                                f"ORDER BY {'+source, +path' if text else 'source, path'} LIMIT ?",
                                (*values, limit))  # with + no index is used: few rows fit, and those are sorted
        return _made(rows.fetchall(), {})

    def put(self, video: Video) -> int:
        """Insert or replace the row of the video's source and path; returns its number: its own where that is free."""
        record, marks = [video.id, *_record(video)], ", ".join("?" * len(_FIELDS))
        free = "(SELECT ?1 WHERE ?1 AND NOT EXISTS (SELECT * FROM videos WHERE id = ?1))"
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in _FIELDS if name not in ("source", "path"))
        row = self._db.execute(
            f"INSERT INTO videos (id, {_COLUMNS}) VALUES ({free}, {marks}) ON CONFLICT (source, path) "
            f"DO UPDATE SET {updates} RETURNING id", record).fetchone()
        return int(row[0])

    def change(self, video_ids: Iterable[int], **values: Any) -> None:
        """Set fields (`excluded`, `group`, `label`, ...) of the videos with these numbers."""
        if unknown := set(values) - set(_FIELDS):
            raise ValueError(f"a video has no {unknown}")
        sets = ", ".join(f'"{name}" = ?' for name in values)
        kept = [findings_text(value) if name == "findings" else value for name, value in values.items()]
        self._db.execute(f"UPDATE videos SET {sets} WHERE {_AMONG}", (*kept, _listed(video_ids)))

    def put_groups(self, groups: Iterable[tuple[str, str, int]]) -> None:
        """Set group and label of videos, each with the video's number."""
        self._db.executemany('UPDATE videos SET "group" = ?, label = ? WHERE id = ?', groups)

    def signatures(self) -> dict[str, bytes]:
        """What the videos look like, as bits that can be compared (see `video.alike`), by their identity."""
        if self._row is not _COLUMNS:
            return {}
        return dict(self._db.execute("SELECT identity, bits FROM signatures").fetchall())

    def put_signature(self, identity: str, bits: bytes) -> None:
        """Keep what a video looks like."""
        self._db.execute("INSERT OR REPLACE INTO signatures (identity, bits) VALUES (?, ?)", (identity, bits))

    def forget(self, video_ids: Iterable[int]) -> None:
        """Take rows out of the catalogue. The files and the cache stay."""
        self._db.executemany("DELETE FROM videos WHERE id = ?", [(video_id,) for video_id in video_ids])


def _not_written(path: Path, error: sqlite3.Error) -> ProjectError:
    return ProjectError(str(path), f"the catalogue cannot be used ({error}), and is as it was",
                        "Look at the disk and at what else has this project open, then try again")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _listed(video_ids: Iterable[int]) -> str:
    return json.dumps(list(video_ids))


def _text(path: bytes) -> str:
    return bytes(path).decode("utf-8", "surrogateescape")


def _holds(text: str, path: bytes, *others: str) -> bool:
    """Whether a path (bytes) or one of the others holds `text`, which is casefolded."""
    return any(text in one.casefold() for one in (_text(path), *others))


def findings_text(findings: Iterable[tuple[str, str]] | None) -> str | None:
    """Findings as a row keeps them: JSON, empty where there are none, nothing where nobody looked."""
    listed = None if findings is None else [list(one) for one in findings]
    return json.dumps(listed, ensure_ascii=False) if listed else None if listed is None else ""


def _record(video: Video) -> list[Any]:
    kept = {"path": video.path.encode("utf-8", "surrogateescape"), "findings": findings_text(video.findings)}
    return [kept[name] if name in kept else getattr(video, name) for name in _FIELDS]


def _slices(rows: sqlite3.Cursor, videos: int) -> Iterator[list[Video]]:
    known: dict[str, dict[Any, Any]] = {}
    while some := rows.fetchmany(videos):
        yield _made(some, known)


def _made(rows: Sequence[tuple[Any, ...]], known: dict[str, dict[Any, Any]]) -> list[Video]:
    """Make videos of rows, field by field and without the steps of the frozen class: there may be a hundred thousand.

    Values that are alike become one object; `known` keeps them by field.
    """
    videos = [object.__new__(Video) for _row in rows]
    for (name, put), column in zip(_PUT.items(), zip(*rows, strict=True), strict=bool(rows)):
        values = [*map(_READ[name], column)] if name in _READ else column
        same = known.setdefault(name, {})
        deque(map(put, videos, values if name in _OWN else map(same.setdefault, values, values)), maxlen=0)
    return videos


def _findings(text: str | None) -> tuple[Finding, ...] | None:
    return text if text is None else tuple(Finding(*one) for one in json.loads(text)) if text else ()


_READ: dict[str, Callable[[Any], Any]] = {"path": _text, "excluded": lambda value: value == 1, "findings": _findings}
"""How a value is made of what the row keeps."""
