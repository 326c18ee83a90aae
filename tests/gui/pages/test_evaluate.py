"""The Evaluate page on a real trained run: measure, read the verdict, export, open the report."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from studio.gui.pages.evaluate import EvaluatePage
from studio.gui.reporting import ReportDialog
from studio.gui.session import Notice, Session
from studio.gui.widgets.run_list import run_label
from tests.gui.conftest import wait_for

LONG_SECONDS = 90


def shown(session: Session) -> EvaluatePage:
    page = EvaluatePage(session)
    page.resize(1140, 640)
    page.show()
    page.refresh()
    return page


@pytest.fixture
def page(session: Session, tiny_run: Path, tmp_path: Path) -> Iterator[EvaluatePage]:
    """The page on a copy of the run, of which nothing was measured yet."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "study"))
    for made in ("features", "evaluation"):
        shutil.rmtree(root / "runs" / tiny_run.name / made, ignore_errors=True)
    (root / "runs" / tiny_run.name / "report.html").unlink(missing_ok=True)
    session.open_project(root)
    shown_page = shown(session)
    yield shown_page
    shown_page.hide()
    shown_page.deleteLater()


def part(page: EvaluatePage, name: str) -> Any:
    found = page.findChild(QWidget, name)
    assert found is not None, name
    return found


def press(page: EvaluatePage, name: str) -> None:
    button: QPushButton = part(page, name)
    assert button.isEnabled() and button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def retrieval(top1: float, *, word: str = "learned") -> dict[str, Any]:
    """A kept result as the engine writes it."""
    tops = {f"top{k}": top1 + k for k in (1, 5, 10, 20, 50)}
    scores = {"queries": 10, "gallery": 10, "groups": 10, "chance_top1": 11.1, "without_partner": 0, **tops,
              "intervals": {name: [value - 9, value + 9] for name, value in tops.items()}}
    gain = {name: {"points": 5.0, "interval": [-1.0, 11.0]} for name in tops}
    return {"protocol": "retrieval", **scores, "feature": "pooled", "features": {"pooled": scores, "average": scores},
            "against": {"random": {**scores, "top1": 13.0}}, "gain": {"pooled": gain, "average": gain},
            "verdict": {"word": word, "sentence": f"The nearest video had the same label for {top1} %."},
            "labels": {"from": "folders", "names": ["a", "b"], "unlabelled": 0}}


def keep(folder: Path, protocol: str, result: dict[str, Any]) -> None:
    (folder / "evaluation").mkdir(exist_ok=True)
    (folder / "evaluation" / f"{protocol}.json").write_text(json.dumps(result))


def column(page: EvaluatePage, number: int) -> list[str]:
    table = page.table
    return [table.item(row, number).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(table.rowCount())]


@pytest.mark.long
def test_the_story_of_an_evaluation(page: EvaluatePage, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known; measure; the verdict, beside random weights and chance; export; report."""
    assert not page._result.isVisible() and page._empty.isVisible()
    assert "--protocol retrieval --labels folders" in page.command_line()
    press(page, "evaluate.run")
    assert part(page, "evaluate.stop").isVisible() and not part(page, "evaluate.run").isEnabled()
    for name in ("evaluate.export", "evaluate.report"):
        assert not part(page, name).isEnabled() and part(page, name).toolTip() == "Waits for: Retrieval of tiny."
    assert page._export._why.text() == page._report._why.text() == "Waits for: Retrieval of tiny."
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert page._result.isVisible(), page._failure.value()
    assert "10 videos" in page.verdict.value().replace("\u00a0", " ")
    assert [page.table.horizontalHeaderItem(i).text() for i in range(1, 6)] == [f"Top {k}" for k in (1, 5, 10, 20, 50)]
    titles = [title.split(",")[0] for title in column(page, 0)]
    assert titles == ["Trained", "Random weights", "Chance", "Gain over random"]
    assert all(" to " in cell for cell in column(page, 5)[:2]), "no figure without its interval"
    chances = [float(column(page, place)[2].partition(" ")[0]) for place in range(1, 6)]
    assert chances == sorted(chances) and chances[0] < chances[1] < chances[2]
    exports(page, session)
    opens_the_report(page, session, monkeypatch)


def exports(page: EvaluatePage, session: Session) -> None:
    press(page, "evaluate.export")
    assert page._export.progress.isVisible() and not page._progress.isVisible() and not page._export._why.text()
    assert page._report._why.isVisible(), "the other button says why it waits"
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert session.project is not None
    written = {path.suffix for path in (session.project.root / "exports").iterdir()}
    assert ".safetensors" in written and ".md" in written
    exported = page._export.written
    assert f"in {session.project.root / 'exports'}." in exported.words() and "model card" in exported.words()
    assert not page._export.progress.isVisible() and not page._report._why.isVisible()
    opened = list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())) or True)
        exported.open.click()
        assert opened == [str(session.project.root / "exports")]
        patch.setattr(QDesktopServices, "openUrl", lambda url: False)
        exported.open.click()
    assert exported.words() == f"No program opened the folder. It is {opened[0]}."
    place = page._export._place
    assert place.cursorPosition() == len(place.text()), "its end is in sight"
    page._export._format.setCurrentIndex(3)
    press(page, "evaluate.export")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    (features,) = (session.project.root / "exports").glob("*.npz")
    with np.load(features) as stored:
        assert stored["features_ND"].shape[0] == 10 * len(session.usable_videos)
    assert features.name in exported.words()


def opens_the_report(page: EvaluatePage, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)) or True)
    about = page._report._about
    assert not part(page, "evaluate.report_pictures").isChecked() and "may be passed on" in about.text()
    part(page, "evaluate.report_pictures").click()
    assert about.text().startswith("It contains pictures of the videos")
    part(page, "evaluate.report_pictures").click()
    assert not part(page, "evaluate.report_beside").isVisible(), "there is one run only"
    press(page, "evaluate.report")
    assert page._report.progress.isVisible() and page._export._why.isVisible()
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert page._report.written.words() == f"Written: report.html in {session.runs[0].folder}."
    assert "shows no frame" in (session.runs[0].folder / "report.html").read_text(encoding="utf-8")
    assert [url.toLocalFile() for url in opened] == [str(session.runs[0].folder / "report.html")]


@pytest.mark.long
def test_two_runs_are_reported_beside_each_other(page: EvaluatePage, session: Session,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())) or True)
    first = session.runs[0].folder
    shutil.copytree(first, first.parent / "2030-01-01-0000-better")
    session.reload_runs()
    session.select_run(first.name)
    page.refresh()
    assert part(page, "evaluate.report_other").value() == "2030-01-01-0000-better"
    part(page, "evaluate.report_pictures").click()
    press(page, "evaluate.report_beside")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert opened == [str(first / "report-beside-2030-01-01-0000-better.html")]
    text = Path(opened[0]).read_text(encoding="utf-8")
    assert "Both runs have the same settings" in text and "data:image/png" in text


def test_kept_results_are_shown_at_once(page: EvaluatePage, session: Session) -> None:
    keep(session.runs[0].folder, "retrieval", retrieval(40.0))
    page.refresh()
    assert "40.0\u00a0%" in page.verdict.value() and not session.jobs
    assert column(page, 1)[0] == "41.0 %, 32 to 50"
    assert [column(page, place)[2] for place in (1, 2)] == ["11.1 %", "–"], "an older result knows chance at 1 only"
    keep(session.runs[0].folder, "retrieval", {**retrieval(40.0), "chance_top5": 44.4})
    page.refresh()
    assert [column(page, place)[2] for place in (1, 2, 3)] == ["11.1 %", "44.4 %", "–"]
    part(page, "evaluate.linear").click()
    assert page._empty.isVisible() and "--protocol linear" in page.command_line()
    part(page, "evaluate.retrieval").click()
    assert page._result.isVisible()


def test_the_run_before_stands_beside(page: EvaluatePage, session: Session) -> None:
    first = session.runs[0].folder
    keep(first, "retrieval", retrieval(20.0))
    later = Path(shutil.copytree(first, first.parent / "2030-01-01-0000-better"))
    keep(later, "retrieval", retrieval(40.0))
    (later / "recipe.toml").touch()
    session.reload_runs()
    session.select_run(later.name)
    page.refresh()
    assert column(page, 0)[-1] == f"Run before, {run_label(session.runs[0])}"
    assert column(page, 1)[-1].startswith("21.0 %")
    keep(first, "retrieval", {**retrieval(20.0), "labels": {"from": "csv", "names": ["x", "y"]}})
    page.refresh()
    assert not column(page, 0)[-1].startswith("Run before"), "other labels cannot be compared"


def test_the_bars_follow_the_column_chosen(page: EvaluatePage, session: Session) -> None:
    keep(session.runs[0].folder, "retrieval", retrieval(40.0))
    page.refresh()
    assert "Top 1: Trained 41.0 %, Random weights 13.0 %, Chance 11.1 %" in page._bars.accessibleName()
    page.table.setCurrentCell(0, 3)
    assert page._bars.value() == 2 and page._bars.accessibleName().startswith("Top 10: Trained 50.0 %")


def test_wrong_labels_are_met_before_anything_runs(page: EvaluatePage, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("name,class\na,b\n")
    page._form.set_value("retrieval", str(tmp_path / "odd.csv"))
    assert "not path and label" in page._form.problem
    assert not part(page, "evaluate.run").isEnabled()
    good = "path,label\n" + "".join(f"{video.path},{'ab'[i % 2]}\n" for i, video in
                                    enumerate(page.session.usable_videos))
    (tmp_path / "good.csv").write_text(good)
    page._form.set_value("linear", str(tmp_path / "good.csv"))
    assert page._form.problem == "" and part(page, "evaluate.run").isEnabled()
    assert f"--labels {tmp_path / 'good.csv'}" in page.command_line()


def test_a_failure_stays_in_words(page: EvaluatePage, session: Session, tmp_path: Path) -> None:
    """Labels of one group each leave nothing to test: the engine's sentence stays on the page."""
    videos = page.session.usable_videos
    lines = [f"{video.path},{'ab'[i % 2]},one" for i, video in enumerate(videos)]
    (tmp_path / "one.csv").write_text("path,label,group\n" + "\n".join(lines) + "\n")
    page._form.set_value("linear", str(tmp_path / "one.csv"))
    told: list[Notice] = []
    session.notified.connect(told.append)
    press(page, "evaluate.run")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    failure = page._failure
    assert [one for one in told if one.level == "error"] == [], "the page itself says it"
    assert "groups" in failure.value() and failure.isVisible() and failure._remedy.text()
    failure.details.click()
    report = page.window().findChild(ReportDialog)
    assert report is not None and "groups" in report.value()
    report.close()
    assert part(page, "evaluate.run").isEnabled()


def test_a_format_that_does_not_fit_is_refused_with_the_reason(page: EvaluatePage) -> None:
    page._export.set_value("torchvision", "/somewhere/weights.pth")
    assert not part(page, "evaluate.export").isEnabled()
    assert "torchvision has no r3d_small" in page._export.problem
    page._export.set_value("onnx", "/somewhere/weights.onnx")
    assert part(page, "evaluate.export").isEnabled()


def test_evaluation_waits_for_a_run_with_weights(session: Session, sample_project: Path, tmp_path: Path) -> None:
    session.open_project(shutil.copytree(sample_project, tmp_path / "study"))
    page = shown(session)
    reason, where = page.waits_for() or ("", "")
    assert "weights" in reason and where == "training"
    page.deleteLater()


def test_a_damaged_result_is_told_and_blocks_nothing(page: EvaluatePage, session: Session) -> None:
    told: list[Any] = []
    session.notified.connect(told.append)
    (session.runs[0].folder / "evaluation").mkdir(exist_ok=True)
    (session.runs[0].folder / "evaluation" / "retrieval.json").write_text("{")
    page.refresh()
    assert told and "JSON" in told[0].message and part(page, "evaluate.run").isEnabled()


@pytest.mark.long
def test_how_many_labels_and_what_was_mixed_up(page: EvaluatePage, session: Session) -> None:
    """The other protocols, measured for real: a column a budget, and the videos behind a cell of the confusion."""
    part(page, "evaluate.budget").click()
    assert "--protocol labels" in page.command_line()
    press(page, "evaluate.run")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert page._result.isVisible(), page._failure.value()
    headers = [page.table.horizontalHeaderItem(i).text() for i in range(1, page.table.columnCount())]
    assert headers[-1] == "100 %" and not page.confusion.isVisible()
    assert all(" to " in cell for cell in column(page, 1)[:2])

    page._form.set_value("linear")
    press(page, "evaluate.run")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert page.confusion.isVisible()
    table = page.confusion.table
    full = next((row, col) for row in range(table.rowCount()) for col in range(table.columnCount())
                if table.item(row, col).text() != "·")
    table.setCurrentCell(*full)
    assert page.confusion.value() == full and "answered" in page.confusion._says.text()
    wait_for(lambda: page.confusion.tiles and page.confusion.tiles[0].frames > 1)
    name, when = page.confusion.tiles[0]._caption.split("\n")
    assert "." in name and when.endswith(" s")


def test_repeats_and_another_run_are_asked_for(page: EvaluatePage, session: Session) -> None:
    first = session.runs[0].folder
    shutil.copytree(first, first.parent / "2030-01-01-0000-better")
    session.reload_runs()
    page.refresh()
    page._form._seeds.set_value(3)
    other = page._form._other
    assert other.box.count() == 3
    other.box.setCurrentIndex(2)
    assert "--seeds 3 --kinetics 2030-01-01-0000-better" in page.command_line()


def test_a_file_of_weights_stands_beside(page: EvaluatePage, session: Session) -> None:
    """The label study with weights of a file; a file that is none is refused before anything runs."""
    other, weights = page._form._other, session.runs[0].folder / "weights.safetensors"
    other.set_file(str(weights.with_name("nothing.pth")))
    assert "not there" in page._form.problem and not part(page, "evaluate.run").isEnabled()
    other.set_file(str(weights.with_name("recipe.toml")))
    assert ".pth" in page._form.problem
    other.set_file(str(weights))
    assert page._form.problem == "" and f"--kinetics {weights}" in page.command_line()
    part(page, "evaluate.budget").click()
    press(page, "evaluate.run")
    wait_for(lambda: not session.jobs, seconds=LONG_SECONDS)
    assert page._result.isVisible(), page._failure.value()
    assert "Other weights" in [title.split(",")[0] for title in column(page, 0)]
