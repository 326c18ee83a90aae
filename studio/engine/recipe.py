"""Recipe = sampling + augmentation + task + backbone + training options; presets live in `resources/recipes/*.toml`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from studio.engine import files
from studio.engine.augmentation import Augmentation
from studio.engine.backbones import BACKBONES
from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import RecipeError
from studio.engine.sampling import Sampling
from studio.engine.tasks import TASKS
from studio.engine.tasks.task import Task
from studio.engine.terms import TERMS
from studio.engine.terms.term import Term


class Training(BaseModel):
    """How the network is trained, for how long and on what."""

    model_config = ConfigDict(extra="forbid")
    max_steps: int = Field(
        0, ge=0, title="Steps at most",
        description="Training ends after so many steps; in each, one batch is answered and the weights are corrected "
                    "a little. 0: no limit by steps.")
    max_epochs: int = Field(
        0, ge=0, title="Epochs at most",
        description="Training ends after so many epochs. An epoch deals every training video its tuples once. 0: no "
                    "limit by epochs.")
    max_minutes: float = Field(
        0, ge=0, title="Minutes at most", json_schema_extra={"unit": "minutes"},
        description="Training ends after this time on any machine, and the learning rate's schedule follows the "
                    "clock. 0: no limit by time.")
    batch_size: int = Field(
        8, ge=2, le=4096, title="Tuples in a batch",
        description="How many tuples are answered before the weights are corrected. More is steadier and needs more "
                    "memory and time a step. 8 for VCOP, 64 for OPN.")
    optimiser: Literal["sgd", "adamw"] = Field(
        "sgd", title="Optimiser",
        description="How the weights are corrected. sgd, as published: by one learning rate, with momentum. adamw: "
                    "each by its own measure; try it with a learning rate near 0.0003 where sgd stands still.")
    learning_rate: float = Field(
        1e-3, gt=0, le=10, title="Learning rate",
        description="How far a step moves the weights. Too large and the loss jumps about, too small and nothing is "
                    "learned in time. Divide it by 10 when the loss jumps.")
    momentum: float = Field(
        0.9, ge=0, lt=1, title="Momentum",
        description="For SGD: the share of its last direction that a step keeps, which smooths the way. Lower it "
                    "when the loss swings. adamw has its own.")
    weight_decay: float = Field(
        5e-4, ge=0, le=1, title="Weight decay",
        description="How strongly each step pulls the weights towards 0, so that they don't learn single videos by "
                    "heart. Raise it when held-out answers fall far behind; too much and nothing is learned.")
    double_bias_rate: bool = Field(
        False, title="Biases as in Caffe",
        description="Biases (the constants of a layer) learn twice as fast and do not decay, as in OPN's released "
                    "solver. Only to repeat that paper.")
    schedule: Literal["constant", "steps", "cosine"] = Field(
        "constant", title="Schedule",
        description="How the learning rate goes on: constant, multiplied at given steps, or falling to 0 like half a "
                    "wave (cosine). Falling helps long trainings at their end.")
    drop_at_steps: list[int] = Field(
        [], title="Divide at steps",
        description="With the schedule `steps`: the learning rate is multiplied by the factor below from each of "
                    "these steps on. Put them where the loss stands still.")
    drop_factor: float = Field(
        0.1, gt=0, le=1, title="Factor of a drop",
        description="With the schedule `steps`: what each drop multiplies the learning rate by. 0.1 as usual; nearer "
                    "to 1 is gentler.")
    warmup_steps: int = Field(
        0, ge=0, title="Warm-up", json_schema_extra={"unit": "steps"},
        description="The learning rate rises from 0 over so many steps. It tames the first steps of adamw and of "
                    "large batches; they learn less for it.")
    gradient_clip: float = Field(
        0, ge=0, title="Largest gradient norm",
        description="A longer gradient (the correction that a batch asks for) is shortened to this, so that an odd "
                    "batch spoils nothing. Try 1 when the loss jumps. 0: no limit.")
    validation_share: float = Field(
        0.2, gt=0, lt=0.9, title="Videos held out",
        description="Share of the videos, by whole groups, that training never sees; they show what was learned. "
                    "More is surer and leaves less to learn from.")
    validation_tuples: int = Field(
        96, ge=8, le=10_000, title="Validation tuples",
        description="How many fixed tuples of held-out videos measure progress. More are surer and take longer; "
                    "raise it when the held-out curve jumps about.")
    validate_every_steps: int = Field(
        100, ge=1, title="Validate every", json_schema_extra={"unit": "steps"},
        description="After so many steps the held-out tuples are answered. More often shows more of the curve and "
                    "costs time.")
    checkpoint_minutes: float = Field(
        10, gt=0, title="Checkpoint every", json_schema_extra={"unit": "minutes"},
        description="How often the state of the training is written to disk. At most this much work is lost in a "
                    "crash.")
    keep_checkpoints: int = Field(
        3, ge=2, le=100, title="Checkpoints kept",
        description="How many of the last states stay on the disk; the best is kept besides. More need more room.")
    seed: int = Field(
        1, ge=0, le=2**31 - 1, title="Seed",
        description="Where chance begins: the same seed deals the same tuples and draws the same first weights. "
                    "Train with two or three to see how much of a result is luck.")
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", title="Device",
        description="What computes. auto takes the GPU if there is one; else the processor, which is many times "
                    "slower. cuda:1 names the second GPU.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", title="Precision",
        description="How exactly numbers are kept. auto uses bf16 (half the digits, faster) for layers that a "
                    "self-test finds right and faster, and fp32 (all digits) for the rest.")
    threads: int = Field(
        0, ge=0, le=256, title="Processor threads",
        description="How many cores of the processor compute. Fewer leave some to other programs, and take longer. "
                    "0: as many as there are.")

    @model_validator(mode="after")
    def _has_an_end(self) -> Training:
        if not (self.max_steps or self.max_epochs or self.max_minutes):
            raise ValueError("training needs an end: set max_steps, max_epochs or max_minutes")
        return self


class Recipe(BaseModel):
    """Everything that decides what is learned and how; the rest is the videos and the machine."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    summary: str = ""
    paper: str = ""
    task: str = Field(
        "clip-order", title="Pretext task",
        description="The question that the network learns to answer. To answer it, it has to see what goes on in a "
                    "video.")
    backbone: str = Field(
        "r3d_vcop", title="Backbone",
        description="The network that is trained to see; it is what is kept. Larger ones can learn more, and need "
                    "more time, memory and videos.")
    starts_from: str = Field("", title="Start from weights",
                             description="A .safetensors or torchvision's .pth file of the same backbone, or a run. "
                                         "Empty: random weights.")
    sampling: Sampling = Sampling()
    augmentation: Augmentation = Augmentation()
    task_options: dict[str, Any] = {}
    terms: dict[str, dict[str, Any]] = {}
    training: Training

    @field_validator("task", "backbone")
    @classmethod
    def _name_exists(cls, name: str, info: ValidationInfo) -> str:
        known = list(TASKS if info.field_name == "task" else BACKBONES)
        if name not in known:
            raise ValueError(f"there is no {info.field_name} of this name{_nearest(name, known)}, "
                             f"only {', '.join(known)}")
        return name

    @model_validator(mode="after")
    def _options_fit(self) -> Recipe:
        try:
            self.task_options = TASKS[self.task].Options.model_validate(self.task_options).model_dump()
        except ValidationError as error:
            raise _recipe_error(error, section="task_options.") from error
        if (classes := self.make_task().classes) < 2:
            raise ValueError(f"{self.task} of {self.sampling.tuple_length} elements has {classes} possible answer")
        return self

    @model_validator(mode="after")
    def _encoding_fits(self) -> Recipe:
        if self.augmentation.encoding != "frames" and self.sampling.clip_frames < 2:
            raise ValueError(f"augmentation.encoding = {self.augmentation.encoding} compares the frames of a clip, and "
                             f"clips of {self.sampling.clip_frames} frame have nothing to compare")
        return self

    @model_validator(mode="after")
    def _terms_fit(self) -> Recipe:
        for name, options in self.terms.items():
            if name not in TERMS:
                raise ValueError(f"there is no term {name}{_nearest(name, list(TERMS))}, only {', '.join(TERMS)}")
            try:
                self.terms[name] = TERMS[name].Options.model_validate(options).model_dump()
            except ValidationError as error:
                raise _recipe_error(error, section=f"terms.{name}.") from error
        self.make_terms()
        return self

    def make_task(self) -> Task:
        """Make the pretext task with this recipe's options."""
        cls = TASKS[self.task]
        return cls(sampling=self.sampling, options=cls.Options.model_validate(self.task_options))

    def make_terms(self) -> dict[str, Term]:
        """Make the terms beside the task, by name, with this recipe's options."""
        return {name: TERMS[name](sampling=self.sampling, options=TERMS[name].Options.model_validate(options))
                for name, options in self.terms.items()}

    def make_backbone(self) -> Backbone:
        """Make the backbone with random weights (from torch's present random state).

        Raises `RecipeError` when it does not take what the encoding makes.
        """
        frames, view = self.sampling.clip_frames, self.augmentation
        cls = BACKBONES[self.backbone]
        if view.one_picture and cls.smallest_frames > 1:
            raise RecipeError(f"augmentation.encoding = {view.encoding}",
                              f"it makes one picture of a clip, and the strides of {cls.title} need at least "
                              f"{cls.smallest_frames} frames", "Choose another encoding, or another backbone")
        return cls(input_pixels=view.network_pixels, clip_frames=view.network_frames(frames),
                                        channels=view.network_channels(frames))

    def to_toml(self) -> str:
        """The recipe as a TOML file."""
        return tomlkit.dumps(self.model_dump())


def recipe_names() -> list[str]:
    """The names of the presets, quick first."""
    names = sorted(path.stem for path in files.resource("recipes").glob("*.toml"))
    return sorted(names, key=lambda name: (name != "quick", name))


def load_recipe(name: str, settings: Sequence[str] = ()) -> Recipe:
    """Load a preset by its name, or a recipe file by its path, and change it by `section.key=value` settings.

    Raises `RecipeError` for an unknown name or option, or a value outside its range.
    """
    names = recipe_names()
    path = files.resource("recipes", f"{name}.toml") if name in names else Path(name)
    if not path.is_file() or path.suffix != ".toml":
        raise RecipeError(name, "there is no recipe of this name" + _nearest(name, names),
                          f"Name one of {', '.join(names)}, or a recipe's .toml file")
    return recipe_from_toml(path, settings)


def recipe_from_toml(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe file and change it by settings. Raises `RecipeError`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(path.name, f"this recipe is no readable TOML ({error})", "Mend that line") from error
    return make_recipe(values, settings)


def make_recipe(values: Mapping[str, Any], settings: Sequence[str] = ()) -> Recipe:
    """Make a recipe of plain values and settings. Raises `RecipeError` naming the value, its rule and the remedy."""
    merged = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    for setting in settings:
        _apply(merged, setting)
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        raise _recipe_error(error) from error


def _apply(values: dict[str, Any], setting: str) -> None:
    """Put one `section.key=value` into nested values; a new task or backbone drops what belonged to the old one."""
    key, equals, text = setting.partition("=")
    if not equals:
        raise RecipeError(setting, "a setting is section.key=value", "Write for example training.max_steps=200")
    *sections, last = key.strip().split(".")
    place = values
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise RecipeError(setting, f"{section} is no section", "Write for example training.max_steps=200")
    if key == "task" and values.get("task") != text:
        values.pop("task_options", None)
    place[last] = _parse(text.strip())


def _parse(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return {"True": True, "False": False}.get(text, text)


def _recipe_error(error: ValidationError, *, section: str = "") -> RecipeError:
    first = error.errors(include_url=False)[0]
    place = section + ".".join(str(part) for part in first["loc"]) or "recipe"
    if first["type"] == "extra_forbidden":
        return RecipeError(place, "there is no option of this name" + _nearest(place, option_names()),
                           "See them all with: studio train --help, or in the recipe's .toml")
    rule = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    if first["type"] == "string_pattern_mismatch":
        rule = "a device is auto, cpu, mps, cuda or cuda:1" if place == "training.device" else \
            "it should hold letters, digits, dots, dashes and underscores alone"
    given = "" if isinstance(first["input"], Mapping) or not first["loc"] else f" = {first['input']!r}"
    return RecipeError(place + given, rule[0].lower() + rule[1:], "Choose a value that fits")


def option_names() -> list[str]:
    """All options as `section.key`, as `--set` takes them."""
    names = ["task", "backbone", "starts_from"]
    for section, model in (("sampling", Sampling), ("augmentation", Augmentation), ("training", Training)):
        names += [f"{section}.{key}" for key in model.model_fields]
    names += [f"terms.{name}.{key}" for name, term in TERMS.items() for key in term.Options.model_fields]
    return names + sorted({f"task_options.{key}" for task in TASKS.values() for key in task.Options.model_fields})


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
