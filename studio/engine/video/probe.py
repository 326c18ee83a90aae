"""The health of a video: good, partial or unreadable, and why, in plain words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from studio.engine.catalogue import GOOD, PARTIAL, UNREADABLE

DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima"})
_HEAD_BYTES = 1 << 16
_TEXT_BYTES = 4096
_SHORT_SHARE, _SHORT_SECONDS = 0.9, 1.0
NO_DECODER = "no decoder here knows its codec: convert it to an MP4 (H.264)"
_PHRASES = (
    ("no decoder", NO_DECODER),
    ("decoder not found", NO_DECODER),
    ("encrypt", "it is encrypted"),
)


def in_words(error: BaseException, path: Path, *, started: bool = False) -> str:
    """Say why a file cannot be read, or not further when frames were asked for already (`started`)."""
    if isinstance(error, MemoryError):
        return "one of its frames needs more memory than one video may have"
    if isinstance(error, PermissionError):
        return "you may not read this file"
    if isinstance(error, FileNotFoundError):
        return "the file is gone"
    said = " ".join(str(part) for part in (error, getattr(error, "log", "") or "")).lower()
    for phrase, words in _PHRASES:
        if phrase in said:
            return words
    if reason := by_content(path):
        return reason
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ValueError):
        return f"the disk could not read it ({error.strerror})"
    return "its pictures are damaged" if started else "it is no video, or its beginning is damaged"


def by_content(path: Path) -> str:
    """Say what the bytes give away: empty, zeros, text, encrypted, an MP4 cut off before its index; "" if nothing."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return ""
    if not head:
        return "the file is empty"
    if is_text(path):
        return "it holds text, not a video"
    if b"encv" in head or b"cenc" in head or b"pssh" in head:
        return "it is encrypted"
    if not head.strip(b"\0"):
        return "it holds nothing but zeros"
    if head[4:8] == b"ftyp" and not _has_index(path):
        return "its index is missing: the recording or the copy was cut off"
    return ""


def is_text(path: Path) -> bool:
    """Whether a file begins as text. FFmpeg is never given such a file: it could name other files or addresses."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_TEXT_BYTES)
    except OSError:
        return False
    if not head or head.startswith(b"YUV4MPEG2") or b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= _TEXT_BYTES - 4  # a letter of several bytes was cut
    return True


def _has_index(path: Path) -> bool:
    """Whether an MP4 or MOV file has its index (the box `moov`)."""
    with path.open("rb") as stream:
        end, place = stream.seek(0, 2), 0
        while place + 8 <= end:
            stream.seek(place)
            header = stream.read(16)
            length = int.from_bytes(header[:4], "big")
            if header[4:8] in (b"moov", b"moof"):
                return True
            length = int.from_bytes(header[8:16], "big") if length == 1 else length or end - place
            place += max(length, 8)
    return False


def is_whole_avi(path: Path) -> bool:
    """Whether an AVI file is as long as its outer boxes say, and has its index (the box `idx1`)."""
    indexed = False
    with path.open("rb") as stream:
        end, place = stream.seek(0, 2), 0
        while place + 12 <= end:
            stream.seek(place)
            header = stream.read(12)
            if header[:4] != b"RIFF":
                break  # what is appended after the last box
            after = place + 8 + int.from_bytes(header[4:8], "little")
            if after > end:
                return False
            indexed |= _avi_index_in(stream, place + 12, after)
            place = after + after % 2
    return indexed


def _avi_index_in(stream: IO[bytes], place: int, end: int) -> bool:
    while place + 8 <= end:
        stream.seek(place)
        header = stream.read(8)
        if header[:4] == b"idx1":
            return True
        length = int.from_bytes(header[4:8], "little")
        place += 8 + length + length % 2
    return False


def verdict_of(*, frames: int, declared_frames: int | None, fault: str, left_out: int = 0, held: int = 0,
               seconds: float = 0.0, declared_seconds: float | None = None) -> tuple[str, str]:
    """Judge what was decoded against what the file declares: the verdict and its reason.

    What an edit list cuts out is not missing, and a header that names more than the file's index and its packets is
    wrong: such a file is good, and the reason says so.
    """
    declared = declared_frames or 0
    if not frames:
        nothing = f"its header names {declared} frames, but none is there" if declared else "no frame could be decoded"
        return UNREADABLE, fault or nothing
    if frames < declared:
        if not fault and left_out and frames + left_out >= declared:
            return GOOD, f"{left_out} more {'is' if left_out == 1 else 'are'} cut out by its edit list"
        if not fault and 0 < held <= frames:
            return GOOD, f"its header names {declared} frames, but it holds {held}"
        return PARTIAL, f"{frames} of {declared} frames{f'; {fault}' if fault else ''}"
    if fault:
        return PARTIAL, f"{frames} frames, then it stops: {fault}"
    if not declared and declared_seconds and _ends_early(seconds, declared_seconds):
        return PARTIAL, f"{frames} frames: {seconds:.1f} of {declared_seconds:.1f} seconds"
    return GOOD, ""


def _ends_early(seconds: float, declared_seconds: float) -> bool:
    return seconds < min(_SHORT_SHARE * declared_seconds, declared_seconds - _SHORT_SECONDS)


def is_dicom(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins like a DICOM file (128 bytes, then DICM)."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False
