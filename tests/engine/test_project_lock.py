"""One writer a project: races of real processes, holders that die, copies, drives that cannot be written to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from studio.commands.prepare import scan
from studio.engine import files, project_lock
from studio.engine.errors import ProjectError
from studio.engine.events import StopRequest
from studio.engine.project import Project
from studio.engine.project_lock import FOLDER, Holder, ProjectLock, alone, is_gone

ROOT = Path(__file__).parents[2]
RACES = 50
RACER = '''
import os, sys, time
from pathlib import Path
from studio.engine import files
from studio.engine.project_lock import ProjectLock

def without_lock(path, content):
    """The broken twin: looks first, and creates afterwards."""
    if path.exists():
        return False
    time.sleep(0.002)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return True

if sys.argv[1] == "broken":
    files.create_text = without_lock
held = []
print("ready", flush=True)
for line in sys.stdin:
    folder, at = line.rstrip("\\n").split("\\t")
    lock = ProjectLock(Path(folder), "window")
    while time.time() < float(at):
        pass
    holder = lock.acquire()
    held.append(lock)
    print("writer" if holder is None else f"reader {holder.pid}", flush=True)
'''


@contextmanager
def _process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def _races(folder: Path, *, kind: str, races: int, stale: Holder | None = None) -> list[list[str]]:
    """Let two processes open the same new project at the same moment, again and again; what each of them became."""
    told = []
    with ExitStack() as stack:
        racers = [stack.enter_context(_process(RACER, kind)) for _ in range(2)]
        for racer in racers:
            assert racer.stdout and racer.stdout.readline() == "ready\n"
        for number in range(races):
            root = folder / str(number)
            root.mkdir()
            if stale:
                files.write_json(root / FOLDER / "window-000007.json", asdict(replace(stale, folder=str(root))))
            at = time.time() + 0.01
            for racer in racers:
                assert racer.stdin
                racer.stdin.write(f"{root}\t{at}\n")
            told.append([racer.stdout.readline().strip() for racer in racers if racer.stdout])
    return told


def _one_writer(told: list[str]) -> bool:
    return sorted(word.split()[0] for word in told) == ["reader", "writer"]


def _dead() -> Holder:
    """A holder whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return replace(project_lock._this_process(ROOT), token="dead", pid=process.pid)


def test_of_two_processes_exactly_one_becomes_the_writer(tmp_path: Path) -> None:
    told = _races(tmp_path, kind="real", races=RACES)
    assert len(told) == RACES and all(_one_writer(one) for one in told), told


def test_of_two_that_find_a_dead_holder_exactly_one_takes_over(tmp_path: Path) -> None:
    told = _races(tmp_path, kind="real", races=RACES, stale=_dead())
    assert all(_one_writer(one) for one in told), told


def test_without_the_atomic_creation_there_would_be_two_writers(tmp_path: Path) -> None:
    told = _races(tmp_path, kind="broken", races=RACES)
    assert not all(_one_writer(one) for one in told)


def test_a_second_window_is_told_who_holds_it_and_gets_it_when_it_is_free(tmp_path: Path) -> None:
    first, second = ProjectLock(tmp_path, "window"), ProjectLock(tmp_path, "window")
    assert first.acquire() is None and first.held
    holder = second.acquire()
    assert holder and holder.pid == os.getpid() and not second.held
    assert f"process {os.getpid()} on {holder.host}, since " in holder.words()
    assert second.holder_now() == holder
    first.release()
    assert second.holder_now() is None
    assert second.acquire() is None and not first.beat()
    second.release()


def test_scans_and_windows_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    window, scanning = ProjectLock(tmp_path, "window"), ProjectLock(tmp_path, "scan")
    assert window.acquire() is None and scanning.acquire() is None
    window.release()
    scanning.release()


def test_a_window_that_was_killed_leaves_the_project_to_the_next(tmp_path: Path) -> None:
    with _process(RACER, "real") as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        process.stdin.write(f"{tmp_path}\t0\n")
        assert process.stdout.readline() == "writer\n"
        lock = ProjectLock(tmp_path, "window")
        holder = lock.acquire()
        assert holder and holder.pid == process.pid
        process.kill()
        process.wait()
        assert lock.holder_now() is None
        assert lock.acquire() is None
        lock.release()


def test_a_silent_holder_elsewhere_is_gone_only_after_it_was_watched(tmp_path: Path) -> None:
    here = project_lock._this_process(tmp_path)
    elsewhere = replace(here, machine="another", host="ward-3")
    assert not is_gone(elsewhere, root=tmp_path, silent_seconds=29)
    assert is_gone(elsewhere, root=tmp_path, silent_seconds=31)
    assert is_gone(replace(elsewhere, at=time.time() - 3600), root=tmp_path, silent_seconds=0)
    assert not is_gone(replace(here, at=0), root=tmp_path, silent_seconds=1e6)  # it lives, however silent it is
    recycled = replace(here, process_started_at=here.process_started_at - 5000, at=time.time() - 3600)
    assert is_gone(recycled, root=tmp_path, silent_seconds=0)
    assert not is_gone(Holder(), root=tmp_path, silent_seconds=1)  # its lock is being written


def test_watching_counts_the_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / FOLDER / "window-000001.json"
    elsewhere = replace(project_lock._this_process(tmp_path), machine="another")
    files.write_json(path, asdict(elsewhere))
    lock, now = ProjectLock(tmp_path, "window"), time.monotonic()
    assert lock.holder_now()
    monkeypatch.setattr(project_lock.time, "monotonic", lambda: now + 25)
    files.write_json(path, asdict(replace(elsewhere, beat=1)))
    assert lock.holder_now()
    monkeypatch.setattr(project_lock.time, "monotonic", lambda: now + 50)
    assert lock.holder_now()
    monkeypatch.setattr(project_lock.time, "monotonic", lambda: now + 60)
    assert lock.holder_now() is None


def test_a_holder_that_was_taken_for_gone_finds_out(tmp_path: Path) -> None:
    first, second = ProjectLock(tmp_path, "window"), ProjectLock(tmp_path, "window", patience_seconds=0)
    assert first.acquire() is None and first.beat()
    path = next((tmp_path / FOLDER).iterdir())
    files.write_json(path, {**files.read_json(path), "machine": "another"})
    assert second.acquire() is None
    assert not first.beat() and not first.held
    first.release()  # says nothing about a lock that is another's
    assert second.beat()
    second.release()


def test_the_lock_in_a_copy_of_a_project_is_none(tmp_path: Path) -> None:
    here = project_lock._this_process(tmp_path)
    (tmp_path / "copy").mkdir()
    assert is_gone(here, root=tmp_path / "copy", silent_seconds=0)
    assert not is_gone(here, root=tmp_path, silent_seconds=0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', json.dumps({"pid": 0, "released": False})])
def test_a_lock_that_cannot_be_read_is_somebodys(tmp_path: Path, content: str) -> None:
    files.write_text(tmp_path / FOLDER / "window-000001.json", content)
    holder = ProjectLock(tmp_path, "window").acquire()
    assert holder is not None and "just now" in holder.words()
    assert ProjectLock(tmp_path, "window", patience_seconds=0).acquire() is None


def test_a_second_scan_is_refused_by_name(tmp_path: Path, sample_clips: Path) -> None:
    root = tmp_path / "project"
    Project.create(root)
    with alone(root, "scan", doing="another scan"), pytest.raises(ProjectError, match=f"process {os.getpid()} on"):
        for _ in scan(root, [sample_clips], workers=1).start(StopRequest()):
            pass
    with alone(root, "scan", doing="another scan"):
        pass


def test_where_no_lock_can_be_made_it_says_so_and_a_scan_goes_on(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(OSError):
        ProjectLock(tmp_path, "window").acquire()
    with alone(tmp_path, "scan", doing="another scan"):
        pass


def test_a_project_that_is_only_looked_at_refuses_every_change(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    with project.catalogue():
        pass
    project.read_only = "another window has it"
    before = (project.root / "project.toml").read_bytes()
    for change in (project.save, project.catalogue, lambda: project.add_source(tmp_path)):
        with pytest.raises(ProjectError, match="another window has it"):
            change()
    assert project.settings.sources == [] and (project.root / "project.toml").read_bytes() == before
    with project.catalogue(read_only=True) as catalogue:
        assert catalogue.videos() == []
