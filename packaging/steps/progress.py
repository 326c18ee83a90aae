"""Run a long command so that a person sees what it does and for how long: a status line, a log file, the last lines."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

KEPT_LINES = 60
BEAT_SECONDS = 15.0
WIDTH = 78
LEAVE_SECONDS = 5.0


class SetupError(Exception):
    """One sentence (and its remedy) for the person; the set-up stops."""


class StatusLine:
    """What is going on, and for how long: rewritten in place on a terminal, elsewhere a line now and then."""

    def __init__(self, title: str, *, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._title = title
        self._text = ""
        self._started = time.monotonic()
        self._last_line = self._started
        self._live = self._out.isatty()

    @property
    def seconds(self) -> float:
        """Seconds since this line was made."""
        return time.monotonic() - self._started

    def tell(self, text: str) -> None:
        """Print `text` for good."""
        line = f"   [{self.seconds:4.0f} s] {text}"
        self._write(f"\r{line:<{WIDTH}}\n" if self._live else line + "\n")
        self._last_line = time.monotonic()

    def show(self, text: str) -> None:
        """Make `text` the thing that is going on."""
        self._text = text
        self.beat()

    def beat(self) -> None:
        """Draw the status again; where it can't be rewritten in place, only after a while of silence."""
        line = f"   [{self.seconds:4.0f} s] {self._title}: {self._text or 'working'}"
        if self._live:
            self._write(f"\r{line[:WIDTH]:<{WIDTH}}")
        elif time.monotonic() - self._last_line >= BEAT_SECONDS:
            self._write(line + "\n")
            self._last_line = time.monotonic()

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def run_streaming(
    command: Sequence[str],
    *,
    on_line: Callable[[str], None],
    on_beat: Callable[[], None],
    log_file: Path,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> tuple[int, list[str]]:
    """Run `command`, handing over each line as it comes; returns the exit code and the last lines.

    Everything it prints is appended to `log_file`. The child never outlives this call.
    """
    child = subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", errors="replace", env=env, cwd=cwd,
    )
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_pump, args=(child.stdout, lines), daemon=True)
    reader.start()
    kept: list[str] = []
    try:
        with log_file.open("a", encoding="utf-8") as log:
            log.write("$ " + " ".join(command) + "\n")
            for line in _until_closed(lines, on_beat):
                log.write(line + "\n")
                kept = [*kept, line][-KEPT_LINES:]
                on_line(line)
        return child.wait(), kept
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
        reader.join(LEAVE_SECONDS)


def _until_closed(lines: queue.Queue[str | None], on_beat: Callable[[], None]) -> Iterator[str]:
    while True:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            on_beat()
            continue
        if line is None:
            return
        yield line


def _pump(stream: TextIO | None, lines: queue.Queue[str | None]) -> None:
    if stream is not None:
        with stream:
            for line in stream:
                lines.put(line.rstrip())
    lines.put(None)
