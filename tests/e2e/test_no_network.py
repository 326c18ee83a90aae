"""Private by construction: from opening the window to neighbours, no process of the studio opens a socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARD = '''
"""Loaded by every Python process of the story: a socket that leaves this machine is written down and refused."""
import os
import sys

LOG = os.environ["STUDIO_SOCKET_LOG"]
WATCHED = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")

with open(LOG + ".processes", "a") as stream:
    stream.write(" ".join(sys.orig_argv) + "\\n")


def guard(event, arguments):
    if event not in WATCHED:
        return
    address = arguments[1] if event in WATCHED[:3] else arguments[0]
    if isinstance(address, (str, bytes)) and event in WATCHED[:3]:
        return  # a socket of the file system: between processes of this machine
    with open(LOG, "a") as stream:
        stream.write(f"{event} {address!r} in {' '.join(sys.orig_argv)}\\n")
    raise PermissionError(f"the studio wanted the network: {event} {address!r}")


sys.addaudithook(guard)
'''
STORY = '''
import socket, sys
from pathlib import Path
from tests.e2e.driver import click, control, drop, play
from studio.gui.app import make_application

make_application()
folder, broken = sys.argv[1], sys.argv[2]

def story(window):
    session = window.session
    drop(window, folder)
    yield lambda: session.project is not None
    if broken == "window":
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    click(window, "library.scan")
    yield lambda: len(session.usable_videos) >= 12 and not session.jobs
    yield lambda: session.description is not None
    for key, value in (("max_steps", 2), ("max_minutes", 0), ("batch_size", 4), ("validation_tuples", 12),
                       ("validate_every_steps", 2)):
        session.change_recipe(f"training.{key}", value)
    click(window, "rail.train")
    yield lambda: control(window, "train.start").isVisible()
    click(window, "train.start")
    yield lambda: session.run() is not None and session.run().state == "finished" and not session.jobs
    click(window, "rail.neighbours")
    page = window.page("neighbours")
    yield lambda: sum(tile.frames > 1 for tile in page.grid.trained.tiles) > 0

code = play([], story, seconds=100)
print("told", code, flush=True)
'''
CHILD = '''
import socket
socket.create_connection(("127.0.0.1", 9), timeout=1)
'''


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Twelve clips of three classes."""
    from studio.engine.files import resource

    made = tmp_path / "Videos of mine"
    for label in ("jump", "walk", "echo-weak"):
        (made / label).mkdir(parents=True)
        for clip in sorted(resource("sample", label).iterdir())[:4]:
            shutil.copy(clip, made / label)
    return made


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Every Python process below loads the guard."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    (tmp_path / "home").mkdir()
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(guard), str(ROOT)]), "QT_QPA_PLATFORM": "offscreen",
            "STUDIO_HOME": str(tmp_path / "home"), "STUDIO_SOCKET_LOG": str(tmp_path / "sockets"),
            "OMP_NUM_THREADS": "1"}


def _tell(environment: dict[str, str], videos: Path, *, broken: str = "", start: tuple[str, ...] = ()) -> str:
    done = subprocess.run([*start, sys.executable, "-c", STORY, str(videos), broken], env=environment, cwd=ROOT,
                          capture_output=True, text=True, timeout=170, check=False)
    return done.stdout + done.stderr


def _sockets(environment: dict[str, str]) -> str:
    log = Path(environment["STUDIO_SOCKET_LOG"])
    return log.read_text() if log.exists() else ""


@pytest.mark.long
def test_the_whole_story_opens_no_socket(environment: dict[str, str], videos: Path) -> None:
    told = _tell(environment, videos)
    assert "told 0" in told, told
    assert _sockets(environment) == ""
    processes = Path(environment["STUDIO_SOCKET_LOG"] + ".processes").read_text()
    for operation in ("scan", "train", "service"):
        assert f"-m studio {operation}" in processes, "the guard was in every process"


def test_a_window_that_connects_is_caught(environment: dict[str, str], videos: Path) -> None:
    told = _tell(environment, videos, broken="window")
    assert "told 0" not in told and "the studio wanted the network" in told
    assert "socket.connect" in _sockets(environment) or "socket.getaddrinfo" in _sockets(environment)


def test_a_child_process_that_connects_is_caught(environment: dict[str, str]) -> None:
    child = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {CHILD!r}]).returncode)"
    done = subprocess.run([sys.executable, "-c", child], env=environment, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode != 0 and "the studio wanted the network" in done.stderr and _sockets(environment)


@pytest.mark.parametrize("command", [
    pytest.param(["doctor", "--json"], marks=pytest.mark.long), ["runs", "--help"], ["demo", "--help"]], ids=str)
def test_a_command_opens_no_socket(environment: dict[str, str], command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "studio", *command], env=environment, capture_output=True, text=True,
                          timeout=120, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert _sockets(environment) == ""


def _without_a_route() -> tuple[str, ...]:
    """How to start a process in a namespace that has no network at all; empty where that is not allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    start = (unshare, "--map-root-user", "--net")
    tried = subprocess.run([*start, "true"], capture_output=True, check=False)
    return start if tried.returncode == 0 else ()


@pytest.mark.long
def test_the_whole_story_works_without_a_route(environment: dict[str, str], videos: Path) -> None:
    if not (start := _without_a_route()):
        pytest.skip("this machine does not let a process have a network namespace of its own")
    told = _tell(environment, videos, start=start)
    assert "told 0" in told, told
