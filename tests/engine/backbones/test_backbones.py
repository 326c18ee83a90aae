"""The backbones: exact parameter counts, the published stride maps, torchvision's own numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torchvision.models.video import r2plus1d_18

from studio.engine.backbones import BACKBONES
from studio.engine.backbones.caffenet import CaffeNet
from studio.engine.backbones.cost import cost
from studio.engine.backbones.r3d_small import R3DSmall
from studio.engine.backbones.r3d_vcop import R3DVcop
from studio.engine.backbones.torchvision_18 import R2Plus1D18
from studio.engine.errors import RecipeError


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        yield


@pytest.mark.parametrize(("name", "parameters"), [
    ("caffenet", 2_334_080 + 2 * (384 + 384 + 256)), ("r3d_vcop", 14_361_792), ("r2plus1d_18", 31_505_325 - 205_200),
    ("r3d_small", 589_808)])
def test_parameters_are_exactly_as_counted_by_hand(name: str, parameters: int) -> None:
    assert cost(BACKBONES[name]).parameters == parameters


@pytest.mark.parametrize(("name", "gmac"), [("r3d_vcop", 19.9), ("r2plus1d_18", 40.5)])
def test_multiplications_of_a_clip_are_the_published_ones(name: str, gmac: float) -> None:
    assert cost(BACKBONES[name]).gmac_per_clip == pytest.approx(gmac, abs=0.06)


def test_cost_of_an_instance_is_taken_at_its_own_size_and_leaves_it_alone() -> None:
    small = R3DSmall(input_pixels=56, clip_frames=8)
    assert cost(small).gmac_per_clip == pytest.approx(0.072, abs=0.002)
    assert next(small.parameters()).device.type == "cpu"
    assert not any(layer._forward_hooks for layer in small.modules())


@pytest.mark.parametrize("name", list(BACKBONES))
def test_feature_and_layers(name: str) -> None:
    backbone = BACKBONES[name](input_pixels=80, clip_frames=8).eval()
    with torch.inference_mode():
        clips_BCTHW = torch.randn(2, 3, 8, 80, 80)
        features_BD = backbone.features(clips_BCTHW)
        assert backbone(clips_BCTHW).shape == (2, backbone.head_dim)
        map_BCTHW = backbone.map(clips_BCTHW)
    assert features_BD.shape == (2, backbone.feature_dim)
    assert torch.equal(backbone.feature_of_map(map_BCTHW), features_BD)
    assert not torch.allclose(features_BD[0], features_BD[1])
    assert map_BCTHW.ndim == 5 and map_BCTHW.shape[0] == 2
    assert list(backbone.layers())[-1] == backbone.feature_layer
    assert backbone.title and backbone.paper and backbone.takes in ("clips", "frames")


@pytest.mark.parametrize(("pixels", "length"), [(80, 1024), (227, 9216)])
def test_caffenet_pools_as_caffe_does(pixels: int, length: int) -> None:
    backbone = CaffeNet(input_pixels=pixels, clip_frames=1).eval()
    with torch.inference_mode():
        assert backbone(torch.randn(1, 3, 1, pixels, pixels)).shape == (1, length)
    assert backbone.feature_dim == length


def test_caffenet_starts_as_released() -> None:
    backbone = CaffeNet(input_pixels=80, clip_frames=1)
    assert backbone.conv1[0].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert backbone.conv2[0].bias.eq(1).all() and backbone.conv1[0].bias.eq(0).all()


def test_caffenet_averages_the_frames_of_a_clip() -> None:
    backbone = CaffeNet(input_pixels=80, clip_frames=2).eval()
    with torch.inference_mode():
        clip_BCTHW = torch.randn(1, 3, 2, 80, 80)
        mean_BD = (backbone(clip_BCTHW[:, :, :1]) + backbone(clip_BCTHW[:, :, 1:])) / 2
        torch.testing.assert_close(backbone(clip_BCTHW), mean_BD)


@pytest.mark.parametrize("pixels", [16, 62])
def test_caffenet_refuses_an_input_that_vanishes(pixels: int) -> None:
    with pytest.raises(RecipeError, match="at least 63"):
        CaffeNet(input_pixels=pixels, clip_frames=1)


def test_caffenet_takes_the_smallest_input() -> None:
    backbone = CaffeNet(input_pixels=63, clip_frames=1).eval()
    with torch.inference_mode():
        assert backbone(torch.randn(1, 3, 1, 63, 63)).shape == (1, backbone.feature_dim)


@pytest.mark.parametrize(("cls", "sizes"), [
    (R3DVcop, [(16, 56, 56), (16, 56, 56), (8, 28, 28), (4, 14, 14), (2, 7, 7)]),
    (R2Plus1D18, [(16, 56, 56), (16, 56, 56), (8, 28, 28), (4, 14, 14), (2, 7, 7)])])
def test_stride_map(cls: type, sizes: list[tuple[int, int, int]]) -> None:
    with torch.device("meta"):
        backbone = cls(input_pixels=112, clip_frames=16)
        x, met = torch.empty(1, 3, 16, 112, 112), []
        for layer in backbone.layers().values():
            x = layer(x)
            met.append(tuple(x.shape[2:]))
    assert met == sizes


def test_small_network_runs_no_temporal_kernel_over_two_frames() -> None:
    with torch.device("meta"):
        backbone, x = R3DSmall(input_pixels=56, clip_frames=8), torch.empty(2, 3, 8, 56, 56)
        for layer in backbone.layers().values():
            assert not (x.shape[2] == 2 and layer[0].kernel_size[0] == 3)
            x = layer(x)
    assert tuple(x.shape[1:]) == (128, 2, 4, 4)
    assert backbone.projection[0].kernel_size[0] == 1


def test_r2plus1d_18_is_torchvisions() -> None:
    theirs = r2plus1d_18(weights=None).eval()
    theirs.fc = torch.nn.Identity()
    ours = R2Plus1D18(input_pixels=32, clip_frames=4).eval()
    ours.load_state_dict(theirs.state_dict())
    clips_BCTHW = torch.randn(1, 3, 4, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(ours(clips_BCTHW), theirs(clips_BCTHW), rtol=1e-5, atol=1e-6)


def test_pooled_feature_is_vcops_pool5() -> None:
    backbone = R3DVcop(input_pixels=112, clip_frames=16)
    map_BCTHW = torch.arange(1 * 512 * 2 * 7 * 7, dtype=torch.float32).reshape(1, 512, 2, 7, 7)
    pooled_BP = backbone.pooled_of_map(map_BCTHW)
    assert pooled_BP.shape == (1, 9216)
    assert pooled_BP[0, 0] == map_BCTHW[0, 0, 0, :2, :2].max()
    assert backbone.pooled_of_map(map_BCTHW[..., :1, :1]).shape == (1, 1024)
