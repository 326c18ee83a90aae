"""The window in which a report is read and copied; names are left out of it unless the person wants them in."""

from __future__ import annotations

import platform
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QPlainTextEdit, QVBoxLayout, QWidget

import studio
from studio.gui.blocks import button, fit, label, row
from studio.gui.report_text import Happened, report_text
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme

_WORDS = noted("Read it before you send it on. Without names it holds versions, the device, the error and its place in "
               "the program.")


def names_of(session: Session) -> list[str]:
    """Every name and path that this window knows of: folders, videos, groups, labels, runs, the person's own."""
    project, names = session.project, [str(Path.home()), platform.node()]
    if project is not None:
        names += [str(project.root), project.settings.name]
        names += [text for source in project.settings.sources for text in (source.name, source.path)]
    names += [text for video in session.videos for text in (video.path, video.group, video.label)]
    return names + [run.name for run in session.runs]


def machine_of(session: Session) -> dict[str, str]:
    """Versions and the device, as far as they are known."""
    description = session.description or {}
    device, versions = description.get("device") or {}, description.get("versions") or {}
    known = {"Unshuffle Studio": studio.__version__, "system": f"{platform.system()} {platform.release()}",
             "Python": platform.python_version()}
    known |= {str(name): str(version) for name, version in versions.items()}
    return known | ({"device": str(device.get("title", ""))} if device else {})


def report_of(session: Session, happened: Happened, *, with_names: bool) -> str:
    """Write the report of something that happened in this window."""
    return report_text(happened, machine=machine_of(session), events=session.last_events,
                       names=() if with_names else names_of(session), with_names=with_names)


class ReportDialog(QDialog):
    """Shows the report as it will be copied."""

    def __init__(self, parent: QWidget, session: Session, happened: Happened) -> None:
        super().__init__(parent.window())
        theme = current_theme()
        self.setObjectName("report")
        self.setWindowTitle(said("Details"))
        fit(self, 680, 440)
        self._session, self._happened = session, happened
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setObjectName("report.text")
        self._text.setAccessibleName(said("Report"))
        self._names = QCheckBox("With names and paths")
        self._names.setObjectName("report.names")
        self._names.setAccessibleName(said("With names and paths"))
        self._names.toggled.connect(self._write)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(16), theme.px(16), theme.px(16), theme.px(16))
        layout.setSpacing(theme.px(12))
        layout.addWidget(label("Details", "heading"))
        layout.addWidget(label(_WORDS, "quiet", wrap=True))
        layout.addWidget(self._text, 1)
        layout.addLayout(row(self._names, None, button("Close", name="report.close", kind="plain", clicked=self.close),
                             button("Copy report", name="report.copy", icon_name="copy", kind="primary",
                                    clicked=self._copy)))
        self.finished.connect(self.deleteLater)
        self._write()

    def value(self) -> str:
        """Give the report as it is shown."""
        return self._text.toPlainText()

    def _write(self) -> None:
        self._text.setPlainText(report_of(self._session, self._happened, with_names=self._names.isChecked()))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.value())
