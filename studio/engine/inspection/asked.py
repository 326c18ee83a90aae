"""A question of a run about a video, and the operation `attribution`: which pixels told its answer.

Legend: E elements, F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import display_path
from studio.engine.device import choose_device
from studio.engine.errors import UsageError
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.inspection.activations import heat_beside
from studio.engine.inspection.attribution import Attribution, as_heat, attribute
from studio.engine.inspection.dealt import deal_question
from studio.engine.inspection.embedding import footage_of_run
from studio.engine.inspection.looks import RANDOM, Way
from studio.engine.inspection.neighbours import find_position
from studio.engine.inspection.sheet import Row, heat_over, write_sheet
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.runs import RECIPE
from studio.engine.sampling import Tuples
from studio.engine.training.checkpoint import load_weights, random_network
from studio.engine.training.network import TupleNetwork
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import Footage


class Told:
    """One tuple that a run's network answered, and what of its pixels told the answer."""

    def __init__(self, footage: Footage, recipe: Recipe, network: TupleNetwork, tuples: Tuples) -> None:
        device = choose_device(recipe.training.device).device
        self.task, self.tuples = recipe.make_task(), tuples
        view = recipe.augmentation
        clips_BECTHW = network_input(gather(footage, tuples, view), tuples, view, device)
        self.found: Attribution = attribute(network.to(device).eval().requires_grad_(False), self.task, clips_BECTHW)
        self.clips_EFHW3: NDArray[np.uint8] = displayable(clips_BECTHW.cpu(), view)[0].numpy()
        self.heat_EFHW: NDArray[np.uint8] = as_heat(self.found.parts_ETHW)

    def entry(self) -> dict[str, Any]:
        """The question and the answer as plain values."""
        label, found = int(self.tuples.label_B[0]), self.found
        return {"label": label, "label_text": self.task.label_text(label), "answer": found.answer,
                "answer_text": self.task.label_text(found.answer), "right": label == found.answer,
                "probability": None if found.probability is None else round(found.probability, 4),
                "gain": round(found.gain, 4), "explained": round(float(found.parts_ETHW.sum()), 4),
                "frames": self.tuples.frames_BEF[0].tolist()}


def answer_beside(project: Project, run_folder: Path, beside: str) -> Way:
    """Say whose answer stands beside a run's: random weights', or another run's that is asked the same question.

    Raises `UsageError` for raw pixels, an unknown run, or one that asks another question or sees other clips.
    """
    way = heat_beside(project, run_folder, beside)
    own, other = (recipe_from_toml(folder / RECIPE) for folder in (run_folder, way.run_folder))
    if any(getattr(own, part) != getattr(other, part) for part in ("task", "task_options", "sampling")):
        raise UsageError(f"beside = {beside}", "that run is asked another question", "Name a run with the same task")
    return way


def network_of(way: Way) -> tuple[Recipe, TupleNetwork]:
    """The recipe and the network of trained weights, or of the same with random ones."""
    if way.kind == "trained":
        return load_weights(way.run_folder)
    recipe = recipe_from_toml(way.run_folder / RECIPE)
    return recipe, random_network(recipe)


def attribution(project: Project, run_folder: Path, *, video: str | int, seed: int = 0, beside: str = RANDOM,
                out: Path | None = None, stop: Callable[[], bool] = lambda: False) -> Events:
    """Ask a run's network one question about a video and show which pixels told the answer.

    `beside` it stand random weights, or another run that is asked the same. Raises `UsageError` for a video or run
    that does not fit, `VideoError` for a video that is too short.
    """
    ways = (Way("trained", run_folder), answer_beside(project, run_folder, beside))
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        yield Finished(operation="attribution", result={"run": run_folder.name}, stopped=True)
        return
    position = find_position(project, footage, video)
    tuples = deal_question(footage, recipe_from_toml(run_folder / RECIPE), position, seed=seed)
    told: list[Told] = []
    for number, way in enumerate(ways):
        yield Progress(phase="attribution", done=number, total=2)
        if stop():
            yield Finished(operation="attribution", result={"run": run_folder.name}, stopped=True)
            return
        told.append(Told(footage, *network_of(way), tuples))
    shown = footage.videos[position]
    result = {"run": run_folder.name, "video": display_path(shown.path), "video_id": shown.id,
              "trained": told[0].entry(), "other": told[1].entry(),
              "beside": {"name": ways[1].name, "title": ways[1].title}}
    if out is not None:
        write_sheet(out, _rows(told, beside=ways[1].title))
        yield Saved(what="picture", path=out.name)
        result["picture"] = out.name
    yield Finished(operation="attribution", result=result)


def _rows(told: list[Told], *, beside: str) -> list[Row]:
    """The elements as shown, then each network's heat over them: the middle frame of each element."""
    middle = told[0].clips_EFHW3.shape[1] // 2
    rows = [Row(f"question: {told[0].entry()['label_text']}",
                [(clip_FHW3[middle], f"[{number}]") for number, clip_FHW3 in enumerate(told[0].clips_EFHW3, start=1)])]
    for name, one in zip(("trained", beside), told, strict=True):
        rows.append(Row(f"{name}: {one.entry()['answer_text']}", [
            (heat_over(clip_FHW3[middle], heat_FHW[middle]), "")
            for clip_FHW3, heat_FHW in zip(one.clips_EFHW3, one.heat_EFHW, strict=True)]))
    return rows
