"""What the worker answers: one generator a method, which yields events while it works and returns its answer.

Legend: E elements, F frames, V videos, C clips of a video, D feature.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from studio.engine.catalogue import display_path
from studio.engine.describe import check_recipe, describe
from studio.engine.errors import RecipeError, UsageError
from studio.engine.events import Event
from studio.engine.inspection.activations import alike, describe_layers, heat_at
from studio.engine.inspection.features import Features, ensured_features
from studio.engine.inspection.neighbours import ask, find_position
from studio.engine.inspection.projection import project as project_features
from studio.engine.preview import deal
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.service.kept import Few, Kept, Opened, weights_key
from studio.engine.video.estimate import estimate

Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """Plain values and the pictures that go with them."""

    result: dict[str, Any]
    pictures: list[np.ndarray] = field(default_factory=list)


Answering: TypeAlias = Generator[Event, None, Answer | None]
"""Returns None when it was stopped."""


class Answers:
    """The methods of the worker and what they keep. `stop` ends a long one: nobody is there any more to hear it."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._kept = Kept()
        self._features: Few[Features] = Few(4)
        self._maps: Few[tuple[np.ndarray, tuple[float, float]]] = Few(8)
        self._described: dict[str, Any] = {}

    def __call__(self, method: str, params: Params) -> Answering:
        """Answer a question. Raises `UsageError` for an unknown method, `KeyError` when a parameter is missing."""
        methods: dict[str, Callable[[Params], Answering]] = {
            "describe": self._describe, "recipe": self._recipe, "tuples": self._tuples,
            "activations": self._activations, "neighbours": self._neighbours, "map": self._map,
            "estimate": self._estimate}
        if method not in methods:
            raise UsageError(method, "the worker has no such method", f"Name one of {', '.join(methods)}")
        return methods[method](params)

    def forget(self) -> None:
        """Let go of everything kept, because memory ran out."""
        self._kept.clear()
        self._features.clear()

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
        opened, recipe = self._kept.opened(params["project"]), make_recipe(params["recipe"])
        position = None
        if (video := params.get("video_id")) is not None:
            position = find_position(opened.project, opened.footage, int(video))
        dealt = deal(opened.footage, recipe, count=int(params.get("count", 4)), seed=int(params.get("seed", 0)),
                     position=position)
        task = recipe.make_task()
        return Answer({"tuples": dealt.described(), "classes": task.classes, "chance": task.chance,
                       "span_frames": task.span_frames, "question": task.question}, list(dealt.pictures()))

    def _estimate(self, params: Params) -> Answering:
        yield from ()
        return Answer(asdict(estimate(Project.open(Path(params["project"])))))

    def _activations(self, params: Params) -> Answering:
        yield from ()
        opened, run_folder = self._run(params)
        position = find_position(opened.project, opened.footage, int(params["video_id"]))
        unit = params.get("unit")
        heats, layers, layer = [], list[dict[str, Any]](), str(params.get("layer") or "")
        for random in (False, True):
            embedder = self._kept.embedder(opened, run_folder, random=random)
            layers = layers or describe_layers(embedder.backbone)
            layer = layer or embedder.backbone.feature_layer
            heats.append(heat_at(embedder, position, at_seconds=float(params["at_seconds"]), layer=layer,
                                 unit=None if unit is None else int(unit)))
        video = opened.footage.videos[position]
        return Answer({"run": run_folder.name, "video_id": video.id, "video": display_path(video.path),
                       "frames": heats[0].frames, "times": heats[0].times, "layer": layer, "unit": unit,
                       "layers": layers, "alike": round(alike(*heats), 4)},
                      [heats[0].clip_FHW3, heats[0].heat_FHW, heats[1].heat_FHW])

    def _neighbours(self, params: Params) -> Answering:
        opened, run_folder = self._run(params)
        position = find_position(opened.project, opened.footage, int(params["video_id"]))
        leave_out = params.get("leave_out", "group")
        if leave_out not in ("group", "video"):
            raise UsageError(f"leave_out = {leave_out}", "only a group or a video can be left out", "Choose one")
        query: dict[str, Any] = {}
        found: list[list[dict[str, Any]]] = []
        for random in (False, True):
            features = yield from self._features_of(opened, run_folder, random=random)
            if features is None:
                return None
            query, ranked = ask(self._kept.embedder(opened, run_folder, random=random), features, position=position,
                                at_seconds=float(params["at_seconds"]), k=max(1, int(params.get("k", 10))),
                                leave_out=leave_out)
            found.append(ranked)
        return Answer({"run": run_folder.name, "query": query, "neighbours": found[0], "random": found[1],
                       "leave_out": leave_out})

    def _map(self, params: Params) -> Answering:
        opened, run_folder = self._run(params)
        maps: list[tuple[np.ndarray, tuple[float, float]]] = []
        shown: Features | None = None
        for random in (False, True):
            shown = yield from self._features_of(opened, run_folder, random=random)
            if shown is None:
                return None
            average_ND = shown.average_VCD.reshape(-1, shown.average_VCD.shape[-1])
            key = weights_key(opened, run_folder, random=random)
            maps.append(self._maps.find(key) or project_features(average_ND))
            self._maps.put(key, maps[-1])
        assert shown is not None
        return Answer({"run": run_folder.name, "video_ids": shown.video_ids_V.tolist(),
                       "times": np.round(shown.times_VC, 4).tolist(), "shares": list(maps[0][1]),
                       "random_shares": list(maps[1][1])}, [maps[0][0], maps[1][0]])

    def _run(self, params: Params) -> tuple[Opened, Path]:
        opened = self._kept.opened(params["project"])
        return opened, opened.project.run_folder(str(params["run"]))

    def _features_of(self, opened: Opened, run_folder: Path, *,
                     random: bool) -> Generator[Event, None, Features | None]:
        key: Hashable = weights_key(opened, run_folder, random=random)
        features = self._features.find(key)
        if features is None:
            features = yield from ensured_features(run_folder, opened.footage, random=random, stop=self._stop)
            if features is not None:
                self._features.put(key, features)
        return features
