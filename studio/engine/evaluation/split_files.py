"""The published splits of UCF101 and HMDB51, read from their own list files.

UCF101: `trainlist01.txt` (lines `Class/v_Class_g01_c01.avi 1`) and `testlist01.txt` (the same without the number), and
`classInd.txt` (`1 Class`). HMDB51: one `<class>_test_split1.txt` a class, of lines `name.avi 1` (1 train, 2 test, 0
neither).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.evaluation.labels import GALLERY, QUERY, Labels
from studio.engine.video.grouping import recognised_group

FOLDERS = ("ucfTrainTestlist", "testTrainMulti_7030_splits")
TITLES = {"ucf101": "UCF101", "hmdb51": "HMDB51"}
_NAME = re.compile(r"(ucf101|hmdb51)/([123])", re.IGNORECASE)
_UCF_CLASS = re.compile(r"v_(.+)_g\d+_c\d+$")
_HMDB_ENDING = r"_(?:[fhul]_(?:cm|nm)_np\d_(?:ba|fr|le|ri)_(?:bad|med|goo)_\d+)$"


@dataclass(frozen=True)
class Line:
    """What a list says of one video: its label, its group (recording) and its side."""

    label: str
    group: str
    side: str


@dataclass(frozen=True)
class PublishedSplit:
    """A split of a data set: lines by the video's file name without its ending, in small letters."""

    dataset: str
    number: int
    lines: dict[str, Line]

    @property
    def name(self) -> str:
        """As `--split` names it."""
        return f"{self.dataset}/{self.number}"

    def labels(self, videos: Sequence[Video]) -> tuple[Labels, dict[str, Any]]:
        """Labels, groups and sides of a project's videos, and how well the list fits them.

        A video is known by its file name, whatever its folder and ending. Raises `UsageError` when none is in the list,
        or one side is empty.
        """
        found = [self.lines.get(PurePosixPath(video.path).stem.lower()) for video in videos]
        fit = self._fit(videos, found)
        if not fit["train"] and not fit["test"]:
            raise UsageError(f"--split {self.name}", f"none of its {len(self.lines)} videos is in the project",
                             f"Scan the folder of {TITLES[self.dataset]}; file names must be the published ones")
        if not fit["train"] or not fit["test"]:
            side = "train" if not fit["train"] else "test"
            raise UsageError(f"--split {self.name}", f"the project has no {side} video of it, so nothing can be told",
                             f"Scan more of {TITLES[self.dataset]}, or leave --split out")
        known = [line or Line("", video.group or f"video {video.id}", GALLERY)
                 for line, video in zip(found, videos, strict=True)]
        return Labels([line.label for line in known], [line.group for line in known],
                      [line.side if line.label else "" for line in known], published=self.name), fit

    def _fit(self, videos: Sequence[Video], found: Sequence[Line | None]) -> dict[str, Any]:
        """Counts by side of what is there, what is missing, and of videos that no line names."""
        names = {PurePosixPath(video.path).stem.lower() for video in videos}
        fit: dict[str, Any] = {"dataset": self.dataset, "number": self.number}
        for title, side in (("train", GALLERY), ("test", QUERY)):
            fit[title] = sum(line is not None and line.side == side for line in found)
            fit[f"missing_{title}"] = sum(line.side == side and name not in names for name, line in self.lines.items())
        return fit | {"outside": sum(line is None for line in found)}


def find_split(name: str, *, folder: Path | None, near: Iterable[Path]) -> PublishedSplit:
    """Read the split `ucf101/1` to `hmdb51/3` from `folder`, or from a folder of lists in or beside those of `near`.

    Raises `UsageError` for an unknown name, a folder without the lists, or lists that say nothing.
    """
    asked = _NAME.fullmatch(name.strip())
    if not asked:
        raise UsageError(f"--split {name}", "this is no published split", "Write ucf101/1 to 3, or hmdb51/1 to 3")
    dataset, number = asked[1].lower(), int(asked[2])
    places = _places([folder] if folder else near)
    lists = next((place for place in places if _holds(place, dataset, number)), None)
    if lists is None:
        where = str(folder) if folder else "the folders of the sources, beside them and in the project"
        files = f"trainlist{number:02}.txt and testlist{number:02}.txt" if dataset == "ucf101" else \
            f"<class>_test_split{number}.txt"
        raise UsageError(f"--split {name}", f"its lists ({files}) are not in {where}",
                         f"Download {TITLES[dataset]}'s lists and name their folder with --split-files DIR")
    lines = _ucf101(lists, number) if dataset == "ucf101" else _hmdb51(lists, number)
    if not lines:
        raise UsageError(str(lists), f"its lists name no video of {name}", "Name the folder of the original lists")
    return PublishedSplit(dataset, number, lines)


def _places(roots: Iterable[Path]) -> Iterable[Path]:
    """The roots, then the folders directly inside them, those of the usual names first."""
    folders = [root for root in dict.fromkeys(roots) if root.is_dir()]
    yield from folders
    for usual in (True, False):
        for root in folders:
            yield from (inner for inner in sorted(_inside(root)) if (inner.name in FOLDERS) == usual)


def _inside(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:  # a folder that one may not look into holds no lists for us
        return []


def _holds(folder: Path, dataset: str, number: int) -> bool:
    try:
        if dataset == "ucf101":
            return all((folder / f"{side}list{number:02}.txt").is_file() for side in ("train", "test"))
        return next(folder.glob(f"*_test_split{number}.txt"), None) is not None
    except OSError:
        return False


def _ucf101(folder: Path, number: int) -> dict[str, Line]:
    known = {words[1].lower(): words[1] for words in _words(folder / "classInd.txt") if len(words) == 2}
    lines: dict[str, Line] = {}
    for title, side in (("train", GALLERY), ("test", QUERY)):
        for words in _words(folder / f"{title}list{number:02}.txt"):
            path = PurePosixPath(words[0].replace("\\", "/"))
            named = _UCF_CLASS.search(path.stem)
            label = path.parent.name or (named[1] if named else "")
            if label:
                lines[path.stem.lower()] = Line(known.get(label.lower(), label),
                                                recognised_group(path.name) or path.stem, side)
    return lines


def _hmdb51(folder: Path, number: int) -> dict[str, Line]:
    ending = f"_test_split{number}.txt"
    sides = {"1": GALLERY, "2": QUERY}
    lines: dict[str, Line] = {}
    for path in sorted(folder.glob(f"*{ending}")):
        label = path.name.removesuffix(ending)
        for words in _words(path):
            if len(words) > 1 and words[-1] in sides:
                stem = PurePosixPath(" ".join(words[:-1])).stem
                film = re.sub(rf"_{re.escape(label)}{_HMDB_ENDING}", "", stem)
                lines[stem.lower()] = Line(label, film, sides[words[-1]])
    return lines


def _words(path: Path) -> list[list[str]]:
    """The words of each line that has any; a missing file has none. Raises `UsageError` when it cannot be read."""
    if not path.is_file():
        return []
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(str(path), f"this list cannot be read ({error})", "Restore the original file") from error
    return [words for line in content.splitlines() if (words := line.split())]
