"""What `doctor` looks at in a child process of its own, because a broken library may end the process that loads it.

Each examination loads one library, lets it do a little real work and gives plain facts. This module itself loads
nothing of them.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import studio
from studio.engine import files
from studio.engine.errors import StudioError

Facts = dict[str, Any]
_TIMEOUT_SECONDS = 180


def examine(name: str) -> Facts:
    """Load a library in this process and say what it is; `error` says what it raised."""
    try:
        return EXAMINATIONS[name]()
    except (StudioError, ImportError, OSError, RuntimeError, AttributeError, ValueError, TypeError) as error:
        return {"error": (str(error).strip().splitlines() or [type(error).__name__])[0]}


def examine_in_child(name: str, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> Facts:
    """Examine in a child process; the facts hold `error`, the last thing it said, when that failed."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "studio"]
    paths = [str(Path(studio.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run([*start, "examine", name], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env=environment, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        return {"error": f"it did not answer within {timeout_seconds:.0f} s"}
    except OSError as error:
        return {"error": f"no process can be started for it ({error.strerror})"}
    return facts_of(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def facts_of(code: int, said: str, errors: str) -> Facts:
    """Read what an examination printed: its last line is JSON, unless it failed."""
    lines = said.strip().splitlines()
    if code == 0 and lines:
        try:
            found = json.loads(lines[-1])
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    complaints = [line.strip() for line in errors.splitlines() if line.strip()]
    return {"error": complaints[-1] if complaints else f"it ended with code {code} and said nothing"}


def _torch() -> Facts:
    import torch
    import torchvision

    from studio.engine.device import choose_device

    torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    chosen = choose_device("auto")
    faster, wrong = _bf16(torch, chosen.device)
    return {"torch": torch.__version__, "torchvision": torchvision.__version__, "cuda_build": torch.version.cuda,
            "device": chosen.title, "kind": chosen.kind, "reason": chosen.reason, "bf16_times_as_fast": faster,
            "bf16_error": wrong}


def _bf16(torch: Any, device: Any) -> tuple[float, float]:
    """How many times as fast bf16 multiplies as fp32, and how far its result is off (a share of the largest)."""
    with torch.inference_mode():
        first, second = (torch.randn(512, 512, device=device, generator=None) for _ in "ab")
        exact, fp32_seconds = _timed(torch, lambda: first @ second, device)
        half = first.bfloat16(), second.bfloat16()
        rough, bf16_seconds = _timed(torch, lambda: half[0] @ half[1], device)
        off = float((rough.float() - exact).abs().max() / exact.abs().max())
    return round(fp32_seconds / bf16_seconds, 2), round(off, 4)


def _timed(torch: Any, work: Callable[[], Any], device: Any) -> tuple[Any, float]:
    result, seconds = work(), []
    for _ in range(5):
        started = time.perf_counter()
        result = work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - started)
    return result, sorted(seconds)[2]


def _video() -> Facts:
    import av

    sample = next(path for path in sorted(files.resource("sample").rglob("*")) if path.suffix == ".mp4")
    with av.open(str(sample)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    return {"av": av.__version__, "libraries": {name: ".".join(str(part) for part in version)
                                                for name, version in av.library_versions.items()},
            "decoded_frames": frames}


def _opencv() -> Facts:
    import numpy as np

    from studio.engine.video import vision

    small = vision.resize(np.zeros((64, 64, 3), np.uint8), width=32, height=32)
    return {"shape": list(small.shape)}


def _qt() -> Facts:
    widgets = importlib.import_module("PySide6.QtWidgets")
    return {"qt": importlib.import_module("PySide6").__version__, "widgets": widgets.__name__}


def _display() -> Facts:
    gui = importlib.import_module("PySide6.QtGui")
    application = gui.QGuiApplication(["studio"])
    return {"platform": application.platformName(), "screens": len(application.screens())}


EXAMINATIONS: dict[str, Callable[[], Facts]] = {
    "torch": _torch, "video": _video, "opencv": _opencv, "qt": _qt, "display": _display}
