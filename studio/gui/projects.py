"""What several places of the window do with projects: make one of a folder, open the sample, scan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from studio.engine.errors import StudioError
from studio.engine.files import resource
from studio.engine.project import Project
from studio.gui import library_edits
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.settings import home_folder
from studio.gui.texts import said

SAMPLE_NAME = "Sample project"


def start_scan(session: Session, folders: Sequence[Path] = (), *, csv: Path | None = None,
               short_side_pixels: int = 0) -> Job | None:
    """Scan folders into the open project (all its sources if none is given), unless a scan runs.

    With `short_side_pixels` frames of that size are made besides.
    """
    project = session.project
    if project is None or session.running_job("scan") or not session.writing.may_write():
        return None
    try:
        for folder in folders:
            project.add_source(folder)
    except StudioError as error:
        session.notify_error(error)
        return None
    wanted = list(folders) or [project.source_folder(source.name) for source in project.settings.sources]
    if not wanted:
        return None
    if not all(folder.is_dir() for folder in wanted):
        wanted = []  # a folder that is named must be there; of the project's own one may be gone for now
    more = [*(["--groups", str(csv)] if csv else []), *size_options(short_side_pixels)]
    return session.start_job("scan", [str(project.root), *map(str, wanted), *more], title=said("Scanning"))


def size_options(short_side_pixels: int) -> list[str]:
    """The options of a scan that makes frames of another size besides."""
    return ["--short-side", str(short_side_pixels)] if short_side_pixels else []


def relink(session: Session, source: str, folder: Path) -> Job | None:
    """Say that a source lies in another folder now; some of its files are compared before that is believed."""
    project = session.project
    if project is None or session.running_job("scan") or session.running_job("relink"):
        return None
    return session.start_job("relink", [str(project.root), source, str(folder)], title=said("Finding the folder"))


def add_folder(session: Session, folder: Path) -> bool:
    """Add a folder to the open project, or make a project of it when none is open. It is scanned by a button."""
    if session.project is None:
        return new_project(session, folder)
    if not session.writing.may_write():
        return False
    if not library_edits.add_source(session, folder):
        return False
    session.go_to("library")
    return True


def new_project(session: Session, folder: Path) -> bool:
    """Make a project of a folder of videos, in the person's own place for projects, and open it."""
    name = folder.resolve().name or "Project"
    home = home_folder()
    root = next(path for path in (home / name, *(home / f"{name} {number}" for number in range(2, 10_000)))
                if not path.exists())
    with suppress(StudioError):
        session.open_project(root, create=True)
        return add_folder(session, folder)
    return False


def open_project(session: Session, folder: Path) -> bool:
    """Open a project and show it where it was left, or its training while one runs; a new one's videos.

    A folder that is none is offered to become one.
    """
    if folder.is_dir() and not (folder / "project.toml").is_file():
        session.notify(said("{folder}: this folder is no project.", folder=folder),
                       remedy=said("If videos lie in it, make a project of them. They are only read."), level="warning",
                       offer=(said("New project from this folder"), partial(new_project, session, folder)))
        return False
    with suppress(StudioError):
        session.open_project(folder)
        trains = any(run.state == "running" for run in session.runs)
        session.go_to("training" if trains else _page_of(session))
        return True
    return False


def _page_of(session: Session) -> str:
    return str(session.settings.place(session.project.root).get("page", "library")) if session.project else "start"


def reread_settings(session: Session) -> None:
    """Take over what a scan wrote into the project's settings: the grouping, new sources."""
    if session.project is not None:
        with suppress(StudioError):
            session.project.settings = Project.open(session.project.root).settings


def open_or_add(session: Session, folder: Path) -> bool:
    """Take a folder dropped on the window: a project is opened, anything else is added."""
    return open_project(session, folder) if (folder / "project.toml").is_file() else add_folder(session, folder)


def open_sample(session: Session) -> bool:
    """Open the sample project, made and scanned at the first time."""
    try:
        sample = resource("sample")
    except StudioError as error:
        session.notify_error(error)
        return False
    with suppress(StudioError):
        session.open_project(home_folder() / SAMPLE_NAME, create=True)
        session.go_to(_page_of(session))
        if not session.videos and not session.reader.reading:
            start_scan(session, [sample], csv=sample / "labels.csv")
        session.sample_opened.emit()
        return True
    return False
