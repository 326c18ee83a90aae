"""What is shown in place of a page that cannot work yet: what it is for, what it waits for, and the way there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.gui.blocks import button, label
from studio.gui.icons import painted
from studio.gui.jobs import Job
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.job_line import JobLine


class LockedView(QWidget):
    """Explains one locked page. `go_clicked` brings the name of the page that provides what is missing."""

    go_clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("locked")
        self._to = ""
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._title = self._centred("", "title")
        self._summary = self._centred("", "quiet")
        self._reason = self._centred("", "")
        self._go = button("", name="locked.go", kind="primary", clicked=lambda: self.go_clicked.emit(self._to))
        self._go.hide()  # until it is known where to
        self._job_line = JobLine(prefix="locked")
        self._job_line.setMaximumWidth(current_theme().px(520))
        theme = current_theme()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(16))
        layout.setSpacing(theme.px(8))
        layout.addStretch(2)
        layout.addWidget(self._sign)
        for widget in (self._title, self._summary):
            layout.addLayout(_in_the_middle(widget))
        layout.addSpacing(theme.px(16))
        layout.addLayout(_in_the_middle(self._reason))
        layout.addLayout(_in_the_middle(self._job_line))
        layout.addSpacing(theme.px(8))
        layout.addWidget(self._go, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def value(self) -> str:
        """Give what the page waits for."""
        return self._reason.text()

    def forget(self, job: Job) -> None:
        """Let go of a job that ended."""
        if self._job_line.value() is job:
            self._job_line.forget()

    def set_value(self, *, title: str, summary: str, icon_name: str, reason: str, to: str, to_title: str,
                  job: Job | None = None) -> None:
        """Explain a page; without `to` there is no way to offer. A `job` is what it waits for."""
        self._job_line.set_value(job)
        theme = current_theme()
        self._sign.setPixmap(painted(icon_name, colour=theme.quiet, pixels=theme.px(40)))
        self._title.setText(title)
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))
        self._reason.setText(reason)
        self._to = to
        self._go.setVisible(bool(to))
        self._go.setText(said("Go to {to_title}", to_title=to_title))
        self._go.setAccessibleName(said("Go to {to_title}", to_title=to_title))
        self._go.setAccessibleDescription(reason)
        self.setAccessibleName(f"{title}: {reason}")

    def _centred(self, text: str, kind: str) -> QLabel:
        made = label(text, kind, wrap=True)
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        made.setMaximumWidth(current_theme().px(520))
        return made


def _in_the_middle(words: QWidget) -> QHBoxLayout:
    """Centre what grows to a width that is good to read."""
    made = QHBoxLayout()
    made.addStretch(1)
    made.addWidget(words, 20)
    made.addStretch(1)
    return made
