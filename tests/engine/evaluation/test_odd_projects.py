"""What cannot be judged gets a sentence: weights that are no numbers, a collapsed network, one group, one label."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.engine.errors import CheckpointError, UsageError
from studio.engine.evaluation.evaluate import evaluate
from studio.engine.evaluation.report import report
from studio.engine.inspection.activations import activations
from studio.engine.inspection.asked import attribution
from studio.engine.inspection.unit_sheet import units
from studio.engine.project import Project
from studio.engine.training.checkpoint import load_weights, save_weights

Odd = Callable[[float], Path]


@pytest.fixture
def own(tiny_run: Path, tmp_path: Path) -> Path:
    """A run of which nothing was measured, that may be written to."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "P"))
    for made in ("features", "evaluation"):
        shutil.rmtree(root / "runs" / tiny_run.name / made, ignore_errors=True)
    return root / "runs" / tiny_run.name


def spoil(run: Path, value: float) -> None:
    """Give all weights of the backbone one value."""
    recipe, network = load_weights(run)
    with torch.no_grad():
        for weight in network.backbone.parameters():
            weight.fill_(value)
    save_weights(run, network, recipe, step=1, measured={})


def result(run: Path, protocol: str) -> dict[str, Any]:
    return list(evaluate(Project.open(run.parents[1]), run, protocol=protocol))[-1].result  # type: ignore[attr-defined]


def longest(run: Path) -> int:
    with Project.open(run.parents[1]).catalogue(read_only=True) as catalogue:
        return max(catalogue.videos(usable_only=True), key=lambda video: video.frames).id


def change(run: Path, **values: Any) -> None:
    with Project.open(run.parents[1]).catalogue() as catalogue:
        catalogue.change([video.id for video in catalogue.videos()], **values)


def test_weights_that_are_no_numbers(own: Path) -> None:
    spoil(own, float("nan"))
    project, video = Project.open(own.parents[1]), longest(own)
    for protocol in ("retrieval", "linear", "labels"):
        with pytest.raises(CheckpointError, match=r"of 100 clips are no numbers.*lower learning rate"):
            result(own, protocol)
    with pytest.raises(CheckpointError, match="nothing can be learned from them"):
        result(own, "finetune")
    with pytest.raises(CheckpointError, match=r"layer conv4: its answers are no numbers"):
        list(activations(project, own, video=video, at_seconds=1.0))
    with pytest.raises(CheckpointError, match=r"layer conv4: its answers are no numbers"):
        list(units(project, own))
    with pytest.raises(CheckpointError, match="answers no numbers"):
        list(attribution(project, own, video=video))
    list(report(project, own, with_pictures=True))
    assert "No neighbours could be drawn: the features of" in (own / "report.html").read_text(encoding="utf-8")


def test_a_collapsed_network(own: Path) -> None:
    spoil(own, 0.0)
    project = Project.open(own.parents[1])
    for protocol in ("retrieval", "linear"):
        found = result(own, protocol)
        assert found["collapsed"] and "the network has collapsed" in found["verdict"]["sentence"]
        assert found["verdict"]["word"] == "chance"
    assert list(activations(project, own, video=longest(own), at_seconds=1.0))[-1].result["flat"]
    found = list(units(project, own))[-1].result
    assert found["silent"] == found["units"] and found["effective_field"] == found["field"]
    list(report(project, own, with_pictures=True))
    assert "its network has collapsed" in (own / "report.html").read_text(encoding="utf-8")


def test_one_group_and_one_label(own: Path) -> None:
    assert "collapsed" not in result(own, "retrieval")
    change(own, group="one")
    with pytest.raises(UsageError, match="videos of a group never find each other"):
        result(own, "retrieval")
    with pytest.raises(UsageError, match="two or more groups"):
        result(own, "linear")
    with Project.open(own.parents[1]).catalogue() as catalogue:
        catalogue.change([video.id for video in catalogue.videos() if not video.path.startswith("walk")],
                         excluded=True)
    with pytest.raises(UsageError, match="1 label, two or more are needed"):
        result(own, "retrieval")
