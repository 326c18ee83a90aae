"""A button that has the studio's own command draw what a page shows into a PNG, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from studio.gui.blocks import button
from studio.gui.file_choice import choose_place
from studio.gui.jobs import Job
from studio.gui.session import Session
from studio.gui.texts import said


class PictureSave(QObject):
    """Owns the button `Save picture`. `arguments` gives the operation's arguments, nothing while nothing is shown."""

    def __init__(self, session: Session, operation: str, arguments: Callable[[], list[str]], page: QWidget, *,
                 name: str, tip: str) -> None:
        super().__init__(page)
        self._session, self._operation, self._arguments, self._page = session, operation, arguments, page
        self._job: Job | None = None
        self.button = button("Save picture…", name=name, icon_name="save", clicked=self._choose_file, tip=tip)
        session.job_ended.connect(self._ended)

    @property
    def busy(self) -> bool:
        """Whether a picture is being written."""
        return self._job is not None

    def set_operation(self, operation: str) -> None:
        """Change which command draws the picture."""
        self._operation = operation

    def save(self, path: Path) -> None:
        """Write what is shown as a PNG; the person is told when it is there."""
        if self._job is None and (arguments := self._arguments()):
            self.button.setEnabled(False)
            self._job = self._session.start_job(self._operation, [*arguments, "-o", str(path)],
                                                title=said("Saving {name}", name=path.name))

    def _choose_file(self) -> None:
        choose_place(self._page, said("Save the picture"), self.save, start=Path.home() / f"{self._operation}.png",
                     kinds=said("Pictures (*.png)"))

    def _ended(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        self.button.setEnabled(True)
        if job.finished_event and not job.finished_event.stopped:
            self._session.notify(said("The picture {what} was saved.",
                                      what=job.finished_event.result.get('picture', '')))
