"""Weights for other programs: loaded in a clean interpreter, by the very scripts of the README."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from studio.engine import export
from studio.engine.backbones import BACKBONES
from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import MachineError, UsageError
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.training.published import read_published

README = Path(__file__).parents[2] / "README.md"
onnx_installed = pytest.mark.skipif(
    importlib.util.find_spec("onnxscript") is None or importlib.util.find_spec("onnxruntime") is None,
    reason="ONNX is not installed")


@pytest.fixture(scope="module")
def r3d_18() -> tuple[Backbone, Recipe]:
    recipe = load_recipe("clip-order", ["backbone=r3d_18", "sampling.clip_frames=8", "augmentation.crop_pixels=64"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return recipe.make_backbone().eval(), recipe


def scripts() -> dict[str, str]:
    """The README's scripts, by the file that they load."""
    found = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {name: script for script in found for name in ("weights.safetensors", "weights.pth", "weights.onnx",
                                                          "features.npz") if f'"{name}"' in script}


def run_script(script: str, folder: Path) -> str:
    """Run a script where only its file lies; this package must not be loaded."""
    code = script + "\nimport sys\nassert not any(name.split('.')[0] == 'studio' for name in sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_readme_has_a_short_script_for_each() -> None:
    assert set(scripts()) == {"weights.safetensors", "weights.pth", "weights.onnx", "features.npz"}
    assert all(len(script.splitlines()) <= 20 for script in scripts().values())


def test_torchvision_takes_the_state_dict_as_it_is(r3d_18: tuple[Backbone, Recipe], tmp_path: Path) -> None:
    backbone, recipe = r3d_18
    (tmp_path / "weights.pth").write_bytes(export.as_torchvision(backbone, recipe))
    said = run_script(scripts()["weights.pth"], tmp_path)
    assert "torch.Size([1, 512])" in said
    own, _ = read_published(tmp_path / "weights.pth")
    assert torch.equal(own["layer4.1.conv2.0.weight"], backbone.state_dict()["layer4.1.conv2.0.weight"])
    with pytest.raises(UsageError, match="no such network"):
        export.as_torchvision(BACKBONES["r3d_small"](input_pixels=56, clip_frames=8), recipe)


def test_safetensors_load_into_torchvision(r3d_18: tuple[Backbone, Recipe], tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(export.as_safetensors(*r3d_18))
    assert "torch.Size([1, 512])" in run_script(scripts()["weights.safetensors"], tmp_path)


def test_features_load_with_numpy(tmp_path: Path) -> None:
    np.savez(tmp_path / "features.npz", features_ND=np.ones((20, 8), np.float32), times_N=np.zeros(20),
             videos_N=np.array(["a.mp4"] * 20), groups_N=np.array([""] * 20), labels_N=np.array([""] * 20))
    assert "20" in run_script(scripts()["features.npz"], tmp_path)


@onnx_installed
def test_onnx_computes_what_torch_does(tmp_path: Path) -> None:
    recipe = load_recipe("quick")
    backbone = recipe.make_backbone().eval()
    content = export.as_onnx(backbone, recipe)
    error = export.checked_onnx(content, backbone)
    assert error is not None and error < export.ONNX_BOUND
    (tmp_path / "weights.onnx").write_bytes(content)
    assert "(1, 128)" in run_script(scripts()["weights.onnx"], tmp_path)
    nn.init.normal_(backbone.get_parameter("conv4.0.weight"))  # another network than the graph's
    with pytest.raises(MachineError, match="other features than torch"):
        export.checked_onnx(content, backbone)
