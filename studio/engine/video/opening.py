"""The reader that fits a file or a folder of pictures, and what tells one content from another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.engine import files
from studio.engine.video import dicom
from studio.engine.video.picture_folder import (
    USUAL_PER_SECOND,
    PictureReader,
    identity_of_series,
    series_in,
    stamp_of_series,
)
from studio.engine.video.reader import Reader, VideoReader


def open_reader(path: Path, *, frames_per_second: float = USUAL_PER_SECOND) -> Reader:
    """Open a file with the reader that fits; a folder of pictures has the rate that is given.

    Raises `VideoError` with the reason in words.
    """
    if path.is_dir():
        return PictureReader(path, frames_per_second=frames_per_second)
    return dicom.open_dicom(path) if dicom.looks_like_dicom(path) else VideoReader(path)


def identity_of(path: Path, *, frames_per_second: float = USUAL_PER_SECOND,
                on_chunk: Callable[[int], None] = lambda _bytes: None) -> str:
    """SHA-256 of a file's bytes, or of a folder's pictures. Raises `OSError`, or `VideoError` for no such folder."""
    if path.is_dir():
        return identity_of_series(path, frames_per_second=frames_per_second, on_chunk=on_chunk)
    return files.sha256_of_file(path, on_chunk=on_chunk)


def stamp_of(path: Path) -> tuple[int, int]:
    """Bytes, and when it was last changed in nanoseconds. Raises `OSError`, or `VideoError` for no such folder."""
    if path.is_dir():
        return stamp_of_series(path, series_in(path).names)
    status = path.stat()
    return status.st_size, status.st_mtime_ns
