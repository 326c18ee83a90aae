"""What the worker says of neighbours and maps: the looks that it keeps, and both methods.

Legend: V videos, C clips of a video, N = V x C clips, D feature.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.engine.device import available_cores
from studio.engine.errors import UsageError
from studio.engine.events import Event, Progress
from studio.engine.inspection.looks import Look, Way, beside_of, ensured_look
from studio.engine.inspection.neighbours import compared, find_position
from studio.engine.inspection.parts import parts_in_run
from studio.engine.inspection.projection import project as project_features
from studio.engine.inspection.queries import ClipQuery, ClipsQuery, FileQuery, Outside, Query
from studio.engine.inspection.tsne import tsne_map
from studio.engine.service.kept import Few, Kept, Opened, weights_key, written
from studio.engine.service.pictures import Glimpse
from studio.engine.shapes import Floats

Params = Mapping[str, Any]
Found = tuple[dict[str, Any], list[np.ndarray]]
"""Plain values and the pictures that go with them."""
Map = tuple[np.ndarray, tuple[float, float]]
"""Places xy_N2, -1 to 1, and the shares of the spread that both directions explain."""


class Neighbourhood:
    """Answers both methods. `stop` ends long work. Both return None when stopped."""

    def __init__(self, kept: Kept, stop: Callable[[], bool]) -> None:
        self._kept, self._stop = kept, stop
        self._looks: Few[Look] = Few(4)
        self._maps: Few[Map] = Few(16)
        self._outside: tuple[Hashable, Outside] | None = None

    def forget(self) -> None:
        """Let go of everything that takes much memory."""
        self._looks.clear()

    def close(self) -> None:
        """Let go of the frames of a file outside of the project."""
        if self._outside:
            self._outside[1].close()
            self._outside = None

    def neighbours(self, params: Params) -> Generator[Event, None, Found | None]:
        """Rank clips for `video_id` and `at_seconds`, for `file` and `at_seconds`, or for `clips` (pairs of numbers).

        `beside` is random, pixels or a run; `leave_out` group or video; `k`; `approximate`. A file's clip comes as a
        picture, clip_FHW3.
        """
        opened, run_folder = self._run(params)
        leave_out = params.get("leave_out", "group")
        if leave_out not in ("group", "video"):
            raise UsageError(f"leave_out = {leave_out}", "only a group or a video can be left out", "Choose one")
        outside = self._outside_of(opened, params)
        query = _query(opened, params, outside)
        ways = [Way("trained", run_folder), Way("random", run_folder),
                beside_of(opened.project, run_folder, str(params.get("beside") or "random"))]
        looks = list[Look]()
        for way in dict.fromkeys(ways):
            look = yield from self._look(opened, way)
            if look is None:
                return None
            if outside and not (yield from outside.make(look.recipe.augmentation.short_side_pixels, stop=self._stop)):
                return None
            looks.append(look)
        result = compared(query, looks, k=max(1, int(params.get("k", 10))), leave_out=leave_out,
                          approximate=bool(params.get("approximate")))
        frames = result["query"].pop("frames", None)
        return result, [] if frames is None or not outside else [outside.footage(looks[0]).cached[0].rgb(frames)]

    def map(self, params: Params) -> Generator[Event | Glimpse, None, Found | None]:
        """The map of the two largest directions, or with `method` = neighbours the one that keeps them together.

        Two maps of the same clips: trained weights, and what stands `beside`. `motion` is each clip's, in pixels a
        frame; `parts` says which videos the run learned from. A map that settles is shown on its way:
        `side` 0 is the first map, 1 the second.
        """
        method = str(params.get("method", "directions"))
        if method not in ("directions", "neighbours"):
            raise UsageError(f"method = {method}", "a map shows the largest directions or keeps neighbours together",
                             "Choose directions or neighbours")
        opened, run_folder = self._run(params)
        beside = beside_of(opened.project, run_folder, str(params.get("beside") or "random"))
        looks = list[Look]()
        for way in (Way("trained", run_folder), beside):
            look = yield from self._look(opened, way)
            if look is None:
                return None
            looks.append(look)
        trained = looks[0]
        if looks[1].positions != trained.positions:
            raise UsageError(beside.title, "has features of other videos, so the same clips cannot be shown beside",
                             "Scan the project again, or choose another one")
        maps = list[Map]()
        for side, look in enumerate(looks):
            made = yield from self._drawn(opened, look, method, side)
            if made is None:
                return None
            maps.append(made)
        return {"run": run_folder.name, "method": method, "beside": {"name": beside.name, "title": beside.title},
                "video_ids": trained.features.video_ids_V.tolist(),
                "times": np.round(trained.features.times_VC, 4).tolist(), "motion": _motion(trained),
                "parts": parts_in_run(trained.footage, run_folder),
                "shares": list(maps[0][1]), "random_shares": list(maps[1][1])}, [maps[0][0], maps[1][0]]

    def _drawn(self, opened: Opened, look: Look, method: str,
               side: int) -> Generator[Event | Glimpse, None, Map | None]:
        key = (*_key(opened, look.way), method)
        made = self._maps.find(key)
        if made is None:
            average_ND = look.features.average_VCD.reshape(-1, look.features.average_VCD.shape[-1])
            if method == "directions":
                made = project_features(average_ND)
            else:
                settled = yield from self._settled(average_ND, look.way.title, side)
                if settled is None:
                    return None
                made = settled, (0.0, 0.0)
            self._maps.put(key, made)
        return made

    def _settled(self, average_ND: Floats, title: str, side: int) -> Generator[Event | Glimpse, None, Floats | None]:
        """Settle a map, and show where its points are meanwhile."""
        seen = list[Floats]()
        working = tsne_map(average_ND, threads=available_cores(), stop=self._stop, drawn=seen.append)
        while True:
            try:
                event = next(working)
            except StopIteration as end:
                found: Floats | None = end.value
                return found
            event = replace(event, detail=title) if isinstance(event, Progress) else event
            yield Glimpse(event, seen[-1:], {"side": side}) if seen else event
            seen.clear()

    def _look(self, opened: Opened, way: Way) -> Generator[Event, None, Look | None]:
        other = self._kept.opened(str(opened.project.root), run=way.run_folder.name)
        key = _key(other, way)
        look = self._looks.find(key)
        if look is None:
            look = yield from ensured_look(
                way, other.footage, stop=self._stop,
                opened=lambda: self._kept.embedder(other, way.run_folder, random=way.kind == "random"))
            if look is not None:
                self._looks.put(key, look)
        return look

    def _outside_of(self, opened: Opened, params: Params) -> Outside | None:
        """The file that is asked about; its frames are kept while it is the same."""
        if not params.get("file"):
            return None
        path = Path(str(params["file"]))
        key = (opened.key, str(path), written(path))
        if self._outside is None or self._outside[0] != key:
            self.close()
            self._outside = key, Outside(opened.project, path)
        return self._outside[1]

    def _run(self, params: Params) -> tuple[Opened, Path]:
        opened = self._kept.opened(params["project"], run=str(params["run"]))
        return opened, opened.project.run_folder(str(params["run"]))


def _query(opened: Opened, params: Params, outside: Outside | None) -> Query:
    if outside is not None:
        return FileQuery(outside, float(params.get("at_seconds", 0.0)))
    if params.get("clips"):
        return ClipsQuery(tuple((int(video), int(clip)) for video, clip in params["clips"]))
    position = find_position(opened.project, opened.footage, int(params["video_id"]))
    return ClipQuery(opened.footage.videos[position].id, float(params["at_seconds"]))


def _key(opened: Opened, way: Way) -> tuple[Hashable, ...]:
    return (*weights_key(opened, way.run_folder, random=way.kind != "trained"), way.kind)


def _motion(look: Look) -> list[list[float]]:
    """The mean motion over each clip of a video, in pixels a frame [V, C]."""
    half = max(1, look.recipe.sampling.clip_span_frames // 2)
    found = list[list[float]]()
    for cached, times_C in zip(look.footage.cached, look.features.times_VC, strict=True):
        total: Floats = np.concatenate([[0.0], np.cumsum(cached.motion_N, dtype=np.float64)])
        middle_C = np.searchsorted(cached.times_N, times_C)
        start_C, stop_C = np.maximum(middle_C - half, 0), np.minimum(middle_C + half, cached.frames)
        found.append(np.round((total[stop_C] - total[start_C]) / np.maximum(stop_C - start_C, 1), 4).tolist())
    return found
