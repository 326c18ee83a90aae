"""Commands for a training in another process: pause, continue, stop."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from typer import Argument

from studio.commands.edge import Work
from studio.commands.options import ProjectFolder

TrainingRun: TypeAlias = Annotated[str, Argument(metavar="RUN", help="Name of a run, or: latest; without it the one "
                                                 "that trains", show_default=False)]


def pause(project: ProjectFolder, run: TrainingRun = "") -> Work:
    """Let a run that trains wait: it saves, keeps its memory, and its clock stands still."""
    from studio.engine import steering
    from studio.engine.project import Project

    return Work(lambda stop: steering.pause(Project.open(project), run, stop=stop))


def go_on(project: ProjectFolder, run: TrainingRun = "") -> Work:
    """Let a paused run go on. One that was stopped goes on with: studio train PROJECT --resume RUN."""
    from studio.engine import steering
    from studio.engine.project import Project

    return Work(lambda stop: steering.go_on(Project.open(project), run, stop=stop))


def stop(project: ProjectFolder, run: TrainingRun = "") -> Work:
    """Stop what trains and keep all that it learned; what waits in the queue goes on waiting."""
    from studio.engine import steering
    from studio.engine.project import Project

    return Work(lambda wish: steering.end(Project.open(project), run, stop=wish))
