"""The Evaluate page: was it worth it? Trained beside random weights and chance; export and report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.errors import StudioError
from studio.engine.evaluation.kept import Result, kept_results
from studio.engine.runs import Run
from studio.gui.blocks import NoticeBar, Teaching, button, label, line
from studio.gui.dealing import sentence_of
from studio.gui.failure_bar import FailureBar
from studio.gui.jobs import Job
from studio.gui.pages.page import Page, quoted
from studio.gui.scores import TITLES, Scores, scores_of
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.theme import current_theme
from studio.gui.widgets.confusion_grid import ConfusionGrid
from studio.gui.widgets.evaluation_form import EvaluationForm
from studio.gui.widgets.example_bars import ExampleBars
from studio.gui.widgets.export_form import FEATURES, ExportForm
from studio.gui.widgets.flow import SideBySide
from studio.gui.widgets.in_sight import bring_into_sight
from studio.gui.widgets.job_line import JobLine
from studio.gui.widgets.report_form import ReportForm
from studio.gui.widgets.run_choice import chosen_run, runs_with_weights
from studio.gui.widgets.run_list import run_label, short_name
from studio.gui.widgets.score_bars import ScoreBars
from studio.gui.widgets.score_table import ScoreTable
from studio.gui.words import bytes_text


class EvaluatePage(Page):
    """Measures what a run learned by labels that it never saw."""

    name, title, icon = "evaluate", "Evaluate", "evaluate"
    summary = "Labels that training never saw tell whether it was worth it: trained beside the same network untrained."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._kept: dict[str, Result] = {}
        self._scores: Scores | None = None
        self._make_body()
        session.runs_changed.connect(self._look_again)
        session.videos_changed.connect(self._look_again)
        session.job_started.connect(self._hear_start)
        session.job_ended.connect(self._hear_end)
        self._form.value_changed.connect(self._show)
        self._export.value_changed.connect(self.update_command_line)
        self._export.export_clicked.connect(self._start_export)
        self._report.wanted.connect(self._start_report)
        self.table.value_changed.connect(self._show_bars)
        session.project_changed.connect(self._follow_work)
        self._follow_work()

    def waits_for(self) -> tuple[str, str] | None:
        if not runs_with_weights(self.session):
            return said("Evaluation waits for a run with weights: train one first."), "training"
        return None

    def command_line(self) -> str:
        project, run = self.session.project, chosen_run(self.session)
        return quoted("studio", "evaluate", str(project.root), *self._arguments(run)) if project and run else ""

    def refresh(self) -> None:
        self.session.reload_runs()
        self._show()
        super().refresh()

    def _make_body(self) -> None:
        theme = current_theme()
        self._run = button("Evaluate", name=self.control("run"), icon_name="play", kind="primary", clicked=self._start)
        self.header_buttons.addWidget(self._run)
        self._progress = JobLine(prefix="evaluate")
        self._failure = FailureBar(self.session, name=self.control("failure"))
        self._heading = label("", "heading", wrap=True)
        self.verdict = NoticeBar(name=self.control("verdict"))
        self._bars_title, self._bars = label("", "caption"), ScoreBars(name=self.control("bars"))
        self.table = ScoreTable(name=self.control("table"))
        self._about = label("", "caption", wrap=True)
        self.confusion = ConfusionGrid(self.session, name=self.name)
        self._result = QWidget()
        result = QVBoxLayout(self._result)
        result.setContentsMargins(0, 0, 0, 0)
        result.setSpacing(theme.px(12))
        parts: list[QWidget] = [self._heading, self.verdict, self._bars_title, self._bars, self.table, self._about,
                                self.confusion]
        for part in parts:
            result.addWidget(part)
        self._empty = Teaching(ExampleBars(), "")
        self._form, self._export = EvaluationForm(self.session, prefix="evaluate"), ExportForm(prefix="evaluate")
        self._report = ReportForm(prefix="evaluate")
        self._lines = {"evaluate": self._progress, "export": self._export.progress, "features": self._export.progress,
                       "report": self._report.progress}
        wide, side = QWidget(), QWidget()
        for holder, widgets in ((wide, (self._progress, self._failure, self._result, self._empty)),
                                (side, (self._form, line(), label("Take it elsewhere", "heading"), self._export, line(),
                                        label("Report", "heading"), self._report))):
            layout = QVBoxLayout(holder)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(theme.px(16))
            for widget in widgets:
                layout.addWidget(widget)
            layout.addStretch(1)
        self.body.addWidget(SideBySide(wide, side, column_pixels=300, least_pixels=440))
        self.body.addStretch(1)

    def _arguments(self, run: Run) -> list[str]:
        protocol, labels = self._form.value()
        return [run.name, "--protocol", protocol, "--labels", labels, *self._form.more()]

    def _start(self) -> None:
        project, run = self.session.project, chosen_run(self.session)
        if project and run and not self._form.problem and self._working() is None:
            self._failure.hide()
            protocol = self._form.value()[0]
            self.session.start_job("evaluate", [str(project.root), *self._arguments(run)],
                                   title=said("{protocol} of {run}", protocol=said(TITLES[protocol]),
                                              run=short_name(run.name)))

    def _start_export(self) -> None:
        project, run = self.session.project, chosen_run(self.session)
        if project and run and not self._export.problem and self._working() is None:
            chosen, destination = self._export.value()
            self._export.written.set_value("")
            if chosen in FEATURES:
                self.session.start_job("features", [str(project.root), run.name, "-o", destination],
                                       title=said("Features"))
            else:
                self.session.start_job("export", [str(project.root), run.name, "--format", chosen, "-o", destination],
                                       title=said("Export"))

    def _start_report(self, arguments: list[str]) -> None:
        """Write the report anew, so that it says what is known by now; it is opened when it is there."""
        project, run = self.session.project, chosen_run(self.session)
        if project and run and self._working() is None:
            self._report.written.set_value("")
            self.session.start_job("report", [str(project.root), run.name, *arguments], title=said("Report"))

    def _open_file(self, path: Path) -> None:
        words = said("Written: {file} in {folder}.", file=path.name, folder=path.parent)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            words = said("No program opened the report. It lies in {path}.", path=path)
        self._report.written.set_value(words, file=path)

    def _working(self) -> Job | None:
        return next((job for job in self.session.jobs_here() if job.operation in self._lines), None)

    def _follow_work(self) -> None:
        """Show how far the work is beside the button that started it."""
        working = self._working()
        shown = self._lines[working.operation] if working else None
        for one in set(self._lines.values()):
            one.set_value(working if one is shown else None)

    def _hear_start(self, job: Job) -> None:
        if job.operation in self._lines:
            self._follow_work()
            self._show_buttons()

    def _hear_end(self, job: Job) -> None:
        shown = self._lines.get(job.operation)
        if shown is None or job is not shown.value():
            self._show_buttons()
            return
        shown.forget()
        if job.failed_event is not None:
            message, remedy = sentence_of(asdict(job.failed_event))
            self._failure.tell(said("The last try failed: {message}", message=message), remedy, job.details)
            bring_into_sight(self._failure)
            job.failure_is_shown = self.isVisible()  # once is enough
        elif job.finished_event is not None and not job.finished_event.stopped:
            self._tell_result(job)
        self._show()

    def _tell_result(self, job: Job) -> None:
        result = job.finished_event.result if job.finished_event else {}
        if job.operation in ("export", "features") and "file" in result:
            place = Path(job.arguments[-1])
            words = said("Written: {file} ({size}) in {folder}.", file=result["file"], folder=place.parent,
                         size=bytes_text(result["bytes"]))
            if job.operation == "export":
                words += " " + said("A model card is beside it.")
            self._export.written.set_value(words, file=place)
        elif job.operation == "report" and self.session.project is not None:
            self._open_file(self.session.project.root / str(result["report"]))

    def _look_again(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self, *_: object) -> None:
        """Show what is kept of the chosen run and protocol."""
        self._form.refresh()
        run, project = chosen_run(self.session), self.session.project
        self._kept = self._results_of(run) if run else {}
        self._export.set_run(run, folder=project.root / "exports" if project else Path())
        self._report.set_runs(run, runs_with_weights(self.session))
        protocol = self._form.value()[0]
        result = self._kept.get(protocol)
        before = self._before(run, protocol) if run and result else None
        self._scores = scores_of(protocol, result, before=before) if result else None
        self._result.setVisible(self._scores is not None)
        self._empty.setVisible(self._scores is None)
        if self._scores is not None and run is not None:
            self._heading.setText(said("Was it worth it? {protocol} of {run}", protocol=said(TITLES[protocol]),
                                       run=short_name(run.name)))
            self.verdict.set_value(self._scores.sentence.replace(" %", "\u00a0%"), level=self._scores.level)
            self._about.setText(" · ".join(self._scores.about) + said(". Small figures: 95 % intervals."))
            self.table.set_value(self._scores)
            self.confusion.set_value((result or {}).get("confusion"))
            self._show_bars(0)
        elif run is not None:
            self._empty.set_value(said("{protocol} was not measured for {run} yet. It tells whether training made "
                                       "the features better than those of the untrained network.",
                                       protocol=said(TITLES[protocol]), run=short_name(run.name)))
        self._show_buttons()
        self.update_command_line()

    def _show_bars(self, column: int) -> None:
        if self._scores is not None:
            self._bars_title.setText(said("{column}, share of videos right", column=self._scores.columns[column]))
            self._bars.set_value(self._scores, column=column)

    def _show_buttons(self) -> None:
        working = self._working()
        waits = said("Waits for: {work}.", work=working.title) if working else ""
        reason = self._form.problem or waits
        self._run.setEnabled(not reason)
        self._run.setToolTip(reason or said("Measure this run, beside random weights"))
        self._export.set_waiting(waits)
        self._report.set_waiting(waits)

    def _results_of(self, run: Run) -> dict[str, Result]:
        try:
            return kept_results(run.folder)
        except StudioError as error:
            self.session.notify_error(error)
            return {}

    def _before(self, run: Run, protocol: str) -> tuple[str, Result] | None:
        """The newest earlier run with a result of this protocol, by the same labels."""
        runs = self.session.runs
        names = (self._kept[protocol].get("labels") or {}).get("names")
        for other in reversed(runs[:next((i for i, one in enumerate(runs) if one.name == run.name), 0)]):
            found = self._results_of(other).get(protocol)
            if found and (found.get("labels") or {}).get("names") == names:
                return run_label(other), found
        return None
