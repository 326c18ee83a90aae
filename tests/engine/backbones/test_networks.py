"""Every network against its source: exact counts, published costs and sizes, torchvision's numbers, first values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torchvision.models import alexnet
from torchvision.models.video import mc3_18, r2plus1d_18, r3d_18

from studio.engine.backbones import BACKBONES
from studio.engine.backbones.alexnet_vcop import AlexNetVcop
from studio.engine.backbones.backbone import Backbone
from studio.engine.backbones.cost import cost
from studio.engine.backbones.r2plus1d_vcop import split_conv
from studio.engine.backbones.r3d_vcop import ResidualBlock, whole_conv
from studio.engine.backbones.torchvision_18 import Torchvision18
from studio.engine.describe import check_recipe, describe
from studio.engine.errors import RecipeError
from studio.engine.recipe import load_recipe, make_recipe

THEIRS = {"r3d_18": r3d_18, "mc3_18": mc3_18, "r2plus1d_18": r2plus1d_18}
VCOP = ("alexnet_vcop", "c3d_vcop", "r3d_vcop", "r2plus1d_vcop")
BOUNDED = ("alexnet_vcop", "vgg_m", "c3d_vcop")
STAGES = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _sizes(backbone: Backbone) -> dict[str, tuple[int, ...]]:
    """Channels, frames and sides of each layer's map; a still-frame network is given its frames at once."""
    flat = backbone.takes == "frames"
    x = torch.empty(1, backbone.channels, backbone.clip_frames, backbone.input_pixels, backbone.input_pixels)
    x = x.transpose(1, 2).flatten(0, 1) if flat else x
    found = {}
    for name, layer in backbone.layers().items():
        x = layer(x)
        found[name] = tuple(x.shape[1:])
    return found


# ---------------------------------------------------------------- counts and costs


def test_parameters_of_the_convolutions_worked_out_by_hand() -> None:
    alexnet_bn = sum(conv + out + 2 * out for conv, out in (
        (64 * 3 * 121, 64), (192 * 64 * 25, 192), (384 * 192 * 9, 384), (256 * 384 * 9, 256), (256 * 256 * 9, 256)))
    assert cost(BACKBONES["alexnet_vcop"]).parameters == alexnet_bn == 2_472_000
    vgg_m = sum(conv + out for conv, out in (
        (96 * 3 * 49, 96), (256 * 96 * 25, 256), (512 * 256 * 9, 512), (512 * 512 * 9, 512), (512 * 512 * 9, 512)))
    assert cost(BACKBONES["vgg_m"]).parameters == vgg_m == 6_528_640
    widths = [3, 64, 128, 256, 256, 512, 512, 512, 512]
    c3d = sum(27 * before * after + after + 2 * after for before, after in itertools.pairwise(widths))
    assert cost(BACKBONES["c3d_vcop"]).parameters == c3d == 27_661_440


def test_parameters_of_the_split_convolutions_worked_out_by_hand() -> None:
    def split(before: int, after: int, time: int, side: int) -> int:
        inner = time * side * side * before * after // (side * side * before + time * after)
        return inner * side * side * before + 2 * inner + time * inner * after

    total = split(3, 64, 3, 7) + 2 * 64
    for before, after, stride in STAGES:
        total += split(before, after, 3, 3) + split(after, after, 3, 3) + 4 * after
        total += split(before, after, 1, 1) + 2 * after if stride == 2 else 0
    assert cost(BACKBONES["r2plus1d_vcop"]).parameters == total == 14_365_303
    stem = split_conv(3, 64, kernel=(3, 7, 7), stride=(1, 2, 2))
    assert stem[0].out_channels == 83  # torchvision's has 45


@pytest.mark.parametrize(("name", "published", "of_101"), [
    ("c3d_vcop", 27.66, 27.71), ("r3d_vcop", 14.36, 14.41), ("r2plus1d_vcop", 14.37, 14.42)])
def test_millions_of_parameters_are_the_published_ones(name: str, published: float, of_101: float) -> None:
    parameters = cost(BACKBONES[name]).parameters
    assert round(parameters / 1e6, 2) == published
    assert round((parameters + 101 * (512 + 1)) / 1e6, 2) == of_101


@pytest.mark.parametrize(("name", "documented"), [
    ("r3d_18", 33_371_472), ("mc3_18", 11_695_440), ("r2plus1d_18", 31_505_325)])
def test_with_its_classifier_each_has_torchvisions_documented_number(name: str, documented: int) -> None:
    assert cost(BACKBONES[name]).parameters + 400 * (512 + 1) == documented


@pytest.mark.parametrize(("name", "gmac"), [
    ("c3d_vcop", 38.5), ("r3d_vcop", 19.9), ("r3d_18", 40.7), ("mc3_18", 43.3), ("r2plus1d_18", 40.5)])
def test_billions_of_multiplications_are_the_published_ones(name: str, gmac: float) -> None:
    assert round(cost(BACKBONES[name]).gmac_per_clip, 1) == gmac


def test_multiplications_of_the_split_convolutions_worked_out_by_hand() -> None:
    def split(before: int, after: int, time: int, side: int, *, frames: int, pixels: int, stride: int) -> int:
        inner = time * side * side * before * after // (side * side * before + time * after)
        return pixels ** 2 * (frames * inner * side * side * before + frames // stride * time * inner * after)

    total, frames, pixels = split(3, 64, 3, 7, frames=16, pixels=56, stride=1), 16, 56
    for before, after, stride in STAGES:
        pixels //= stride
        total += split(before, after, 3, 3, frames=frames, pixels=pixels, stride=stride)
        total += split(before, after, 1, 1, frames=frames, pixels=pixels, stride=stride) if stride == 2 else 0
        frames //= stride
        total += split(after, after, 3, 3, frames=frames, pixels=pixels, stride=1)
    assert cost(BACKBONES["r2plus1d_vcop"]).gmac_per_clip == total / 1e9 == pytest.approx(21.36, abs=0.005)


@pytest.mark.parametrize(("conv", "millions"), [(whole_conv, 33.17), (split_conv, 33.18)])
def test_two_blocks_a_stage_make_the_18_layer_sizes(conv: object, millions: float) -> None:
    with torch.device("meta"):
        assert round(_count(_eighteen(conv)) / 1e6, 2) == millions


# ---------------------------------------------------------------- sizes of the maps


@pytest.mark.parametrize("name", [*THEIRS, "r3d_vcop", "r2plus1d_vcop", "c3d_vcop"])
def test_maps_have_the_published_sizes(name: str) -> None:
    with torch.device("meta"):
        sizes = list(_sizes(BACKBONES[name](input_pixels=112, clip_frames=16)).values())
    assert sizes[-1] == ((512, 16, 7, 7) if name == "mc3_18" else (512, 2, 7, 7))
    met = list(dict.fromkeys(size[1:] for size in sizes))
    frames = [16, 16, 16, 16] if name == "mc3_18" else [16, 8, 4, 2]
    whole = [(16, 112, 112)] if name == "c3d_vcop" else []
    assert met == whole + [(count, side, side) for count, side in zip(frames, (56, 28, 14, 7), strict=True)]


@pytest.mark.parametrize(("name", "pixels", "sides"), [
    ("alexnet_vcop", 224, [55, 27, 27, 13, 13, 13, 13]), ("vgg_m", 224, [109, 54, 26, 13, 13, 13, 13, 6]),
    ("vgg_m", 80, [37, 18, 8, 4, 4, 4, 4, 2])])
def test_maps_of_frames_have_the_published_sizes(name: str, pixels: int, sides: list[int]) -> None:
    with torch.device("meta"):
        backbone = BACKBONES[name](input_pixels=pixels, clip_frames=1)
        assert [size[-1] for size in _sizes(backbone).values()] == sides
    if name == "vgg_m":
        assert backbone.feature_dim == 512 * sides[-1] ** 2


def test_pooled_features_are_as_long_as_published() -> None:
    for name in (*THEIRS, "r3d_vcop", "r2plus1d_vcop", "c3d_vcop"):
        backbone = BACKBONES[name]
        with torch.device("meta"):
            map_BCTHW = torch.empty(2, 512, 16 if name == "mc3_18" else 2, 7, 7)
            made = backbone(input_pixels=112, clip_frames=16)
            assert made.pooled_of_map(map_BCTHW).shape == (2, 9216)
            assert made.retrieves_with == "pooled"
    with torch.device("meta"):
        frames = BACKBONES["alexnet_vcop"](input_pixels=224, clip_frames=3)
        assert frames.pooled_of_map(torch.empty(2, 256, 3, 13, 13)).shape == (2, 9216)


def test_mc3_pools_over_eighths_of_its_frames() -> None:
    with torch.device("meta"):
        backbone = BACKBONES["mc3_18"](input_pixels=112, clip_frames=16)
    map_BCTHW = torch.arange(16.0).reshape(1, 1, 16, 1, 1).expand(1, 1, 16, 2, 2)
    assert backbone.pooled_of_map(map_BCTHW).tolist() == [[3.5, 11.5]]
    assert backbone.pooled_of_map(map_BCTHW[:, :, :1]).tolist() == [[0]]


# ---------------------------------------------------------------- torchvision's own numbers


@pytest.mark.parametrize("name", list(THEIRS))
def test_torchvisions_weights_go_both_ways(name: str) -> None:
    theirs = THEIRS[name](weights=None).eval()
    theirs.fc = nn.Identity()
    ours = BACKBONES[name](input_pixels=32, clip_frames=4).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict()) == list(ours.published_names())
    ours.load_state_dict(theirs.state_dict())
    clips_BCTHW = torch.randn(1, 3, 4, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(ours(clips_BCTHW), theirs(clips_BCTHW), rtol=1e-5, atol=1e-6)
    theirs.load_state_dict(ours.state_dict())


def _eighteen(conv: object) -> nn.Sequential:
    """The network of VCOP's blocks at two a stage."""
    network = nn.Sequential(conv(3, 64, kernel=(3, 7, 7), stride=(1, 2, 2)), nn.BatchNorm3d(64), nn.ReLU())
    for before, after, stride in STAGES:
        network.extend([ResidualBlock(before, after, stride=stride, conv=conv),
                        ResidualBlock(after, after, stride=1, conv=conv)])
    return network


def _copy_by_order(source: nn.Module, target: nn.Module) -> None:
    tensors = list(source.state_dict().values())
    own = target.state_dict()
    assert [tensor.shape for tensor in tensors] == [tensor.shape for tensor in own.values()]
    target.load_state_dict(dict(zip(own, tensors, strict=True)))


def _with_statistics(network: nn.Module) -> None:
    """Give normalisations other than their first values, so that a missing one shows."""
    for layer in network.modules():
        if isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm3d)):
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)


def test_our_blocks_at_two_a_stage_are_torchvisions_r3d_18() -> None:
    theirs = r3d_18(weights=None).eval()
    theirs.fc = nn.Identity()
    _with_statistics(theirs)
    ours = _eighteen(whole_conv).eval()
    _copy_by_order(theirs, ours)
    clips_BCTHW = torch.randn(2, 3, 4, 32, 32)
    with torch.inference_mode():
        expected = theirs(clips_BCTHW)
        torch.testing.assert_close(ours(clips_BCTHW).mean(dim=(2, 3, 4)), expected, rtol=1e-5, atol=1e-5)
        ours[3].shortcut = nn.MaxPool3d(3, stride=1, padding=1)
        assert not torch.allclose(ours(clips_BCTHW).mean(dim=(2, 3, 4)), expected, rtol=1e-2)


def test_split_blocks_are_torchvisions_where_both_work_out_the_same_width() -> None:
    theirs = r2plus1d_18(weights=None).eval()
    _with_statistics(theirs)
    for stage, block in ((1, 0), (1, 1), (2, 1), (3, 1), (4, 1)):
        their_block = getattr(theirs, f"layer{stage}")[block]
        width = 32 << stage
        our_block = ResidualBlock(width, width, stride=1, conv=split_conv).eval()
        _copy_by_order(their_block, our_block)
        x_BCTHW = torch.randn(1, width, 3, 5, 5)
        with torch.inference_mode():
            torch.testing.assert_close(our_block(x_BCTHW), their_block(x_BCTHW.clone()), rtol=1e-5, atol=1e-5)
    with torch.device("meta"):
        first = ResidualBlock(64, 128, stride=2, conv=split_conv)
    assert first.branch[3][0].out_channels == 288 != theirs.layer2[0].conv2[0][0].out_channels == 230


def test_alexnets_convolutions_are_torchvisions() -> None:
    theirs = alexnet(weights=None, num_classes=2).features[:12].eval()
    ours = AlexNetVcop(input_pixels=64, clip_frames=2).eval()
    own = ours.state_dict()
    for published, name in ours.published_names().items():
        own[name] = theirs.state_dict()[published.removeprefix("features.")]
    ours.load_state_dict(own)
    for layer in ours.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 0.0  # then a normalisation that has learned nothing changes nothing
    clips_BCTHW = torch.randn(1, 3, 2, 64, 64)
    with torch.inference_mode():
        expected = torch.stack([theirs(clips_BCTHW[:, :, frame]) for frame in range(2)], dim=2)
        torch.testing.assert_close(ours.map(clips_BCTHW), expected, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(ours.features(clips_BCTHW), expected.mean(dim=(2, 3, 4)), rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- first values


@pytest.mark.parametrize("name", VCOP)
def test_vcops_networks_begin_with_pytorchs_own_values(name: str) -> None:
    made = BACKBONES[name](input_pixels=64, clip_frames=8)
    for layer in made.modules():
        if isinstance(layer, (nn.Conv2d, nn.Conv3d)) and layer.weight.numel() > 20_000:
            bound = 1 / math.sqrt(layer.weight[0].numel())
            assert 0.95 * bound < layer.weight.abs().max() <= bound  # uniform, by what comes in


def test_torchvisions_networks_begin_as_he_et_al_by_what_goes_out() -> None:
    made = BACKBONES["mc3_18"](input_pixels=64, clip_frames=8)
    for layer in made.modules():
        if isinstance(layer, nn.Conv3d) and layer.weight.numel() > 20_000:
            fan_out = layer.out_channels * math.prod(layer.kernel_size)
            assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_out), rel=0.02)


def test_vgg_m_begins_as_opns_solver_says() -> None:
    made = BACKBONES["vgg_m"](input_pixels=80, clip_frames=1)
    for name in ("conv1", "conv3", "conv5"):
        assert made.layers()[name][0].weight.std().item() == pytest.approx(0.01, rel=0.03)
        assert made.layers()[name][0].bias.eq(0).all()


# ---------------------------------------------------------------- what does not fit


@pytest.mark.parametrize("name", list(BACKBONES))
def test_the_smallest_input_works_and_one_less_is_refused_in_one_sentence(name: str) -> None:
    cls = BACKBONES[name]
    pixels, frames = cls.smallest_pixels, cls.smallest_frames
    backbone = cls(input_pixels=pixels, clip_frames=frames).eval()
    with torch.inference_mode():
        assert backbone(torch.randn(1, 3, frames, pixels, pixels)).shape == (1, backbone.head_dim)
    with pytest.raises(RecipeError, match=f"an input of {pixels - 1} pixels.*need at least {pixels}"):
        cls(input_pixels=pixels - 1, clip_frames=frames)
    with pytest.raises(RecipeError, match=f"a clip of {frames - 1} frames.*need at least {frames}"):
        cls(input_pixels=pixels, clip_frames=frames - 1)


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_refused_would_indeed_not_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = BACKBONES[name]
    pixels, frames = cls.smallest_pixels, cls.smallest_frames
    monkeypatch.setattr(cls, "smallest_pixels", 1)
    monkeypatch.setattr(cls, "smallest_frames", 1)
    shapes = [(pixels - 1, frames)] + ([(pixels, frames - 1)] if frames > 1 else [])
    for less in shapes:
        with torch.device("meta"):
            backbone = cls(input_pixels=less[0], clip_frames=less[1]).eval()
        with pytest.raises(RuntimeError, match="too small"):
            backbone.to_empty(device="cpu")(torch.randn(1, 3, less[1], less[0], less[0]))


@pytest.mark.parametrize("name", list(BACKBONES))
def test_other_encodings_bring_other_channels(name: str) -> None:
    cls = BACKBONES[name]
    if issubclass(cls, Torchvision18):
        with pytest.raises(RecipeError, match="15 channels.*takes frames of three.*another encoding"):
            cls(input_pixels=80, clip_frames=8, channels=15)
        return
    with torch.device("meta"):
        backbone = cls(input_pixels=80, clip_frames=8, channels=15)
        assert backbone(torch.empty(2, 15, 8, 80, 80)).shape == (2, backbone.head_dim)
        assert cost(backbone).parameters > cost(cls).parameters


def test_a_recipe_that_does_not_fit_its_backbone_is_refused_before_anything_runs() -> None:
    values = load_recipe("clip-order", ["backbone=c3d_vcop", "sampling.clip_frames=4"]).model_dump()
    with pytest.raises(RecipeError, match="a clip of 4 frames: the strides of C3D"):
        check_recipe(values)
    checked = check_recipe(make_recipe(values, ["sampling.clip_frames=8"]).model_dump())
    assert checked["backbone_parameters"] == 27_661_440


def test_vcops_variants_are_not_taken_for_the_18_layer_networks() -> None:
    for name in VCOP:
        assert name.endswith("_vcop") and BACKBONES[name].title.endswith("(VCOP variant)")
        assert "18" not in name + BACKBONES[name].title
    for name in THEIRS:
        assert BACKBONES[name].title.endswith("-18 (torchvision)")
    titles = [cls.title for cls in BACKBONES.values()]
    assert len(set(titles)) == len(titles)


def test_the_window_is_told_what_each_takes_and_costs() -> None:
    told = {backbone["name"]: backbone for backbone in describe()["backbones"]}
    assert list(told) == list(BACKBONES)
    for name, backbone in told.items():
        frames = BACKBONES[name].takes == "frames"
        counted = cost(BACKBONES[name], input_pixels=80 if frames else 112, clip_frames=1 if frames else 16)
        assert (backbone["parameters"], backbone["gmac_per_clip"]) == (
            counted.parameters, round(counted.gmac_per_clip, 3))
        assert backbone["layers"][-1] == BACKBONES[name].feature_layer
    assert told["vgg_m"]["layers"] == ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"]
    assert told["mc3_18"]["layers"] == ["stem", "layer1", "layer2", "layer3", "layer4"]
