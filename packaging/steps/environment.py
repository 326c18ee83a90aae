"""The environment .venv: which Python makes it, where its programs lie, how it is made or made again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from steps.progress import SetupError

SUPPORTED = ((3, 11), (3, 12), (3, 13))
SUPPORTED_TEXT = "3.11, 3.12 or 3.13"


def is_supported(version: tuple[int, ...]) -> bool:
    """Tell whether the studio runs on this version of Python."""
    return tuple(version[:2]) in SUPPORTED


def other_python() -> str | None:
    """Find a supported Python on this machine, the newest first."""
    for major, minor in reversed(SUPPORTED):
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
    return None


def venv_python(venv: Path, *, windows: bool = os.name == "nt") -> Path:
    """Give the path of the environment's Python."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def works(venv: Path) -> bool:
    """Tell whether the environment runs, is of this version of Python, and has pip."""
    python = venv_python(venv)
    if not python.exists():
        return False
    code = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(python), "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, check=False,
        )
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]}"


def make(venv: Path) -> None:
    """Make the environment, or make it again where what is there doesn't work. Raises `SetupError`."""
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").is_file():
        raise SetupError(f"{venv} is in the way: it is no Python environment. Move it elsewhere and try again.")
    answer = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    if answer.returncode != 0:
        reason = ([line for line in answer.stdout.splitlines() if line.strip()] or ["no reason given"])[-1].strip()
        raise SetupError(
            f"{sys.executable} could not make the environment {venv} ({reason}). Install the part of Python that makes "
            "environments (on Debian and Ubuntu the package python3-venv) and try again."
        )
