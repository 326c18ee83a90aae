"""A long operation in a child process, watched from a thread of its own.

The child writes its events into a file that the thread reads as it grows: no pipe can fill up, and the child goes on
undisturbed when the window closes. It runs at a lower priority than the window, which would stutter on a machine that
the work fills. A line `stop` on its standard input asks it to stop and save, `pause` to wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from PySide6.QtCore import QObject, QThread, Signal

import studio
from studio.engine.events import Event, Failed, Finished, Progress, event_from_json
from studio.gui.texts import said

STOPPED = 130
_POLL_SECONDS = 0.05
_TAIL_BYTES = 8000
NICENESS = 10
"""How far children step back: about a tenth of a core where the window wants all of it."""


class Job(QThread):
    """Run `studio <operation> <arguments> --events jsonl`; `told` brings each event, `ended` the exit code and why.

    `project` is the folder of the project that it is about, None for one that is about no project. Who shows a failure
    where the person looks sets `failure_is_shown`, and no message says it again.
    The sentence of `ended` is empty when the work was done or stopped by the person. `details` holds the end of the
    child's standard error, or the trace of what kept it from being run.
    """

    told = Signal(object)
    ended = Signal(int, str)

    def __init__(self, operation: str, arguments: Sequence[str], *, title: str, project: Path | None = None,
                 parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.operation, self.arguments, self.title = operation, list(arguments), title
        self.project = project
        self.details = ""
        self.progress: Progress | None = None
        self.finished_event: Finished | None = None
        self.failed_event: Failed | None = None
        self.failure_is_shown = False
        self._process: subprocess.Popen[bytes] | None = None
        self._wake = threading.Event()
        self._detached = self._stop_wanted = self._pause_wanted = self._unwanted = False
        self._lock = threading.Lock()

    def request_stop(self) -> None:
        """Ask the operation to stop after its present step and save. Asking again does nothing more."""
        with self._lock:
            self._stop_wanted = True
            self._tell("stop")

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop_wanted

    def request_pause(self, *, wanted: bool = True) -> None:
        """Ask an operation that can wait to do so after what it is at, or to go on."""
        with self._lock:
            self._pause_wanted = wanted
            self._tell("pause" if wanted else "go on")

    @property
    def pausing(self) -> bool:
        """Whether it was asked to wait."""
        return self._pause_wanted

    def detach(self) -> None:
        """Let the operation go on without this window; the thread ends at once, without `ended`."""
        self._detached = True
        self._wake.set()

    def kill(self) -> None:
        """End the child at once. What it saved stays."""
        with self._lock, suppress(OSError):
            if self._process:
                self._process.kill()

    def end(self) -> None:
        """End the child at once because nobody wants it any more: that is no failure."""
        self._unwanted = True
        self.kill()

    def run(self) -> None:
        """Start the child and follow it to its end (in this thread; use `start`)."""
        try:
            code, sentence = self._follow()
        except Exception as error:
            code, sentence = 1, said("{title} could not be run ({error}).", title=self.title, error=error)
            self.details = traceback.format_exc()
        if not self._detached:
            self.ended.emit(code, sentence)

    def _follow(self) -> tuple[int, str]:
        with ExitStack() as stack:
            to_events, from_events = _growing_file(stack)
            to_errors, from_errors = _growing_file(stack)
            with self._lock:
                self._process = process = subprocess.Popen(
                    [*studio_command(), self.operation, *self.arguments, "--events", "jsonl"],
                    stdin=subprocess.PIPE, stdout=to_events, stderr=to_errors, env=studio_environment(),
                    **_own_session())
                _step_back(process.pid)
                for word in ["stop"] * self._stop_wanted + ["pause"] * self._pause_wanted:
                    self._tell(word)
            stack.callback(_close_input, process)
            rest = b""
            while not self._detached:
                over = process.poll() is not None
                rest = self._emit_lines(rest + from_events.read())
                if over:
                    break
                self._wake.wait(_POLL_SECONDS)
            if self._detached:
                process.returncode = process.poll() or 0  # it is not ours any more: no warning that it still runs
                return 0, ""
            self.details = _tail(from_errors)
            return self._verdict(process.returncode)

    def _emit_lines(self, received: bytes) -> bytes:
        *lines, rest = received.split(b"\n")
        for line in lines:
            with suppress(ValueError):
                self._emit(event_from_json(line))
        return rest

    def _emit(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, Finished):
            self.finished_event = event
        elif isinstance(event, Failed):
            self.failed_event = event
        self.told.emit(event)

    def _verdict(self, code: int) -> tuple[int, str]:
        if code in (0, STOPPED) or self._unwanted:
            return code, ""
        if self.failed_event:
            return code, self.failed_event.message
        last = self.details.strip().splitlines()[-1:] or [said("it said nothing")]
        return code, said("{title} ended unexpectedly (exit code {code}: {words}).", title=self.title, code=code,
                          words=last[0][:200])

    def _tell(self, word: str) -> None:
        if self._process and self._process.stdin:
            with suppress(OSError, ValueError):
                self._process.stdin.write(word.encode() + b"\n")
                self._process.stdin.flush()


def studio_command() -> list[str]:
    """The start of a command line that runs the studio's own program, from a checkout, a wheel or a frozen build."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "studio"]


def studio_environment() -> Mapping[str, str]:
    """The environment of child processes: they find the same `studio`, and speak UTF-8 without delay."""
    paths = [str(Path(studio.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8"}


def _own_session() -> dict[str, Any]:
    """Options that keep the child alive when the window or its terminal goes."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
                | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    return {"start_new_session": True}


def _step_back(pid: int) -> None:
    """Let a child, and what it starts, come after the window where both want a core (Windows was told before)."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with suppress(OSError):  # Linux shares cores between sessions first, and among the processes of each after that
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))


def _growing_file(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Make a nameless file with one end to write and one to read (Windows keeps the name until both are closed)."""
    handle, name = tempfile.mkstemp(prefix="studio-", suffix=".jsonl")
    path = Path(name)
    stack.callback(_forget, path)
    writing = stack.enter_context(os.fdopen(handle, "ab"))
    reading = stack.enter_context(path.open("rb"))
    if sys.platform != "win32":
        path.unlink()
    return writing, reading


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _tail(stream: IO[bytes]) -> str:
    stream.seek(0, os.SEEK_END)
    stream.seek(max(0, stream.tell() - _TAIL_BYTES))
    return stream.read().decode("utf-8", "replace")


def _close_input(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError, ValueError):
        if process.stdin:
            process.stdin.close()
