"""The window's end of the warm worker process (`studio service`): questions go out, answers come back as callbacks.

One JSON object a line each way; pictures come in shared memory, are copied here and given back at once.
"""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import IO, Any

import numpy as np
from PySide6.QtCore import QObject, QThread, QTimer, Signal

from studio.gui.jobs import studio_command, studio_environment
from studio.gui.texts import said

Pictures = list[np.ndarray]
_RESTARTS, _WITHIN_SECONDS, _PAUSE_MILLISECONDS = 3, 60.0, 300


@dataclass
class _Question:
    method: str
    then: Callable[[dict[str, Any], Pictures], None]
    failed: Callable[[dict[str, Any]], None]
    progress: Callable[[dict[str, Any]], None] | None
    supersedes: bool


class ServiceClient(QObject):
    """Asks the warm worker. `ready` when it has loaded, `died` with a sentence when it ended by itself.

    Callbacks run in the thread of this object. A question that was cancelled, or that a newer one of its method
    supersedes, is never answered; the worker is told, so that it stops a long one.
    """

    ready = Signal()
    died = Signal(str)

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self._command = list(command) or [*studio_command(), "service"]
        self._waiting: dict[int, _Question] = {}
        self._last_id = 0
        self._reader: _Reader | None = None
        self._starts: list[float] = []
        self._closing = False
        self._again = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._again.timeout.connect(self.start)

    @property
    def running(self) -> bool:
        """Whether the worker process lives."""
        return self._reader is not None

    @property
    def busy(self) -> bool:
        """Whether a question waits for its answer."""
        return bool(self._waiting)

    def start(self) -> None:
        """Start the worker; once it runs this does nothing."""
        if self._reader or self._closing:
            return
        self._again.stop()
        self._starts.append(time.monotonic())
        self._reader = _Reader(self._command, self)
        self._reader.received.connect(self._receive)
        self._reader.ended.connect(self._ended)
        self._reader.start()

    def ask(self, method: str, params: dict[str, Any], *, then: Callable[[dict[str, Any], Pictures], None],
            failed: Callable[[dict[str, Any]], None], progress: Callable[[dict[str, Any]], None] | None = None,
            supersedes: bool = False) -> int:
        """Ask; `then(result, pictures)` or `failed(error)` is called later, `progress(event)` before.

        Returns the question's number, which `cancel` takes.
        """
        self.start()
        if supersedes:
            for number in [number for number, question in self._waiting.items()
                           if question.method == method and question.supersedes]:
                self.cancel(number)
        self._last_id += 1
        self._waiting[self._last_id] = _Question(method, then, failed, progress, supersedes)
        request = {"id": self._last_id, "method": method, "params": params, "supersedes": supersedes}
        if self._reader:
            self._reader.send(request)
        return self._last_id

    def cancel(self, number: int) -> bool:
        """Say that nobody wants an answer any more; tells whether it was still waited for."""
        if self._waiting.pop(number, None) is None:
            return False
        if self._reader:
            self._reader.send({"cancel": number})
        return True

    def close(self) -> None:
        """End the worker and its thread; unanswered questions are dropped."""
        self._closing = True
        self._again.stop()
        self._waiting.clear()
        if self._reader:
            self._reader.close()
            self._reader = None

    def _receive(self, message: dict[str, Any], pictures: Pictures) -> None:
        if message.get("ready"):
            self.ready.emit()
            return
        number = message.get("id", 0)
        question = self._waiting.get(number)
        if question is None:
            return
        if "event" in message:
            if question.progress:
                question.progress(message["event"] | ({"pictures": pictures} if pictures else {}))
            return
        del self._waiting[number]
        if message.get("stopped"):  # by the worker itself, before this window asked for it
            question.failed({"message": said("The answer was not worked out to its end."), "value": "", "rule": "",
                             "remedy": said("Try again")})
        elif "error" in message:
            question.failed(message["error"])
        else:
            question.then(message.get("result", {}), pictures)

    def _ended(self, code: int, details: str) -> None:
        if self._closing or self.sender() not in (None, self._reader):
            return
        if self._reader:
            self._reader.wait()
            self._reader = None
        last = details.strip().splitlines()[-1:] or [said("it said nothing")]
        lost, self._waiting = self._waiting, {}
        recent = [start for start in self._starts if time.monotonic() - start < _WITHIN_SECONDS]
        again = len(recent) < _RESTARTS
        self.died.emit(said("The preview worker ended (exit code {code}: {words}).", code=code, words=last[0][:200])
                       + (said(" It is started again.") if again else said(" It ended several times and is left off.")))
        if again:
            self._again.start()
        error = {"message": said("The preview worker ended before it answered."), "value": "", "rule": "",
                 "remedy": said("Try again") if again else said("See what works on this machine")}
        for question in lost.values():
            question.failed(error)


class _Reader(QThread):
    """Owns the worker process and reads its answers."""

    received = Signal(object, object)
    ended = Signal(int, str)

    def __init__(self, command: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._unsent: list[bytes] = []
        self._closed = False

    def send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, default=str).encode() + b"\n"
        with self._lock:
            if self._process is None:
                self._unsent.append(line)
            else:
                self._write(line)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process = self._process
            if process and process.stdin:
                with suppress(OSError, ValueError):
                    process.stdin.close()
        if process and not self.wait(700):
            with suppress(OSError):
                process.kill()
        self.wait()

    def run(self) -> None:
        with tempfile.TemporaryFile() as errors:
            try:
                process = self._open(errors)
            except OSError as error:
                self.ended.emit(1, str(error))
                return
            if process:
                self._read(process)
                errors.seek(0)
                self.ended.emit(process.wait(), errors.read()[-8000:].decode("utf-8", "replace"))

    def _open(self, errors: IO[bytes]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed:
                return None
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=errors, env=studio_environment())
            for line in self._unsent:
                self._write(line)
            return self._process

    def _write(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            if self._process and self._process.stdin:
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                with suppress(ValueError):
                    message = json.loads(line)
                    self.received.emit(message, self._pictures(message))
        with self._lock:
            if process.stdin:
                with suppress(OSError, ValueError):
                    process.stdin.close()

    def _pictures(self, message: dict[str, Any]) -> Pictures:
        described = message.get("pictures") or []
        pictures = [copy_shared(one["name"], shape=one["shape"], dtype=one["dtype"]) for one in described]
        if described:
            self.send({"release": [one["name"] for one in described]})
        return pictures


def copy_shared(name: str, *, shape: Sequence[int], dtype: str) -> np.ndarray:
    """Copy an array out of another process's shared memory, which stays that process's own.

    Python before 3.13 would enter the block in this process's resource tracker and unlink it at exit, so on POSIX it is
    mapped directly. Raises `ValueError` when the block is gone.
    """
    count = int(np.prod(shape, dtype=np.int64))
    size = count * np.dtype(dtype).itemsize
    try:
        if sys.platform == "win32" or not count:
            content = _copy_windows(name, size) if count else b""
        else:
            content = _copy_posix(name, size)
    except OSError as error:
        raise ValueError(f"the picture {name} is gone") from error
    return np.frombuffer(bytearray(content), dtype).reshape(shape)


def _copy_posix(name: str, size: int) -> bytes:
    import _posixshmem  # type: ignore[import-not-found]  # what SharedMemory itself uses

    handle = _posixshmem.shm_open("/" + name.lstrip("/"), os.O_RDONLY, mode=0o600)
    try:
        with mmap.mmap(handle, size, prot=mmap.PROT_READ) as block:
            return block[:size]
    finally:
        os.close(handle)


def _copy_windows(name: str, size: int) -> bytes:
    block = SharedMemory(name=name)
    try:
        return bytes(block.buf[:size]) if block.buf else b""
    finally:
        block.close()
