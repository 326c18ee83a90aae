"""The command `queue`: what waits to be trained, and training it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from studio.commands.edge import Work
from studio.commands.options import ProjectFolder, RecipeName, Settings
from studio.engine.errors import UsageError

if TYPE_CHECKING:
    from studio.engine.project import Project


def queue(
    project: ProjectFolder,
    add: Annotated[bool, Option("--add", help="Let a recipe wait: the options are those of `studio train`",
                                show_default=False)] = False,
    recipe: RecipeName = "quick",
    settings: Settings = None,
    name: Annotated[str, Option("--name", metavar="RUN", help="Name of the run that it becomes",
                                show_default=False)] = "",
    resume: Annotated[str, Option("--resume", metavar="RUN", help="Let going on with this run wait instead",
                                  show_default=False)] = "",
    remove: Annotated[int, Option("--remove", metavar="N", help="Take the entry with this number out", min=0,
                                  show_default=False)] = 0,
    up: Annotated[int, Option("--up", metavar="N", help="Train the entry with this number one earlier", min=0,
                              show_default=False)] = 0,
    run: Annotated[bool, Option("--run", help="Train what waits, one run after the other",
                                show_default=False)] = False,
) -> Work:
    """List what waits to be trained, change it, or train it. Ctrl-C stops the present run; the rest goes on waiting."""
    if sum((add, bool(remove), bool(up))) > 1:
        raise UsageError("--add, --remove and --up", "only one change can be made at a time", "Leave the others out")
    if not add and (name or resume or settings):
        raise UsageError("--name, --resume and --set", "they belong to an entry that is added", "Write --add too")

    from studio.engine import queue as waiting
    from studio.engine.project import Project

    opened = Project.open(project)
    if add:
        _add(opened, recipe, settings or [], name=name, resume=resume)
    if remove:
        waiting.remove(opened, waiting.numbered(opened, remove).id)
    if up:
        waiting.move_up(opened, waiting.numbered(opened, up).id)
    if not run:
        return Work(lambda stop: waiting.listed(opened, stop=stop))

    from studio.engine.training.queued import train_queue

    return Work(lambda stop: train_queue(opened, stop=stop))


def _add(project: Project, recipe: str, settings: list[str], *, name: str, resume: str) -> None:
    """Let a recipe or a run wait; whatever is wrong with it is found now."""
    from studio.engine.queue import new_entry, put
    from studio.engine.recipe import load_recipe, recipe_from_toml
    from studio.engine.runs import RECIPE

    if resume:
        folder = project.run_folder(resume)
        recipe_from_toml(folder / RECIPE, settings)
        put(project, new_entry(project, resume=folder.name, settings=settings))
    else:
        values = load_recipe(recipe, settings).model_dump(mode="json")
        put(project, new_entry(project, recipe=values, name=name))
