"""The arguments and options that several commands share, and those that every command has."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from typer import Argument, Option
from typer.core import TyperCommand

from studio.commands.edge import Work
from studio.engine.errors import UsageError

ProjectFolder: TypeAlias = Annotated[Path, Argument(metavar="PROJECT", help="Folder of the project",
                                                    show_default=False)]
RunName: TypeAlias = Annotated[str, Argument(metavar="RUN", help="Name of a run, or: latest", show_default=False)]
RecipeName: TypeAlias = Annotated[str, Option("--recipe", metavar="NAME", help="Name of a preset, or a recipe's .toml")]
Settings: TypeAlias = Annotated[list[str] | None, Option(
    "--set", metavar="SECTION.KEY=VALUE", help="Change an option of the recipe; can be given many times",
    show_default=False)]
VideoName: TypeAlias = Annotated[str, Option(
    "--video", metavar="PATH", help="A video, as `studio scan` lists it; the end of its path is enough",
    show_default=False)]
AtSeconds: TypeAlias = Annotated[float, Option("--at", metavar="SECONDS", help="The middle of the clip")]
Picture: TypeAlias = Annotated[Path | None, Option("-o", "--out", metavar="FILE.png", help="Write a picture there",
                                                   show_default=False)]
AsJson: TypeAlias = Annotated[bool, Option("--json", help="Print the result as one JSON object", show_default=False)]
AsEvents: TypeAlias = Annotated[Literal["jsonl"] | None, Option(
    "--events", metavar="jsonl", help="Print one event a line; a line `stop` on standard input stops",
    show_default=False)]


def operation(command: Callable[..., Work]) -> Callable[..., Work]:
    """Give a command the options that every command has; they are read off the command line beforehand (`form_of`).

    The command itself is called when the work starts: what it loads takes seconds, and something is shown by then.
    """
    own = inspect.signature(command, eval_str=True)
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
             for name, default, annotation in (("as_json", False, AsJson), ("as_events", None, AsEvents))]

    @functools.wraps(command)
    def with_all_options(*, as_json: bool, as_events: str | None, **arguments: Any) -> Work:  # noqa: ARG001
        return Work(lambda stop: command(**arguments).start(stop))

    with_all_options.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*own.parameters.values(), *added])
    with_all_options.__annotations__ = {parameter.name: parameter.annotation
                                        for parameter in [*own.parameters.values(), *added]}
    return with_all_options


class ListsRecipeOptions(TyperCommand):
    """A command whose help ends with every option that `--set` takes; looking them up takes a while."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        formatter.write(_options_text())


def _options_text() -> str:
    from studio.engine.faults import FAULTS

    try:
        from studio.engine.describe import option_lines

        lines = option_lines()
    except FAULTS as error:
        return f"The options of recipes cannot be listed ({error}). Run: studio doctor\n"
    width = max(len(name) for name, _, _ in lines)
    text = "\n".join(f"  {name.ljust(width)}  {about}" + (f" [default: {default}]" if default else "")
                     for name, default, about in lines)
    return f"Options of a recipe, for --set (a preset may choose other values):\n\n{text}\n"


def png(path: Path) -> Path:
    """Check that a picture's name ends with .png. Raises `UsageError`."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"-o {path}", "pictures are written as PNG", "Let the name end with .png")
    return path
