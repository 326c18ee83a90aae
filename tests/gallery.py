"""Pictures of every page in every state it can be brought to: `python -m tests.gallery OUT`.

Everything in them is real: the sample project is scanned, a short run is trained, the worker answers. The project and
the run are kept in `OUT/work` for the next time. Whatever goes wrong ends the program with an exit code of 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "2")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QWidget

from studio.engine.files import resource
from studio.engine.project import Project
from studio.gui import projects
from studio.gui.app import make_application, unforeseen_errors_of
from studio.gui.entries import ENTRIES
from studio.gui.jobs import studio_command, studio_environment
from studio.gui.pages.page import Page
from studio.gui.session import Session
from studio.gui.window import Window, dress
from tests.gallery_more import (
    RARE,
    damaged_run,
    helped,
    impossible_recipe,
    loading,
    looking_on,
    measured,
    partly_readable,
    quiz_result,
    scanning,
    told,
    whole_pages,
)
from tests.gallery_states import other_projects, paused_with_a_queue, show_all

VARIANTS = (("dark", 1.0), ("light", 1.0), ("dark", 2.0), ("light", 2.0))
SMALL, LARGE = (1280, 720), (1920, 1080)
PAGES = [entry.name for entry in ENTRIES]
QUICK = ["--recipe", "quick", "--set", "training.batch_size=8", "--set", "training.validation_tuples=48",
         "--set", "training.validate_every_steps=4", "--set", "training.precision=fp32"]
SHORT = [*QUICK, "--set", "training.max_steps=12"]
LONG = [*QUICK, "--set", "training.max_steps=2000"]
IMPOSSIBLE = [*QUICK, "--set", "sampling.interval_frames=240"]
_SETTLE_SECONDS, _PATIENCE_SECONDS = 0.3, 40.0
_BUSY_SECONDS, _MOST_CALM_SECONDS = 0.008, 4.0
_FEWEST_COLOURS = 40


class Gallery:
    """Brings one window into its states and writes a picture of each."""

    def __init__(self, out: Path, session: Session, window: Window) -> None:
        self.out, self.session, self.window = out, session, window
        self.written: list[Path] = []

    def wait(self, true: Callable[[], object], *, seconds: float = _PATIENCE_SECONDS, why: str = "") -> None:
        """Let the window work until something is true."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds:.0f} s in vain{' for ' if why else ''}{why}")
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # what a real event loop does
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until every question is answered and what came is painted."""
        self.pause(_SETTLE_SECONDS)
        self.wait(lambda: not self.session.service.busy, why="the worker")
        shown = self.window.pages.currentWidget()
        if isinstance(shown, Page):
            self.wait(shown.is_whole, why=f"all of the page {shown.name}")
        self._calm()

    def _calm(self) -> None:
        """Wait until the event loop had little to do for a while: curves and tiles are drawn one a turn."""
        calm_since = started = time.monotonic()
        while (now := time.monotonic()) - calm_since < _SETTLE_SECONDS and now - started < _MOST_CALM_SECONDS:
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            if time.monotonic() - now > _BUSY_SECONDS:
                calm_since = time.monotonic()
            time.sleep(0.005)

    def pause(self, seconds: float) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def shoot(self, name: str, shown: QWidget | None = None) -> None:
        """Write a picture of the window as it is, or of another one."""
        path = self.out / f"{name}.png"
        picture = (shown or self.window).grab()
        if not picture.save(str(path)):
            raise OSError(f"{path} cannot be written")
        colours = _colours(picture.toImage())
        if colours < _FEWEST_COLOURS:
            raise AssertionError(f"{path.name} shows nothing: {colours} colours")
        self.written.append(path)

    def shoot_variants(self, name: str, variants: Sequence[tuple[str, float]] = VARIANTS) -> None:
        """Write pictures in each dress."""
        for theme, scale in variants:
            self.dress(theme, scale)
            self.settle()
            self.shoot(_named(name, theme, scale))

    def shoot_now(self, name: str, variant: tuple[str, float]) -> None:
        """Write a picture of what passes by."""
        self.shoot(_named(name, *variant))

    def shoot_dialog(self, name: str, dialog: QDialog, variant: tuple[str, float]) -> None:
        """Write a picture of a window above the studio's."""
        self.pause(_SETTLE_SECONDS)
        self.shoot(_named(name, *variant), dialog)

    def dress(self, theme: str, scale: float) -> None:
        """Change theme and text size where they differ."""
        settings = self.session.settings
        for different, change in ((settings.theme != theme, lambda: self.window.set_theme(theme)),
                                  (settings.text_scale != scale, lambda: self.window.set_text_scale(scale))):
            if different:
                change()
                self.wait(self.window.updatesEnabled, why="the change of theme")

    def run(self, arguments: Sequence[str], *, name: str) -> None:
        """Start a training in the window."""
        project = self.session.project
        assert project
        self.session.start_job("train", [str(project.root), *arguments, "--name", name], title=f"Training {name}")


def without_project(gallery: Gallery) -> None:
    """Show the start page and a page that waits for a project."""
    gallery.window.show_page("start")
    gallery.shoot_variants("start-first-time")
    gallery.window.show_page("training")
    gallery.shoot_variants("training-no-project", RARE)


def empty_project(gallery: Gallery, root: Path) -> None:
    """Show every page of a project without videos."""
    gallery.session.open_project(root, create=True)
    for variant in RARE:
        gallery.dress(*variant)
        for page in PAGES:
            gallery.window.show_page(page)
            gallery.shoot_variants(f"{page}-empty", [variant])


def folder_added(gallery: Gallery) -> None:
    """Show the library before a first scan, while it goes on and while it waits."""
    projects.add_folder(gallery.session, resource("sample"))
    gallery.window.show_page("library")
    gallery.shoot_variants("library-to-scan", RARE)
    scanning(gallery)


def loaded(gallery: Gallery, root: Path) -> None:
    """Show every page of the sample project with a run, and the start page with recent projects."""
    gallery.session.open_project(root)
    for variant in VARIANTS:
        gallery.dress(*variant)
        for page in [*PAGES, "start"]:
            gallery.window.show_page(page)
            gallery.shoot_variants(f"{page}-{'loaded' if page in PAGES else 'recent'}", [variant])


def large(gallery: Gallery) -> None:
    """Show every page of the loaded project on a large screen."""
    gallery.window.resize(*LARGE)
    for variant in VARIANTS:
        gallery.dress(*variant)
        for page in [*PAGES, "start"]:
            gallery.window.show_page(page)
            gallery.shoot_variants(f"{page}-large", [variant])
    gallery.window.resize(*SMALL)


def running(gallery: Gallery) -> None:
    """Show a training while it runs, on its own page and in the status line of another; paused, with a queue."""
    gallery.run(LONG, name="long")
    gallery.window.show_page("training")
    gallery.wait(lambda: any(run.state == "running" and run.step > 1 for run in gallery.session.runs),
                 why="the first steps", seconds=180)
    for variant in RARE:
        gallery.dress(*variant)
        for page, name in (("training", "training-running"), ("library", "library-training-runs")):
            gallery.window.show_page(page)
            gallery.pause(1.5)
            gallery.shoot_now(name, variant)
        closing(gallery, variant)
    gallery.window.show_page("training")
    paused_with_a_queue(gallery)
    for job in gallery.session.jobs:
        job.request_stop()
    gallery.wait(lambda: not gallery.session.jobs, why="the stop", seconds=180)


def closing(gallery: Gallery, variant: tuple[str, float]) -> None:
    """Show what is asked when the window is closed while something runs."""
    gallery.window.close()
    question = gallery.window.findChild(QDialog, "closing")
    assert question is not None, "closing asked nothing"
    gallery.shoot_dialog("closing", question, variant)
    question.close()
    gallery.pause(0.1)


def failed(gallery: Gallery) -> None:
    """Show a training that cannot work: the windows are longer than the videos."""
    gallery.window.show_page("training")
    gallery.run(IMPOSSIBLE, name="impossible")
    gallery.wait(lambda: not gallery.session.jobs, why="the failure", seconds=180)
    if not gallery.window.notices.value():
        raise AssertionError("the failure was not told")
    gallery.shoot_variants("training-failed")
    told(gallery)


def prepare(root: Path) -> None:
    """Make the sample project with a short run, unless an earlier gallery made them."""
    if not (root / "project.toml").exists():
        sample = resource("sample")
        _studio("scan", str(root), str(sample), "--groups", str(sample / "labels.csv"))
    for name, more in (("older", ["--set", "training.learning_rate=0.003"]), ("first-light", [])):
        if not any(run.name.endswith(name) for run in Project.open(root).run_folders()):
            _studio("train", str(root), *SHORT, *more, "--name", name)


def main(arguments: Sequence[str]) -> int:
    """Write the gallery; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tests.gallery OUT", file=sys.stderr)
        return 2
    started = time.monotonic()
    out = Path(arguments[0]).resolve()
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    sample = work / "Sample project"
    prepare(sample)
    written, all_met = 0, []
    for variant in RARE:
        with _window(work / _named("loading", *variant)) as (session, window, met):
            gallery = Gallery(out, session, window)
            loading(gallery, sample, variant)
        written, all_met = written + len(gallery.written), all_met + met
    with _window(work) as (session, window, met):
        gallery = Gallery(out, session, window)
        show_everything(gallery, work, sample)
    written, all_met = written + len(gallery.written), all_met + met
    for details in all_met:
        print(details, file=sys.stderr)
    print(f"{written} pictures in {out}, {time.monotonic() - started:.0f} s")
    return 1 if all_met else 0


def show_everything(gallery: Gallery, work: Path, sample: Path) -> None:
    """Bring one window into all its states."""
    without_project(gallery)
    empty_project(gallery, work / f"Empty project {time.time():.0f}")
    folder_added(gallery)
    loaded(gallery, sample)
    large(gallery)
    whole_pages(gallery, PAGES, SMALL)
    show_all(gallery, RARE)
    quiz_result(gallery)
    measured(gallery)
    impossible_recipe(gallery)
    helped(gallery)
    other_projects(gallery, work, RARE)
    looking_on(gallery, work / "Masked" / "study")
    partly_readable(gallery, work)
    damaged_run(gallery, work, sample)
    gallery.session.open_project(sample)
    running(gallery)
    failed(gallery)


@contextmanager
def _window(work: Path) -> Iterator[tuple[Session, Window, list[str]]]:
    home = work / f"home-{os.getpid()}"
    home.mkdir(parents=True)
    os.environ["STUDIO_HOME"] = str(home)
    make_application()
    session = Session()
    session.settings.theme = "dark"
    dress(session)
    met: list[str] = []
    with unforeseen_errors_of(session) as unforeseen:
        unforeseen.met.connect(lambda _message, details: met.append(details))
        window = Window(session)
        window.resize(*SMALL)
        window.show()
        try:
            yield session, window, met
        finally:
            for job in list(session.jobs):
                job.kill()
                job.wait()
            QCoreApplication.processEvents()
            window.close()
            for gone in (window, session):  # as the studio does: what is shown goes before what it looks at
                gone.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _studio(*arguments: str) -> None:
    print("studio", *arguments, file=sys.stderr)
    subprocess.run([*studio_command(), *arguments], check=True, env=dict(studio_environment()),
                   stdout=subprocess.DEVNULL)


def _named(name: str, theme: str, scale: float) -> str:
    return f"{name}-{theme}-{100 * scale:.0f}"


def _colours(image: QImage) -> int:
    small = image.scaled(160, 90)
    return len({small.pixel(x, y) for x in range(small.width()) for y in range(small.height())})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
