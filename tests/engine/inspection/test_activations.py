"""Activations: the map of the layer that was named, as heat of the clip's own size."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.backbones.caffenet import CaffeNet
from studio.engine.backbones.r3d_small import R3DSmall
from studio.engine.errors import UsageError
from studio.engine.inspection.activations import activations, describe_layers, heat_of_map, layer_maps
from studio.engine.inspection.sheet import heat_over
from studio.engine.project import Project


def test_a_layers_map_is_what_the_layer_gives() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone, clips_BCTHW = R3DSmall(input_pixels=56, clip_frames=8).eval(), torch.randn(2, 3, 8, 56, 56)
    with torch.inference_mode():
        by_hand = backbone.conv2(backbone.conv1(clips_BCTHW))
    torch.testing.assert_close(layer_maps(backbone, clips_BCTHW, "conv2"), by_hand)
    with pytest.raises(UsageError, match="conv1, conv2"):
        layer_maps(backbone, clips_BCTHW, "conv9")


def test_frames_of_a_still_frame_network_are_put_back_in_their_clips() -> None:
    backbone = CaffeNet(input_pixels=80, clip_frames=4).eval()
    assert layer_maps(backbone, torch.zeros(2, 3, 4, 80, 80), "conv3").shape[:3] == (2, 384, 4)


def test_heat_is_bright_where_the_layer_answers() -> None:
    map_BCTHW = torch.zeros(1, 3, 2, 4, 4)
    map_BCTHW[0, 1, 1, 3, 3] = 5
    heat_FHW = heat_of_map(map_BCTHW, size=(4, 16, 16))[0]
    assert heat_FHW.shape == (4, 16, 16) and heat_FHW.min() == 0 and heat_FHW.max() == 1
    frame, row, column = np.unravel_index(int(heat_FHW.argmax()), heat_FHW.shape)
    assert frame >= 2 and row >= 12 and column >= 12
    assert heat_of_map(map_BCTHW, size=(4, 16, 16), unit=0).max() == 0
    with pytest.raises(UsageError, match="0 to 2"):
        heat_of_map(map_BCTHW, size=(4, 16, 16), unit=3)


def test_layers_are_described_without_computing() -> None:
    described = describe_layers(R3DSmall(input_pixels=56, clip_frames=8))
    assert described[0] == {"name": "conv1", "channels": 16, "shape": [8, 28, 28]}
    assert described[-1] == {"name": "conv4", "channels": 128, "shape": [2, 4, 4]}


def test_heat_lets_the_cold_places_through() -> None:
    picture, heat = np.full((4, 4, 3), 100, np.uint8), np.zeros((4, 4), np.uint8)
    heat[0, 0] = 255
    mixed = heat_over(picture, heat)
    assert (mixed[1:] == mixed[3, 3]).all() and mixed[3, 3].tolist() == [85, 85, 85]
    assert mixed[0, 0].sum() > mixed[3, 3].sum()


def test_on_a_real_run(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    result = list(activations(project, tiny_run, video="jump/scene-01.mp4", at_seconds=1.5, layer="conv3",
                              out=tmp_path / "heat.png"))[-1].result
    assert result["layer"] == "conv3" and len(result["frames"]) == 8 == len(result["times"])
    assert result["times"][0] < 1.5 < result["times"][-1]
    assert -1 <= result["alike"] <= 1 and (tmp_path / "heat.png").stat().st_size > 1000
    with pytest.raises(UsageError, match="no such layer"):
        list(activations(project, tiny_run, video="jump/scene-01.mp4", at_seconds=1, layer="conv99"))


def test_another_run_beside_must_see_the_same_clips(tiny_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "study"))
    other = Path(shutil.copytree(root / "runs" / tiny_run.name, root / "runs" / "2020-01-01-0000-other"))
    project, run = Project.open(root), root / "runs" / tiny_run.name
    asked = {"video": "jump/scene-01.mp4", "at_seconds": 1.0, "beside": other.name}
    result = list(activations(project, run, **asked))[-1].result
    assert result["beside"] == other.name and result["alike"] == pytest.approx(1, abs=1e-6)
    recipe = (other / "recipe.toml").read_text(encoding="utf-8")
    (other / "recipe.toml").write_text(recipe.replace("frame_stride = ", "frame_stride = 1"), encoding="utf-8")
    with pytest.raises(UsageError, match="clips of another size"):
        list(activations(project, run, **asked))
    with pytest.raises(UsageError, match="no layers"):
        list(activations(project, run, **asked | {"beside": "pixels"}))
