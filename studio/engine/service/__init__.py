"""The warm worker: small questions of the window in, results and pictures out.

One JSON object a line each way. In: `{"id", "method", "params", "supersedes"}`, `{"cancel": id}` for a question whose
answer nobody wants any more, and `{"release": [names]}` for pictures that were read. Out: `{"ready": true}` once
everything is loaded, then for each question `{"id", "event"}` while it works and `{"id", "result", "pictures"}`,
`{"id", "error"}` or `{"id", "stopped": true}`. Pictures lie in shared memory until they are released.
The end of the input ends the process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from io import FileIO
from typing import BinaryIO


def main() -> int:
    """Serve standard input and output until the input ends; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which ends this process by its input
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get among the answers
    with contextlib.suppress(BrokenPipeError), answers:
        serve(FileIO(sys.stdin.fileno(), "rb", closefd=False), answers)
    return 0


def serve(requests: FileIO, answers: BinaryIO) -> None:
    """Answer the questions of a stream until it ends."""
    from studio.engine.service.worker import Worker  # loads torch, which takes a while

    Worker(requests, answers).run()
