"""What waits to be trained: one small file an entry, in `queue/` of the project folder.

A window adds while another process trains what waits and takes away. With a file an entry neither ever writes over
the other's change, and what damages one file damages one entry. An entry is done with when there is a run that says in
its record that it is of that entry, and that has a checkpoint to go on from: whatever is killed in between, nothing is
lost and nothing is trained twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from studio.engine import files, runs
from studio.engine.errors import MachineError, ProjectError, UsageError
from studio.engine.events import Events, Finished, Warned
from studio.engine.project import Project

FOLDER = "queue"
_ASIDE = ".damaged"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recipe to be trained in a new run, or a run to go on with (`resume`) and its `section.key=value` settings.

    Entries are trained by `place`. `added_at` is in seconds since the epoch; `problem` says why it could not begin.
    """

    id: str
    place: int
    added_at: float
    name: str = ""
    recipe: Mapping[str, Any]
    resume: str = ""
    settings: tuple[str, ...] = ()
    problem: str = ""

    @property
    def title(self) -> str:
        """The name of the run that it becomes, or goes on with."""
        return self.resume or self.name or str(self.recipe.get("name", ""))


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The entries in their order, and the names of files that hold none."""

    entries: tuple[Entry, ...] = ()
    damaged: tuple[str, ...] = ()


def look(project: Project) -> Queue:
    """Read what waits. Raises `OSError` when the folder cannot be read."""
    found, damaged = [], []
    for path in _paths(project):
        try:
            found.append(_entry(path))
        except (FileNotFoundError, PermissionError):  # it began, was taken out or is being written in this moment
            continue
        except (ValueError, TypeError, KeyError):
            damaged.append(path.name)
    return Queue(entries=tuple(sorted(found, key=lambda entry: (entry.place, entry.id))), damaged=tuple(damaged))


def new_entry(project: Project, *, recipe: Mapping[str, Any] | None = None, name: str = "", resume: str = "",
              settings: Sequence[str] = ()) -> Entry:
    """Make an entry behind all others; `put` lets it wait. Raises `UsageError` when it says nothing to train."""
    if not recipe and not resume:
        raise UsageError("the queue", "an entry needs a recipe, or a run to go on with", "Name one of them")
    now = time.time()
    last = max((entry.place for entry in look(project).entries), default=0)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return Entry(id=f"{stamp}-{os.urandom(4).hex()}", place=last + 1, added_at=round(now, 3), name=name,
                 recipe=dict(recipe or {}), resume=resume, settings=tuple(settings))


def put(project: Project, entry: Entry) -> None:
    """Let an entry wait, or write it anew. Raises `ProjectError` where the project is only looked at."""
    project.must_be_writable()
    files.write_json(_path(project, entry.id), asdict(entry))


def remove(project: Project, entry_id: str) -> None:
    """Take an entry out; one that is not there any more is out. Raises `ProjectError` as `put` does."""
    project.must_be_writable()
    files.remove(_path(project, entry_id))


def move_up(project: Project, entry_id: str) -> None:
    """Let an entry be trained one earlier; the first stays. Raises `ProjectError` as `put` does."""
    _move(project, entry_id, -1)


def move_down(project: Project, entry_id: str) -> None:
    """Let an entry be trained one later; the last stays. Raises `ProjectError` as `put` does."""
    _move(project, entry_id, 1)


def waits(project: Project, entry_id: str) -> bool:
    """Whether an entry is still there."""
    return _path(project, entry_id).exists()


def set_problem(project: Project, entry_id: str, problem: str) -> None:
    """Keep why an entry could not begin; it goes on waiting. A full disk keeps it silent."""
    with contextlib.suppress(OSError, MachineError, ValueError, TypeError, KeyError):
        put(project, replace(_entry(_path(project, entry_id)), problem=problem))


def request_stop(project: Project) -> None:
    """Ask whoever trains the queue to stop after its present step, also between two runs; the rest goes on waiting."""
    files.write_text(project.root / FOLDER / runs.STOP, "stop\n")


def stop_requested(project: Project) -> bool:
    """Whether somebody asked the queue to stop."""
    return (project.root / FOLDER / runs.STOP).exists()


def forget_stop(project: Project) -> None:
    """Take the wish to stop away: a new start overrules it."""
    files.remove(project.root / FOLDER / runs.STOP)


def numbered(project: Project, number: int) -> Entry:
    """Give the entry at a place, from 1. Raises `UsageError` when there is none."""
    entries = look(project).entries
    if not 1 <= number <= len(entries):
        there = f"{len(entries)} entries wait" if len(entries) != 1 else "1 entry waits"
        raise UsageError(str(number), f"no entry of the queue has this number ({there})",
                         "See them with: studio queue PROJECT")
    return entries[number - 1]


def tidy(project: Project) -> Warned | None:
    """Take out what has begun already, and put files aside that hold no entry; what was put aside is told.

    Raises `ProjectError` as `put` does.
    """
    project.must_be_writable()
    now = look(project)
    if now.entries:
        begun = _begun(project)
        for entry in now.entries:
            if entry.id in begun:
                remove(project, entry.id)
    for name in now.damaged:
        path = project.root / FOLDER / name
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_name(name + _ASIDE))
    if not now.damaged:
        return None
    kept = ", ".join(f"{FOLDER}/{name}{_ASIDE}" for name in now.damaged)
    return Warned(code="queue-damaged", message=f"{len(now.damaged)} of the queue's files cannot be read and "
                  f"were put aside, unchanged: {kept}.", remedy="Add those runs again; the other entries wait.")


def listed(project: Project, *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Tell what waits, as the operation `queue`."""
    if not project.read_only:
        with contextlib.suppress(OSError):
            if warned := tidy(project):
                yield warned
    yield Finished(operation="queue", result={"waiting": told(project)}, stopped=stop())


def told(project: Project) -> list[dict[str, Any]]:
    """What waits, as plain values, numbered from 1."""
    return [{"number": number, "id": entry.id, "name": entry.title, "resume": entry.resume,
             "recipe": str(entry.recipe.get("name", "")), "task": str(entry.recipe.get("task", "")),
             "backbone": str(entry.recipe.get("backbone", "")), "settings": list(entry.settings),
             "added_at": entry.added_at, "problem": entry.problem}
            for number, entry in enumerate(look(project).entries, start=1)]


def _move(project: Project, entry_id: str, by: int) -> None:
    project.must_be_writable()
    entries = list(look(project).entries)
    at = next((place for place, entry in enumerate(entries) if entry.id == entry_id), None)
    if at is None or not 0 <= at + by < len(entries):
        return
    entries[at], entries[at + by] = entries[at + by], entries[at]
    for place, entry in enumerate(entries, start=1):
        if entry.place != place and waits(project, entry.id):
            put(project, replace(entry, place=place))


def _paths(project: Project) -> list[Path]:
    try:
        return sorted(path for path in (project.root / FOLDER).iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return []


def _path(project: Project, entry_id: str) -> Path:
    return project.root / FOLDER / f"{entry_id}.json"


def _entry(path: Path) -> Entry:
    """Read an entry. Raises `ValueError`, `TypeError` or `KeyError` when the file holds none."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(path.name)
    recipe, resume, settings = found.get("recipe") or {}, str(found.get("resume") or ""), found.get("settings") or []
    if not isinstance(recipe, dict) or not isinstance(settings, list) or not (recipe or resume):
        raise ValueError(path.name)
    return Entry(id=path.stem, place=int(found["place"]), added_at=float(found["added_at"]),
                 name=str(found.get("name") or ""), recipe=recipe, resume=resume,
                 settings=tuple(str(setting) for setting in settings), problem=str(found.get("problem") or ""))


def _begun(project: Project) -> set[str]:
    """The entries that runs say they are of; a run without a checkpoint cannot go on, so it does not count."""
    found: set[str] = set()
    for folder in project.run_folders():
        if not any((folder / runs.CHECKPOINTS).glob("step-*.json")):
            continue
        with contextlib.suppress(ProjectError, OSError, AttributeError, TypeError):
            found.update(files.read_json(folder / runs.ENVIRONMENT).get(runs.QUEUE_ENTRIES, []))
    return found
