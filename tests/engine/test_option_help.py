"""Every option says what it does in plain words."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from studio.engine.augmentation import Augmentation
from studio.engine.recipe import Recipe, Training
from studio.engine.sampling import Sampling
from studio.engine.tasks import TASKS
from studio.engine.terms import TERMS

FORMS: dict[str, type[BaseModel]] = {
    "sampling": Sampling, "augmentation": Augmentation, "training": Training,
    **{f"tasks.{name}": task.Options for name, task in TASKS.items()},
    **{f"terms.{name}": term.Options for name, term in TERMS.items()}}
OPTIONS = {f"{form}.{name}": field for form, model in FORMS.items() for name, field in model.model_fields.items()} | {
    name: Recipe.model_fields[name] for name in ("task", "backbone", "starts_from")}
SAID = {"gradient": "correction", "bf16": "half the digits", "fp32": "all digits", "biases": "constants",
        "cosine": "wave", "fc6": "first layer", "fc7": "second layer", "standard deviation": "bell curve",
        "an epoch": r"every training video|one round|one epoch"}
"""Words of the trade, and what stands beside them where they are used."""


@pytest.mark.parametrize("name", OPTIONS)
def test_the_help_of_an_option_is_enough_to_choose_by(name: str) -> None:
    option: FieldInfo = OPTIONS[name]
    words = option.description or ""
    assert len(words) >= 60 and words.endswith("."), words
    for word, meaning in SAID.items():
        assert word not in words.lower() or re.search(meaning, words), f"{word} is not explained: {words}"
