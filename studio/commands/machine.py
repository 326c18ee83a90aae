"""Commands about the machine and the studio itself: demo, doctor, and the hidden ones that the window starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from studio.commands.edge import Work
from studio.commands.options import RecipeName, Settings


def demo(
    out: Annotated[Path, Option("--out", metavar="DIR", help="Folder of the sample project")] = Path("demo"),
    recipe: RecipeName = "quick",
    settings: Settings = None,
) -> Work:
    """The whole way with the sample clips: scan, train, neighbours, report."""
    from studio.engine.demo import demo as run

    return Work(lambda stop: run(out, recipe=recipe, settings=settings or [], stop=stop))


def doctor() -> Work:
    """Say what works on this machine, and what to do about the rest."""
    from studio.engine.doctor import doctor as run

    return Work(lambda stop: run(stop=stop))


def service() -> int:
    """Answer the window's questions on standard input until it ends."""
    from studio.engine.service import main

    return main()


def examine(what: Annotated[str, Argument(metavar="WHAT")]) -> int:
    """Load one library and print what it is, for the doctor."""
    import json
    import sys

    from studio.engine.errors import UsageError
    from studio.engine.examine import EXAMINATIONS
    from studio.engine.examine import examine as look

    if what not in EXAMINATIONS:
        raise UsageError(what, "there is no such examination", f"Name one of {', '.join(EXAMINATIONS)}")
    sys.stdout.write(json.dumps(look(what), default=str) + "\n")
    return 0
