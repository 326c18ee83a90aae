"""What is asked of a training in another process: to pause, to go on, to stop. It reads the wish in its run's folder.

Each operation waits until what was asked has come about. Whoever stops it stops the waiting alone: the wish stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from studio.engine import queue, runs
from studio.engine.errors import TrainingError, UsageError
from studio.engine.events import Events, Finished, Progress
from studio.engine.project import Project
from studio.engine.project_lock import ProjectLock
from studio.engine.runs import Run, read_run

PHASE = "waiting"
_LOOK_SECONDS = 0.2


def pause(project: Project, name: str = "", *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Let the run called `name`, or the one that trains, wait after its present step.

    Raises `UsageError` when it does not train or was asked already, `TrainingError` when it ends before.
    """
    run = _training(project, name)
    if runs.pause_requested(run.folder):
        raise UsageError(run.name, "it is paused already" if run.paused else "it was asked to pause already",
                         f"Let it go on with: studio continue PROJECT {run.name}")
    runs.request_pause(run.folder)
    yield from _until(lambda: read_run(run.folder).shown_state != "running", run.name, stop)
    yield _told("pause", run, ("paused",), stop)


def go_on(project: Project, name: str = "", *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Let a paused run, the one called `name` or the one that trains, go on.

    Raises `UsageError` when it is not paused, `TrainingError` when it ended meanwhile.
    """
    run = _training(project, name)
    if not runs.pause_requested(run.folder):
        raise UsageError(run.name, "it is not paused", f"Pause it with: studio pause PROJECT {run.name}")
    runs.forget_pause(run.folder)
    yield from _until(lambda: not read_run(run.folder).paused, run.name, stop)
    yield _told("continue", run, ("running", "finished"), stop)


def end(project: Project, name: str = "", *, stop: Callable[[], bool] = lambda: False) -> Events:
    """Let the run called `name` stop after its present step and save; without a name whatever trains, a queue too.

    What waits in the queue goes on waiting. Raises `UsageError` when nothing trains or it was asked already,
    `TrainingError` when the run fails instead.
    """
    lock = ProjectLock(project.root, "queue")
    worked = not name and lock.holder_now() is not None
    run = None if worked and not _going(project) else _training(project, name)
    if run is None and queue.stop_requested(project):
        raise _asked_to_stop("the queue")
    ask_to_stop(project, run, queue_too=worked)

    def over() -> bool:
        return (run is None or read_run(run.folder).state != "running") and not (worked and lock.holder_now())

    yield from _until(over, run.name if run else "the queue", stop)
    more = {"waiting": queue.told(project)} if worked else {}
    yield _told("stop", run, ("stopped", "finished"), stop, **more)


def ask_to_stop(project: Project, run: Run | None, *, queue_too: bool = True) -> None:
    """Ask a run to stop after its present step, and whatever trains the project's queue.

    The queue is asked too, because between two runs, or while one ends, no run reads it. Nothing is waited for.
    Raises `OSError` or `MachineError` where the wish cannot be written.
    """
    if queue_too and ProjectLock(project.root, "queue").holder_now() is not None:
        queue.request_stop(project)
    if run is not None:
        runs.request_stop(run.folder)


def _going(project: Project) -> list[Run]:
    return [run for run in runs.list_runs(project) if run.state == "running"]


def _training(project: Project, name: str) -> Run:
    """The run of this name, or the only one that trains. Raises `UsageError` when it does not, or is to stop."""
    going = _going(project)
    if name:
        run = read_run(project.run_folder(name))
    elif len(going) == 1:
        run = going[0]
    elif going:
        raise UsageError(f"{len(going)} runs", "they train at once: " + ", ".join(one.name for one in going),
                         "Name one of them")
    else:
        raise UsageError(str(project.root), "no run of this project trains now",
                         "See its runs with: studio runs PROJECT")
    if run.state != "running":
        raise UsageError(run.name, f"it does not train, it is {run.state}",
                         f"Go on with it with: studio train PROJECT --resume {run.name}")
    if runs.stop_requested(run.folder):
        raise _asked_to_stop(run.name)
    return run


def _asked_to_stop(what: str) -> UsageError:
    return UsageError(what, "it was asked to stop already", "Wait a moment, and look with: studio runs PROJECT")


def _until(reached: Callable[[], bool], what: str, stop: Callable[[], bool]) -> Events:
    while not reached() and not stop():
        yield Progress(phase=PHASE, done=0, total=0, detail=f"{what} does it after its present step")
        time.sleep(_LOOK_SECONDS)


def _told(operation: str, run: Run | None, wanted: tuple[str, ...], stop: Callable[[], bool],
          **more: Any) -> Finished:
    """How the run is now. Raises `TrainingError` when it came to something else than what was `wanted`."""
    now = read_run(run.folder) if run else None
    if now is not None and not stop() and now.shown_state not in wanted:
        reason = f" ({now.message})" if now.message else ""
        raise TrainingError(now.name, f"it is {now.shown_state} now{reason}, and not {wanted[0]}",
                            "See it with: studio runs PROJECT")
    told = {"run": now.name, "state": now.shown_state, "steps": now.step, "total_steps": now.total_steps} if now else {}
    return Finished(operation=operation, result=told | more, stopped=stop())
