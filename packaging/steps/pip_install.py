"""What pip installs: its settings (our pins win over this machine's), its progress in words, its failures explained."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from steps.progress import SetupError, StatusLine, run_streaming

WORTH_A_LINE_MB = 40.0
DOWNLOAD = re.compile(r"^\s*(Downloading|Using cached) (\S+) \(([\d.]+) (kB|MB|GB)\)")
# First match wins: pip without a network also says that it found no matching version.
CAUSES = (
    (
        r"No space left on device|Errno 28|not enough space on the disk|Disk quota exceeded",
        "The disk is full. Free some space (about {need:.0f} GB are needed in all) and run the same command again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        ("The package index shows a certificate that this machine doesn't trust. If your network inspects traffic, "
         "set PIP_CERT to the file of its certificate and run the same command again."),
    ),
    (
        (r"NewConnectionError|NameResolutionError|Failed to establish a new connection|ConnectTimeout|ReadTimeout"
         r"|getaddrinfo failed|ProxyError|Network is unreachable|Connection to \S+ timed out|ConnectionResetError"),
        ("The package index can't be reached. Check the network (behind a proxy, set HTTPS_PROXY) "
         "and run the same command again; what was fetched already is not fetched twice."),
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        ("The package index has no {what} that fits this machine ({machine}). The studio runs on 64-bit Linux, Windows "
         "and macOS (Apple silicon) with Python 3.11 to 3.13; name another index for torch with --torch-index URL."),
    ),
)


def pip_environment(constraints: Path, base: dict[str, str] | None = None) -> dict[str, str]:
    """Make the environment variables that pip runs with.

    A variable wins over every configuration file, so PIP_CONSTRAINT keeps constraints that the machine sets for
    everybody away from our pins. It is a list split at blanks: as a URI, a path with blanks stays one entry.
    """
    env = dict(os.environ if base is None else base)
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT", "PYTHONHOME", "PYTHONPATH"):
        env.pop(name, None)
    uri = constraints.resolve().as_uri()
    env.update(
        PIP_CONSTRAINT=uri, PIP_BUILD_CONSTRAINT=uri, PIP_USER="0", PIP_NO_INPUT="1", PIP_PROGRESS_BAR="off",
        PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1", PYTHONNOUSERSITE="1", PYTHONIOENCODING="utf-8",
    )
    return env


def explain(lines: Sequence[str], *, need_gb: float, log_file: Path) -> str:
    """Turn pip's last lines into one sentence with its remedy."""
    text = "\n".join(lines)
    for pattern, sentence in CAUSES:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            what = found.groupdict().get("what", "")
            return sentence.format(need=need_gb, what=what, machine=_machine())
    errors = [line for line in lines if line.lower().startswith("error")] or [line for line in lines if line.strip()]
    reason = (errors or ["it gave no reason"])[-1].strip()
    return f"pip stopped: {reason} Run the same command again; if that doesn't help, all it said is in {log_file}."


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


class PipProgress:
    """Follow pip's lines: name big downloads, count the rest, say when it unpacks."""

    def __init__(self, status: StatusLine) -> None:
        self.status = status
        self.fetched = 0
        self.fetched_mb = 0.0

    def on_line(self, line: str) -> None:
        """Take one line that pip printed."""
        download = DOWNLOAD.match(line)
        if download:
            self._download(*download.groups())
        elif line.startswith("Installing collected packages:"):
            count = line.count(",") + 1
            self.status.tell(f"{self.fetched} packages fetched, {self.fetched_mb:.0f} MB")
            self.status.show(f"unpacking {count} packages")
        elif line.lstrip().startswith(("Collecting ", "Obtaining ", "Building ", "Preparing ", "Installing build")):
            self.status.show(line.strip())
        elif line.startswith("ERROR"):
            self.status.tell(line)

    def _download(self, how: str, file_name: str, amount: str, unit: str) -> None:
        megabytes = float(amount) * {"kB": 0.001, "MB": 1.0, "GB": 1000.0}[unit]
        self.fetched += 1
        self.fetched_mb += megabytes
        name = " ".join(file_name.rsplit("/", maxsplit=1)[-1].split("-")[:2])
        text = f"{how.lower()} {name} ({amount} {unit})"
        if megabytes >= WORTH_A_LINE_MB:
            self.status.tell(text)
        self.status.show(text)


def run_pip(
    arguments: Sequence[str],
    *,
    title: str,
    python: Path,
    env: dict[str, str],
    cwd: Path,
    log_file: Path,
    need_gb: float,
) -> None:
    """Run pip in the environment of `python`; raises `SetupError` with one sentence when it fails."""
    progress = PipProgress(StatusLine(title))
    command: list[str] = [str(python), "-m", "pip", *arguments]
    code, last_lines = run_streaming(
        command, on_line=progress.on_line, on_beat=progress.status.beat, log_file=log_file, env=env, cwd=cwd
    )
    if code != 0:
        raise SetupError(explain(last_lines, need_gb=need_gb, log_file=log_file))
    progress.status.tell(f"{title}: done")
