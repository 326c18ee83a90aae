"""The operation `train`: steps, figures, validation, checkpoints and a record from which the run goes on exactly."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from studio.engine import files, runs
from studio.engine.device import Device, choose_device, threads_used
from studio.engine.errors import RecipeError, StudioError, UsageError
from studio.engine.events import Event, Events, Finished, Progress, Saved
from studio.engine.project import Project
from studio.engine.recipe import Recipe, recipe_from_toml
from studio.engine.training import alarms
from studio.engine.training.checkpoint import Checkpoint, Start, load_into, load_newest, network_tensors, start_from
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.objective import Objective
from studio.engine.training.plan import make_plan
from studio.engine.training.precision import Precision, choose_precision, prepared, self_test_file
from studio.engine.training.record import Record, environment, refuse_if_running
from studio.engine.training.state import State
from studio.engine.training.step import Stepper
from studio.engine.training.trainer import Trainer
from studio.engine.video.sizes import ensured_footage, in_memory

_MAY_CHANGE = {"max_steps", "max_epochs", "max_minutes", "checkpoint_minutes", "keep_checkpoints",
               "validate_every_steps", "device", "precision", "threads"}
"""Training options that a resumed run may have otherwise: it is still the same run."""


@dataclass(frozen=True)
class _Order:
    """What was asked for."""

    project: Project
    recipe: Recipe
    folder: Path | None
    stop: Callable[[], bool]
    queue_entry: str


def train(project: Project, recipe: Recipe | None, *, name: str = "", resume: Path | None = None, devices: int = 1,
          queue_entry: str = "", stop: Callable[[], bool] = lambda: False) -> Events:
    """Train a recipe on a project's videos, in a new run folder, or go on with the run in the folder `resume`.

    A resumed run takes its own recipe where `recipe` is None; one with more steps, epochs or minutes trains longer.
    Preview entries are {"video_id", "frames", "order", "label", "label_text", "answer", "answer_text", "right",
    "probability", "motion"}. `stop`, and a wish to stop or pause in the run's folder, are honoured between steps.
    The run's record keeps `queue_entry`, the entry of the queue that it is of.
    Raises `UsageError`, `VideoError` or `ProjectError` before anything is written, `MachineError` when the disk or the
    memory is full, `TrainingError` when the loss stays not finite; the last checkpoint then stays.
    """
    if devices != 1:
        raise UsageError(f"{devices} devices", "this version trains on one device",
                         "Leave --devices out; a run of several at once can follow on other machines")
    if resume is not None:
        recipe = _same_run(resume, recipe)
        refuse_if_running(resume)
    elif recipe is None:
        raise UsageError("no recipe", "a new run needs one", "Name one with --recipe, for example quick")
    order = _Order(project, recipe, resume, stop, queue_entry)
    with threads_used(recipe.training.threads) as threads:
        yield from _run(order, name or recipe.name, threads=threads)


def _run(order: _Order, name: str, *, threads: int) -> Events:
    device = choose_device(order.recipe.training.device)
    found = load_newest(order.folder) if order.folder else None
    footage = yield from ensured_footage(order.project, stop=order.stop,
                                         short_side_pixels=order.recipe.augmentation.short_side_pixels)
    if footage is not None:
        footage = yield from in_memory(order.project, footage, stop=order.stop)
    if footage is None:  # nothing of a run is there yet
        yield Finished(operation="train", result={}, stopped=True)
        return
    plan = make_plan(footage, order.recipe, held_out=found.state["held_out"] if found else None)
    network, start = _first_network(order, found)
    yield Progress(phase="self-test", done=0, total=1, detail="which precision is right and fast on this machine")
    machine = _machine(order.recipe, device, threads)
    if found and found.state["machine"] == machine:
        precision = Precision.from_json(found.state["precision"])  # as before, so that the run goes on exactly
    else:
        precision = choose_precision(order.recipe, device.device, kept_in=self_test_file(order.project))
    folder = order.folder or order.project.new_run_folder(name)
    record = Record(folder, guessing=plan.task.guessing)
    state = State(machine=machine, fingerprint=plan.fingerprint, precision=precision.to_json())
    stepper = Stepper(prepared(network.to(device.device), precision), Objective.of(order.recipe),
                      order.recipe.training, device=device.device, precision=precision)
    if found:
        stepper.load(found.tensors)
        state = state.going_on(found.state)
        record.beat |= {"step": state.step, "seconds": state.seconds}
    record.begin(order.recipe, environment(plan, network, device, precision, threads=threads)
                 | _kept_of_before(order, start))
    trainer = Trainer(plan, record, stepper, device=device, precision=precision, state=state,
                      stop=lambda: order.stop() or runs.stop_requested(folder),
                      pause=lambda: runs.pause_requested(folder))
    yield from _recorded(record, _events(trainer, found, device))


def _events(trainer: Trainer, found: Checkpoint | None, device: Device) -> Generator[Event, None, None]:
    """What is to be said first, and the training."""
    plan = trainer.plan
    yield Saved(what="run", path=f"runs/{trainer.record.folder.name}")
    said = [alarms.on_the_processor(device), alarms.too_short(plan.too_short, span_frames=plan.task.span_frames)]
    if found and found.refused:
        said.append(alarms.refused_checkpoints(found.refused, used=found.path.name))
    if found and found.state["fingerprint"] != plan.fingerprint:
        said.append(alarms.videos_changed())
    yield from (alarm for alarm in said if alarm)
    yield from trainer.run()


def _recorded(record: Record, events: Generator[Event, None, None]) -> Events:
    """Keep every event, and how the run ended, in the run's folder."""
    state, message = "interrupted", ""
    try:
        with contextlib.closing(events):
            for event in events:
                record.write(event)
                yield event
                if isinstance(event, Finished):
                    state = "stopped" if event.stopped else "finished"
    except StudioError as error:
        state, message = "failed", str(error)
        raise
    except GeneratorExit:
        state = "stopped" if state == "interrupted" else state
        raise
    finally:
        record.end(state, message=message)


def _first_network(order: _Order, found: Checkpoint | None) -> tuple[TupleNetwork, Start | None]:
    """The network as it begins: from a checkpoint, from given weights, or random. Raises `CheckpointError`."""
    network, start = build_network(order.recipe), None
    if found:
        load_into(network, network_tensors(found.tensors), source=found.path.name)
    elif order.recipe.starts_from:
        start = start_from(network, order.recipe.starts_from, order.project)
    return network, start


def _kept_of_before(order: _Order, start: Start | None) -> dict[str, Any]:
    """What the record says of given weights, and of the entries of the queue that it is of, also when it goes on."""
    before: dict[str, Any] = {}
    with contextlib.suppress(StudioError):
        before = files.read_json(order.folder / runs.ENVIRONMENT) if order.folder else {}
    kept = {key: before[key] for key in ("started_from", runs.QUEUE_ENTRIES) if key in before}
    if start is not None:
        kept["started_from"] = start._asdict()
    if order.queue_entry:
        kept[runs.QUEUE_ENTRIES] = [*kept.get(runs.QUEUE_ENTRIES, []), order.queue_entry]
    return kept


def _machine(recipe: Recipe, device: Device, threads: int) -> str:
    return f"{device.title}, {threads} threads, torch {torch.__version__}, {recipe.training.precision}"


def _same_run(folder: Path, recipe: Recipe | None) -> Recipe:
    """The recipe with which a run goes on. Raises `RecipeError` when another one would make it another run."""
    own = recipe_from_toml(folder / runs.RECIPE)
    if recipe is None:
        return own
    for section, values in own.model_dump().items():
        other = recipe.model_dump()[section]
        if section == "training":
            for key, value in values.items():
                if key not in _MAY_CHANGE and other[key] != value:
                    raise _another_run(f"training.{key} = {other[key]}", value)
        elif section not in ("title", "summary", "paper", "name") and other != values:
            raise _another_run(section, values)
    return own.model_copy(update={"training": recipe.training})


def _another_run(what: str, own: object) -> RecipeError:
    return RecipeError(what, f"the run began with {own}, so with this it would be another run",
                       "Leave that as it was, or start a new run, which may start from this run's weights")
