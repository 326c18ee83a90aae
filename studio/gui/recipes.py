"""Recipes as the window handles them: plain values, compared with the preset they came from. No torch here."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from studio.engine.errors import MachineError
from studio.engine.files import resource

Values = dict[str, Any]
SECTIONS = ("sampling", "augmentation", "task_options", "training")


def preset_values(name: str) -> Values:
    """Read a preset's own values, before the defaults are filled in."""
    return tomllib.loads(resource("recipes", f"{name}.toml").read_text(encoding="utf-8"))


def whole_preset(description: Mapping[str, Any] | None, name: str) -> Values:
    """Give a preset with its defaults filled in when the worker has described it, else as its file has it.

    A recipe that is no preset (one that was read from a run) is compared with nothing: the result is empty.
    """
    known = {one["name"]: one["values"] for one in (description or {}).get("recipes", [])}
    if name in known:
        return dict(known[name])
    try:
        return preset_values(name)
    except MachineError:
        return {}


def section_of(values: Mapping[str, Any], section: str) -> Values:
    """Give one section of a recipe's values, empty when it has none."""
    part = values.get(section)
    return dict(part) if isinstance(part, Mapping) else {}


def changed(values: Mapping[str, Any], key: str, value: Any) -> Values:
    """Give a copy of a recipe's values in which `section.key` (or `key`) is `value`.

    A new task drops the options of the old one.
    """
    made = {name: dict(part) if isinstance(part, Mapping) else part for name, part in values.items()}
    section, dot, last = key.partition(".")
    if dot:
        made.setdefault(section, {})[last] = value
    else:
        if key == "task" and made.get("task") != value:
            made["task_options"] = {}
        made[key] = value
    return made


def value_of(values: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """Look up `section.key` (or `key`) in a recipe's values."""
    section, dot, last = key.partition(".")
    if not dot:
        return values.get(key, default)
    part = values.get(section)
    return part.get(last, default) if isinstance(part, Mapping) else default


def settings_against(values: Mapping[str, Any], preset: Mapping[str, Any]) -> list[str]:
    """Say how a recipe differs from its preset, as `section.key=value` settings in an order that can be applied."""
    settings = [f"{key}={_written(values[key])}" for key in ("task", "backbone", "starts_from")
                if key in values and values[key] != preset.get(key, "")]
    other_task = values.get("task") != preset.get("task")
    for section in SECTIONS:
        known = {} if section == "task_options" and other_task else preset.get(section, {})
        settings += [f"{section}.{key}={_written(value)}" for key, value in values.get(section, {}).items()
                     if key not in known or known[key] != value]
    return settings + _term_settings(values.get("terms") or {}, preset.get("terms") or {})


def _term_settings(terms: Values, known: Values) -> list[str]:
    """Say how terms differ; where the preset has one that is not wanted, all of its are dropped first."""
    dropped = any(name not in terms for name in known)
    known = {} if dropped else known
    settings = ["terms={}"] if dropped else []
    for name, options in terms.items():
        before = known.get(name)
        if not options and before is None:
            settings.append(f"terms.{name}={{}}")
        settings += [f"terms.{name}.{key}={_written(value)}" for key, value in options.items()
                     if before is None or key not in before or before[key] != value]
    return settings


def recipe_arguments(values: Mapping[str, Any], preset: Mapping[str, Any]) -> list[str]:
    """The options of a command line that make this recipe: `--recipe NAME --set key=value ...`."""
    arguments = ["--recipe", str(preset.get("name", "quick"))]
    for setting in settings_against(values, preset):
        arguments += ["--set", setting]
    return arguments


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
