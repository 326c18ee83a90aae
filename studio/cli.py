"""The command line: one thin command per engine operation. Nothing heavy is loaded before a command runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

import studio
from studio.commands import look, machine, masks, prepare, queue, steer
from studio.commands.edge import DONE, STOPPED, WRONG_USAGE, Work, form_of, perform, tell_failure
from studio.commands.options import ListsRecipeOptions, operation
from studio.engine.errors import StudioError, UsageError
from studio.engine.faults import FAULTS, broken_torch, in_words, is_broken_torch

OpenWindow = Callable[[Path | None], int]
_WrongUsage: type[Exception] = typer.BadParameter.__mro__[1]
"""What Typer raises for anything wrong on the command line; it has no public name."""

COMMANDS: dict[str, tuple[Callable[..., Work], ...]] = {
    "Prepare": (prepare.scan, prepare.relink, masks.mask, prepare.preview, prepare.probe, prepare.preflight),
    "Train": (prepare.train, queue.queue, prepare.runs, steer.pause, steer.go_on, steer.stop),
    "Look inside and judge": (look.features, look.neighbours, look.activations, look.units,
                              look.attribution, look.evaluate, look.report,
                              look.export),
    "The studio itself": (machine.demo, machine.doctor),
}


def run(arguments: Sequence[str], *, open_window: OpenWindow) -> int:
    """Run a command line (without the program's name); returns the exit code.

    0 done, 1 the work failed and says why, 2 wrong usage, 130 stopped by the person with its state saved.
    """
    form = form_of(arguments)
    try:
        made = typer.main.get_command(application(open_window)).main(list(arguments), "studio", standalone_mode=False)
        return perform(made, form) if isinstance(made, Work) else int(made or DONE)
    except _WrongUsage as error:
        return tell_failure(_usage_error(error, arguments), form, exit_code=WRONG_USAGE)
    except StudioError as error:
        return tell_failure(error, form)
    except BrokenPipeError:
        _let_go_of_output()
        return 1
    except FAULTS as error:
        return tell_failure(in_words(error), form)
    except RuntimeError as error:
        if not is_broken_torch(error):
            raise
        return tell_failure(broken_torch(), form)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("Stopped at once. What was saved before is kept.\n")
        return STOPPED


def application(open_window: OpenWindow) -> typer.Typer:
    """Make the application with all its commands; `open_window` shows the window on a project."""
    app = typer.Typer(no_args_is_help=True, add_completion=True, help=studio.__doc__, pretty_exceptions_enable=False,
                      context_settings={"help_option_names": ["-h", "--help"]})
    app.callback()(_options_of_all)

    def open_project(project: Annotated[Path | None, Argument(metavar="PROJECT", help="Folder of the project",
                                                              show_default=False)] = None) -> int:
        """Open the window, on a project if one is named."""
        return open_window(project)

    app.command("open")(open_project)
    for panel, commands in COMMANDS.items():
        for command in commands:
            cls = ListsRecipeOptions if command is prepare.train else None
            name = "continue" if command is steer.go_on else None  # a word that Python keeps for itself
            app.command(name, rich_help_panel=panel, cls=cls)(operation(command))
    for hidden in (machine.service, machine.examine):
        app.command(hidden=True)(hidden)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"Unshuffle Studio {studio.__version__}\n")
        raise typer.Exit


def _options_of_all(version: Annotated[bool, Option("--version", help="Print the version", callback=_version,
                                                    is_eager=True)] = False) -> None:
    pass


def _usage_error(error: Any, arguments: Sequence[str]) -> UsageError:
    """Say what Typer complains about as value, rule and remedy."""
    context = getattr(error, "ctx", None)
    path = str(context.command_path) if context else "studio"
    message = str(error.format_message()).strip().rstrip(".?").replace("Input should be", "it should be")
    return UsageError(" ".join(["studio", *arguments[:1]]), message[:1].lower() + message[1:],
                      f"See how it is used: {path} --help")


def _let_go_of_output() -> None:
    """Whoever read the output is gone; keep Python from complaining when it flushes at its end."""
    import os

    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, sys.stdout.fileno())
    os.close(handle)
