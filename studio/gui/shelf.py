"""The videos of a project as the window has them, with what its pages say of all of them.

There may be a hundred thousand. They are counted while they are read, in a thread; a change of a few counts those few.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from studio.engine.catalogue import GOOD, PARTIAL, Video, display_path
from studio.engine.project import Project
from studio.gui.background import Pace

AT_ONCE = 2000
"""So many videos are read while the window waits: that takes less time than a picture on the screen."""
_SLICE = 100
_FEW = 50
"""So many are put into the list of usable ones one by one; for more it is made anew."""


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

    def replace(self, before: Video, video: Video) -> None:
        """Count a video in place of what it was before."""
        for name, counts in self._counters().items():
            old = getattr(before, name)
            counts[old] -= 1
            if counts[old] <= 0:
                del counts[old]
        self.videos -= 1
        self.excluded -= before.excluded
        self.seconds -= before.seconds
        if video.verdict == GOOD:
            self.bad.pop(video.id, None)
        self.add([video])

    def _counters(self) -> dict[str, Counter[str]]:
        return {"verdict": self.verdicts, "source": self.sources, "group": self.groups}


SORT_KEYS: dict[str, Callable[[Video], Any]] = {
    "seconds": attrgetter("seconds"), "rate": attrgetter("frames_per_second"),
    "size": lambda video: video.width * video.height,
    "health": lambda video: (video.verdict != GOOD, video.verdict, video.reason), "group": attrgetter("group"),
    "motion": attrgetter("motion")}
"""By what videos can be sorted, besides the order of the catalogue."""


class Shelf:
    """Videos in the order of the catalogue. Its lists are never changed: a change puts other ones in their place.

    `usable` are readable and not excluded, `names` are theirs; `searched` is what a search looks at in each video,
    `places` says by number where a video stands.
    """

    def __init__(self, videos: Iterable[Video] = ()) -> None:
        self.videos: list[Video] = []
        self.usable: list[Video] = []
        self.names: list[str] = []
        self.searched: list[str] = []
        self.places: dict[int, int] = {}
        self.totals = Totals()
        self._usable_places: list[int] = []
        self._keys: dict[str, list[Any]] = {name: [] for name in SORT_KEYS}
        self._ranks: dict[str, np.ndarray] = {}
        self.add(list(videos))

    def add(self, videos: Sequence[Video]) -> None:
        """Put more videos at the end. Only while it is being made."""
        start = len(self.videos)
        self.videos += videos
        self.searched += map(searched, videos)
        self.places.update(zip(map(attrgetter("id"), videos), range(start, start + len(videos)), strict=True))
        self.totals.add(videos)
        for name, key in SORT_KEYS.items():
            self._keys[name] += map(key, videos)
        places = [place for place, video in enumerate(videos, start) if usable(video)]
        self._usable_places += places
        self.usable += [self.videos[place] for place in places]
        self.names += [display_path(self.videos[place].path) for place in places]

    def video(self, video_id: int | None) -> Video | None:
        """Give a video by its number; None where there is none."""
        place = None if video_id is None else self.places.get(video_id)
        return None if place is None else self.videos[place]

    def ranks(self, name: str) -> np.ndarray:
        """Numbers in whose order the videos stand when they are sorted by one of `SORT_KEYS`."""
        if name not in self._ranks:
            keys = self._keys[name]
            if keys and not isinstance(keys[0], int | float):  # each word is compared once: that is slow
                order = {key: place for place, key in enumerate(sorted(set(keys)))}
                keys = [order[key] for key in keys]
            self._ranks[name] = np.array(keys)
        return self._ranks[name]

    def change(self, anew: Collection[Video]) -> None:
        """Take over what some of its videos are now; the others stay the objects that they are."""
        self.videos, self.searched = self.videos.copy(), self.searched.copy()
        self.usable, self.names = self.usable.copy(), self.names.copy()
        few = len(anew) <= _FEW
        for video in anew:
            place = self.places[video.id]
            self.totals.replace(self.videos[place], video)
            self.videos[place], self.searched[place] = video, searched(video)
            if few:
                self._put_usable(place, video)
            for name, key in SORT_KEYS.items():
                if (value := key(video)) != self._keys[name][place]:
                    self._keys[name][place] = value
                    self._ranks.pop(name, None)
        if not few:
            self._usable_places = [place for place, video in enumerate(self.videos) if usable(video)]
            self.usable = [self.videos[place] for place in self._usable_places]
            self.names = [display_path(video.path) for video in self.usable]

    def _put_usable(self, place: int, video: Video) -> None:
        at = bisect_left(self._usable_places, place)
        there = at < len(self._usable_places) and self._usable_places[at] == place
        if there:
            del self._usable_places[at], self.usable[at], self.names[at]
        if usable(video):
            self._usable_places.insert(at, place)
            self.usable.insert(at, video)
            self.names.insert(at, display_path(video.path))


def usable(video: Video) -> bool:
    """Whether a video can be used: readable and not excluded."""
    return not video.excluded and video.readable


def searched(video: Video) -> str:
    """What a search looks at in a video: its name, group and label, in small letters."""
    return f"{display_path(video.path)} {video.group} {video.label}".casefold()


def read_shelf(project: Project, *, before: Shelf | None = None,
               wanted: Callable[[], bool] = lambda: True) -> Shelf | None:
    """Read the videos of a project in a thread, with rests in which the window works; None once it is not `wanted`.

    What is as it was in the shelf `before` stays the very object. Raises `ProjectError` when it cannot be read.
    """
    made, pace = Shelf(), Pace()
    with project.catalogue(read_only=True) as catalogue:
        for videos in catalogue.slices(_SLICE):
            if not wanted():
                return None
            made.add([_same(video, before) for video in videos] if before else videos)
            pace()
    for name in SORT_KEYS:
        made.ranks(name)
        pace()
    return made


def _same(video: Video, before: Shelf) -> Video:
    known = before.video(video.id)
    return known if known is not None and known == video else video
