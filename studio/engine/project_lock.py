"""Who may change a project: one window at a time, one scan at a time, also over a shared drive.

A lock is a file `locks/<purpose>-<number>.json` that is created only where it does not exist yet; the one with the
highest number counts. It is never deleted by whoever held it, only marked as released, so two processes that both find
it free or its holder gone try to create the same next number, and exactly one succeeds. The holder writes a beat into
it every few seconds. Nothing here compares the clocks of two machines that are less than minutes apart.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

from studio.engine import files
from studio.engine.errors import MachineError, ProjectError
from studio.engine.events import Events

Purpose = Literal["window", "scan", "queue"]
FOLDER = "locks"
BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
"""So long a holder on another machine may be silent while it is watched, before it is taken for gone."""
_FORGOTTEN_SECONDS = 900.0
_SAME_START_SECONDS = 10.0
_TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lock. `since` and `at` (the last beat) are seconds since the epoch by the holder's own clock."""

    token: str = ""
    host: str = ""
    machine: str = ""
    user: str = ""
    pid: int = 0
    process_started_at: float = 0.0
    folder: str = ""
    since: float = 0.0
    at: float = 0.0
    beat: int = 0
    released: bool = False

    def words(self) -> str:
        """Say who and since when: `process 4242 on lab-pc, since 14:05`."""
        if not self.pid:
            return "somebody who opened it just now"
        same_day = time.strftime("%j %Y", time.localtime(self.since)) == time.strftime("%j %Y")
        since = time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", time.localtime(self.since))
        return f"process {self.pid} on {self.host or 'an unknown machine'}, since {since}"


class ProjectLock:
    """One purpose of one project. `acquire` makes this process the holder, or says who is; `release` lets go.

    A holder calls `beat` every few seconds. Watching (`holder_now`) keeps in mind since when a holder was silent, so
    ask the same object again.
    """

    def __init__(self, root: Path, purpose: Purpose, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._root, self._purpose, self._patience_seconds = root, purpose, patience_seconds
        self._mine: Holder | None = None
        self._number = 0
        self._seen: tuple[int, str, int] | None = None
        self._seen_at = 0.0
        self._at_work = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether this process holds the lock, as far as the last beat knows."""
        return self._mine is not None

    def holder_now(self) -> Holder | None:
        """Who holds the lock; None when it is free or its holder is gone. Raises `OSError` when it cannot be read."""
        number, holder = self._newest()
        return None if self._is_free(number, holder) else holder

    def acquire(self) -> Holder | None:
        """Take the lock where it is free or its holder is gone; returns who holds it otherwise.

        Raises `OSError` when the folder cannot be written to.
        """
        for _ in range(_TRIES):
            number, holder = self._newest()
            if not self._is_free(number, holder):
                return holder
            mine = _this_process(self._root)
            if files.create_text(self._path(number + 1), json.dumps(asdict(mine))):
                if self._newest()[0] == number + 1:
                    self._begin(mine, number + 1)
                    return None
                self._forget(number + 1)  # it came back to life behind newer ones: nobody may count it
        return self._newest()[1] or Holder()

    def beat(self) -> bool:
        """Tell that the holder lives; returns whether it still is the holder. Raises `OSError` while the drive is gone.

        A holder that was taken for gone and comes back finds a newer lock, and lets go.
        """
        with self._at_work:
            if self._mine and max(self._numbers(), default=self._number) > self._number:
                self._mine = None
            if self._mine:
                self._mine = replace(self._mine, beat=self._mine.beat + 1, at=time.time())
                self._write(self._mine)
            return self._mine is not None

    def release(self) -> None:
        """Let go of the lock; without it this does nothing."""
        with self._at_work:
            if self._mine:
                with suppress(OSError, MachineError):
                    self._write(replace(self._mine, released=True))
            self._mine = None

    def _begin(self, mine: Holder, number: int) -> None:
        self._mine, self._number = mine, number
        for older in self._numbers():
            if older < number:
                self._forget(older)

    def _is_free(self, number: int, holder: Holder | None) -> bool:
        if holder is None:
            return True
        seen = number, holder.token, holder.beat
        if seen != self._seen:
            self._seen, self._seen_at = seen, time.monotonic()
        return holder.released or is_gone(
            holder, root=self._root, silent_seconds=time.monotonic() - self._seen_at,
            patience_seconds=self._patience_seconds)

    def _newest(self) -> tuple[int, Holder | None]:
        """Number and holder of the newest file; 0 where there is none, an empty holder while it is being written."""
        for _ in range(_TRIES):
            number = max(self._numbers(), default=0)
            if not number:
                return 0, None
            with suppress(FileNotFoundError):  # a newer one took its place in this moment
                return number, _read(self._path(number))
        return number, Holder()

    def _numbers(self) -> list[int]:
        pattern = re.compile(rf"{self._purpose}-(\d+)\.json")
        try:
            names = [path.name for path in (self._root / FOLDER).iterdir()]
        except FileNotFoundError:
            return []
        return [int(found.group(1)) for name in names if (found := pattern.fullmatch(name))]

    def _path(self, number: int) -> Path:
        return self._root / FOLDER / f"{self._purpose}-{number:06d}.json"

    def _write(self, holder: Holder) -> None:
        files.write_json(self._path(self._number), asdict(holder))

    def _forget(self, number: int) -> None:
        with suppress(OSError):
            self._path(number).unlink()


def is_gone(holder: Holder, *, root: Path, silent_seconds: float,
            patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether a holder is provably gone: its process ended, or nothing was heard of its machine for long.

    `silent_seconds` is how long it was watched without a beat. A lock that came along with a copy of a project is none.
    """
    here = _this_process(root)
    if not holder.pid:
        return silent_seconds >= patience_seconds
    if holder.machine != here.machine:
        return silent_seconds >= patience_seconds or time.time() - holder.at > _FORGOTTEN_SECONDS
    if not _same_folder(Path(holder.folder), root):
        return True
    try:
        started_at = psutil.Process(holder.pid).create_time()
    except psutil.Error:
        return not psutil.pid_exists(holder.pid)
    another = abs(started_at - holder.process_started_at) > _SAME_START_SECONDS
    return another and time.time() - holder.at > patience_seconds


@contextmanager
def alone(root: Path, purpose: Purpose, *, doing: str) -> Iterator[None]:
    """Hold a lock for the length of a block. Raises `ProjectError` when somebody else holds it.

    A folder that cannot be written to has no lock: whatever writes there says so better.
    """
    lock = ProjectLock(root, purpose)
    holder: Holder | None = None
    with suppress(OSError):
        holder = lock.acquire()
    if holder is not None:
        raise ProjectError(str(root), f"{doing} is at work on this project already ({holder.words()})",
                           "Wait until it is done, or stop it, then try again")
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(lock, over), name="studio-lock", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        lock.release()


def _beat(lock: ProjectLock, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        with suppress(OSError, MachineError):  # the drive may come back, and the disk may get room
            lock.beat()


def scanning_alone(root: Path, work: Callable[[], Events]) -> Events:
    """Do a scan's work as the only scan of a project."""
    with alone(root, "scan", doing="another scan"):
        yield from work()


def _read(path: Path) -> Holder:
    """Read a holder; an empty one where the file is being written. Raises `FileNotFoundError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = {name: found[name] for name in Holder.__dataclass_fields__ if name in found}
        holder = Holder(**known)
        numbers = holder.pid, holder.process_started_at, holder.since, holder.at, holder.beat
        return holder if all(isinstance(number, (int, float)) for number in numbers) else Holder()
    except (PermissionError, ValueError, TypeError):
        return Holder()


def _this_process(root: Path) -> Holder:
    now = time.time()
    return Holder(token=uuid.uuid4().hex, host=platform.node(), machine=_machine(), user=_user(), pid=os.getpid(),
                  process_started_at=psutil.Process().create_time(), folder=str(root.resolve()), since=now, at=now)


def _machine(proc: Path = Path("/proc/self/ns/pid")) -> str:
    """What tells this machine from others; a container counts as one, because it sees other processes."""
    space = ""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            space = str(proc.stat().st_ino)
    address = uuid.getnode()
    is_random = address >> 40 & 1  # it is made up anew in every process where no network card tells one
    return f"{platform.node()}/{'' if is_random else f'{address:x}'}/{space}"


def machine_mark() -> str:
    """What tells this machine from others and names nothing."""
    return hashlib.sha256(_machine().encode()).hexdigest()[:16]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
