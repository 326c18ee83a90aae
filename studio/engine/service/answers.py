"""What the worker answers: one generator a method, which yields events while it works and returns its answer.

Legend: E elements, F frames, V videos, C clips of a video, D feature.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from studio.engine.catalogue import display_path
from studio.engine.describe import check_recipe, describe
from studio.engine.errors import RecipeError, UsageError
from studio.engine.events import Event
from studio.engine.inspection.activations import alike, describe_layers, heat_at, heat_beside, heat_of_question
from studio.engine.inspection.asked import Told, answer_beside, network_of
from studio.engine.inspection.dealt import question_of_run
from studio.engine.inspection.kept_probes import kept_probe
from studio.engine.inspection.looks import RANDOM, Way
from studio.engine.inspection.neighbours import find_position
from studio.engine.inspection.unit_sheet import units_answer
from studio.engine.inspection.units import UnitPeaks, find_peaks
from studio.engine.preview import deal
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.service.kept import Few, Kept, Opened, weights_key
from studio.engine.service.neighbourhood import Neighbourhood
from studio.engine.service.pictures import Glimpse
from studio.engine.video.estimate import estimate

Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """Plain values and the pictures that go with them."""

    result: dict[str, Any]
    pictures: list[np.ndarray] = field(default_factory=list)


Answering: TypeAlias = Generator[Event | Glimpse, None, Answer | None]
"""Returns None when it was stopped."""


class Answers:
    """The methods of the worker and what they keep. `stop` ends a long one: nobody is there any more to hear it."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._kept = Kept()
        self._neighbourhood = Neighbourhood(self._kept, stop)
        self._peaks: Few[UnitPeaks] = Few(4)
        self._described: dict[str, Any] = {}

    def __call__(self, method: str, params: Params) -> Answering:
        """Answer a question. Raises `UsageError` for an unknown method, `KeyError` when a parameter is missing."""
        methods: dict[str, Callable[[Params], Answering]] = {
            "describe": self._describe, "recipe": self._recipe, "tuples": self._tuples,
            "activations": self._activations, "units": self._units, "unit": self._units,
            "units_beside": self._units, "unit_beside": self._units,
            "attribution": self._attribution, "kept_probe": self._kept_probe,
            "neighbours": self._neighbours, "map": self._map, "estimate": self._estimate}
        if method not in methods:
            raise UsageError(method, "the worker has no such method", f"Name one of {', '.join(methods)}")
        return methods[method](params)

    def forget(self) -> None:
        """Let go of everything kept, because memory ran out."""
        self._kept.clear()
        self._neighbourhood.forget()
        self._peaks.clear()

    def close(self) -> None:
        """Take away what lies on the disk for a while."""
        self._neighbourhood.close()

    def _describe(self, _params: Params) -> Answering:
        yield from ()
        self._described = self._described or describe()
        return Answer(self._described)

    def _recipe(self, params: Params) -> Answering:
        yield from ()
        try:
            return Answer(check_recipe(params["values"]))
        except RecipeError as error:
            raise RecipeError(error.value.partition(" = ")[0], error.rule, error.remedy) from error

    def _tuples(self, params: Params) -> Answering:
        yield from ()
        recipe = make_recipe(params["recipe"])
        opened = self._kept.opened(params["project"], short_side_pixels=recipe.augmentation.short_side_pixels)
        position = None
        if (video := params.get("video_id")) is not None:
            position = find_position(opened.project, opened.footage, int(video))
        dealt = deal(opened.footage, recipe, count=int(params.get("count", 4)), seed=int(params.get("seed", 0)),
                     position=position)
        task = recipe.make_task()
        return Answer({"tuples": dealt.described(), "classes": task.classes, "chance": task.chance,
                       "balanced_chance": task.balanced_chance, "span_frames": task.span_frames,
                       "question": task.question, "picks_element": task.picks_element, "choices": list(task.choices),
                       "asked_elements": task.asked_elements}, list(dealt.pictures()))

    def _kept_probe(self, params: Params) -> Answering:
        """The last leak probe of a recipe's question, empty where there is none."""
        yield from ()
        return Answer(kept_probe(Project.open(Path(params["project"])), make_recipe(params["recipe"])) or {})

    def _estimate(self, params: Params) -> Answering:
        yield from ()
        return Answer(asdict(estimate(Project.open(Path(params["project"])))))

    def _activations(self, params: Params) -> Answering:
        yield from ()
        opened, run_folder = self._run(params)
        position = find_position(opened.project, opened.footage, int(params["video_id"]))
        unit = None if params.get("unit") is None else int(params["unit"])
        asked = None if params.get("question") is None else question_of_run(
            opened.footage, run_folder, position, seed=int(params["question"]))
        heats, layers, layer = [], list[dict[str, Any]](), str(params.get("layer") or "")
        other = heat_beside(opened.project, run_folder, str(params.get("beside") or RANDOM))
        for way in (Way("trained", run_folder), other):
            embedder = self._kept.embedder(opened, way.run_folder, random=way.kind == "random")
            layers = layers or describe_layers(embedder.backbone)
            layer = layer or embedder.backbone.feature_layer
            heats.append(heat_at(embedder, position, at_seconds=float(params["at_seconds"]), layer=layer, unit=unit)
                         if asked is None else heat_of_question(embedder, asked, layer=layer, unit=unit))
        video = opened.footage.videos[position]
        return Answer({"run": run_folder.name, "video_id": video.id, "video": display_path(video.path),
                       "frames": heats[0].frames, "times": heats[0].times, "layer": layer, "unit": unit,
                       "layers": layers, "alike": round(alike(*heats), 4), "beside": other.name,
                       "flat": heats[0].flat, "elements": 0 if asked is None else asked.frames_BEF.shape[1]},
                      [heats[0].clip_FHW3, heats[0].heat_FHW, heats[1].heat_FHW])

    def _units(self, params: Params) -> Answering:
        """The most selective units of a layer; with `unit`, the clips that excite that one, with its field's boxes."""
        opened, run_folder = self._run(params)
        random, layer = bool(params.get("random")), str(params.get("layer") or "")
        embedder = self._kept.embedder(opened, run_folder, random=random)
        layer = layer or embedder.backbone.feature_layer
        key = (*weights_key(opened, run_folder, random=random), layer)
        peaks = self._peaks.find(key)
        if peaks is None:
            peaks = yield from find_peaks(embedder, layer, stop=self._stop)
            if peaks is None:
                return None
            self._peaks.put(key, peaks)
        result, pictures = units_answer(
            embedder, peaks, count=int(params.get("count", 12)), clips=int(params.get("clips", 8)),
            unit=None if params.get("unit") is None else int(params["unit"]))
        return Answer(result | {"run": run_folder.name, "random": random}, list(pictures))

    def _attribution(self, params: Params) -> Answering:
        yield from ()
        opened, run_folder = self._run(params)
        position = find_position(opened.project, opened.footage, int(params["video_id"]))
        other = answer_beside(opened.project, run_folder, str(params.get("beside") or RANDOM))
        tuples = question_of_run(opened.footage, run_folder, position, seed=int(params.get("seed", 0)))
        trained, beside = (Told(opened.footage, *network_of(way), tuples)
                           for way in (Way("trained", run_folder), other))
        video, times_N = opened.footage.videos[position], opened.footage.cached[position].times_N
        return Answer({"run": run_folder.name, "video_id": video.id, "video": display_path(video.path),
                       "question": trained.task.question, "trained": trained.entry(), "other": beside.entry(),
                       "beside": {"name": other.name, "title": other.title},
                       "times": np.round(times_N[tuples.frames_BEF[0]], 4).tolist()},
                      [trained.clips_EFHW3, trained.heat_EFHW, beside.heat_EFHW])

    def _neighbours(self, params: Params) -> Answering:
        found = yield from self._neighbourhood.neighbours(params)
        return Answer(*found) if found else None

    def _map(self, params: Params) -> Answering:
        found = yield from self._neighbourhood.map(params)
        return Answer(*found) if found else None

    def _run(self, params: Params) -> tuple[Opened, Path]:
        opened = self._kept.opened(params["project"], run=str(params["run"]))
        return opened, opened.project.run_folder(str(params["run"]))
