"""The operation `preview`: the questions of a recipe, dealt from a project's videos exactly as the network gets them.

Legend: B tuples, E elements, F frames, H height, W width.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import display_path
from studio.engine.errors import RecipeError, UsageError, VideoError
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.inspection.neighbours import find_position
from studio.engine.inspection.sheet import Row, write_sheet
from studio.engine.project import Project
from studio.engine.recipe import Recipe, load_recipe, recipe_names
from studio.engine.resampling import frames_at_rate
from studio.engine.sampling import PREVIEW, Tuples, deal_tuples, long_enough, some_of
from studio.engine.shapes import Ints
from studio.engine.tasks import TASKS
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import Footage
from studio.engine.video.sizes import ensured_footage

MOST_TUPLES = 64
_FRAMES_SHOWN, _MOST_FRAMES_SHOWN = 3, 8


@dataclass(frozen=True)
class Dealt:
    """Tuples of a recipe on a project's footage: as numbers, and as pictures one tuple after the other."""

    footage: Footage
    recipe: Recipe
    tuples: Tuples

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """What the network gets of each tuple, undone to a picture: [E, F, H, W, 3]."""
        view = self.recipe.augmentation
        for number in range(len(self.tuples)):
            one = some_of(self.tuples, slice(number, number + 1))
            clips_BECTHW = network_input(gather(self.footage, one, view), one, view, "cpu")
            yield displayable(clips_BECTHW, view)[0].numpy()

    def described(self) -> list[dict[str, Any]]:
        """Each tuple as plain values: video, frames and times as shown, order, answer in words, window, crop."""
        task = self.recipe.make_task()
        return [self._described(number, task.label_text(int(self.tuples.label_B[number])))
                for number in range(len(self.tuples))]

    def _described(self, number: int, answer: str) -> dict[str, Any]:
        tuples, position = self.tuples, int(self.tuples.video_B[number])
        video, times_N = self.footage.videos[position], self.footage.cached[position].times_N
        frames_EF = tuples.frames_BEF[number]
        start, stop = (int(frame) for frame in tuples.window_B2[number])
        window = [float(times_N[start]), float(times_N[stop - 1])]
        return {
            "video_id": video.id, "video": display_path(video.path), "label": int(tuples.label_B[number]),
            "answer": answer, "frames": frames_EF.tolist(), "times": np.round(times_N[frames_EF], 4).tolist(),
            "order": tuples.order_BE[number].tolist(), "window": [start, stop],
            "window_seconds": [round(second, 4) for second in window],
            "span_seconds": round(window[1] - window[0], 4), "motion": round(float(tuples.motion_B[number]), 4),
            "crop": tuples.crop_BE2[number].tolist(), "flip": bool(tuples.flip_B[number]),
            "channel": tuples.channel_BE[number].tolist(),
            "affine": np.round(tuples.affine_BE5[number].astype(float), 4).tolist(),
            "masked_share": self.footage.cached[position].facts.masked}


def deal(footage: Footage, recipe: Recipe, *, count: int, seed: int = 0, position: int | None = None) -> Dealt:
    """Deal `count` tuples of the recipe, of one video (its position) or of videos drawn at random.

    The same seed deals the same tuples. Raises `VideoError` when the videos are too short, `UsageError` for a count
    out of range.
    """
    if not 1 <= count <= MOST_TUPLES:
        raise UsageError(f"{count} tuples", f"a preview shows 1 to {MOST_TUPLES}", "Write for example -n 8")
    task, rng = recipe.make_task(), np.random.default_rng([seed, PREVIEW])
    if position is None:
        usable = np.array(long_enough(footage.cached, span_frames=task.span_frames,
                                      frames_per_second=recipe.sampling.frames_per_second), np.int64)
        video_B: Ints = np.resize(rng.permutation(usable), count)
    else:
        frames = frames_at_rate(footage.cached[position], recipe.sampling.frames_per_second)
        if frames < task.span_frames:
            raise VideoError(display_path(footage.videos[position].path),
                             f"it has {frames} frames, and one tuple of this recipe spans {task.span_frames}",
                             "Choose fewer or shorter clips, a smaller gap, or a longer video")
        video_B = np.full(count, position, np.int64)
    return Dealt(footage, recipe, deal_tuples(footage.cached, video_B, task=task, sampling=recipe.sampling,
                                              augmentation=recipe.augmentation, rng=rng))


def recipe_of_task(task: str, settings: Sequence[str] = ()) -> Recipe:
    """The first preset that asks this question, or else the first preset with its task replaced.

    Raises `RecipeError` for an unknown task, naming the nearest.
    """
    if task not in TASKS:
        near = difflib.get_close_matches(task, TASKS, n=1)
        raise RecipeError(f"--task {task}", "there is no task of this name" + (f" (did you mean {near[0]}?)" if near
                          else ""), f"Name one of {', '.join(TASKS)}")
    names = recipe_names()
    for name in names:
        if load_recipe(name).task == task:
            return load_recipe(name, settings)
    return load_recipe(names[0], (f"task={task}", *settings))


def preview(project: Project, recipe: Recipe, *, count: int = 8, out: Path, seed: int = 0,
            video: str | int | None = None, stop: Callable[[], bool] = lambda: False) -> Events:
    """Deal tuples and write them as a labelled PNG sheet: a row a tuple, a picture an element, as it is shown.

    A clip shows its first, middle and last frame; where one is shuffled inside, every clip has a row with all of them.
    Raises `UsageError` for a video that is not there, `VideoError` when the videos are too short.
    """
    footage = yield from ensured_footage(project, short_side_pixels=recipe.augmentation.short_side_pixels, stop=stop)
    if footage is None:
        yield Finished(operation="preview", result={"recipe": recipe.name, "task": recipe.task}, stopped=True)
        return
    position = None if video is None else find_position(project, footage, video)
    dealt = deal(footage, recipe, count=count, seed=seed, position=position)
    described, rows = dealt.described(), list[Row]()
    for number, (picture_EFHW3, shown) in enumerate(zip(dealt.pictures(), described, strict=True), start=1):
        if stop():
            yield Finished(operation="preview", result={"recipe": recipe.name, "task": recipe.task}, stopped=True)
            return
        rows += _rows(number, picture_EFHW3, shown)
        yield Progress(phase="preview", done=number, total=count, unit="tuples")
    write_sheet(out, rows)
    yield Saved(what="picture", path=out.name)
    task = recipe.make_task()
    yield Finished(operation="preview", result={
        "recipe": recipe.name, "task": recipe.task, "question": task.question, "classes": task.classes,
        "chance": round(task.chance, 4), "span_frames": task.span_frames, "asked_elements": task.asked_elements,
        "tuples": described, "picture": out.name})


def _rows(number: int, picture_EFHW3: NDArray[np.uint8], shown: dict[str, Any]) -> list[Row]:
    """A row, or one for each element where one is shuffled inside: that can be seen only in all of its frames."""
    title = (f"{number}: {shown['answer']}   ({shown['video']}, {shown['span_seconds']:.2f} s, "
             f"motion {shown['motion']:.2f} pixels a frame)")
    shuffled = [f"[{element}] {' '.join(map(str, frames))}" for element, frames in enumerate(shown["frames"], start=1)
                if frames != sorted(frames)]
    if shuffled:
        title += "   frames out of order: " + ", ".join(shuffled)
    elements = list(zip(picture_EFHW3, shown["frames"], shown["times"], strict=True))
    if shuffled and picture_EFHW3.shape[1] > _FRAMES_SHOWN:
        return [Row("" if element else title, _frame_tiles(element + 1, picture_FHW3, frames))
                for element, (picture_FHW3, frames, _) in enumerate(elements)]
    return [Row(title, [_strip(element, *parts) for element, parts in enumerate(elements, start=1)])]


def _strip(element: int, picture_FHW3: NDArray[np.uint8], frames: list[int],
           times: list[float]) -> tuple[NDArray[np.uint8], str]:
    chosen = _spread(len(picture_FHW3), _FRAMES_SHOWN)
    span = f"frames {min(frames)}-{max(frames)}" if len(frames) > 1 else f"frame {frames[0]}"
    when = f", {min(times):.2f} s" if len(chosen) > 1 or len(frames) == 1 else ""  # one picture has no room for both
    return np.concatenate([picture_FHW3[frame] for frame in chosen], axis=1), f"[{element}] {span}{when}"


def _frame_tiles(element: int, picture_FHW3: NDArray[np.uint8],
                 frames: list[int]) -> list[tuple[NDArray[np.uint8], str]]:
    """A tile a picture; those of a stack lie between two frames."""
    names = [str(frame) for frame in frames]
    if len(picture_FHW3) < len(frames):
        names = [f"{first} to {second}" for first, second in itertools.pairwise(frames)]
    return [(picture_FHW3[place], f"[{element}] frame {names[place]}")
            for place in _spread(len(picture_FHW3), _MOST_FRAMES_SHOWN)]


def _spread(count: int, most: int) -> list[int]:
    """So many places from the first to the last, evenly."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(most, count)).round())]
