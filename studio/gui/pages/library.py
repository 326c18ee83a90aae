"""The Library page: folders in, videos listed with their health, groups, exclusions; scanning."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from studio.engine.catalogue import Video
from studio.engine.files import free_bytes
from studio.engine.video.estimate import videos_to_make
from studio.gui import library_edits, library_facts, projects
from studio.gui.background import Background
from studio.gui.blocks import NoticeBar, Teaching, button, label, line
from studio.gui.jobs import Job
from studio.gui.mask_dialog import MaskDialog
from studio.gui.pages.page import Page, quoted
from studio.gui.session import Session
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.grouping_editor import GroupingEditor
from studio.gui.widgets.hero import Hero
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.source_list import SourceList
from studio.gui.widgets.thumbnails import Thumbnails
from studio.gui.widgets.video_list import VideoList
from studio.gui.widgets.video_model import PROBLEMS
from studio.gui.widgets.video_preview import VideoPreview
from studio.gui.words import counted

_LOOK_WHILE_SCANNING_MILLISECONDS = 2000


class LibraryPage(Page):
    """Shows and changes what the project is made of."""

    name, title, icon = "library", "Library", "library"
    summary = "The videos of this project: which are healthy, how they are grouped, what is left out."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._background = Background(self, most=2)
        self._background.done.connect(self._came)
        self._look_in = QTimer(self, interval=_LOOK_WHILE_SCANNING_MILLISECONDS)
        self._look_in.timeout.connect(self._ask_catalogue)
        self.list = VideoList(Thumbnails(session, self), session.undo, prefix=self.name)
        self.preview = VideoPreview(session, prefix=self.name)
        self.sources = SourceList(prefix=self.name)
        self.grouping = GroupingEditor(
            lambda grouping: library_facts.describe_grouping(session.project, session.videos, grouping),
            prefix=self.name)
        self._estimate = label("", "caption", wrap=True)
        self._job_line = JobLine(prefix=self.name)
        self._make_actions()
        self._lay_out()
        self._connect()
        self._follow(session.running_job("scan"))

    def waits_for(self) -> tuple[str, str] | None:
        return None if self.session.project else ("Open a project first.", "start")

    def command_line(self) -> str:
        project = self.session.project
        if project is None:
            return ""
        folders = [str(project.source_folder(source.name)) for source in project.settings.sources]
        grouping = project.settings.grouping
        groups = {"pattern": ["--group-pattern", grouping.pattern], "csv": ["--groups", grouping.csv]}
        return quoted("studio", "scan", str(project.root), *(folders or ["FOLDER"]), *groups.get(grouping.by, []))

    def refresh(self) -> None:
        """Show the project's folders and videos."""
        super().refresh()
        self._show_project()
        self._show_videos()

    def add_folder(self, folder: Path) -> None:
        """Take a folder of videos into the project; the Scan button reads it."""
        projects.add_folder(self.session, folder)

    def scan(self) -> None:
        """Read the folders of the project."""
        projects.start_scan(self.session)

    def set_excluded(self, *, excluded: bool) -> None:
        """Leave the selected videos out, or take them in again."""
        library_edits.exclude(self.session, self.list.value(), excluded=excluded)

    def edit_masks(self) -> None:
        """Draw masks over a frame of the selected video, or of the first that can be read."""
        video = self.preview.value() or next(iter(self.session.usable_videos), None)
        if video is not None and video.readable:
            dialog = MaskDialog(self, self.session, video)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _make_actions(self) -> None:
        self._add = button("Add a folder", name=self.control("add_folder"), icon_name="folder-add",
                           clicked=self._choose_folder)
        self._scan = button("Scan", name=self.control("scan"), clicked=self.scan)
        self._next = button("Go on to Sampling", name=self.control("next"), kind="primary",
                            clicked=lambda: self.session.go_to("sampling"))
        for one in (self._add, self._scan, self._next):
            self.header_buttons.addWidget(one)

    def _lay_out(self) -> None:
        self._problems = NoticeBar("warning", name=self.control("problems"))
        self._problems.buttons.addWidget(button("Show them", name=self.control("show_problems"), kind="plain",
                                                clicked=lambda: self.list.show_only(PROBLEMS)))
        self._no_videos = Teaching(Hero(), "Scan reads every video once: it checks each frame, measures the motion and "
                                           "keeps small copies of the frames for training. Your files are only read.")
        self._inside = QStackedWidget()
        self._inside.addWidget(self.list)
        self._inside.addWidget(self._no_videos)
        teach = Teaching(Hero(), "Add a folder of videos. Its files are only read, never changed.",
                         button("Choose a folder of videos", name=self.control("first_folder"), kind="primary",
                                icon_name="folder-add", clicked=self._choose_folder))
        self._whole = QStackedWidget()
        self._whole.addWidget(SideBySide(self._inside, self._make_column()))
        self._whole.addWidget(teach)
        self.body.addWidget(self._job_line)
        self.body.addWidget(self._problems)
        self.body.addWidget(self._whole, 1)

    def _make_column(self) -> QWidget:
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        self._masks = button("Masks…", name=self.control("masks"), icon_name="eye-off", clicked=self.edit_masks,
                             tip="Hide what is burnt into the picture: clocks, rulers, traces, logos")
        for widget in (self.preview, self._masks, line(), label("Folders", "heading"), self.sources, self._estimate,
                       line(), label("Groups", "heading"), self.grouping):
            layout.addWidget(widget)
        layout.addStretch(1)
        return made

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._show_project)
        session.videos_changed.connect(self._show_videos)
        session.job_started.connect(self._follow)
        session.job_ended.connect(self._job_over)
        self.list.value_changed.connect(lambda: self.preview.set_value(self.list.table.current()))
        self.list.exclude_clicked.connect(lambda excluded: self.set_excluded(excluded=excluded))
        self.sources.remove_clicked.connect(lambda name: library_edits.remove_source(session, name))
        self.grouping.value_changed.connect(lambda grouping: library_edits.set_grouping(session, grouping))

    def _show_project(self) -> None:
        project = self.session.project
        if project is None:
            return
        sources = project.settings.sources
        self.sources.show_project(project, self.session.videos)
        if self.grouping.value() != project.settings.grouping:
            self.grouping.set_value(project.settings.grouping)
        scanning = self.session.running_job("scan") is not None
        self._whole.setCurrentIndex(0 if sources or scanning or self.session.videos else 1)
        self._show_buttons(pending=0)
        self._ask_estimate()
        self.update_command_line()

    def _show_videos(self) -> None:
        self._put_videos(self.session.videos)
        self._show_project()

    def _put_videos(self, videos: list[Video]) -> None:
        self.list.table.set_videos(videos)
        self._inside.setCurrentIndex(0 if videos else 1)
        self.preview.setVisible(bool(videos))
        self._masks.setVisible(any(video.readable for video in videos))
        self.subtitle.setText(library_facts.summary(videos) if videos else self.summary)
        self._problems.set_value(*library_facts.problems(videos))
        if videos and not self.list.value():
            self.list.table.selectRow(0)

    def _show_buttons(self, *, pending: int) -> None:
        scanning = self.session.running_job("scan") is not None
        videos, sources = self.session.videos, self.session.project and self.session.project.settings.sources
        self._add.setVisible(bool(sources or videos))
        self._scan.setVisible(bool(sources) and not scanning)
        self._next.setVisible(bool(self.session.usable_videos) and not pending and not scanning)
        self._scan.setText(f"Scan {counted(pending, 'video')}" if pending else "Scan again" if videos else "Scan")
        self._scan.setAccessibleName(self._scan.text())
        wanted = "primary" if (pending or not videos) and not scanning else ""
        if self._scan.property("kind") != wanted:
            set_kind(self._scan, wanted)

    def _follow(self, job: Job | None) -> None:
        if job is not None and job.operation == "scan":
            self._job_line.set_value(job)
            self._look_in.start()
            self._say_space("")
            self._show_project()

    def _job_over(self, job: Job) -> None:
        if job is self._job_line.value():
            self._look_in.stop()
            self._job_line.forget()
            projects.reread_settings(self.session)
            self._show_project()

    def _ask_catalogue(self) -> None:
        project = self.session.project
        if project is None or self._job_line.value() is None:
            self._look_in.stop()
            return

        def read() -> list[Video]:
            with project.catalogue(read_only=True) as catalogue:
                return catalogue.videos()

        self._background.ask("videos", read)

    def _ask_estimate(self) -> None:
        project, videos = self.session.project, self.session.videos
        if project is not None and project.settings.sources and not self.session.running_job("scan"):
            self._background.ask("new", lambda: len(videos_to_make(project, videos)))

    def _came(self, key: str, result: object) -> None:
        if key == "videos" and isinstance(result, list) and self._job_line.value() is not None:
            self._put_videos(result)
            if self.session.project:
                self.sources.show_project(self.session.project, result)
        elif key == "new" and isinstance(result, int):
            self._show_buttons(pending=result)
            self._say_space("Looking at how much space a scan will take." if result else "")
            if result:
                self.session.ask("estimate", {}, then=self._take_estimate, failed=lambda _error: self._say_space(""),
                                 supersedes=True)

    def _take_estimate(self, result: dict[str, object], _pictures: object) -> None:
        project = self.session.project
        if project and not self.session.running_job("scan"):
            self._say_space(library_facts.space_words(result, free_bytes=free_bytes(project.root)))

    def _say_space(self, words: str) -> None:
        self._estimate.setText(words)
        self._estimate.setVisible(bool(words))

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Choose a folder of videos")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self.add_folder(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

