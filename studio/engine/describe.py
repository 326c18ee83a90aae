"""What the studio can do, as plain values: tasks, backbones, recipes, the options with units and ranges, the device."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import BaseModel

import studio
from studio.engine.augmentation import Augmentation
from studio.engine.backbones import BACKBONES
from studio.engine.backbones.cost import cost
from studio.engine.device import choose_device
from studio.engine.recipe import Recipe, Training, load_recipe, make_recipe, recipe_names
from studio.engine.sampling import Sampling
from studio.engine.tasks import TASKS
from studio.engine.terms import TERMS
from studio.engine.training.network import build_network

Values = dict[str, Any]
_COSTED = {"clips": {"input_pixels": 112, "clip_frames": 16}, "frames": {"input_pixels": 80, "clip_frames": 1}}
"""What a backbone's cost is told for: VCOP's clip, OPN's frame."""


def describe() -> Values:
    """Describe everything that a person can choose from, the device and the versions."""
    chosen = choose_device("auto")
    return {
        "tasks": [{"name": name, "title": task.title, "question": task.question, "learns": task.learns,
                   "paper": task.paper, "picks_element": task.picks_element, "choices": list(task.choices),
                   "transforms": task.transforms, "options": _schema(task.Options)} for name, task in TASKS.items()],
        "terms": [{"name": name, "title": term.title, "learns": term.learns, "paper": term.paper,
                   "options": _schema(term.Options)} for name, term in TERMS.items()],
        "backbones": [_backbone(name) for name in BACKBONES],
        "recipes": [_recipe(load_recipe(name)) for name in recipe_names()],
        "schema": {"sampling": _schema(Sampling), "augmentation": _schema(Augmentation),
                   "training": _schema(Training)},
        "device": {"title": chosen.title, "kind": chosen.kind, "reason": chosen.reason},
        "versions": {"studio": studio.__version__, "python": platform.python_version(), "torch": torch.__version__,
                     "torchvision": importlib.metadata.version("torchvision")}}


def _backbone(name: str) -> Values:
    cls = BACKBONES[name]
    shape = _COSTED[cls.takes]
    counted = cost(cls, **shape)
    with torch.device("meta"):
        layers = list(cls(**shape).layers())
    return {"name": name, "title": cls.title, "paper": cls.paper, "takes": cls.takes,
            "parameters": counted.parameters, "gmac_per_clip": round(counted.gmac_per_clip, 3),
            "layers": layers}


def _recipe(recipe: Recipe) -> Values:
    return {"name": recipe.name, "title": recipe.title, "summary": recipe.summary, "paper": recipe.paper,
            "task": recipe.task, "backbone": recipe.backbone, "values": recipe.model_dump()}


def _schema(model: type[BaseModel]) -> Values:
    """The JSON schema of options: title, description, unit, minimum, maximum, default, enum."""
    return model.model_json_schema()


def check_recipe(values: Mapping[str, Any]) -> Values:
    """Complete a recipe's values and say what they make: classes, chance, span, parameters, cost, input.

    Nothing is computed but shapes. Raises `RecipeError`.
    """
    recipe = make_recipe(values)
    task = recipe.make_task()
    with torch.device("meta"):
        network = build_network(recipe)
    counted = cost(network.backbone)
    pixels = recipe.augmentation.network_pixels
    return {"values": recipe.model_dump(), "classes": task.classes, "chance": task.chance,
            "balanced_chance": task.balanced_chance,
            "span_frames": task.span_frames, "question": task.question,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "backbone_parameters": counted.parameters, "gmac_per_clip": round(counted.gmac_per_clip, 3),
            "input": [network.backbone.clip_frames, pixels, pixels], "input_channels": network.backbone.channels}


def option_lines() -> list[tuple[str, str, str]]:
    """Every option of a recipe as (name, default, what it is), for the command line's help."""
    lines = [("task", "", f"One of {', '.join(TASKS)}."), ("backbone", "", f"One of {', '.join(BACKBONES)}."),
             ("starts_from", "", str(Recipe.model_fields["starts_from"].description))]
    sections: list[tuple[str, type[BaseModel]]] = [
        ("sampling", Sampling), ("augmentation", Augmentation), ("training", Training)]
    for section, model in sections:
        lines += _options(section, model)
    for name, task in TASKS.items():
        lines += [(key, default, f"{text} (task {name})") for key, default, text in
                  _options("task_options", task.Options)]
    for name, term in TERMS.items():
        lines += _options(f"terms.{name}", term.Options)
    return lines


def _options(section: str, model: type[BaseModel]) -> list[tuple[str, str, str]]:
    found = []
    for key, place in model.model_json_schema().get("properties", {}).items():
        unit = f" [{place['unit']}]" if place.get("unit") else ""
        choices = f" One of {', '.join(place['enum'])}." if place.get("enum") else ""
        found.append((f"{section}.{key}", str(place.get("default", "")),
                      f"{place.get('title', key)}{unit}. {place.get('description', '')}{choices}"))
    return found
