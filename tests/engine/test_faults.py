"""What the system refuses is said in words: never a bare errno, always with what to do."""

from __future__ import annotations

import errno
import sqlite3

import pytest

from studio.engine.faults import Fault, broken_torch, in_words, is_broken_torch


@pytest.mark.parametrize(("fault", "value", "rule"), [
    (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "/x/y", "disk is full"),
    (OSError(errno.EFBIG, "File too large"), "the disk", "disk is full"),
    (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x", "may not read or write"),
    (OSError(errno.EROFS, "Read-only file system", "/x"), "/x", "may not read or write"),
    (FileNotFoundError(errno.ENOENT, "No such file", "/x"), "/x", "no such file"),
    (IsADirectoryError(errno.EISDIR, "Is a directory", "/x"), "/x", "a folder, not a file"),
    (OSError(errno.EMFILE, "Too many open files", "/x"), "/x", "too many files"),
    (OSError(errno.EIO, "Input/output error", "/x"), "/x", "Input/output error"),
    (MemoryError(), "this work", "more memory"),
    (sqlite3.OperationalError("database or disk is full"), "the project's catalogue", "disk is full"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "the project's catalogue", "may not write"),
    (sqlite3.OperationalError("database is locked"), "the project's catalogue", "another program"),
    (ImportError("libcudart.so.13: cannot open", name="torch"), "torch", "cannot be loaded"),
    (RuntimeError("CUDA error: out of memory\nmore"), "the network", "CUDA error: out of memory")])
def test_faults_in_words(fault: Fault, value: str, rule: str) -> None:
    error = in_words(fault)
    assert error.value == value
    assert rule in error.rule
    assert error.remedy
    assert error.exit_code == 1


def test_a_mixture_of_torch_builds_is_recognised_and_nothing_else() -> None:
    assert is_broken_torch(RuntimeError("operator torchvision::nms does not exist"))
    assert not is_broken_torch(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert "bootstrap.py setup" in broken_torch().remedy
