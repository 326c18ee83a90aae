"""The pictures of a report: questions as the network gets them, and clips with their neighbours. No name is on them.

Legend: E elements, F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import Video
from studio.engine.errors import StudioError, VideoError
from studio.engine.events import Event, Progress
from studio.engine.inspection.dealt import deal_question
from studio.engine.inspection.embedding import footage_of_run
from studio.engine.inspection.looks import Look, Way, ensured_look
from studio.engine.inspection.neighbours import Entry, ask
from studio.engine.inspection.queries import ClipQuery
from studio.engine.inspection.sheet import Row, write_sheet
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.runs import RECIPE
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import Footage

_QUESTIONS, _QUERIES, _NEIGHBOURS, _FRAMES = 4, 3, 5, 3
_FOLDER = "pictures"


class Pictured(NamedTuple):
    """Captions with PNG files, and sentences on what could not be drawn."""

    questions: list[tuple[str, Path]]
    neighbours: list[tuple[str, Path]]
    lacking: list[str]


def draw_pictures(project: Project, run_folder: Path, *, beside: Path | None = None,
                  stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, Pictured | None]:
    """Draw into the run's folder; features are made where they are missing. None when stopped.

    Neighbours are those of the run and of random weights, or of the run and of another run `beside` it. A project that
    has nothing to ask or to find (one video, one group) gets a sentence in place of a picture.
    """
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        return None
    recipe, made = recipe_from_toml(run_folder / RECIPE), Pictured([], [], [])
    yield Progress(phase="pictures", done=0, total=2, detail="questions")
    try:
        rows = _question_rows(footage, recipe)
    except StudioError as error:
        made.lacking.append(f"No question could be drawn: {error.rule}.")
    else:
        path = run_folder / _FOLDER / "report-questions.png"
        write_sheet(path, rows)
        made.questions.append((("Each row is one question as the network gets it: the first, middle and last frame of "
                               "each element."), path))
    other = Way("random", run_folder) if beside is None else Way("trained", beside)
    try:
        looks = yield from _looks(project, (Way("trained", run_folder), other), footage, stop)
        if looks is None:
            return None
        yield Progress(phase="pictures", done=1, total=2, detail="neighbours")
        made.lacking.extend(f"All clips have the same feature under {look.way.title}: its network has collapsed, and "
                            "its ranking means nothing." for look in looks if look.collapsed)
        made.neighbours.extend(_neighbour_pictures(looks, run_folder))
    except StudioError as error:
        made.lacking.append(f"No neighbours could be drawn: {error.rule}.")
    return None if stop() else made


def _looks(project: Project, ways: Sequence[Way], footage: Footage,
           stop: Callable[[], bool]) -> Generator[Event, None, list[Look] | None]:
    """Open both looks, each on the footage of its run's size; `footage` is that of the first one's."""
    looks = list[Look]()
    for way in ways:
        own: Footage | None = footage
        if way.run_folder != ways[0].run_folder:
            own = yield from footage_of_run(project, way.run_folder, stop=stop)
        look = None if own is None else (yield from ensured_look(way, own, stop=stop))
        if look is None:
            return None
        looks.append(look)
    return looks


def spread_videos(videos: Sequence[Video], *, count: int) -> list[int]:
    """Positions of videos to show: one of each label (or folder) first, spread over them, in the catalogue's order."""
    first: dict[str, int] = {}
    for position, video in enumerate(videos):
        first.setdefault(video.label or video.path.rpartition("/")[0], position)
    chosen = list(first.values())
    if len(chosen) >= count:
        return [chosen[number * len(chosen) // count] for number in range(count)]
    others = [position for position in range(len(videos)) if position not in chosen]
    step = max(1, len(others) // max(1, count - len(chosen)))
    return sorted(chosen + others[::step][:count - len(chosen)])


def _question_rows(footage: Footage, recipe: Recipe) -> list[Row]:
    """Questions of several videos. Raises `VideoError` when all of them are too short."""
    task, view, rows = recipe.make_task(), recipe.augmentation, list[Row]()
    failed: VideoError | None = None
    for position in spread_videos(footage.videos, count=_QUESTIONS):
        try:
            tuples = deal_question(footage, recipe, position, seed=0)
        except VideoError as error:
            failed = error
            continue
        clips_BECTHW = network_input(gather(footage, tuples, view), tuples, view, "cpu")
        shown_EFHW3 = displayable(clips_BECTHW, view)[0].numpy()
        rows.append(Row(task.label_text(int(tuples.label_B[0])),
                        [(_strip(clip_FHW3), f"[{number}]") for number, clip_FHW3 in enumerate(shown_EFHW3, start=1)]))
    if not rows and failed is not None:
        raise failed
    return rows


def _strip(clip_FHW3: NDArray[np.uint8]) -> NDArray[np.uint8]:
    chosen = np.unique(np.linspace(0, len(clip_FHW3) - 1, min(_FRAMES, len(clip_FHW3))).round().astype(int))
    return np.concatenate([clip_FHW3[frame] for frame in chosen], axis=1)


def _neighbour_pictures(looks: Sequence[Look], run_folder: Path) -> list[tuple[str, Path]]:
    footage, made = looks[0].footage, list[tuple[str, Path]]()
    beside = looks[1].way
    kind = "random" if beside.kind == "random" else "beside"
    for number, position in enumerate(spread_videos(footage.videos, count=_QUERIES), start=1):
        video = footage.videos[position]
        query, rows = ClipQuery(video.id, video.seconds / 2), list[Row]()
        for title, look in zip(("trained weights" if kind == "random" else looks[0].way.title, beside.title), looks,
                               strict=True):
            asked, found = ask(query, look, k=_NEIGHBOURS)
            rows = rows or [Row("a clip", [(_frame(footage, asked), "")])]
            rows.append(Row(title, [(_frame(footage, entry), _said(asked, entry)) for entry in found
                                    if entry["video_id"] in looks[0].positions]))
        path = run_folder / _FOLDER / f"report-{kind}-{number}.png"
        write_sheet(path, rows)
        made.append((("A clip and the clips of other groups most like it (similarity in figures); below, the same with "
                     f"{'random weights' if kind == 'random' else 'the other run'}."), path))
    return made


def _frame(footage: Footage, entry: Entry) -> NDArray[np.uint8]:
    cached = next(cached for video, cached in zip(footage.videos, footage.cached, strict=True)
                  if video.id == entry["video_id"])
    picture: NDArray[np.uint8] = cached.rgb([cached.frame_at(entry["at_seconds"])])[0]
    return picture


def _said(asked: Entry, entry: Entry) -> str:
    same = "" if not asked["label"] else ", same label" if entry["label"] == asked["label"] else ", another"
    return f"{entry['similarity']:.2f}{same}"
