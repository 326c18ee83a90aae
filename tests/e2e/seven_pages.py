"""Click through the seven pages and photograph the screen: `python -m tests.e2e.seven_pages PROJECT OUT`.

With an X server this is the window as it really is shown; the exit code is 0 when every page was open and painted.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from studio.gui.app import make_application
from studio.gui.entries import ENTRIES
from studio.gui.locked import LockedView
from studio.gui.window import Window
from tests.e2e.driver import Step, click, play

FEWEST_COLOURS = 40


def main(arguments: list[str]) -> int:
    """Play the story; returns the exit code."""
    project, out = (Path(argument).resolve() for argument in arguments)
    out.mkdir(parents=True, exist_ok=True)
    make_application()

    def story(window: Window) -> Step:
        session = window.session
        yield lambda: session.description is not None and len(window.pages.built()) == len(ENTRIES) + 1
        for number, entry in enumerate(ENTRIES, 1):
            click(window, f"rail.{entry.object_key}")
            yield lambda entry=entry: window.pages.currentWidget() is window.page(entry.name)
            for _ in range(2):  # what is asked late, and what comes of it
                yield _a_moment()
                yield lambda: not session.service.busy and not session.jobs
            yield _a_moment()
            assert not isinstance(window.pages.currentWidget(), LockedView), f"{entry.title} is locked"
            _photograph(window, out / f"{number}-{entry.name}.png")

    code = play(["open", str(project)], story, seconds=40)
    print(f"{QApplication.platformName()}: {len(ENTRIES)} pages, exit code {code}")
    return code


def _a_moment(turns: int = 25) -> object:
    """Something that comes true after some looks at it, half a second in all."""
    left = iter(range(turns))
    return lambda: next(left, None) is None


def _photograph(window: Window, path: Path) -> None:
    """Write what the screen shows; where no screen can be read (offscreen), what the window paints."""
    shot = window.screen().grabWindow(0)
    image = (window.grab() if shot.isNull() else shot).toImage()
    assert image.save(str(path)), f"{path} cannot be written"
    assert _colours(image) >= FEWEST_COLOURS, f"{path.name} shows nothing"


def _colours(image: QImage) -> int:
    small = image.scaled(160, 90)
    return len({small.pixel(x, y) for x in range(small.width()) for y in range(small.height())})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
