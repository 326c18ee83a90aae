"""The system libraries that Qt and OpenCV need on Debian, Ubuntu and their relatives."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from steps.progress import StatusLine, run_streaming

QT_PACKAGES = (
    "libgl1", "libegl1", "libglib2.0-0", "libxkbcommon0", "libdbus-1-3", "libfontconfig1",
    "libxkbcommon-x11-0", "libwayland-cursor0",
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxcb-xkb1",
)
# From Debian 13 and Ubuntu 24.04 on some libraries carry the mark of the 64-bit time stamp.
RENAMED_SUFFIX = "t64"


def is_debian_family(os_release: str) -> bool:
    """Tell from the text of /etc/os-release whether apt and dpkg are at home here."""
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    family = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").split()
    return "debian" in family or "ubuntu" in family


def not_installed(wanted: Sequence[str], dpkg_lines: str) -> list[str]:
    """List those of `wanted` that dpkg does not report as installed (lines of `name status`, status `ii`)."""
    rows = [line.split() for line in dpkg_lines.splitlines()]
    installed = {row[0] for row in rows if len(row) > 1 and row[1] == "ii"}
    return [name for name in wanted if name not in installed and name + RENAMED_SUFFIX not in installed]


def venv_package() -> str | None:
    """Name the package that this Python lacks to make environments; None where it lacks nothing or apt can't help."""
    if importlib.util.find_spec("ensurepip") is not None or not sys.executable.startswith("/usr/bin/"):
        return None
    return f"python3.{sys.version_info[1]}-venv"


def missing_packages(os_release_file: Path = Path("/etc/os-release")) -> list[str]:
    """List the packages this machine lacks; empty on systems without dpkg."""
    if not os_release_file.is_file() or not shutil.which("dpkg-query"):
        return []
    if not is_debian_family(os_release_file.read_text(encoding="utf-8")):
        return []
    names = [*QT_PACKAGES, *(name + RENAMED_SUFFIX for name in QT_PACKAGES)]
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *names],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )
    venv = venv_package()
    return [*([venv] if venv else []), *not_installed(QT_PACKAGES, answer.stdout)]


def prefix_for_root() -> list[str] | None:
    """Give what must stand before apt-get so that it may install: nothing for root, sudo if it asks no password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        return ["sudo", "-n"]
    return None


def install_line(packages: Sequence[str]) -> str:
    """Give the one line that a person can run."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"


def install(packages: Sequence[str], prefix: Sequence[str], log_file: Path) -> list[str]:
    """Install `packages` with apt; returns those that are missing still."""
    status = StatusLine("system packages")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]):
        run_streaming(command, on_line=status.show, on_beat=status.beat, log_file=log_file, env=_environment())
    left = missing_packages()
    status.tell("still missing: " + " ".join(left) if left else "system packages: done")
    return left


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}
