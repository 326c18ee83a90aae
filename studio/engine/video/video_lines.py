"""A CSV file about videos, a line each: labels, groups, splits. As people and spreadsheets write them.

Columns are parted by commas, semicolons or tabs, whichever the first line does; the text is UTF-8, UTF-16 with its
mark, or what Windows wrote before (code page 1252).
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError

Line = dict[str, str]
"""The values of a line by the names of the columns, in small letters."""
_SEPARATORS = (",", ";", "\t")
_WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")
"""How an Excel workbook begins, the new and the old kind."""


class VideoLines:
    """The lines of a CSV file, by the videos that they are about.

    Raises `UsageError` when the file cannot be read, or lacks the column `path` or all of the columns `wanted`.
    """

    def __init__(self, path: Path, *, wanted: Sequence[str]) -> None:
        self._path = path
        separator, lines = _table(path, wanted)
        try:
            rows = list(csv.reader(lines, delimiter=separator))
        except csv.Error as error:
            raise UsageError(str(path), "a value in it is longer than any path: a quote may be missing",
                             "Mend that line") from error
        names = [name.strip().lower() for name in rows[0]] if rows else []
        if "path" not in names or not set(wanted) & set(names):
            raise UsageError(str(path), f"its first line is {separator.join(rows[0]) if rows else 'missing'}, "
                                        f"not path and {' or '.join(wanted)}",
                             f"Write the names of the columns into the first line: path,{','.join(wanted)}")
        self._by_path: dict[str, Line] = {}
        self._by_end: dict[str, Line] = {}
        for row in rows[1:]:
            line = {name: value.strip() for name, value in zip(names, row, strict=False)}
            if place := _plain(line.get("path", "")):
                self._by_path[place] = line
                for end in _ends(place):
                    self._by_end.setdefault(end, line)

    def of(self, video: Video) -> Line:
        """The line of a video: by its path in the source, with the source before it, or by the end of either."""
        whole = _plain(f"{video.source}/{video.path}")
        for end in _ends(whole):
            if (line := self._by_path.get(end)) is not None:
                return line
        return self._by_end.get(whole, {})

    def fit_nothing(self, videos: Sequence[Video]) -> UsageError:
        """Make the error that says that no line is about any of these videos."""
        first = next(iter(self._by_path), "")
        like = f", such as {display_path(videos[0].path)}" if videos else ""
        return UsageError(f"{self._path}, path = {first}" if first else str(self._path),
                          "no line of this file fits a video of the project",
                          f"Write paths as the project lists them{like}")


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path).replace("\\", "/").strip().removeprefix("./").strip("/")


def _ends(path: str) -> Iterator[str]:
    """The path, and what is left of it without its first folders."""
    parts = path.split("/")
    return ("/".join(parts[first:]) for first in range(len(parts)))


def _table(path: Path, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """What parts the columns, and the lines with the first that names them."""
    lines = list(io.StringIO(_text(path, wanted), newline=""))
    if lines and lines[0].strip("\r\n").lower() in [f"sep={one}" for one in _SEPARATORS]:  # a note to Excel
        return lines[0][4], lines[1:]
    header = lines[0] if lines else ""
    return max(_SEPARATORS, key=header.count), lines


def _text(path: Path, wanted: Sequence[str]) -> str:
    remedy = f"Choose a CSV file with the columns path and {' or '.join(wanted)}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(str(path), f"this file cannot be read ({error.strerror or error})", remedy) from error
    if content.startswith(_WORKBOOKS):
        raise UsageError(str(path), "this file is a workbook and no CSV file",
                         "Save it as CSV in the program that made it, and choose that file")
    for encoding in ("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UsageError(str(path), "this file is no text", remedy)
