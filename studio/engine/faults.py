"""What the system refuses (a full disk, a missing right, no memory, a broken library), said as the studio's errors."""

from __future__ import annotations

import errno
import sqlite3
from typing import TypeAlias

from studio.engine.errors import MachineError

Fault: TypeAlias = OSError | MemoryError | sqlite3.Error | ImportError | RuntimeError
FAULTS = (OSError, MemoryError, sqlite3.Error, ImportError)
"""What an edge catches besides `StudioError`; anything else is a mistake of the program and shows its trace."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAVED = "what was saved before is kept"


def in_words(fault: Fault) -> MachineError:
    """Say a fault of the system as value, rule and remedy."""
    if isinstance(fault, MemoryError):
        return MachineError("this work", "it needs more memory than is free",
                            "Close other programs, or choose a smaller batch, crop or number of frames")
    if isinstance(fault, ImportError):
        return MachineError(fault.name or "a library", f"a part of the installation cannot be loaded ({fault})",
                            "See what to do about it with: studio doctor")
    if isinstance(fault, sqlite3.Error):
        return _catalogue(str(fault))
    if isinstance(fault, OSError):
        return _system(fault)
    return MachineError("the network", f"it could not be computed ({_first_line(fault)})",
                        "Try again; if it fails again, run: studio doctor")


def is_broken_torch(error: RuntimeError) -> bool:
    """Whether torch and torchvision were built for each other: a mixture fails with an operator that is missing."""
    return "torchvision::" in str(error)


def broken_torch() -> MachineError:
    """Make the error for torch and torchvision of different origins."""
    return MachineError("torch and torchvision", "they do not belong together, so neither can be used",
                        "Install both anew from one place: python3 packaging/bootstrap.py setup")


def _system(fault: OSError) -> MachineError:
    path = str(fault.filename or "the disk")
    if fault.errno in _FULL:
        return MachineError(path, f"the disk is full; {_SAVED}", "Free some space on that disk and try again")
    if isinstance(fault, PermissionError) or fault.errno == errno.EROFS:
        return MachineError(path, "you may not read or write there", "Choose another place, or ask for the right to it")
    if isinstance(fault, FileNotFoundError):
        return MachineError(path, "there is no such file or folder", "Check the spelling, or attach its drive")
    if isinstance(fault, IsADirectoryError):
        return MachineError(path, "this is a folder, not a file", "Name a file")
    if fault.errno == errno.EMFILE:
        return MachineError(path, "too many files are open", "Close other programs and try again")
    return MachineError(path, fault.strerror or str(fault) or "it cannot be used", "Look at that path, then try again")


def _catalogue(message: str) -> MachineError:
    if "full" in message:
        return MachineError("the project's catalogue", f"the disk is full; {_SAVED}",
                            "Free some space on that disk and try again")
    if "readonly" in message:
        return MachineError("the project's catalogue", "you may not write to it",
                            "Copy the project to a place where you may")
    if "locked" in message:
        return MachineError("the project's catalogue", "another program is writing to it",
                            "Wait for it, then try again")
    return MachineError("the project's catalogue", f"it cannot be used ({message})", "Scan the folders again")


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0][:200]
