"""The queue at work, with real trainings of a second: order, failures, stops, and kills at the worst moments."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from studio.commands.summary import summary
from studio.engine import queue, runs
from studio.engine.errors import ProjectError, TrainingError, UsageError
from studio.engine.events import Event, Finished, Metric, Progress, Saved, StopRequest, Warned
from studio.engine.project import Project
from studio.engine.project_lock import alone
from studio.engine.training.checkpoint import load_newest
from studio.engine.training.loop import train
from studio.engine.training.queued import PHASE, then_queue, train_queue
from tests.engine.training.footage import make_project, tiny_recipe

Stop: TypeAlias = Callable[[], bool]
First: TypeAlias = Callable[[Stop], Iterator[Event]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "P", videos=6)


def add(project: Project, name: str, **training: object) -> queue.Entry:
    entry = queue.new_entry(project, recipe=tiny_recipe(**{"max_steps": 2, **training}).model_dump(mode="json"),
                            name=name)
    queue.put(project, entry)
    return entry


def waiting(project: Project) -> list[str]:
    return [entry.title for entry in queue.look(project).entries]


def trained(project: Project) -> list[tuple[str, str]]:
    return [(run.name[16:], run.state) for run in runs.list_runs(project)]


def end_of(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished) and sum(isinstance(event, Finished) for event in events) == 1
    return events[-1]


def test_what_waits_is_trained_in_its_order_as_one_operation(project: Project) -> None:
    add(project, "a")
    b = add(project, "b")
    queue.move_up(project, b.id)
    events = []
    for event in train_queue(project):
        events.append(event)
        if isinstance(event, Saved) and event.what == "run" and event.path.endswith("-b"):
            add(project, "late")
        if isinstance(event, Metric) and not trained(project)[1:]:
            assert waiting(project) == ["a", "late"], "an entry leaves when its run is there, not when it is done"
    end = end_of(events)
    assert end.operation == "queue" and not end.stopped and end.result["failed"] == end.result["waiting"] == []
    assert trained(project) == [("b", "finished"), ("a", "finished"), ("late", "finished")]
    assert [name[16:] for name in end.result["trained"]] == ["b", "a", "late"]
    between = [(event.done, event.total) for event in events if isinstance(event, Progress) and event.phase == PHASE]
    assert between == [(0, 2), (1, 3), (2, 3)]


def test_one_that_fails_is_told_and_the_next_goes_on(project: Project) -> None:
    wrong = add(project, "wrong")
    queue.put(project, queue.Entry(**{**wrong.__dict__, "recipe": {**wrong.recipe, "backbone": "r3d_smal"}}))
    add(project, "short", seed=4)
    unfit = queue.look(project).entries[1]
    queue.put(project, queue.Entry(**{**unfit.__dict__, "recipe": {
        **unfit.recipe, "sampling": {**unfit.recipe["sampling"], "interval_frames": 500}}}))
    add(project, "good")
    events = list(train_queue(project))
    end = end_of(events)
    assert trained(project) == [("good", "finished")] and waiting(project) == ["wrong", "short"]
    said = [event for event in events if isinstance(event, Warned) and event.code.startswith("not-trained")]
    assert [event.message.split()[0] for event in said] == ["wrong", "short"]
    assert "did you mean r3d_small?" in queue.look(project).entries[0].problem
    assert [one["name"] for one in end.result["failed"]] == ["wrong", "short"]


def test_a_run_that_fails_keeps_its_sentence_and_the_next_goes_on(project: Project,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    add(project, "breaks")
    add(project, "good")

    def broken(*_args: object, **_options: object) -> None:
        monkeypatch.undo()
        raise TrainingError("step 1", "it broke", "Mend it")

    monkeypatch.setattr("studio.engine.training.trainer.save_weights", broken)
    end = end_of(list(train_queue(project)))
    assert trained(project) == [("breaks", "failed"), ("good", "finished")] and waiting(project) == []
    assert "it broke" in runs.list_runs(project)[0].message
    assert end.result["failed"][0]["run"].endswith("-breaks")


def test_a_stop_stops_the_present_run_and_the_rest_waits(project: Project) -> None:
    add(project, "a", max_steps=1000)
    add(project, "b")
    stop = StopRequest()
    events: list[Event] = []
    for event in train_queue(project, stop=stop):
        events.append(event)
        if isinstance(event, Metric):
            stop.request()
    assert end_of(events).stopped and trained(project) == [("a", "stopped")] and waiting(project) == ["b"]
    run = runs.list_runs(project)[0]
    queue.put(project, queue.new_entry(project, resume=run.name, settings=[f"training.max_steps={run.step + 2}"]))
    list(train_queue(project))
    assert sorted(trained(project)) == [("a", "finished"), ("b", "finished")]
    assert load_newest(run.folder).state["step"] == run.step + 2


def test_a_wish_to_stop_in_the_folder_of_the_run_stops_the_queue_too(project: Project) -> None:
    add(project, "a", max_steps=1000)
    add(project, "b")
    events: list[Event] = []
    for event in train_queue(project):
        events.append(event)
        if isinstance(event, Metric):
            runs.request_stop(runs.list_runs(project)[0].folder)
    assert end_of(events).stopped and waiting(project) == ["b"]


def test_a_wish_to_stop_the_queue_is_heard_between_two_runs_and_a_new_start_overrules_it(project: Project) -> None:
    add(project, "a")
    add(project, "b")
    events: list[Event] = []
    for event in train_queue(project):
        events.append(event)
        if isinstance(event, Progress) and event.phase == PHASE and event.detail == "b":
            queue.request_stop(project)
    assert end_of(events).stopped and waiting(project) == ["b"] and trained(project) == [("a", "finished")]
    assert not end_of(list(train_queue(project))).stopped and waiting(project) == []


def test_a_wish_to_stop_the_queue_stops_the_present_run(project: Project) -> None:
    add(project, "a", max_steps=1000)
    add(project, "b")
    events: list[Event] = []
    for event in train_queue(project):
        events.append(event)
        if isinstance(event, Metric):
            queue.request_stop(project)
    assert end_of(events).stopped and waiting(project) == ["b"] and trained(project) == [("a", "stopped")]


def test_what_is_taken_out_before_it_began_is_not_trained(project: Project) -> None:
    a = add(project, "a")
    add(project, "b")
    events = []
    for event in train_queue(project):
        events.append(event)
        if isinstance(event, Progress) and event.phase == PHASE and event.detail == "a":
            queue.remove(project, a.id)
    assert trained(project) == [("b", "finished")] and not end_of(events).stopped


@pytest.mark.parametrize("place", ["before the folder", "before the entry is out"])
def test_killed_between_nothing_is_lost_and_nothing_is_trained_twice(project: Project, place: str,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    add(project, "a")
    add(project, "b")

    class _KilledError(BaseException):
        pass

    def killed(*_args: object, **_options: object) -> None:
        raise _KilledError

    early = place == "before the folder"
    monkeypatch.setattr("studio.engine.training.record.Record.begin" if early else "studio.engine.queue.remove", killed)
    with pytest.raises(_KilledError):
        list(train_queue(project))
    monkeypatch.undo()
    assert waiting(project) == ["a", "b"] and len(trained(project)) == (0 if early else 1)
    list(train_queue(project))
    assert waiting(project) == []
    assert [name for name, _ in trained(project)] == ["a-2" if early else "a", "b"], "each once"


_KILLED = """
import os, signal, sys
from pathlib import Path
from studio.engine import queue
from studio.engine.project import Project
from studio.engine.training.queued import train_queue
queue.remove = lambda *_: os.kill(os.getpid(), signal.SIGKILL) if sys.platform != "win32" else os._exit(9)
for event in train_queue(Project.open(Path(sys.argv[1]))):
    pass
"""


def test_a_process_that_dies_between_run_and_queue_leaves_each_once(project: Project) -> None:
    """A whole process, killed for good where the run is there and its entry still waits."""
    add(project, "a", max_steps=5)
    add(project, "b")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(project.root)], check=False, capture_output=True,
                          cwd=Path(__file__).parents[3], timeout=120)
    assert done.returncode not in (0, 1), done.stderr.decode()
    assert waiting(project) == ["a", "b"] and [name for name, _ in trained(project)] == ["a"]
    end = end_of(list(train_queue(project)))
    assert [name[16:] for name in end.result["trained"]] == ["b"] and waiting(project) == []
    first = project.run_folder("a")
    list(train(project, None, resume=first))
    assert runs.read_run(first).state == "finished" and runs.read_run(first).step == 5
    kept = json.loads((first / runs.ENVIRONMENT).read_text())[runs.QUEUE_ENTRIES]
    assert len(kept) == 1, "who goes on with it by hand does not make its entry wait again"


def test_two_processes_do_not_train_the_same_queue(project: Project) -> None:
    add(project, "a")
    with alone(project.root, "queue", doing="a test"), pytest.raises(ProjectError, match="at work on this project"):
        list(train_queue(project))
    assert waiting(project) == ["a"] and trained(project) == []


def test_the_queue_does_not_begin_beside_a_run_that_trains(project: Project) -> None:
    add(project, "a")
    other = project.new_run_folder("other")
    (other / runs.RECIPE).write_text(tiny_recipe().to_toml())
    (other / runs.HEARTBEAT).write_text(json.dumps({"state": "running", "at": 4e9, "started_at": 4e9, "pid": 1}))
    with pytest.raises(UsageError, match="still training"):
        list(train_queue(project))
    assert waiting(project) == ["a"]


class TestThenQueue:
    """A training with the queue behind it."""

    @pytest.fixture
    def first(self, project: Project) -> First:
        return lambda stop: train(project, tiny_recipe(max_steps=2), name="first", stop=stop)

    def test_the_queue_begins_when_the_run_is_over(self, project: Project, first: First) -> None:
        add(project, "a")
        end = end_of(list(then_queue(project, first)))
        assert end.operation == "train" and end.result["run"].endswith("-first")
        assert [name[16:] for name in end.result["queue"]["trained"]] == ["a"]
        assert trained(project) == [("first", "finished"), ("a", "finished")]

    def test_without_a_queue_it_is_the_run_alone(self, project: Project, first: First) -> None:
        assert "queue" not in end_of(list(then_queue(project, first))).result

    def test_a_run_that_somebody_stopped_leaves_the_queue_waiting(self, project: Project, first: First) -> None:
        add(project, "a")
        stop = lambda: bool(runs.list_runs(project))  # noqa: E731
        end = end_of(list(then_queue(project, first, stop=stop)))
        assert end.stopped and waiting(project) == ["a"]

    def test_it_holds_the_queue_from_the_start_and_the_first_run_hears_the_wish_to_stop_it(
            self, project: Project) -> None:
        add(project, "a")
        queue.request_stop(project)  # of before, so it counts no more

        def first(stop: Stop) -> Iterator[Event]:
            with pytest.raises(ProjectError, match="at work on this project"):
                list(train_queue(project))
            assert not stop()
            queue.request_stop(project)
            yield from train(project, tiny_recipe(), name="first", stop=stop)

        assert end_of(list(then_queue(project, first))).stopped
        assert waiting(project) == ["a"] and trained(project) == [("first", "stopped")]

    def test_a_stop_in_the_queue_is_told_as_such(self, project: Project, first: First) -> None:
        add(project, "a", max_steps=1000)
        add(project, "b")
        stop = StopRequest()
        events: list[Event] = []
        for event in then_queue(project, first, stop=stop):
            events.append(event)
            if isinstance(event, Metric) and len(runs.list_runs(project)) == 2:
                stop.request()
        end = end_of(events)
        assert end.stopped and end.result["queue"]["trained"] == []
        assert [one["name"] for one in end.result["queue"]["waiting"]] == ["b"]
        assert "The queue was stopped; the rest of it waits" in summary(end) and "first: 2 steps" in summary(end)

    def test_a_run_that_fails_lets_the_queue_begin_and_fails_at_the_end(self, project: Project) -> None:
        add(project, "a")

        def failing(_stop: Stop) -> Iterator[Event]:
            yield Saved(what="run", path="runs/x")
            raise TrainingError("step 9", "it broke", "Mend it")

        seen: list[Event] = []
        with pytest.raises(TrainingError, match="it broke"):
            seen.extend(then_queue(project, failing))
        assert trained(project) == [("a", "finished")]

    def test_one_that_cannot_begin_fails_at_once(self, project: Project) -> None:
        add(project, "a")
        recipe = tiny_recipe().model_copy(update={"starts_from": "nowhere"})
        with pytest.raises(UsageError, match="no such weights"):
            list(then_queue(project, lambda stop: train(project, recipe, stop=stop)))
        assert waiting(project) == ["a"]

    def test_a_queue_that_another_process_trains_is_left_to_it(self, project: Project, first: First) -> None:
        add(project, "a")
        with alone(project.root, "queue", doing="a test"):
            assert not end_of(list(then_queue(project, first))).stopped
        assert waiting(project) == ["a"]
