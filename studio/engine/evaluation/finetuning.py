"""How fine-tuning is done: the short form for a processor, or the published one (VCOP's `ft_classify.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from studio.engine.errors import UsageError


class Finetuning(BaseModel):
    """Options of fine-tuning; as they stand, the short form."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    steps: int = Field(60, ge=0, description="Batches to learn from; 0: by epochs")
    epochs: int = Field(0, ge=0, description="Each deals every training video once; 0: by steps")
    batch_size: int = Field(8, ge=2, le=1024, description="Clips in a batch")
    optimiser: Literal["adamw", "sgd"] = Field("adamw", description="AdamW, or SGD with momentum")
    learning_rate: float = Field(3e-4, gt=0, le=10, description="Size of a step")
    momentum: float = Field(0.9, ge=0, lt=1, description="For SGD")
    weight_decay: float = Field(0.01, ge=0, le=1, description="Pull of the weights towards 0")
    schedule: Literal["cosine", "constant"] = Field("cosine", description="Down to 0, or always the same rate")
    held_out_share: float = Field(
        0.0, ge=0, lt=0.9, description="Share of the training videos, by whole groups, on which the best epoch is "
                                       "chosen; 0: the last step counts")

    @model_validator(mode="after")
    def _has_an_end(self) -> Finetuning:
        if bool(self.steps) == bool(self.epochs):
            raise ValueError("give either steps or epochs, and the other one as 0")
        return self

    @property
    def published(self) -> bool:
        """Whether these are the published settings, so that figures may stand beside the paper's."""
        return self == make_finetuning(published=True)

    def steps_of(self, videos: int) -> int:
        """Batches for so many training videos."""
        return self.steps or self.epochs * self.steps_per_epoch(videos)

    def steps_per_epoch(self, videos: int) -> int:
        """Batches that deal every training video once; the last one is filled up."""
        return max(1, -(-videos // self.batch_size))


PUBLISHED: dict[str, Any] = {
    "steps": 0, "epochs": 150, "batch_size": 8, "optimiser": "sgd", "learning_rate": 1e-3, "momentum": 0.9,
    "weight_decay": 5e-4, "schedule": "constant", "held_out_share": 0.084}
"""VCOP: 150 epochs at a constant rate, the best by the loss on 800 of UCF101's 9537 training videos."""


def make_finetuning(*, published: bool = False, steps: int | None = None,
                    settings: Sequence[str] = ()) -> Finetuning:
    """Make options of the short or the published form, of `steps` where given, and of settings as key=value.

    Raises `UsageError` for a name or value that does not fit.
    """
    values: dict[str, Any] = dict(PUBLISHED) if published else {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        name = key.strip().removeprefix("finetune.")
        if not equals or name not in Finetuning.model_fields:
            raise UsageError(f"--set {setting}", "fine-tuning has no such option",
                             f"Write key=value with one of {', '.join(Finetuning.model_fields)}")
        values[name] = text.strip()
        if name in ("steps", "epochs"):
            values["epochs" if name == "steps" else "steps"] = 0
    if steps is not None:
        values |= {"steps": steps, "epochs": 0}
    try:
        return Finetuning.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "fine-tuning"
        rule = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
        given = f" = {first['input']}" if first["loc"] else ""
        raise UsageError(place + given, rule[0].lower() + rule[1:], "Choose a value that fits") from error
