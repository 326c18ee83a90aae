"""Attribution: the parts add up to the answer's score, and lie where the answer was told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import UsageError, VideoError
from studio.engine.inspection.asked import attribution
from studio.engine.inspection.attribution import as_heat, attribute
from studio.engine.project import Project
from studio.engine.sampling import Sampling
from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.training.network import TupleNetwork

TASK = ClipOrder(sampling=Sampling(tuple_length=2, clip_frames=2))


class _Corner(Backbone):
    """Sees how bright the upper left corner is, and nothing else."""

    def map(self, clips_BCTHW: Tensor) -> Tensor:
        return clips_BCTHW[..., :4, :4].square().mean(dim=(1, 2, 3, 4))[:, None, None, None, None]

    @property
    def feature_dim(self) -> int:
        return 1


class _Brighter(nn.Module):
    """Answers which of two elements has the brighter corner."""

    def forward(self, features_BED: Tensor) -> Tensor:
        return features_BED.flatten(1) * torch.tensor([1.0, 2.0])


def _network() -> TupleNetwork:
    return TupleNetwork(_Corner(input_pixels=16, clip_frames=2), _Brighter())


def test_the_parts_add_up_and_lie_in_the_corner() -> None:
    rng = torch.Generator().manual_seed(2)
    clips = torch.rand((1, 2, 3, 2, 16, 16), generator=rng)
    found = attribute(_network(), TASK, clips, steps=64)
    assert found.parts_ETHW.shape == (2, 2, 16, 16)
    assert found.parts_ETHW.sum() == pytest.approx(found.gain, rel=1e-3)
    assert found.gain != pytest.approx(0, abs=1e-3)
    inside = np.abs(found.parts_ETHW[:, :, :4, :4]).sum()
    assert inside == pytest.approx(np.abs(found.parts_ETHW).sum())
    heat = as_heat(found.parts_ETHW)
    assert heat.dtype == np.uint8 and heat[:, :, 8:, 8:].max() == 0 and heat.max() == 255


def test_plain_gradients_would_not_add_up() -> None:
    """The broken twin: one step at the clips themselves is no integral."""
    clips = torch.rand((1, 2, 3, 2, 16, 16), generator=torch.Generator().manual_seed(2))
    network, ground = _network(), clips.mean(dim=(-2, -1), keepdim=True)
    leaf = clips.clone().requires_grad_(True)
    answer = attribute(network, TASK, clips).answer
    score = network(leaf)[0, answer] - network(leaf)[0].mean()
    gradient, = torch.autograd.grad(score, leaf)
    gain = attribute(network, TASK, clips, steps=64).gain
    assert float((gradient * (clips - ground)).sum()) != pytest.approx(gain, rel=1e-2)


def test_the_operation_tells_question_and_answer(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    with project.catalogue(read_only=True) as catalogue:
        videos = catalogue.videos(usable_only=True)
    longest = max(videos, key=lambda video: video.frames)
    result = list(attribution(project, tiny_run, video=longest.id, out=tmp_path / "why.png"))[-1].result
    for name in ("trained", "other"):
        gain = result[name]["gain"]
        assert result[name]["explained"] == pytest.approx(gain, abs=0.05 + 0.1 * abs(gain))
    assert result["trained"]["label_text"] and (tmp_path / "why.png").stat().st_size > 1000
    again = list(attribution(project, tiny_run, video=longest.id))[-1].result
    assert again["trained"] == result["trained"]
    shortest = min(videos, key=lambda video: video.frames)
    if shortest.frames < 30:
        with pytest.raises(VideoError, match="spans"):
            list(attribution(project, tiny_run, video=shortest.id))


def test_another_run_beside_it_must_be_asked_the_same(tiny_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "P"))
    own = root / "runs" / tiny_run.name
    same, unlike = (Path(shutil.copytree(own, own.with_name(f"2020-01-01-0000-{name}"))) for name in ("same", "unlike"))
    recipe = (unlike / "recipe.toml").read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^interval_frames = .*$", "interval_frames = 3", recipe)
    assert changed != recipe
    (unlike / "recipe.toml").write_text(changed)
    project = Project.open(root)
    with project.catalogue(read_only=True) as catalogue:
        longest = max(catalogue.videos(usable_only=True), key=lambda video: video.frames)
    result = list(attribution(project, own, video=longest.id, beside=same.name))[-1].result
    assert result["other"] == result["trained"] and result["beside"]["title"] == f"run {same.name}"
    for beside, why in ((unlike.name, "asked another question"), ("pixels", "no layers"), (own.name, "the run itself")):
        with pytest.raises(UsageError, match=why):
            list(attribution(project, own, video=longest.id, beside=beside))
