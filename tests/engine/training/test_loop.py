from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.engine import runs
from studio.engine.device import RandomState
from studio.engine.errors import RecipeError, TrainingError, UsageError
from studio.engine.events import Event, Finished, Metric, Preview, Progress, Saved, StopRequest, Warned
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.tasks import TASKS
from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.task import Truth
from studio.engine.training.checkpoint import WEIGHTS, load_newest, load_weights, read_tensors
from studio.engine.training.loop import train
from studio.engine.training.trainer import FAILURES_IN_A_ROW, PAUSE_TOLD_SECONDS, ROLLBACKS
from tests.engine.training.footage import make_project, tiny_recipe

STEPS = 6


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("loop") / "P")


@pytest.fixture(scope="module")
def whole(project: Project) -> Path:
    """A run that was never stopped."""
    return _folder(project, list(train(project, tiny_recipe(), name="whole")))


def _folder(project: Project, events: list[Event]) -> Path:
    first = next(event for event in events if isinstance(event, Saved))
    return project.root / first.path


def _after(calls: int) -> Callable[[], bool]:
    """A wish to stop that comes after so many questions for it."""
    asked = iter(range(calls))
    return lambda: next(asked, None) is None


def _same(one: Path, other: Path) -> list[str]:
    """What differs between the ends of two runs: tensors by name, and what was measured."""
    a, b = load_newest(one), load_newest(other)
    names = [name for name in a.tensors.keys() | b.tensors.keys()
             if name not in a.tensors or name not in b.tensors or not torch.equal(a.tensors[name], b.tensors[name])]
    names += [name for name in ("step", "measured", "best", "best_step") if a.state[name] != b.state[name]]
    best, again = (read_tensors(folder / WEIGHTS)[0] for folder in (one, other))
    return names + [f"weights {name}" for name in best if not torch.equal(best[name], again[name])]


def test_a_run_tells_and_keeps_everything(project: Project, whole: Path) -> None:
    run = runs.read_run(whole)
    assert (run.state, run.step, run.total_steps) == ("finished", STEPS, STEPS)
    assert run.chance == pytest.approx(1 / 6)
    assert run.accuracy is not None
    events = runs.read_events(whole)[0]
    assert [event.step for event in runs.curve(events, "validation")] == [3, 6]
    values = runs.curve(events, "train")[0].values
    assert {"loss", "accuracy", "balanced_accuracy", "learning_rate", "samples_per_second", "chance",
            "wait_share"} <= values.keys()
    assert any(isinstance(event, Warned) and event.code == "running-on-the-cpu" for event in events)
    entry = next(event for event in events if isinstance(event, Preview)).tuples[0]
    assert entry.keys() == {"video_id", "frames", "order", "label", "label_text", "answer", "answer_text", "right",
                            "probability", "motion"}
    assert sorted(entry["order"]) == [0, 1, 2]
    assert [len(frames) for frames in entry["frames"]] == [2, 2, 2]
    last = events[-1]
    assert isinstance(last, Finished)
    assert {"run", "steps", "loss", "accuracy", "balanced_accuracy", "chance", "seconds",
            "samples_per_second"} <= last.result.keys()
    recipe, network = load_weights(whole)
    assert recipe == tiny_recipe()
    assert sum(parameter.numel() for parameter in network.parameters()) == last.result["parameters"]
    assert threading.active_count() == 1


def test_the_record_names_no_path_and_no_group(project: Project, whole: Path) -> None:
    environment = (whole / runs.ENVIRONMENT).read_text()
    assert json.loads(environment)["layers_in_fp32"] == []
    for text in (environment, (whole / runs.HEARTBEAT).read_text(), json.dumps(load_newest(whole).state)):
        assert str(project.root) not in text
        assert "v001" not in text


def test_the_best_validation_is_what_is_kept_as_weights(whole: Path) -> None:
    state = load_newest(whole).state
    accuracies = {one["step"]: one["balanced_accuracy"] for one in state["measured"]}
    assert state["best"] == max(accuracies.values())
    header = read_tensors(whole / WEIGHTS)[1]
    assert int(header["step"]) == state["best_step"] == max(accuracies, key=lambda step: accuracies[step])


@pytest.mark.parametrize("calls", [1, 2, 4, 6, 8])
def test_a_resumed_run_is_bitwise_the_run_that_never_stopped(project: Project, whole: Path, calls: int) -> None:
    events = list(train(project, tiny_recipe(), name="parts", stop=_after(calls)))
    assert isinstance(events[-1], Finished)
    assert events[-1].stopped
    folder = _folder(project, events)
    assert runs.read_run(folder).state == "stopped"
    assert load_newest(folder).state["step"] < STEPS or calls == 8, "8 comes in the middle of the last validation"
    again = list(train(project, None, resume=folder))
    assert again[-1].result["steps"] == STEPS  # type: ignore[union-attr]
    assert _same(whole, folder) == []
    shutil.rmtree(folder)


def test_adamw_with_a_cosine_resumes_bitwise_too(project: Project) -> None:
    recipe = tiny_recipe(optimiser="adamw", schedule="cosine", warmup_steps=2, gradient_clip=1.0)
    once = _folder(project, list(train(project, recipe, name="once")))
    events = list(train(project, recipe, name="twice", stop=_after(5)))
    folder = _folder(project, events)
    list(train(project, recipe, resume=folder))
    assert _same(once, folder) == []


def test_broken_twin_without_the_random_state_is_seen(project: Project, whole: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(project, list(train(project, tiny_recipe(), name="twin", stop=_after(4))))
    monkeypatch.setattr(RandomState, "load", lambda self, tensors: None)
    list(train(project, None, resume=folder))
    assert any(name.startswith("network/") for name in _same(whole, folder))


def test_global_state_is_left_as_it_was(project: Project) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    list(train(project, tiny_recipe(max_steps=1), name="state"))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_a_wish_to_stop_in_the_folder_is_honoured_and_forgotten(project: Project) -> None:
    events = []
    for event in train(project, tiny_recipe(max_steps=1000), name="asked"):
        events.append(event)
        if isinstance(event, Metric):
            runs.request_stop(_folder(project, events))
    folder = _folder(project, events)
    assert isinstance(events[-1], Finished)
    assert events[-1].stopped
    assert load_newest(folder).state["step"] < 1000
    assert not runs.stop_requested(folder)
    assert (folder / WEIGHTS).is_file()


def _paused(project: Project, name: str, *, after: str, seconds: float, recipe: Recipe | None = None) -> list[Event]:
    """A run that is paused once, at the first event of this kind or phase, for a while."""
    events: list[Event] = []
    ends_at = None
    for event in train(project, recipe or tiny_recipe(), name=name):
        events.append(event)
        waits = isinstance(event, Progress) and event.phase == "paused"
        if ends_at is None and after in (event.kind, getattr(event, "phase", "")):
            runs.request_pause(_folder(project, events))
            ends_at = time.monotonic() + seconds
        if waits and ends_at is not None and time.monotonic() >= ends_at:
            runs.forget_pause(_folder(project, events))
    return events


@pytest.mark.parametrize("after", ["metric", "validation"])
def test_a_paused_run_is_bitwise_the_run_that_never_paused(project: Project, whole: Path, after: str) -> None:
    events = _paused(project, f"paused-{after}", after=after, seconds=0)
    assert any(isinstance(event, Progress) and event.phase == "paused" for event in events)
    folder = _folder(project, events)
    assert _same(whole, folder) == []
    assert runs.read_run(folder).state == "finished" and not runs.pause_requested(folder)


def test_the_questions_are_asked_before_the_first_step_and_nothing_counts_it(project: Project) -> None:
    events = list(train(project, tiny_recipe(max_steps=2, validate_every_steps=1), name="before"))
    metrics = [event for event in events if isinstance(event, Metric)]
    first = metrics[0]
    assert (first.split, first.step) == ("untrained", 0) and [one.split for one in metrics].count("untrained") == 1
    later = [one for one in metrics if one.split == "validation"]
    assert first.values["tuples"] == later[0].values["tuples"] and first.values["loss"] != later[-1].values["loss"]
    state = load_newest(_folder(project, events)).state
    assert [one["step"] for one in state["measured"]] == [1, 2] and state["best_step"] > 0
    resumed = list(train(project, tiny_recipe(max_steps=3, validate_every_steps=1), resume=_folder(project, events)))
    assert "untrained" not in [one.split for one in resumed if isinstance(one, Metric)]


def test_time_spent_waiting_is_no_training_and_the_record_says_that_it_waits(project: Project) -> None:
    seen: list[tuple[runs.Run, float]] = []
    events: list[Event] = []
    for event in train(project, tiny_recipe(), name="waits"):
        events.append(event)
        if isinstance(event, Metric) and event.split == "train" and not seen:
            runs.request_pause(_folder(project, events))
        if isinstance(event, Progress) and event.phase == "paused":
            beat = json.loads((_folder(project, events) / runs.HEARTBEAT).read_text())
            seen.append((runs.read_run(_folder(project, events)), beat["at"]))
            if len(seen) == 4:
                runs.forget_pause(_folder(project, events))
    end = events[-1]
    assert all(run.paused and run.shown_state == "paused" and run.step == 1 for run, _ in seen)
    assert seen[-1][1] > seen[0][1] + PAUSE_TOLD_SECONDS, "the heart goes on beating"
    assert isinstance(end, Finished) and not end.stopped
    assert end.result["seconds"] < 3 * PAUSE_TOLD_SECONDS, f"{end.result['seconds']} s: the pause took three"
    assert load_newest(_folder(project, events)).state["seconds"] < 3 * PAUSE_TOLD_SECONDS
    assert not runs.read_run(_folder(project, events)).paused


def test_what_was_learned_is_on_the_disk_while_a_run_waits_and_it_can_be_stopped(project: Project) -> None:
    stop, step = StopRequest(), 0
    events: list[Event] = []
    for event in train(project, tiny_recipe(max_steps=1000), name="waiting", stop=stop):
        events.append(event)
        if isinstance(event, Metric) and event.split == "train":
            runs.request_pause(_folder(project, events))
        if isinstance(event, Progress) and event.phase == "paused":
            step = load_newest(_folder(project, events)).state["step"]
            stop.request()
    end, folder = events[-1], _folder(project, events)
    assert isinstance(end, Finished) and end.stopped
    assert 0 < step == load_newest(folder).state["step"] == runs.read_run(folder).step
    assert runs.read_run(folder).state == "stopped" and not runs.pause_requested(folder)


def test_a_run_that_is_closed_while_it_waits_counts_no_waiting(project: Project) -> None:
    events = train(project, tiny_recipe(max_steps=1000), name="shut")
    seen: list[Event] = []
    for event in events:
        seen.append(event)
        if isinstance(event, Metric):
            runs.request_pause(_folder(project, seen))
        if sum(isinstance(one, Progress) and one.phase == "paused" for one in seen) == 3:
            break
    events.close()  # type: ignore[attr-defined]
    folder = _folder(project, seen)
    assert load_newest(folder).state["seconds"] < 2 * PAUSE_TOLD_SECONDS
    assert runs.read_run(folder).shown_state == "stopped"


def test_a_closed_generator_saves_and_leaves_no_thread(project: Project) -> None:
    events = train(project, tiny_recipe(max_steps=1000), name="closed")
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Metric) and event.step:
            break
    events.close()  # type: ignore[attr-defined]
    folder = _folder(project, seen)
    assert load_newest(folder).state["step"] >= 1
    assert runs.read_run(folder).state == "stopped"
    assert threading.active_count() == 1


def test_train_longer(project: Project, whole: Path) -> None:
    folder = _folder(project, list(train(project, tiny_recipe(max_steps=3), name="longer")))
    list(train(project, tiny_recipe(), resume=folder))
    assert _same(whole, folder) == []
    assert runs.read_run(folder).recipe["training"]["max_steps"] == STEPS


@pytest.mark.parametrize(("recipe", "words"), [
    (tiny_recipe(seed=2), "training.seed = 2"),
    (tiny_recipe().model_copy(update={"backbone": "r3d_vcop"}), "backbone"),
])
def test_another_recipe_is_another_run(project: Project, whole: Path, recipe: Recipe, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        list(train(project, recipe, resume=whole))


def test_several_devices_are_refused_in_words(project: Project) -> None:
    with pytest.raises(UsageError, match="one device"):
        list(train(project, tiny_recipe(), devices=2))


def test_a_run_that_still_trains_elsewhere_is_not_resumed(project: Project, whole: Path) -> None:
    beat = json.loads((whole / runs.HEARTBEAT).read_text())
    running = beat | {"state": "running", "at": 4e9, "started_at": 4e9, "pid": 1}
    (whole / runs.HEARTBEAT).write_text(json.dumps(running))
    try:
        with pytest.raises(UsageError, match="still training"):
            list(train(project, None, resume=whole))
    finally:
        (whole / runs.HEARTBEAT).write_text(json.dumps(beat))


def test_the_clock_ends_a_run_and_goes_on_from_where_it_was(project: Project) -> None:
    recipe = tiny_recipe(max_steps=0, max_minutes=0.01, validate_every_steps=1000, schedule="cosine")
    events = list(train(project, recipe, name="clock", stop=_after(4)))
    folder = _folder(project, events)
    stopped = load_newest(folder).state
    assert 0 < stopped["seconds"] < 0.6
    again = list(train(project, recipe, resume=folder))
    end = again[-1]
    assert isinstance(end, Finished)
    assert 0.6 <= load_newest(folder).state["seconds"] < 30
    assert end.result["accuracy"] is not None, "it never validated on the way, so it did at the end"
    rates = [event.values["learning_rate"] for event in again if isinstance(event, Metric) and event.split == "train"]
    assert rates[-1] < rates[0] < 0.01


class _Spoilt(ClipOrder):
    """Clip order whose training loss is not finite at some steps; validation counts none."""

    title = "Spoilt"
    steps = 0
    bad = range(0)

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        loss = super().loss(outputs, truth)
        if not outputs.requires_grad:
            return loss
        type(self).steps += 1
        return loss * torch.nan if self.steps in self.bad else loss


def _spoil(monkeypatch: pytest.MonkeyPatch, bad: range) -> None:
    monkeypatch.setitem(TASKS, "clip-order", _Spoilt)
    monkeypatch.setattr(_Spoilt, "steps", 0)
    monkeypatch.setattr(_Spoilt, "bad", bad)


def _codes(events: list[Event]) -> list[str]:
    return [event.code for event in events if isinstance(event, Warned)]


def test_single_steps_that_are_not_finite_are_left_out_and_said_once(project: Project,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    list(train(project, tiny_recipe(max_steps=1), name="warm"))  # the self-test is kept for the process
    _spoil(monkeypatch, range(0, 100, 3))
    events = list(train(project, tiny_recipe(max_steps=12), name="spoilt"))
    assert _codes(events).count("loss-not-finite") == 1
    assert "rolled-back" not in _codes(events)
    tensors = load_newest(_folder(project, events)).tensors
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_too_many_in_a_row_roll_back_and_go_on_or_end_in_words(project: Project,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    list(train(project, tiny_recipe(max_steps=1), name="warm"))
    _spoil(monkeypatch, range(FAILURES_IN_A_ROW + 1))
    events = list(train(project, tiny_recipe(max_steps=20), name="back"))
    assert _codes(events).count("rolled-back") == 1
    _spoil(monkeypatch, range(10_000))
    seen: list[Event] = []
    with pytest.raises(TrainingError, match="learning_rate") as caught:
        seen.extend(train(project, tiny_recipe(max_steps=1000), name="hopeless"))
    assert str(FAILURES_IN_A_ROW * (ROLLBACKS + 1)) in caught.value.value
    folder = project.run_folder("hopeless")
    assert runs.read_run(folder).state == "failed"
    assert "learning_rate" in runs.read_run(folder).message
    assert all(torch.isfinite(tensor).all() for tensor in load_newest(folder).tensors.values())


def test_what_cannot_begin_leaves_no_run(project: Project) -> None:
    before = project.run_folders()
    with pytest.raises(UsageError, match="no such weights"):
        list(train(project, tiny_recipe().model_copy(update={"starts_from": "nowhere"}), name="x"))
    assert project.run_folders() == before


def test_a_run_can_start_from_another_runs_weights(project: Project, whole: Path) -> None:
    recipe = tiny_recipe(max_steps=1, learning_rate=1e-9).model_copy(update={"starts_from": whole.name})
    folder = _folder(project, list(train(project, recipe, name="from")))
    _, network = load_weights(folder)
    _, source = load_weights(whole)
    assert torch.allclose(network.backbone.conv1[0].weight, source.backbone.conv1[0].weight, atol=1e-6)


def test_progress_is_told_but_not_kept(project: Project, whole: Path) -> None:
    assert not any(isinstance(event, Progress) for event in runs.read_events(whole)[0])
    events = list(train(project, tiny_recipe(max_steps=1), name="progress"))
    assert {event.phase for event in events if isinstance(event, Progress)} == {"self-test", "training", "validation"}
