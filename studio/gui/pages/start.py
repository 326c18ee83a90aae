"""The page without a project: try the sample, make a project of a folder, open one."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.gui import projects
from studio.gui.blocks import button, column, label, line
from studio.gui.file_choice import choose_folder
from studio.gui.pages.page import Page
from studio.gui.session import Session
from studio.gui.settings import home_folder
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.elided import Elided
from studio.gui.widgets.flow import FlowLayout, SideBySide
from studio.gui.widgets.hero import Hero

_STEPS = (
    (noted("1  Shuffle"), noted("Frames or clips of your videos are put out of order.")),
    (noted("2  Train"), noted("A network learns to put them right, and so learns how things move. No labels are "
                                "needed.")),
    (noted("3  Look"), noted("See what it attends to, find similar moments, and measure it against an untrained "
                             "network.")),
)


class StartPage(Page):
    """The way into the studio."""

    name, title, icon = "start", "Unshuffle Studio", "folder"
    summary = "Learn how things move from your own unlabelled videos. Everything stays on this machine."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._recent = QVBoxLayout()
        self._shown: list[tuple[Path, str]] | None = None
        self._sample = button("Try the sample project", name="start.sample", kind="primary", icon_name="play",
                              tip="Six kinds of small drawn clips, ready in a minute",
                              clicked=lambda: projects.open_sample(session))
        self.body.addSpacing(current_theme().px(16))
        self.body.addWidget(SideBySide(self._make_way_in(), self._make_recent(), column_pixels=320))
        self.body.addStretch(1)
        session.project_changed.connect(self._show_recent)

    def refresh(self) -> None:
        super().refresh()
        self._show_recent()
        if self.window().focusWidget() is None:
            self._sample.setFocus()

    def open_project(self, folder: Path) -> bool:
        """Open the project in a folder."""
        return projects.open_project(self.session, folder)

    def new_project(self, folder: Path) -> bool:
        """Make a project of a folder of videos."""
        return projects.new_project(self.session, folder)

    def _make_way_in(self) -> QWidget:
        theme, made = current_theme(), QWidget()
        buttons = QWidget()
        flow = FlowLayout(buttons)
        for one in (self._sample,
                    button("New project from a folder", name="start.new", icon_name="folder-add",
                           clicked=self._choose_new),
                    button("Open a project", name="start.open", icon_name="open", clicked=self._choose_open),
                    button("Check this machine", name="start.machine", icon_name="chip", kind="plain",
                           tip="What works on this machine, and what to do about the rest",
                           clicked=lambda: self.session.go_to("doctor"))):
            flow.addWidget(one)
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(24))
        layout.addWidget(Hero())
        layout.addWidget(buttons)
        layout.addLayout(self._make_steps())
        layout.addStretch(1)
        return made

    def _make_recent(self) -> QWidget:
        theme, made = current_theme(), QWidget()
        self._recent.setSpacing(theme.px(2))
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(8))
        layout.addWidget(label("Recent projects", "heading"))
        layout.addWidget(line())
        layout.addLayout(self._recent)
        return made

    def _make_steps(self) -> QGridLayout:
        steps = QGridLayout()
        steps.setHorizontalSpacing(current_theme().px(16))
        steps.setVerticalSpacing(current_theme().px(6))
        steps.setColumnStretch(1, 1)
        for place, (title, words) in enumerate(_STEPS):
            steps.addWidget(label(title, "strong"), place, 0, Qt.AlignmentFlag.AlignTop)
            steps.addWidget(label(words, "quiet", wrap=True), place, 1, Qt.AlignmentFlag.AlignTop)
        return steps

    def _show_recent(self) -> None:
        settings = self.session.settings
        recent = [(root, _when(float(settings.place(root).get("used", 0.0)))) for root in settings.recent_projects]
        if recent == self._shown:
            return
        self._shown = recent
        while item := self._recent.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for number, (root, used) in enumerate(recent):
            made = _ProjectButton(root, used, name=f"start.recent.{number}")
            made.clicked.connect(lambda _checked=False, folder=root: self.open_project(folder))
            self._recent.addWidget(made)
        if not recent:
            self._recent.addWidget(label("Projects that you open are listed here. A folder of videos that is dropped "
                                         "anywhere on this window becomes one.", "quiet", wrap=True))

    def _choose_open(self) -> None:
        choose_folder(self, said("Open a project"), self.open_project, start=home_folder())

    def _choose_new(self) -> None:
        choose_folder(self, said("Choose a folder of videos"), self.new_project)


class _ProjectButton(QPushButton):
    """A recent project: its name, where it lies, when it was last open."""

    def __init__(self, root: Path, used: str, *, name: str) -> None:
        super().__init__()
        theme = current_theme()
        self.setObjectName(name)
        self.setAccessibleName(said("Open {name}, {root}", name=root.name, root=root))
        self.setToolTip(str(root))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_kind(self, "plain")
        where = Elided(Qt.TextElideMode.ElideMiddle)
        where.setText(" · ".join(filter(None, (used, str(root.parent)))))
        set_kind(where, "caption")
        title = label(root.name, "strong")
        for one in (title, where):
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            one.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        words = column(title, where, spacing=1)
        words.setContentsMargins(theme.px(12), theme.px(6), theme.px(12), theme.px(6))
        self.setLayout(words)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), current_theme().px(52))


def _when(used: float) -> str:
    """Say when a project was last open in this window; nothing where that is not known."""
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(used))
    return said("last open {at}", at=at) if used else ""
