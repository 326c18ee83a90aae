"""The queue at work: what waits is trained, run after run, in one process and as one operation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from studio.engine import queue
from studio.engine.errors import ProjectError, StudioError
from studio.engine.events import Event, Events, Finished, Progress, Saved, Warned
from studio.engine.faults import FAULTS, in_words
from studio.engine.project import Project
from studio.engine.project_lock import alone
from studio.engine.recipe import make_recipe, recipe_from_toml
from studio.engine.runs import RECIPE, list_runs
from studio.engine.training.loop import train
from studio.engine.training.record import refuse_if_running

PHASE = "next-run"
"""The phase between two runs."""


@dataclass
class _Outcome:
    """What became of the entries that were tried."""

    trained: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    stopped: bool = False

    def told(self, project: Project) -> dict[str, Any]:
        return {"trained": self.trained, "failed": self.failed, "waiting": queue.told(project)}


@dataclass
class _Try:
    """How far one entry has come: the name of its run, and whether that came to its end."""

    run: str = ""
    done: bool = False


def train_queue(project: Project, *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Train what waits, entry after entry, each once; those that are added meanwhile too.

    An entry leaves the queue when its run is there and has its first checkpoint, so that it can go on. One that fails
    is told, its sentence is kept with its run or, when it could not even begin, with the entry, and the next goes on.
    A stop, also one that was asked of the queue, stops the present run and leaves the rest waiting. Raises `UsageError`
    while a run trains on this machine, `ProjectError` while another process is at work on this queue.
    """
    for run in list_runs(project):
        refuse_if_running(run.folder)
    with _at_work(project):
        outcome = yield from _work(project, _or_asked(project, stop))
    yield Finished(operation="queue", result=outcome.told(project), stopped=outcome.stopped)


def then_queue(project: Project, first: Callable[[Callable[[], bool]], Events], *,
               stop: Callable[[], bool] = lambda: False) -> Events:
    """Do a training, and when it is over train what waits, unless it was stopped. `first` takes the wish to stop.

    The queue is held from the start, so that nothing comes between. The result says under `queue` what became of it.
    A training that fails after its run began fails at the end.
    """
    with contextlib.ExitStack() as stack:
        held = _alone(stack, project)
        wish = _or_asked(project, stop) if held else stop
        finished, failure = yield from _first(project, first(wish))
        if failure is not None:
            yield Warned(code="first-failed", message=f"{failure.value}: {failure.rule}.", remedy=failure.remedy)
        outcome, more = _Outcome(stopped=bool(finished and finished.stopped)), {}
        if not outcome.stopped and queue.look(project).entries and (held or _alone(stack, project)):
            outcome = yield from _work(project, _or_asked(project, stop))
            more = {"queue": outcome.told(project)}
    if failure is not None:
        raise failure
    if finished is not None:
        yield Finished(operation=finished.operation, result=finished.result | more, stopped=outcome.stopped)


def _first(project: Project, events: Events) -> Generator[Event, None, tuple[Finished | None, StudioError | None]]:
    """Pass a training on, but for its end; a failure is raised where nothing waits or it did not even begin."""
    begun, finished = False, None
    try:
        for event in _closed_at_the_end(events):
            begun = begun or (isinstance(event, Saved) and event.what == "run")
            if isinstance(event, Finished):
                finished = event
            else:
                yield event
    except StudioError as error:
        if not begun or not queue.look(project).entries:
            raise
        return None, _alone_of(error)
    return finished, None


@contextlib.contextmanager
def _at_work(project: Project) -> Iterator[None]:
    """Hold the queue for the length of a block. Raises `ProjectError` when another process does."""
    with alone(project.root, "queue", doing="another process that trains the queue"):
        queue.forget_stop(project)
        yield


def _alone(stack: contextlib.ExitStack, project: Project) -> bool:
    """Hold the queue while the stack lives; False where another process is at work on it."""
    try:
        stack.enter_context(_at_work(project))
    except ProjectError:
        return False
    return True


def _or_asked(project: Project, stop: Callable[[], bool]) -> Callable[[], bool]:
    """The wish to stop, or one that somebody left in the queue's folder."""
    return lambda: stop() or queue.stop_requested(project)


def _work(project: Project, stop: Callable[[], bool]) -> Generator[Event, None, _Outcome]:
    outcome, tried = _Outcome(), set[str]()
    while not outcome.stopped:
        if warned := queue.tidy(project):
            yield warned
        waiting = [entry for entry in queue.look(project).entries if entry.id not in tried]
        if not waiting:
            break
        if stop():
            outcome.stopped = True
            break
        yield Progress(phase=PHASE, done=len(tried), total=len(tried) + len(waiting), unit="runs",
                       detail=waiting[0].title)
        tried.add(waiting[0].id)
        yield from _train_entry(project, waiting[0], outcome, stop)
    return outcome


def _train_entry(project: Project, entry: queue.Entry, outcome: _Outcome,
                 stop: Callable[[], bool]) -> Generator[Event, None, None]:
    """Train one entry, and keep what became of it."""
    now, failure = _Try(), None
    try:
        yield from _try(project, entry, now, stop)
    except StudioError as error:
        failure = _alone_of(error)
    except FAULTS as fault:
        failure = _alone_of(in_words(fault))
    if failure is not None:
        if not now.run:
            queue.set_problem(project, entry.id, str(failure))
        outcome.failed.append({"name": entry.title, "run": now.run, "problem": str(failure)})
        yield Warned(code=f"not-trained-{entry.id}", remedy=failure.remedy,
                     message=f"{entry.title} could not be trained: {failure.value}: {failure.rule}.")
    elif now.done:
        outcome.trained.append(now.run)
    elif now.run or stop():  # stopped through its folder, too, what trains is stopped; else it was taken out
        outcome.stopped = True


def _try(project: Project, entry: queue.Entry, now: _Try, stop: Callable[[], bool]) -> Generator[Event, None, None]:
    """Pass an entry's training on, but for its `Finished`: the whole operation has one end."""
    def wished() -> bool:
        return stop() or (not now.run and not queue.waits(project, entry.id))  # it was taken out before it began

    for event in _closed_at_the_end(_events_of(project, entry, wished)):
        if isinstance(event, Saved) and event.what == "run":
            now.run = event.path.rpartition("/")[2]
        elif not now.run and wished():
            return
        if isinstance(event, Saved) and event.what == ("run" if entry.resume else "checkpoint"):
            queue.remove(project, entry.id)  # from here on the run can go on by itself
        if isinstance(event, Finished):
            now.done = not event.stopped
        else:
            yield event


def _alone_of(error: StudioError) -> StudioError:
    """The same error without its trace, which would keep the network of the run that failed in memory."""
    return type(error)(error.value, error.rule, error.remedy)


def _events_of(project: Project, entry: queue.Entry, stop: Callable[[], bool]) -> Events:
    if entry.resume:
        folder = project.run_folder(entry.resume)
        recipe = recipe_from_toml(folder / RECIPE, entry.settings)
        return train(project, recipe, resume=folder, queue_entry=entry.id, stop=stop)
    recipe = make_recipe(entry.recipe, entry.settings)
    return train(project, recipe, name=entry.name, queue_entry=entry.id, stop=stop)


def _closed_at_the_end(events: Events) -> Generator[Event, None, None]:
    """Pass events on; whoever closes this closes them, so that the run saves before the next thing happens."""
    try:
        yield from events
    finally:
        if isinstance(events, Generator):
            events.close()
