"""The only writer of state: whole files, replaced in one step, so that a crash leaves the old or the new one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from studio.engine.errors import MachineError, ProjectError

_REPLACE_TRIES = 20
_CHUNK = 1 << 20
_WINDOWS = os.name == "nt"


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` for writing; on a clean exit it is synced and takes the name `path`.

    After an error, or when the process dies, `path` is what it was. Raises `MachineError` when the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            if not _WINDOWS:  # mkstemp keeps others out, and on a shared drive they read reports too
                os.fchmod(stream.fileno(), _NEW_FILE)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _replace(Path(name), path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise disk_full(path) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def _umask() -> int:
    """What new files of this process are not allowed; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_NEW_FILE = 0o666 & ~_umask()


def disk_full(path: Path) -> MachineError:
    """Make the error that says which disk is full."""
    return MachineError(
        str(path), "the disk is full, so this file was not written and the earlier one was kept",
        "Free some space on that disk and go on",
    )


def _replace(source: Path, target: Path) -> None:
    """Give `source` the name `target`; retried, because Windows refuses while a virus scanner looks at it."""
    for attempt in range(_REPLACE_TRIES):
        try:
            source.replace(target)
            break
        except PermissionError:
            if not _WINDOWS or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.05)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the system lets a folder be synced (Windows does not)."""
    if _WINDOWS:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step."""
    with atomic_file(path) as stream:
        stream.write(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` as UTF-8 in one step."""
    write_bytes(path, content.encode("utf-8"))


def create_text(path: Path, content: str) -> bool:
    """Create a file that must not exist yet; tells whether this process did. Of many that try, exactly one does.

    Whoever reads it in the same moment may find it empty still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _NEW_FILE)
    except FileExistsError:
        return False
    except PermissionError:  # Windows says so of a name that is being deleted
        if _WINDOWS and path.parent.is_dir():
            return False
        raise
    with os.fdopen(handle, "wb") as stream:
        stream.write(content.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())
    return True


def write_json(path: Path, content: Any) -> None:
    """Write `content` to `path` as indented JSON in one step."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, default=str) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises `ProjectError` when it is missing or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProjectError(str(path), "this file is missing", "Restore it, or make it again") from error
    except ValueError as error:
        raise ProjectError(str(path), f"this file is no readable JSON ({error})", "Restore it, or delete it") from error


def sha256_of_file(path: Path, *, on_chunk: Callable[[int], None] | None = None) -> str:
    """Hash a file's bytes, a megabyte at a time. `on_chunk` is told the bytes of each."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if on_chunk:
                on_chunk(len(chunk))
    return digest.hexdigest()


def remove(path: Path) -> None:
    """Take a file away, if it is there; retried, because Windows refuses while somebody looks into it."""
    for attempt in range(_REPLACE_TRIES):
        try:
            path.unlink(missing_ok=True)
            return
        except PermissionError:
            if not _WINDOWS or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.05)


def append_line(path: Path, line: str) -> None:
    """Append one line to a log that is only ever appended to. A crash can cut the last line, never an earlier one."""
    with path.open("ab") as stream:
        stream.write(line.encode("utf-8") + b"\n")


def resource(*parts: str) -> Path:
    """Find a file that ships with the studio: in a checkout, an installed wheel or a frozen build.

    Raises `MachineError` when the installation lacks it.
    """
    package = Path(__file__).resolve().parent.parent
    roots = [package.parent / "resources", package / "_resources"]
    if frozen := getattr(sys, "_MEIPASS", None):
        roots.insert(0, Path(frozen) / "resources")
    for root in roots:
        if (path := root.joinpath(*parts)).exists():
            return path
    raise MachineError("/".join(parts), "this file of the studio is missing", "Install the studio again")


def free_bytes(path: Path) -> int:
    """Free bytes on the disk that holds `path`, or would hold it."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free
