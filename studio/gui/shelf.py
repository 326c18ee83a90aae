"""The videos of a project as the window has them, with what its pages say of all of them.

There may be a hundred thousand. They are counted while they are read, in a thread; a change of a few counts those few.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress
from operator import attrgetter
from typing import Any

import numpy as np

from studio.engine.catalogue import GOOD, PARTIAL, Video, display_path
from studio.engine.project import Project
from studio.gui.background import Pace

AT_ONCE = 2000
"""So many videos are read while the window waits: that takes less time than a picture on the screen."""
_SLICE = 100


class Totals:
    """What is said of all videos: how many have which verdict, source and group, how long they are, which are bad."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.groups: Counter[str] = Counter()
        self.videos = self.excluded = 0
        self.seconds = 0.0
        self.bad: dict[int, Video] = {}
        """By number, those that are not good, in the order in which they were met."""

    @property
    def readable(self) -> int:
        """How many are good or partial."""
        return self.verdicts[GOOD] + self.verdicts[PARTIAL]

    def add(self, videos: Sequence[Video]) -> None:
        """Count more videos."""
        self.videos += len(videos)
        for name, counts in self._counters().items():
            counts.update(map(attrgetter(name), videos))
        self.groups.pop("", None)  # a scan that still runs has not made them yet
        self.excluded += sum(map(attrgetter("excluded"), videos))
        self.seconds += sum(map(attrgetter("seconds"), videos))
        self.bad |= {video.id: video for video in videos if video.verdict != GOOD}

    def replace(self, before: Collection[Video], videos: Sequence[Video]) -> None:
        """Count videos in place of what they were before."""
        for name, counts in self._counters().items():
            counts.subtract(map(attrgetter(name), before))
            for old in {getattr(video, name) for video in before}:
                if counts[old] <= 0:
                    del counts[old]
        self.videos -= len(before)
        self.excluded -= sum(map(attrgetter("excluded"), before))
        self.seconds -= sum(map(attrgetter("seconds"), before))
        for video in videos:
            if video.verdict == GOOD:
                self.bad.pop(video.id, None)
        self.add(videos)

    def _counters(self) -> dict[str, Counter[str]]:
        return {"verdict": self.verdicts, "source": self.sources, "group": self.groups}


_NUMBERS: dict[str, Callable[[Video], float]] = {
    "seconds": attrgetter("seconds"), "rate": attrgetter("frames_per_second"),
    "size": lambda video: video.width * video.height, "motion": attrgetter("motion")}
_WORDS: dict[str, Callable[[Video], Any]] = {
    "health": lambda video: (video.verdict != GOOD, video.verdict, video.reason), "group": attrgetter("group")}
SORT_KEYS: dict[str, Callable[[Video], Any]] = {**_NUMBERS, **_WORDS}
"""By what videos can be sorted, besides the order of the catalogue."""


class Shelf:
    """Videos in the order of the catalogue. Its lists are never changed: a change puts other ones in their place.

    `usable` are readable and not excluded. Everything else that is kept of each video is small:
    numbers in arrays, and what a search looks at in texts of `_SLICE` lines.
    """

    def __init__(self, videos: Iterable[Video] = ()) -> None:
        self.videos: list[Video] = []
        self.usable: list[Video] = []
        self.changed: tuple[list[Video], Sequence[int]] = self.videos, ()
        """What the list was before the last change, and the places of those that it changed."""
        self.totals = Totals()
        self._names: list[str] = []
        self._usable = bytearray()
        self._searched: list[str] = []
        self._by_number = array("q"), array("i")
        """The numbers of the videos, sorted, and the place of each."""
        self._numbers = {name: array("d") for name in _NUMBERS}
        self._words: dict[str, dict[Any, int]] = {name: {} for name in _WORDS}
        self._codes = {name: array("i") for name in _WORDS}
        """Which of the words a video has."""
        self._ranks: dict[str, np.ndarray] = {}
        self.add(list(videos))

    def add(self, videos: Sequence[Video]) -> None:
        """Put `_SLICE` more videos at the end, or the last. Only while it is being made."""
        self.videos += videos
        self._searched += [_lines(videos[start:start + _SLICE]) for start in range(0, len(videos), _SLICE)]
        self.totals.add(videos)
        for name, number in _NUMBERS.items():
            self._numbers[name].extend(map(number, videos))
        for name, word in _WORDS.items():
            words = self._words[name]
            self._codes[name].extend(words.setdefault(word(video), len(words)) for video in videos)
        fit = bytearray(map(usable, videos))
        self._usable += fit
        self.usable += compress(videos, fit)

    @property
    def names(self) -> list[str]:
        """What the usable ones are called."""
        if len(self._names) != len(self.usable):
            self._names = [display_path(video.path) for video in self.usable]
        return self._names

    def place(self, video_id: int) -> int | None:
        """Say where the video of this number stands; None where there is none."""
        if len(self._by_number[0]) != len(self.videos):
            ids = np.fromiter(map(attrgetter("id"), self.videos), np.int64)
            order = ids.argsort(kind="stable").astype(np.int32)
            self._by_number = array("q", ids[order].tobytes()), array("i", order.tobytes())
        numbers, places = self._by_number
        at = bisect_left(numbers, video_id)
        return places[at] if at < len(numbers) and numbers[at] == video_id else None

    def video(self, video_id: int | None) -> Video | None:
        """Give a video by its number; None where there is none."""
        place = None if video_id is None else self.place(video_id)
        return None if place is None else self.videos[place]

    def holds(self, video_ids: Iterable[int], *, of: int) -> bool:
        """Whether these videos are here, and as many in all as there are."""
        return len(self.videos) == of and all(self.place(one) is not None for one in video_ids)

    def holding(self, text: str) -> list[bool]:
        """Say of each video whether a search finds this text in it, given in small letters."""
        found: list[bool] = []
        for lines in self._searched:
            found += ([text in line for line in lines.split("\n")] if text in lines else
                      [False] * (lines.count("\n") + 1))
        return found

    def ranks(self, name: str) -> np.ndarray:
        """Numbers in whose order the videos stand when they are sorted by one of `SORT_KEYS`."""
        if name in _NUMBERS:
            return np.array(self._numbers[name])
        if name not in self._ranks:  # each word is compared once: that is slow
            words = self._words[name]
            order = np.empty(len(words), np.int32)
            order[[words[word] for word in sorted(words)]] = np.arange(len(words))
            self._ranks[name] = order[np.array(self._codes[name])]
        return self._ranks[name]

    def change(self, anew: Sequence[Video]) -> None:
        """Take over what some of its videos are now; the others stay the objects that they are, and cost nothing."""
        places = {place: video for video in anew if (place := self.place(video.id)) is not None}
        before = {place: self.videos[place] for place in places}
        self.changed = self.videos, [*places]
        self.videos = self.videos.copy()
        for place, video in places.items():
            self.videos[place] = video
            self._usable[place] = usable(video)
            self._sort_again(place, video)
        self.totals.replace(before.values(), [*places.values()])
        for slice_ in {place // _SLICE for place in places if searched(before[place]) != searched(places[place])}:
            self._searched[slice_] = _lines(self.videos[slice_ * _SLICE:(slice_ + 1) * _SLICE])
        self.usable = [*compress(self.videos, self._usable)]
        self._names = []

    def _sort_again(self, place: int, video: Video) -> None:
        for name, number in _NUMBERS.items():
            self._numbers[name][place] = number(video)
        for name, word in _WORDS.items():
            words, codes = self._words[name], self._codes[name]
            if (code := words.setdefault(word(video), len(words))) != codes[place]:
                codes[place] = code
                self._ranks.pop(name, None)


def usable(video: Video) -> bool:
    """Whether a video can be used: readable and not excluded."""
    return not video.excluded and video.readable


def searched(video: Video) -> str:
    """What a search looks at in a video: its name, group and label, in small letters."""
    return f"{display_path(video.path)} {video.group} {video.label}".casefold().replace("\n", " ")


def _lines(videos: Iterable[Video]) -> str:
    return "\n".join(map(searched, videos))


def read_shelf(project: Project, *, before: Shelf | None = None,
               wanted: Callable[[], bool] = lambda: True) -> Shelf | None:
    """Read the videos of a project in a thread, with rests in which the window works; None once it is not `wanted`.

    What is as it was in the shelf `before` stays the very object. Raises `ProjectError` when it cannot be read.
    """
    made, pace = Shelf(), Pace()
    known = {video.id: video for video in before.videos} if before else {}
    with project.catalogue(read_only=True) as catalogue:
        for videos in catalogue.slices(_SLICE):
            if not wanted():
                return None
            made.add([old if (old := known.get(video.id)) == video else video for video in videos])
            pace()
    for name in SORT_KEYS:
        made.ranks(name)
        pace()
    made.place(0)
    return made
