"""The Library page: folders in, videos listed with their health, groups, exclusions; scanning."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.engine.project import Project, tier_named
from studio.gui import library_edits, library_facts, projects
from studio.gui.background import Background
from studio.gui.blocks import Teaching, button, label, line
from studio.gui.file_choice import choose_folder
from studio.gui.jobs import Job
from studio.gui.mask_dialog import MaskDialog
from studio.gui.pages.page import Page, quoted
from studio.gui.scan_plan import Plan, ScanPlan
from studio.gui.session import Session
from studio.gui.shelf import Shelf, read_shelf
from studio.gui.texts import said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import CheckBox
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.fold import Fold
from studio.gui.widgets.grouping_editor import GroupingEditor
from studio.gui.widgets.hero import Hero
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.library_notices import LibraryNotices
from studio.gui.widgets.one_of import OneOf
from studio.gui.widgets.source_list import SourceList
from studio.gui.widgets.thumbnails import Thumbnails
from studio.gui.widgets.tier_choice import TITLES, TierChoice
from studio.gui.widgets.video_list import VideoList
from studio.gui.widgets.video_model import PROBLEMS
from studio.gui.widgets.video_preview import VideoPreview
from studio.gui.words import counted

_LOOK_WHILE_SCANNING_MILLISECONDS = 2000
_LARGE_PIXELS = 256


class LibraryPage(Page):
    """Shows and changes what the project is made of."""

    name, title, icon = "library", "Library", "library"
    summary = "The videos of this project: which are healthy, how they are grouped, what is left out."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._background = Background(self, most=1)
        self._background.done.connect(self._came)
        self._look_in = QTimer(self, interval=_LOOK_WHILE_SCANNING_MILLISECONDS, singleShot=True)
        self._look_in.timeout.connect(self._ask_catalogue)
        self._shown, self._root = Shelf(), session.project.root if session.project else Path()
        self.plan = ScanPlan(session, self)
        self.list = VideoList(Thumbnails(session, self), session.undo, prefix=self.name)
        self.preview = VideoPreview(session, prefix=self.name)
        self.sources = SourceList(prefix=self.name)
        self.tiers = TierChoice(name=self.control("tier"))
        self.grouping = GroupingEditor(
            lambda grouping: library_facts.describe_grouping(session.project, session.videos, grouping),
            prefix=self.name)
        self._estimate = label("", "caption", wrap=True)
        self._job_line = JobLine(prefix=self.name, narrow=True)
        self.notices = LibraryNotices(session, prefix=self.name)
        self._make_actions()
        self._lay_out()
        self._connect()
        for operation in ("scan", "relink"):
            self._follow(session.running_job(operation))

    def waits_for(self) -> tuple[str, str] | None:
        return None if self.session.project else (said("Open a project first."), "start")

    def command_line(self) -> str:
        project = self.session.project
        if project is None:
            return ""
        settings, missing = project.settings, self.plan.value().missing
        folders = [str(project.source_folder(source.name)) for source in settings.sources] or ["FOLDER"]
        groups = {"pattern": ["--group-pattern", settings.grouping.pattern], "csv": ["--groups", settings.grouping.csv],
                  "folder": ["--groups", "folders"]}
        tier = ["--tier", settings.tier] if settings.tier != "auto" else []
        return quoted("studio", "scan", str(project.root), *([] if missing else folders),
                      *groups.get(settings.grouping.by, []), *tier,
                      *projects.size_options(_LARGE_PIXELS * self._large.value()))

    def refresh(self) -> None:
        """Show the project's folders and videos."""
        super().refresh()
        self._put_videos(self.session.shelf)
        self._show_project()

    def add_folder(self, folder: Path) -> None:
        """Take a folder of videos into the project; the Scan button reads it."""
        projects.add_folder(self.session, folder)

    def scan(self) -> None:
        """Read the folders of the project."""
        projects.start_scan(self.session, short_side_pixels=_LARGE_PIXELS * self._large.value())

    def find_folder(self, source: str, folder: Path) -> None:
        """Look for the videos of a source in another folder, and believe it when their bytes agree."""
        projects.relink(self.session, source, folder)

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
        self._first_scan = button("Scan", name=self.control("first_scan"), clicked=self.scan)
        self._no_videos = Teaching(Hero(), "Scan reads every video once: it checks each frame, measures the motion and "
                                           "keeps small copies of the frames for training. Your files are only read.",
                                   self._first_scan)
        self._inside = QStackedWidget()
        self._inside.addWidget(self.list)
        self._inside.addWidget(self._no_videos)
        teach = Teaching(Hero(), "Add a folder of videos. Its files are only read, never changed.",
                         button("Choose a folder of videos", name=self.control("first_folder"), kind="primary",
                                icon_name="folder-add", clicked=self._choose_folder))
        self._whole = OneOf(SideBySide(self._inside, self._make_column()), teach)
        self.body.addWidget(self._job_line)
        self.body.addWidget(self.notices)
        self.body.addWidget(self._whole, 1)

    def _make_column(self) -> QWidget:
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(current_theme().px(8))
        self._masks = button("Masks…", name=self.control("masks"), icon_name="eye-off", clicked=self.edit_masks,
                             tip="Hide what is burnt into the picture: clocks, rulers, traces, logos")
        for widget in (self.preview, self._masks, line(), label("Folders", "heading"), self.sources, self._estimate,
                       self._make_storage(), line(), label("Groups", "heading"), self.grouping):
            layout.addWidget(widget)
        layout.addStretch(1)
        return made

    def _make_storage(self) -> Fold:
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        self._large = CheckBox(said("Also {pixels}-pixel frames", pixels=_LARGE_PIXELS))
        self._large.setObjectName(self.control("large"))
        self._large.setAccessibleName(self._large.text())
        about = label(said("Few recipes need them, such as shuffle-and-learn. They take about {times} times the space, "
                           "and are made before such a training if not now.", times=(_LARGE_PIXELS // 128) ** 2),
                      "caption", wrap=True)
        for widget in (self.tiers, self._large, about):
            layout.addWidget(widget)
        self._storage = Fold(said("Frames kept"), made, name=self.control("storage"),
                             shut=bool(self.session.videos or self.session.reader.reading))
        return self._storage

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._show_project)
        session.videos_changed.connect(self._show_videos)
        session.changes.changed.connect(self._show_changes)
        session.job_started.connect(self._follow)
        session.job_ended.connect(self._job_over)
        self.plan.changed.connect(self._show_plan)
        self.list.value_changed.connect(lambda: self.preview.set_value(self.list.table.current()))
        self.list.exclude_clicked.connect(lambda excluded: self.set_excluded(excluded=excluded))
        self.notices.find_clicked.connect(lambda: self._choose_folder(min(self.plan.value().missing)))
        self.notices.show_clicked.connect(lambda: self.list.show_only(PROBLEMS))
        self.sources.remove_clicked.connect(self._remove)
        self.sources.find_clicked.connect(self._choose_folder)
        self.tiers.value_changed.connect(lambda tier: library_edits.set_tier(session, tier_named(tier)))
        self._large.value_changed.connect(lambda _value: self.update_command_line())
        self.grouping.value_changed.connect(lambda grouping: library_edits.set_grouping(session, grouping))
        self.grouping.value_changed.connect(self._show_project)  # what was refused is not shown as if it held

    def _show_project(self) -> None:
        project = self.session.project
        if project is None:
            self.plan.forget()
            self.notices.show_relinked(None)
            return
        if self.grouping.value() != project.settings.grouping and not self.session.changes.at_work:
            self.grouping.set_value(project.settings.grouping)
        self.tiers.set_value(project.settings.tier)
        tier = project.settings.tier
        self._storage.set_digest("" if tier == "auto" else said(TITLES[tier]).lower())
        scanning = self.session.running_job("scan") is not None
        some = self.session.videos or self.session.reader.reading
        self._whole.set_value(0 if project.settings.sources or scanning or some else 1)
        self.list.table.set_masks(project.settings.masks)
        self.preview.set_value(self.preview.value())
        self.plan.look()
        self._show_plan(self.plan.value())

    def _show_videos(self) -> None:
        session = self.session
        scanning = session.running_job("scan") is not None
        if session.project and session.project.root != self._root:
            self._root, scanning = session.project.root, False
            self.list.forget()
            self._storage.set_value(not session.videos and not session.reader.reading)  # to be seen before a scan
            if (job := self._job_line.value()) and job.project != self._root:
                self._job_line.set_value(None)
            for operation in ("scan", "relink"):
                self._follow(session.running_job(operation))
            self.scroll.verticalScrollBar().setValue(0)
        if not (scanning and session.reader.reading):  # what the scan brought is shown already
            self._put_videos(session.shelf)
        self._show_project()

    def _put_videos(self, shelf: Shelf) -> None:
        session, self._shown, videos = self.session, shelf, shelf.videos
        reading = session.reader.reading
        self.list.table.set_videos(shelf)
        self._inside.setCurrentIndex(0 if videos or reading else 1)
        waiting = said("Reading {videos}…", videos=counted(reading, "video")) if reading else ""
        self.list.set_waiting(session.changes.at_work or (waiting if not videos else ""))
        self.preview.setVisible(bool(videos))
        self._masks.setVisible(shelf.totals.readable > 0)
        words = library_facts.summary(shelf.totals) if videos else said(self.summary)
        self.subtitle.setText(waiting or words)
        self.notices.show_problems(shelf.totals)
        if videos and not self.list.value():
            self.list.table.selectRow(0)

    def _show_plan(self, plan: Plan) -> None:
        """Show what a scan would do, which folders are gone, and the buttons that fit."""
        session, project = self.session, self.session.project
        if project is None:
            return
        scanning, videos, pending = session.running_job("scan") is not None, session.videos, plan.videos
        sources = project.settings.sources
        reading = session.reader.reading and not videos
        self.sources.show_project(project, None if reading else self._shown.totals.sources, missing=plan.missing)
        can_find = not scanning and session.running_job("relink") is None
        self.sources.set_can_change(can_find)
        self.notices.show_missing(plan.missing, can_find=can_find)
        self._add.setVisible(bool(sources or videos))
        self._scan.setVisible(bool(sources) and not scanning and not reading)
        self._next.setVisible(bool(session.usable_videos) and not pending and not scanning)
        self._scan.setText(said("Scan {videos}", videos=counted(pending, "video")) if pending else
                           said("Scan again") if videos else said("Scan"))
        teaches = bool(sources) and self._inside.currentWidget() is self._no_videos
        self._first_scan.setVisible(teaches and not scanning)
        self._first_scan.setText(self._scan.text())
        for one, bright in ((self._scan, bool(pending) and not teaches), (self._first_scan, True)):
            one.setAccessibleName(one.text())
            if (kind := "primary" if bright and not scanning else "") != one.property("kind"):
                set_kind(one, kind)
        waiting = said("Looking at how much space a scan will take.") if pending and not plan.sizes else ""
        words = waiting or library_facts.space_words(plan.sizes, free_bytes=plan.free_bytes)
        self._estimate.setText(words)
        self._estimate.setVisible(bool(words))
        self.tiers.set_words(library_facts.tier_words(plan.sizes))
        self.update_command_line()

    def _follow(self, job: Job | None) -> None:
        if job is not None and job.operation in ("scan", "relink"):
            self._job_line.set_value(job)
            self.notices.show_relinked(None)
            if job.operation == "scan":
                self._look_in.start()
            self._show_project()

    def _job_over(self, job: Job) -> None:
        if job is self._job_line.value():
            self._look_in.stop()
            self._job_line.forget()
            if job.operation == "scan" and job.finished_event:
                self._storage.set_value(False)
            before = _folders(self.session.project)
            projects.reread_settings(self.session)
            if job.operation == "relink" and job.finished_event and not job.finished_event.stopped:
                name = job.finished_event.result["source"]
                if name in before:
                    library_edits.note_moved_source(self.session, name, before=before[name])
                self.notices.show_relinked(job.finished_event.result)
                self.plan.forget()  # it is not missing any more
            self._show_project()

    def _ask_catalogue(self) -> None:
        project, before, job = self.session.project, self._shown, self._job_line.value()
        if project is not None and job is not None:
            self._background.ask("videos", lambda: read_shelf(project, before=before,
                                                              wanted=lambda: self._job_line.value() is job))

    def _came(self, _key: str, result: Shelf | None) -> None:
        if self._job_line.value() is None:
            return
        self._look_in.start()
        if result is not None and self.session.project:
            self._put_videos(result)
            self._show_plan(self.plan.value())

    def _show_changes(self) -> None:
        work = self.session.changes.at_work
        self.list.set_waiting(work)
        self.grouping.setEnabled(not work)

    def _remove(self, source: str) -> None:
        library_edits.remove_source(self.session, source)
        if self.session.changes.at_work or source not in _folders(self.session.project):
            self.notices.show_removed(source)

    def _choose_folder(self, lost: str = "") -> None:
        """Ask for another folder of videos, or where the lost one of this name lies now."""
        folders = _folders(self.session.project)
        if lost:
            choose_folder(self, said("Where does the folder {name} lie now?", name=lost),
                          partial(self.find_folder, lost), start=_beside(folders[lost]))
        else:
            choose_folder(self, said("Choose a folder of videos"), self.add_folder, start=_beside(*folders.values()))


def _folders(project: Project | None) -> dict[str, Path]:
    return {one.name: project.source_folder(one.name) for one in project.settings.sources} if project else {}


def _beside(*folders: Path) -> Path | None:
    """Where the last of some folders lies, as far as that is still there."""
    return next((above for above in folders[-1].parents if above.is_dir()), None) if folders else None
