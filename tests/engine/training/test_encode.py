"""Encodings of clips, against numbers worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from studio.engine.augmentation import Augmentation
from studio.engine.errors import RecipeError
from studio.engine.recipe import load_recipe, make_recipe
from studio.engine.sampling import plain_tuples
from studio.engine.training.encode import encoded, rank_pooling_weights
from studio.engine.training.network import build_network
from studio.engine.training.pixels import _scale, displayable, gather, network_input
from tests.engine.training.footage import footage_of


def _clips(seed: int = 0) -> torch.Tensor:
    return 255 * torch.rand((2, 3, 6, 4, 5), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("encoding", "channels", "frames"), [
    ("frames", 3, 6), ("differences", 3, 6), ("stack-of-differences", 15, 1), ("sum-of-differences", 3, 1),
    ("dynamic-image", 3, 1)])
def test_shapes_and_what_a_still_clip_shows(encoding: str, channels: int, frames: int) -> None:
    view = Augmentation(encoding=encoding)  # type: ignore[arg-type]
    found = encoded(_clips(), view.encoding)
    assert found.shape == (2, channels, frames, 4, 5)
    assert (view.network_channels(6), view.network_frames(6)) == (channels, frames)
    assert found.min() >= 0 and found.max() <= 255
    still = encoded(_clips()[:, :, :1].expand(-1, -1, 6, -1, -1), view.encoding)
    if encoding == "frames":
        assert torch.equal(found, _clips()) and float((still - 127.5).abs().max()) > 50, "frames are left alone"
    else:
        torch.testing.assert_close(still, torch.full_like(still, 127.5), atol=1e-3, rtol=0)


@pytest.mark.parametrize("encoding", ["differences", "stack-of-differences", "sum-of-differences", "dynamic-image"])
def test_values_reach_both_ends_and_never_leave_them(encoding: Any) -> None:
    """From black to white gives 255 and back gives 0; for a dynamic image, white where the weight is positive."""
    weights = torch.from_numpy(rank_pooling_weights(6))
    rising = 255 * (weights > 0).float() if encoding == "dynamic-image" else torch.tensor([0.0, 0, 255, 255, 255, 255])
    clip = rising.view(1, 1, 6, 1, 1).expand(1, 3, 6, 2, 2)
    assert float(encoded(clip, encoding).max()) == pytest.approx(255)
    assert float(encoded(255 - clip, encoding).min()) == pytest.approx(0, abs=1e-4)


def test_a_dynamic_image_by_hand() -> None:
    """Three frames weigh 6 - 4 x 11/6, 4 - 4 x 5/6 and 2 - 4/3: -4/3, 2/3, 2/3. The positive ones add up to 4/3."""
    clip = torch.tensor([30.0, 60.0, 120.0]).view(1, 1, 3, 1, 1).expand(1, 3, 3, 1, 1)
    assert rank_pooling_weights(3) == pytest.approx([-4 / 3, 2 / 3, 2 / 3], abs=1e-6)
    assert encoded(clip, "dynamic-image").flatten().tolist() == pytest.approx(3 * [127.5 + (-30 + 30 + 60) / 2])


def test_a_stack_adds_up_to_its_sum() -> None:
    clips = _clips()
    stack = encoded(clips, "stack-of-differences").unflatten(1, (5, 3))[:, :, :, 0] - 127.5
    torch.testing.assert_close(stack[0, 2, 1], (clips[0, 1, 3] - clips[0, 1, 2]) / 2)
    total = encoded(clips, "sum-of-differences")[:, :, 0] - 127.5
    torch.testing.assert_close(stack.sum(dim=1), total, atol=1e-4, rtol=0)


def test_weights_of_a_dynamic_image_by_hand() -> None:
    assert rank_pooling_weights(2) == pytest.approx([-0.5, 0.5])
    # T = 6: H_6 = 2.45; 2 (7 - t) - 7 (2.45 - H_{t-1})
    expected = [12 - 7 * 2.45, 10 - 7 * 1.45, 8 - 7 * 0.95, 6 - 7 * (2.45 - 11 / 6), 4 - 7 * (2.45 - 25 / 12),
                2 - 7 * (2.45 - 137 / 60)]
    assert rank_pooling_weights(6) == pytest.approx(expected, abs=1e-5)
    assert float(rank_pooling_weights(9).sum()) == pytest.approx(0, abs=1e-5)


def test_backwards_is_another_dynamic_image() -> None:
    clips = _clips()
    forward, back = encoded(clips, "dynamic-image"), encoded(clips.flip(2), "dynamic-image")
    assert float((forward - back).abs().max()) > 1


@pytest.mark.parametrize("scaling", ["unit", "mean-96.5", "mean-127.5", "caffe", "kinetics"])
def test_what_is_shown_is_what_was_encoded(scaling: str) -> None:
    view = Augmentation(encoding="stack-of-differences", scaling=scaling)  # type: ignore[arg-type]
    stack = encoded(_clips(), view.encoding)
    shown = displayable(_scale(stack.clone(), scaling)[:, None], view)
    assert shown.shape == (2, 1, 5, 4, 5, 3)
    expected = stack.unflatten(1, (5, 3))[:, :, :, 0].movedim(2, -1).round()
    assert np.abs(shown[:, 0].numpy().astype(int) - expected.numpy().astype(int)).max() <= 1


@pytest.mark.parametrize("scaling", ["caffe", "kinetics"])
def test_each_picture_of_a_stack_is_scaled_as_one_alone(scaling: str) -> None:
    stack = encoded(_clips(), "stack-of-differences")
    scaled = _scale(stack.clone(), scaling)
    for place in range(5):
        part = slice(3 * place, 3 * place + 3)
        torch.testing.assert_close(scaled[:, part], _scale(stack[:, part].clone(), scaling))


def test_the_middle_grey_becomes_nothing() -> None:
    assert not _scale(torch.full((1, 3, 1, 2, 2), 127.5), "mean-127.5").any()


@pytest.mark.parametrize(("encoding", "shape"), [
    ("stack-of-differences", (9, 1)), ("sum-of-differences", (3, 1)), ("dynamic-image", (3, 1))])
def test_a_batch_is_encoded_after_everything_else_was_done_to_it(tmp_path_factory: pytest.TempPathFactory,
                                                                 encoding: Any, shape: tuple[int, int]) -> None:
    footage = footage_of(tmp_path_factory.mktemp("encode") / "P", videos=2)
    tuples = plain_tuples(np.array([0, 1]), np.array([[[3, 1, 9, 4], [5, 6, 7, 8]]] * 2), np.full((2, 2, 2), 5))
    plain, view = Augmentation(crop_pixels=20), Augmentation(crop_pixels=20, encoding=encoding, scaling="mean-127.5")
    planes = gather(footage, tuples, plain)
    frames = 255 * network_input(planes, tuples, plain, "cpu")
    found = network_input(planes, tuples, view, "cpu")
    assert found.shape == (2, 2, *shape, 20, 20)
    expected = encoded(frames.flatten(0, 1), encoding).unflatten(0, (2, 2)) - 127.5
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


# ------------------------------------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize("encoding", ["differences", "stack-of-differences", "sum-of-differences", "dynamic-image"])
def test_stills_have_nothing_to_compare(encoding: str) -> None:
    with pytest.raises(RecipeError, match=rf"augmentation.encoding = {encoding} compares .* 1 frame have nothing"):
        load_recipe("opn", [f"augmentation.encoding={encoding}"])


@pytest.mark.parametrize(("backbone", "encoding", "said"), [
    ("r3d_18", "stack-of-differences", "an input of 15 channels: R3D-18 .* takes frames of three"),
    ("c3d_vcop", "dynamic-image", "makes one picture of a clip, and the strides of C3D .* at least 8 frames")])
def test_a_backbone_that_cannot_take_it_says_so(backbone: str, encoding: str, said: str) -> None:
    values = load_recipe("odd-one-out").model_dump() | {"backbone": backbone}
    values["augmentation"]["encoding"] = encoding
    with pytest.raises(RecipeError, match=said) as refused:
        make_recipe(values).make_backbone()
    assert "another encoding, or another backbone" in refused.value.remedy


@pytest.mark.parametrize("backbone", ["r3d_small", "caffenet", "alexnet_vcop", "vgg_m", "r3d_vcop", "r2plus1d_vcop"])
def test_the_others_take_a_stack(backbone: str) -> None:
    values = load_recipe("odd-one-out").model_dump() | {"backbone": backbone}
    values["augmentation"] |= {"crop_pixels": 64}
    network = build_network(make_recipe(values)).eval()
    with torch.inference_mode():
        clips_BECTHW = torch.randn((1, 6, 15, 1, 64, 64), generator=torch.Generator().manual_seed(0))
        assert network(clips_BECTHW).shape == (1, 6)
        assert network.backbone.features(clips_BECTHW[0]).shape == (6, network.backbone.feature_dim)


@pytest.mark.parametrize("backbone", ["r3d_18", "mc3_18", "r2plus1d_18"])
def test_torchvisions_networks_take_one_picture_of_three_channels(backbone: str) -> None:
    values = load_recipe("odd-one-out").model_dump() | {"backbone": backbone}
    values["augmentation"] |= {"crop_pixels": 32, "encoding": "dynamic-image"}
    with torch.device("meta"):
        network = build_network(make_recipe(values)).eval()
        assert network(torch.empty(1, 6, 3, 1, 32, 32)).shape == (1, 6)
        assert network.backbone.pooled_of_map(network.backbone.map(torch.empty(2, 3, 1, 32, 32))).shape[0] == 2
