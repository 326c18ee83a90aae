"""The page about this machine: what works, and what to do about the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from studio.gui.blocks import Teaching, button, label
from studio.gui.icons import painted
from studio.gui.jobs import Job
from studio.gui.pages.page import Page
from studio.gui.report_text import machine_fact, tokens
from studio.gui.reporting import machine_of, names_of
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.job_line import JobLine
from studio.gui.words import counted

Checks = Sequence[Mapping[str, str]]
_SIGNS = {"good": "good", "warning": "warning", "bad": "bad"}


class DoctorPage(Page):
    """Looks at the machine as `studio doctor` does, and lists what it found; the last look is kept by the session."""

    name, title, icon = "doctor", "This machine", "chip"
    summary = "What works on this machine, and what to do about the rest."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._copy = button("Copy report", name=self.control("copy"), icon_name="copy", clicked=self._copy_report,
                            tip="Copy what is listed, without your own names and paths")
        self._look = button("Look at this machine", name=self.control("look"), kind="primary", clicked=self.look)
        self.header_buttons.addWidget(self._copy)
        self.header_buttons.addWidget(self._look)
        self._job_line = JobLine(prefix=self.name)
        self._list = QWidget()
        self._rows = QGridLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(current_theme().px(12))
        self._rows.setVerticalSpacing(current_theme().px(12))
        self._rows.setColumnStretch(2, 1)
        self._sign = QLabel()
        self._sign.setPixmap(painted("chip", colour=current_theme().quiet, pixels=current_theme().px(48)))
        self._teaching = Teaching(self._sign, said("A look takes half a minute. It loads every part that the studio "
                                                   "needs, decodes a clip, and measures what the processor or GPU "
                                                   "is good for."))
        self.body.addWidget(self._job_line)
        self.body.addWidget(self._list)
        self.body.addWidget(self._teaching, 1)
        self.body.addStretch(1)
        session.job_started.connect(self._follow)
        session.job_ended.connect(self._over)
        if job := session.running_job("doctor"):
            self._follow(job)
        self._show()

    def command_line(self) -> str:
        return "studio doctor"

    def value(self) -> Checks:
        """Give what the last look found, empty before the first."""
        return list(self.session.machine_checks)

    def look(self) -> None:
        """Look at the machine now."""
        if self.session.running_job("doctor") is None:
            self.session.start_job("doctor", [], title=said("Looking at this machine"))

    def report(self) -> str:
        """Write what was found, without names of the person's own."""
        known = tokens([*names_of(self.session), str(Path.cwd())])
        lines = [f"{name}: {machine_fact(value, known)}" for name, value in machine_of(self.session).items()]
        for check in self.value():
            words = f"{check['sentence']}. {check['remedy']}".strip(" .")
            lines.append(f"{check['state']:8} {check['name']}: {machine_fact(words, known)}")
        return "\n".join(lines) + "\n"

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report())

    def _follow(self, job: Job) -> None:
        if job.operation == "doctor":
            self._job_line.set_value(job)
            self._look.setEnabled(False)

    def _over(self, job: Job) -> None:
        if job is not self._job_line.value():
            return
        self._job_line.forget()
        self._look.setEnabled(True)
        if job.finished_event and job.finished_event.result.get("checks"):
            self.session.machine_checks = job.finished_event.result["checks"]
        self._show()

    def _show(self) -> None:
        checks = self.value()
        while item := self._rows.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        order = ("bad", "warning", "good")
        for row, check in enumerate(sorted(checks, key=lambda one: order.index(one["state"]))):
            self._put(row, check)
        self._list.setVisible(bool(checks))
        self._teaching.setVisible(not checks)
        self._copy.setVisible(bool(checks))
        self._look.setText(said("Look again") if checks else said("Look at this machine"))
        self._look.setAccessibleName(self._look.text())
        self.subtitle.setText(_summary(checks) if checks else said(self.summary))

    def _put(self, row: int, check: Mapping[str, str]) -> None:
        theme, state = current_theme(), check["state"]
        colour = {"good": theme.good, "warning": theme.warning, "bad": theme.bad}[state]
        sign = QLabel()
        sign.setPixmap(painted(_SIGNS[state], colour=colour, pixels=theme.px(20)))
        sign.setAccessibleName(state)
        sentence = check["sentence"][:1].upper() + check["sentence"][1:]
        words = label(f"{sentence}.\n{check['remedy']}" if check["remedy"] else f"{sentence}.", wrap=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        top = Qt.AlignmentFlag.AlignTop
        self._rows.addWidget(sign, row, 0, top)
        self._rows.addWidget(label(check["name"], "strong"), row, 1, top)
        self._rows.addWidget(words, row, 2)


def _summary(checks: Checks) -> str:
    """Say how much of it works."""
    bad, warned = (sum(check["state"] == state for check in checks) for state in ("bad", "warning"))
    if not bad and not warned:
        return said("Everything works.")
    parts = [said("{things} to mend", things=counted(bad, "thing")) if bad else "",
             said("{things} to know", things=counted(warned, "thing")) if warned else ""]
    return said("{found}; the rest works.", found=", ".join(filter(None, parts)))
