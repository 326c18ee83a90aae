"""The reports of one run and of two: what they hold, that they load nothing, name nobody and print."""

from __future__ import annotations

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from studio.engine.errors import UsageError
from studio.engine.evaluation.beside import report_beside
from studio.engine.evaluation.report import report
from studio.engine.events import Finished
from studio.engine.inspection.kept_probes import keep_probe
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml

PROBE = {"recipe": "tiny", "sentence": "Leak: 61.0 % right, seeing the border; guessing gives 16.7 %.", "probes": [
    {"name": "border", "title": "the border", "accuracy": 0.61, "interval": [0.5, 0.7], "chance": 0.167, "leak": True,
     "sentence": ""}]}
OTHER = "2030-01-01-0000-other"


@pytest.fixture(scope="module")
def run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run beside another one that learned faster, both with figures."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path_factory.mktemp("own") / "P"))
    made = root / "runs" / tiny_run.name
    other = Path(shutil.copytree(made, made.with_name(OTHER)))
    recipe = (other / "recipe.toml").read_text(encoding="utf-8")
    (other / "recipe.toml").write_text(re.sub(r"(?m)^learning_rate = .*$", "learning_rate = 0.0123", recipe))
    for folder, top1 in ((made, 20.0), (other, 60.0)):
        (folder / "evaluation").mkdir(exist_ok=True)
        (folder / "evaluation" / "retrieval.json").write_text(json.dumps(_retrieval(top1)))
    return made


def _retrieval(top1: float, *, names: tuple[str, ...] = ("a", "b")) -> dict[str, Any]:
    tops = {f"top{k}": top1 + k for k in (1, 5, 10, 20, 50)}
    scores = {"queries": 10, "gallery": 10, "groups": 10, "chance_top1": 11.1, "without_partner": 0, **tops,
              "intervals": {name: [value - 9, value + 9] for name, value in tops.items()}}
    return {"protocol": "retrieval", **scores, "feature": "pooled", "features": {"pooled": scores, "average": scores},
            "verdict": {"word": "learned", "sentence": f"Found {top1}."}, "against": {},
            "labels": {"from": "folders", "names": list(names), "unlabelled": 0}}


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "h2" and data.strip():
            self.headings.append(data)


def _written(run: Path, events: Any) -> tuple[str, dict[str, Any]]:
    last = list(events)[-1]
    assert isinstance(last, Finished) and not last.stopped
    text = (run.parents[1] / last.result["report"]).read_text(encoding="utf-8")
    return text, last.result


def _stands_alone(text: str) -> _Page:
    page = _Page(text)
    assert "script" not in page.tags and "link" not in page.tags
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not re.search(r"https?://|@import|url\(", text)
    assert not re.search(r"scene-0|patient-0|\.mp4|\.avi|echo-|/tmp/", text)
    return page


def test_everything_that_a_report_must_hold(run: Path) -> None:
    project = Project.open(run.parents[1])
    keep_probe(project, recipe_from_toml(run / "recipe.toml"), PROBE)
    text, _ = _written(run, report(project, run, with_pictures=True))
    page = _stands_alone(text)
    wanted = ["What the videos are", "What was asked", "How it went", "Can it be answered by cheating?",
              "What is alike to it", "Neighbours: do videos of one label find each other?", "Where it ran",
              "To repeat it", "The recipe"]
    assert [heading for heading in page.headings if heading in wanted] == wanted
    assert "10 usable in 10 groups" in text and PROBE["sentence"] in text and "the network answered" in text
    assert "studio train PROJECT --recipe" in text and "torch 2" in text and "For research use only" in text
    shown = [base64.b64decode(address.partition(",")[2]) for address in page.addresses]
    kept = {path.read_bytes() for path in (run / "pictures").glob("report-*.png")}
    assert len(shown) == 4 and set(shown) == kept, "questions and three times neighbours"
    assert "do not pass this page on" in text


def test_without_pictures_it_may_be_passed_on(run: Path) -> None:
    text, _ = _written(run, report(Project.open(run.parents[1]), run))
    page = _stands_alone(text)
    assert "img" not in page.tags and "shows no frame" in text


def test_it_prints_on_a4(run: Path) -> None:
    text, _ = _written(run, report(Project.open(run.parents[1]), run))
    style = text.partition("<style>")[2].partition("</style>")[0]
    printed = style.partition("@media print")[2]
    assert "size: A4" in style and "break-inside: avoid" in printed and "white-space: pre-wrap" in printed
    assert re.search(r"\.pair \{ grid-template-columns: 1fr 1fr", printed), "two columns stay two columns"


def test_two_runs_beside_each_other(run: Path) -> None:
    project = Project.open(run.parents[1])
    text, result = _written(run, report_beside(project, run, run.with_name(OTHER), with_pictures=True))
    page = _stands_alone(text)
    assert result["beside"] == OTHER and result["training"]["sentence"] in text.replace("&#x27;", "'")
    assert text.count("Neighbours: learned") == 2 and "Found 20.0." in text and "Found 60.0." in text
    settings = text.partition("Settings that differ")[2].partition("<h2>")[0]
    assert "training.learning_rate" in settings and "0.0123" in settings and "seed" not in settings
    assert text.count('class="curve train"') == text.count('class="curve validation"') == 2, "both in both plots"
    assert f"{OTHER} is ahead of {run.name}: the intervals lie apart." in text
    assert all(f"PROJECT/runs/{name}/recipe.toml" in text for name in (run.name, OTHER))
    assert len(page.addresses) == 3


def test_overlap_and_other_labels_are_said(run: Path) -> None:
    project, other = Project.open(run.parents[1]), run.with_name(OTHER)
    path = other / "evaluation" / "retrieval.json"
    kept = path.read_text()
    try:
        path.write_text(json.dumps(_retrieval(25.0)))
        assert "The intervals overlap" in _written(run, report_beside(project, run, other))[0]
        path.write_text(json.dumps(_retrieval(60.0, names=("x", "y"))))
        assert "cannot be compared" in _written(run, report_beside(project, run, other))[0]
        gain = {"pooled": {"top1": {"points": -4.0, "interval": [-9.0, 1.0]}}}
        path.write_text(json.dumps(_retrieval(25.0) | {"other": run.name, "gain_over_kinetics": gain}))
        text = _written(run, report_beside(project, run, other))[0]
        assert f"{OTHER} is 4.0 points behind {run.name} (95 % interval of the difference -9.0 to +1.0): not" in text
        path.unlink()
        assert f"Not measured for {OTHER}." in _written(run, report_beside(project, run, other))[0]
    finally:
        path.write_text(kept)


def test_a_run_beside_itself_is_refused_and_a_stop_writes_nothing(run: Path, tmp_path: Path) -> None:
    project = Project.open(run.parents[1])
    with pytest.raises(UsageError, match="is the run itself"):
        list(report_beside(project, run, run))
    last = list(report(project, run, out=tmp_path / "r.html", with_pictures=True, stop=lambda: True))[-1]
    assert isinstance(last, Finished) and last.stopped and not (tmp_path / "r.html").exists()


def test_one_video_gets_sentences_in_place_of_pictures(run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(run.parents[1], tmp_path / "P"))
    with Project.open(root).catalogue() as catalogue:
        catalogue.change([video.id for video in catalogue.videos()[1:]], excluded=True)
    alone = root / "runs" / run.name
    shutil.rmtree(alone / "features", ignore_errors=True)
    text, _ = _written(alone, report(Project.open(root), alone, with_pictures=True))
    assert "No neighbours could be drawn: there is no other usable one" in text
