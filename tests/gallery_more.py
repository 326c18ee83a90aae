"""States of the gallery that are rarer: what is under way, half there or damaged, results, and windows above it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QTabWidget, QWidget

from studio.engine.files import resource
from studio.gui import projects
from studio.gui.jobs import Job
from studio.gui.tour import STEPS
from studio.gui.widgets.quiz import Quiz
from tests.gallery_states import Shooting, Variants, part, scan

RARE: Variants = (("dark", 1.0), ("light", 1.0), ("dark", 2.0))
"""What states are shown in that are met seldom."""
TALL = {1.0: (1280, 2400), 2.0: (1280, 5200)}
"""So large, at each size of text, that the longest page is seen whole."""
_ASKING = ("task", "sampling", "inspect", "neighbours", "evaluate")
"""Pages that ask the worker for what they show."""
_HOLDER = '''
import sys
from pathlib import Path
from studio.engine.project_lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]), "window")
assert lock.acquire() is None
print("held", flush=True)
sys.stdin.read()
'''


def loading(gallery: Shooting, root: Path, variant: tuple[str, float]) -> None:
    """Pages of a window that was just opened: the worker has still to load, or to answer."""
    gallery.dress(*variant)
    gallery.session.open_project(root)
    for page in _ASKING:
        gallery.window.show_page(page)
        gallery.pause(0.4)
        gallery.shoot_now(f"{page}-loading", variant)


def whole_pages(gallery: Shooting, pages: list[str], size: tuple[int, int]) -> None:
    """Every page of the loaded project from its top to its end."""
    for theme, scale in RARE:
        gallery.window.resize(*TALL[scale])
        gallery.dress(theme, scale)
        for page in pages:
            gallery.window.show_page(page)
            gallery.shoot_variants(f"{page}-whole", ((theme, scale),))
    gallery.window.resize(*size)


def scanning(gallery: Shooting) -> None:
    """A scan on its way, and the same while it waits."""
    job = projects.start_scan(gallery.session)
    assert job
    for variant in RARE:
        gallery.dress(*variant)
        gallery.window.show_page("library")
        before = job.progress.done if job.progress else 0
        if job.pausing:
            part(gallery, QPushButton, "library.pause").click()
        gallery.wait(lambda before=before: _has_read(job, more_than=before), why="more videos", seconds=180)
        gallery.pause(0.3)  # for the words to follow
        gallery.shoot_now("library-scanning", variant)
        part(gallery, QPushButton, "library.pause").click()
        gallery.wait(lambda: _waits(job), why="the pause", seconds=180)
        gallery.shoot_variants("library-scan-paused", (variant,))
    part(gallery, QPushButton, "library.pause").click()
    gallery.wait(lambda: not gallery.session.jobs, why="the end of the scan", seconds=180)


def _has_read(job: Job, *, more_than: int) -> bool:
    assert job.finished_event is None, "the scan ended before its picture was taken"
    return job.progress is not None and job.progress.phase == "ingest" and job.progress.done > more_than


def _waits(job: Job) -> bool:
    assert job.finished_event is None, "the scan ended before it paused"
    return job.progress is not None and job.progress.phase == "paused"


def partly_readable(gallery: Shooting, work: Path) -> None:
    """A folder with a video that is cut off and a text that claims to be one, beside good ones."""
    place = work / "Mixed"
    if not place.exists():
        videos = Path(shutil.copytree(resource("sample", "walk"), place / "Videos of a week"))
        cut = videos / "scene-02.avi"
        cut.write_bytes(cut.read_bytes()[:cut.stat().st_size // 2])
        (videos / "notes of the ward.mp4").write_text("no video at all\n")
        scan(place / "study", videos)
    gallery.session.open_project(place / "study")
    for variant in RARE:
        gallery.dress(*variant)
        gallery.window.show_page("library")
        gallery.shoot_variants("library-partial", (variant,))


def damaged_run(gallery: Shooting, work: Path, sample: Path) -> None:
    """A run whose weights cannot be read, on the pages that look into it."""
    root = work / "Damaged"
    if not root.exists():
        shutil.copytree(sample, root, ignore=shutil.ignore_patterns("evaluation", "features", "locks"))
        for weights in root.glob("runs/*/weights.safetensors"):
            weights.write_bytes(weights.read_bytes()[:1000])
    gallery.session.open_project(root)
    for variant in RARE:
        gallery.dress(*variant)
        for page in ("inspect", "neighbours", "evaluate"):
            gallery.window.show_page(page)
            gallery.settle()
            if page == "evaluate":
                part(gallery, QPushButton, "evaluate.run").click()
                gallery.wait(lambda: not gallery.session.jobs, why="the failure of the evaluation", seconds=180)
            gallery.shoot_variants(f"{page}-failed", (variant,))
    gallery.window.notices.clear()


def impossible_recipe(gallery: Shooting) -> None:
    """A recipe that fits no video, on the pages that show it."""
    recipe = gallery.session.recipe
    gallery.session.change_recipe("sampling.interval_frames", 240)
    for variant in RARE:
        gallery.dress(*variant)
        for page in ("sampling", "task"):
            gallery.window.show_page(page)
            gallery.shoot_variants(f"{page}-failed", (variant,))
    gallery.session.set_recipe(recipe)


def quiz_result(gallery: Shooting) -> None:
    """The end of a quiz in which the first order shown is always the answer."""
    for variant in RARE:
        gallery.dress(*variant)
        gallery.window.show_page("sampling")
        gallery.settle()
        part(gallery, QPushButton, "sampling.quiz").click()
        gallery.settle()
        quiz, following = gallery.window.findChild(Quiz), part(gallery, QPushButton, "sampling.quiz_next")
        while following.isVisible():
            for number in range(1, 4):
                part(gallery, QWidget, f"sampling.quiz_tuple.{number}").clicked.emit()
            following.click()
        assert len(quiz.value()) == 10
        gallery.shoot_variants("sampling-quiz-result", (variant,))
        part(gallery, QPushButton, "sampling.quiz_end").click()


def measured(gallery: Shooting) -> None:
    """What the leak probe found, on its way there too, and what one measured step tells."""
    notices = gallery.window.notices
    for page, control in (("task", "task.probe"), ("training", "train.preflight")):
        gallery.dress(*RARE[0])
        gallery.window.show_page(page)
        gallery.settle()
        if page == "training" or not gallery.window.page(page).probe.value():  # an earlier gallery's leaks are kept
            before = len(notices.value())
            part(gallery, QPushButton, control).click()
            gallery.wait(lambda: any(job.progress for job in gallery.session.jobs), why=f"a sign of {control}")
            gallery.shoot_now(f"{page}-measuring", RARE[0])
            gallery.wait(lambda: not gallery.session.jobs, why=control, seconds=300)
            assert len(notices.value()) == before, notices.value()[-1]
        gallery.shoot_variants(f"{page}-measured", RARE)


def looking_on(gallery: Shooting, root: Path) -> None:
    """A project that another process has open, and the same when that is gone."""
    for variant in RARE:
        gallery.session.close_project()
        gallery.dress(*variant)
        with _held_by_another(root) as holder:
            gallery.session.open_project(root)
            for page in ("library", "training"):
                gallery.window.show_page(page)
                gallery.shoot_variants(f"{page}-looking-on", (variant,))
            holder.kill()
            holder.wait()
            gallery.session.writing.look()
            gallery.wait(lambda: gallery.session.writing.can_take_over, why="the other to be gone")
            gallery.shoot_variants("training-take-over", (variant,))


@contextmanager
def _held_by_another(root: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(root.resolve())], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
        try:
            assert process.stdout and process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def helped(gallery: Shooting) -> None:
    """The sheet of keys, the glossary, and every note of the tour."""
    for variant in RARE:
        gallery.dress(*variant)
        next(one for one in gallery.window.shortcuts if "F1" in one.keys).act()
        dialog = opened()
        gallery.shoot_dialog("help-keys", dialog, variant)
        dialog.findChild(QTabWidget, "help.tabs").setCurrentIndex(1)
        gallery.shoot_dialog("help-words", dialog, variant)
        dialog.close()
        gallery.window.tour.start()
        for number, step in enumerate(STEPS if variant[0] == "dark" else STEPS[:1], 1):
            gallery.shoot_variants(f"tour-{number}-{step.page}", (variant,))
            gallery.window.tour.next()
        gallery.window.tour.stop()


def told(gallery: Shooting) -> None:
    """The details of a failure as they can be copied, and the list of all messages."""
    for variant in RARE:
        gallery.dress(*variant)
        gallery.settle()
        next(one for one in gallery.window.findChildren(QPushButton)
             if one.isVisible() and one.objectName().endswith("details")).click()
        for name in ("report", "messages"):
            dialog = opened()
            gallery.shoot_dialog(name, dialog, variant)
            dialog.close()
            if name == "report":
                gallery.window.notices.show_all()
        gallery.pause(0.1)


def opened() -> QDialog:
    """The window that lies above the studio's."""
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
    assert len(found) == 1, [one.objectName() for one in found]
    return found[0]
