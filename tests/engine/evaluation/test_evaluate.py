"""Evaluation, report and export on a real run: the figures of the design, beside random weights, in words."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from studio.engine.errors import UsageError
from studio.engine.evaluation.evaluate import evaluate
from studio.engine.evaluation.finetuning import make_finetuning
from studio.engine.evaluation.report import report
from studio.engine.events import Finished
from studio.engine.export import export_run
from studio.engine.project import Project
from studio.engine.training.checkpoint import load_weights


@pytest.fixture(scope="module")
def run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that may be written to."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path_factory.mktemp("own") / "P"))
    return root / "runs" / tiny_run.name


def _result(project_run: Path, **options: object) -> dict:
    last = list(evaluate(Project.open(project_run.parents[1]), project_run, **options))[-1]  # type: ignore[arg-type]
    assert isinstance(last, Finished)
    return last.result


def test_retrieval_prints_what_the_design_says(run: Path) -> None:
    result = _result(run)
    wanted = {"queries", "gallery", "top1", "top5", "top10", "top20", "top50", "chance_top1"}
    assert wanted | {"protocol", "against"} <= set(result) and wanted <= set(result["against"]["random"])
    assert result["queries"] == result["gallery"] == 10
    assert 0 <= result["top1"] <= result["top5"] <= result["top10"] <= 100
    assert result["chance_top1"] == pytest.approx(100 / 9, abs=0.1)  # one partner among nine others
    assert result["verdict"]["sentence"] and json.dumps(result, allow_nan=False)
    assert json.loads((run / "evaluation" / "retrieval.json").read_text()) == result


def test_labels_from_a_file_with_roles(run: Path, tmp_path: Path) -> None:
    lines = ["path,label,group,split"]
    for label in ("jump", "walk", "sit"):
        lines += [f"{label}/scene-01.mp4,{label},a,query", f"{label}/scene-02.avi,{label},b,gallery"]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    result = _result(run, labels=str(tmp_path / "labels.csv"), against="nothing")
    assert (result["queries"], result["gallery"]) == (3, 3) and "against" not in result


SHORT = {"finetuning": make_finetuning(steps=2)}


@pytest.mark.parametrize(("protocol", "options"), [("linear", {}), ("finetune", SHORT)])
def test_shares_stand_beside_random_weights_and_the_commonest_label(
        protocol: str, options: dict, run: Path) -> None:
    result = _result(run, protocol=protocol, **options)
    assert 0 <= result["accuracy"] <= 1 and 0 <= result["against"]["random"]["accuracy"] <= 1
    assert result["train"] + result["test"] == 10 and result["classes"] == 5 and result["verdict"]["word"]
    assert result["interval"][0] <= result["accuracy"] <= result["interval"][1] and "points" in result["gain"]
    mixed = result["confusion"]
    assert np.sum(mixed["counts"]) == sum(cell["count"] for cell in mixed["cells"]) == 5 * len(result["splits"])
    right = sum(cell["count"] for cell in mixed["cells"] if cell["label"] == cell["answer"])
    assert right / (5 * len(result["splits"])) == pytest.approx(result["accuracy"], abs=1e-3)
    with Project.open(run.parents[1]).catalogue(read_only=True) as catalogue:
        folders = {video.id: video.path.split("/")[0] for video in catalogue.videos()}
    assert all(folders[number] == mixed["labels"][cell["label"]]
               for cell in mixed["cells"] for number in cell["videos"])


@pytest.mark.parametrize(("protocol", "options"), [("retrieval", {}), ("linear", {}), ("finetune", SHORT)])
def test_several_seeds_compare_with_several_networks(protocol: str, options: dict, run: Path) -> None:
    result = _result(run, protocol=protocol, seeds=2, **options)
    random = result["against"]["random"]
    each = random["each"]["top1"] if protocol == "retrieval" else random["each"]
    main = random["top1"] if protocol == "retrieval" else random["accuracy"]
    assert len(each) == 2 and main == pytest.approx(np.mean(each), abs=0.01) and result["asked_seeds"] == 2
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "--seeds 2" in page and ("mean of 2" in page or "2 seeds" in page)


def test_two_random_networks_are_not_the_same(run: Path) -> None:
    _result(run, seeds=2)
    first, second = (load_file(run / "features" / f"{name}.safetensors")["average"] for name in ("random", "random-2"))
    assert first.shape == second.shape and not np.allclose(first, second, atol=1e-3)


def test_how_many_labels_are_needed(run: Path) -> None:
    result = _result(run, protocol="labels", seeds=2, kinetics=run.name)
    assert [entry["percent"] for entry in result["budgets"]] == [100]  # five videos of five labels: no fewer
    entry = result["budgets"][0]
    assert entry["trained"]["accuracy"] == entry["kinetics"]["accuracy"] == result["accuracy"]
    assert entry["gain"]["kinetics"] == {"points": 0, "interval": [0, 0]}
    assert result["gain_of_all"]["random"]["points"] == pytest.approx(entry["gain"]["random"]["points"], abs=0.01)
    assert "labels" in result["verdict"]["sentence"] and (run / "evaluation" / "labels.json").is_file()


@pytest.mark.parametrize("protocol", ["retrieval", "linear", "finetune", "labels"])
def test_a_stop_leaves_the_kept_result_alone(protocol: str, run: Path) -> None:
    before = [path.read_bytes() for path in (run / "evaluation").glob("*.json")]
    last = list(evaluate(Project.open(run.parents[1]), run, protocol=protocol, stop=lambda: True, seed=9,
                         learner="finetune"))[-1]
    assert isinstance(last, Finished) and last.stopped
    assert [path.read_bytes() for path in (run / "evaluation").glob("*.json")] == before


@pytest.mark.parametrize(("options", "said"), [
    ({"protocol": "guess"}, "retrieval, linear, finetune"), ({"against": "odds"}, "--against random"),
    ({"labels": "nowhere.csv"}, "cannot be read"), ({"seeds": 0}, "--seeds 0"), ({"learner": "x"}, "linear, finetune"),
    ({"kinetics": "nothing"}, "--kinetics nothing"), ({"split": "ucf101/4"}, "ucf101/1 to 3"),
    ({"split": "ucf101/1"}, "trainlist01.txt"), ({"split": "ucf101/1", "labels": "x.csv"}, "Leave one out")])
def test_what_does_not_exist_is_named(options: dict, said: str, run: Path) -> None:
    with pytest.raises(UsageError, match=said):
        _result(run, **options)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


def test_the_report_loads_nothing_and_names_no_file(run: Path) -> None:
    _result(run)
    last = list(report(Project.open(run.parents[1]), run))[-1].result
    text = (run / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags and "svg" in page.tags and "table" in page.tags
    assert all(address.startswith("data:") for address in page.addresses)
    assert not re.search(r"scene-0|patient-0|\.mp4|\.avi", text) and str(run.parents[2]) not in text
    assert "random weights" in text and "chance" in text and "studio train" in text
    assert last["retrieval"]["sentence"] in text.replace("&#x27;", "'")


def test_safetensors_can_be_read_without_this_package(run: Path, tmp_path: Path) -> None:
    result = list(export_run(Project.open(run.parents[1]), run, format="safetensors", out=tmp_path))[-1].result
    path = tmp_path / result["file"]
    program = ("import sys; from safetensors.torch import load_file; tensors = load_file(sys.argv[1]); "
               "assert 'studio' not in sys.modules; "
               "print(sum(t.numel() for n, t in tensors.items() if 'running' not in n and 'batches' not in n))")
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, cwd=tmp_path,
                          check=True)
    assert int(done.stdout) == result["parameters"] == 589_808
    card = (tmp_path / result["cards"][0]).read_text(encoding="utf-8")
    assert result["sha256"] in card and "chance" in card and not re.search(r"scene-0|patient-0", card)


def test_the_card_says_what_the_weights_are_and_names_nobody(run: Path, tmp_path: Path) -> None:
    result = list(export_run(Project.open(run.parents[1]), run, out=tmp_path / "w.safetensors"))[-1].result
    words, values = ((tmp_path / name).read_text(encoding="utf-8") for name in result["cards"])
    card = json.loads(values)
    with Project.open(run.parents[1]).catalogue(read_only=True) as catalogue:
        videos = catalogue.videos(usable_only=True)
    contents = hashlib.sha256("\n".join(sorted(video.identity for video in videos)).encode()).hexdigest()
    assert contents == card["data"]["sha256"] and contents in words
    assert card["data"]["videos"] == 10 and card["training"]["seed"] == 3 and card["training"]["seconds"] > 0
    assert card["training"]["videos_learned_from"] + card["training"]["videos_held_out"] == 10
    assert words.count("For research use only") == 1 and "SHA-256" in words and "torch 2" in words
    assert all(message in words for message in card["warnings"]) and card["warnings"]
    assert card["recipe"]["training"]["seed"] == 3 and "seed 3" in words
    assert not re.search(r"scene-0|patient-0|\.mp4|\.avi|echo-|/tmp/", words + values)


def test_onnx_gives_the_same_features(run: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    list(export_run(Project.open(run.parents[1]), run, format="onnx", out=tmp_path / "b.onnx"))
    _, network = load_weights(run)
    clips_BCTHW = torch.rand(3, 3, 8, 56, 56, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours_BD = network.backbone.eval().features(clips_BCTHW).numpy()
    session = onnxruntime.InferenceSession(str(tmp_path / "b.onnx"), providers=["CPUExecutionProvider"])
    theirs_BD = session.run(None, {"clips_BCTHW": clips_BCTHW.numpy()})[0]
    np.testing.assert_allclose(theirs_BD, ours_BD, atol=1e-4)


@pytest.mark.parametrize(("format_name", "said"), [("torchvision", "torchvision has no such network"),
                                                  ("keras", "safetensors, torchvision, onnx")])
def test_a_format_that_does_not_fit_is_refused(format_name: str, said: str, run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        list(export_run(Project.open(run.parents[1]), run, format=format_name, out=tmp_path / "x"))
    assert not list(tmp_path.iterdir())
