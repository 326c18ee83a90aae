"""What was learned from one picture a clip is inspected, judged and exported like anything else."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from studio.engine.device import threads_used
from studio.engine.export import export_run
from studio.engine.inspection.activations import heat_at
from studio.engine.inspection.asked import Told, attribution
from studio.engine.inspection.dealt import deal_question
from studio.engine.inspection.embedding import open_embedder
from studio.engine.inspection.features import extract_features
from studio.engine.inspection.receptive_field import field_of
from studio.engine.inspection.unit_sheet import units, units_answer
from studio.engine.inspection.units import find_peaks
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.training.checkpoint import load_weights
from studio.engine.training.loop import train
from studio.engine.video.footage import open_footage

PICTURES = {"stack-of-differences": 5, "sum-of-differences": 1, "dynamic-image": 1}
CHANNELS = {"stack-of-differences": 15, "sum-of-differences": 3, "dynamic-image": 3}
SIDE = 40


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_used(1):
        yield


@pytest.fixture(scope="module", params=list(PICTURES))
def trained(request: pytest.FixtureRequest, sample_project: Path, tmp_path_factory: pytest.TempPathFactory,
            tiny_recipe: dict[str, Any]) -> tuple[Project, Path, str]:
    """A run of two steps with an encoding."""
    root = tmp_path_factory.mktemp("encoded") / "P"
    project = Project.open(Path(shutil.copytree(sample_project, root)))
    recipe = make_recipe({
        **tiny_recipe, "name": "odd", "task": "odd-one-out", "backbone": "r3d_small",
        "sampling": {"tuple_length": 4, "clip_frames": 6},
        "augmentation": {"crop_pixels": 80, "input_pixels": SIDE, "encoding": request.param, "scaling": "mean-127.5"},
        "training": {**tiny_recipe["training"], "max_steps": 2, "validation_tuples": 8}})
    result = list(train(project, recipe, name="odd"))[-1].result
    assert result["steps"] == 2 and result["chance"] == 0.25
    return project, project.run_folders()[0], request.param


def test_heat_lies_over_each_picture_that_is_shown(trained: tuple[Project, Path, str]) -> None:
    project, run_folder, encoding = trained
    embedder = open_embedder(open_footage(project), run_folder)
    heat = heat_at(embedder, 0, at_seconds=1.0)
    assert heat.clip_FHW3.shape == (PICTURES[encoding], SIDE, SIDE, 3)
    assert heat.heat_FHW.shape == heat.clip_FHW3.shape[:3]
    assert len(heat.frames) == len(heat.times) == PICTURES[encoding] and heat.times == sorted(heat.times)
    assert embedder.backbone.channels == CHANNELS[encoding] and 1 <= embedder.batch_clips <= 256


def test_what_told_the_answer_is_found_in_each_picture(trained: tuple[Project, Path, str], tmp_path: Path) -> None:
    project, run_folder, encoding = trained
    footage, (recipe, network) = open_footage(project), load_weights(run_folder)
    told = Told(footage, recipe, network, deal_question(footage, recipe, 0, seed=1))
    assert told.clips_EFHW3.shape == (4, PICTURES[encoding], SIDE, SIDE, 3)
    assert told.heat_EFHW.shape == told.clips_EFHW3.shape[:4]
    assert told.found.parts_ETHW.sum() == pytest.approx(told.found.gain, abs=0.05 + 0.1 * abs(told.found.gain))
    result = list(attribution(project, run_folder, video=footage.videos[0].id, out=tmp_path / "why.png"))[-1].result
    assert result["trained"]["label_text"].startswith("odd one: ") and (tmp_path / "why.png").is_file()


def test_units_have_their_clips_and_fields(trained: tuple[Project, Path, str], tmp_path: Path) -> None:
    project, run_folder, encoding = trained
    embedder = open_embedder(open_footage(project), run_folder)
    search = find_peaks(embedder, "conv2", clips_per_video=2)
    try:
        while True:
            next(search)
    except StopIteration as end:
        peaks = end.value
    _, pictures = units_answer(embedder, peaks, count=2, clips=2, unit=0)
    assert all(picture.shape == (PICTURES[encoding], SIDE, SIDE, 3) for picture in pictures)
    told, _ = units_answer(embedder, peaks, count=2, clips=2, unit=None)
    middle = PICTURES[encoding] // 2
    assert all(entry["clips"][0]["frame"] == middle for entry in told["ranked"]), "a stack shows its middle picture"
    assert field_of(embedder.backbone, "conv2").size[1] == 9  # 5 + 2 x 2
    assert list(units(project, run_folder, count=2, out=tmp_path / "units.png"))[-1].result["layer"] == "conv4"


def test_features_and_files_of_weights_say_what_goes_in(trained: tuple[Project, Path, str], tmp_path: Path) -> None:
    project, run_folder, encoding = trained
    assert list(extract_features(project, run_folder, clips_per_video=2))[-1].result["feature_dim"] == 128
    list(export_run(project, run_folder, out=tmp_path / "w.safetensors"))
    with safe_open(tmp_path / "w.safetensors", framework="np") as stored:
        header, first = stored.metadata(), stored.get_tensor("conv1.0.weight")
    assert (header["encoding"], header["clip_frames"], header["input_frames"]) == (encoding, "6", "1")
    assert first.shape[1] == int(header["input_channels"]) == CHANNELS[encoding]
    card = (tmp_path / "w.safetensors.card.md").read_text(encoding="utf-8")
    assert f"clips x {CHANNELS[encoding]} x 1 x {SIDE} x {SIDE}" in card
    assert "a clip becomes one picture" in card and "A clip has 6 frames" in card


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("onnxscript") is None or importlib.util.find_spec("onnxruntime") is None,
                    reason="ONNX is not installed")
def test_a_graph_takes_the_picture(trained: tuple[Project, Path, str], tmp_path: Path) -> None:
    import onnxruntime

    project, run_folder, encoding = trained
    list(export_run(project, run_folder, format="onnx", out=tmp_path / "w.onnx"))
    _, network = load_weights(run_folder)
    clips = torch.randn((3, CHANNELS[encoding], 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(tmp_path / "w.onnx", providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network.backbone.eval().features(clips).numpy()
    assert np.allclose(session.run(None, {"clips_BCTHW": clips.numpy()})[0], expected, atol=1e-4)
