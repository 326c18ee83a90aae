"""Colours and blur against torchvision and hand numbers. Legend: N elements, C channels, F frames, H, W pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional as tv

from studio.engine.augmentation import Augmentation, draw_blurs, draw_colours
from studio.engine.training.augment import GREY, blurred, coloured

SIDE = 24


def _clips(*, elements: int = 3, frames: int = 2) -> Tensor:
    rng = torch.Generator().manual_seed(4)
    return (60 + 130 * torch.rand((elements, 3, frames, SIDE, SIDE), generator=rng)).contiguous()


def _colours(brightness: float = 1, contrast: float = 1, saturation: float = 1, hue: float = 0,
             *, elements: int = 3) -> np.ndarray:
    return np.array([[brightness, contrast, saturation, hue]] * elements, np.float32)


def _frames(clips: Tensor) -> Tensor:
    """All frames as torchvision takes pictures: [N x F, C, H, W], 0 to 1."""
    return clips.transpose(1, 2).flatten(0, 1) / 255


def _clips_of(frames: Tensor, like: Tensor) -> Tensor:
    return 255 * frames.unflatten(0, (like.shape[0], like.shape[2])).transpose(1, 2)


def test_neutral_numbers_leave_everything_exactly_as_it_is() -> None:
    clips = _clips()
    assert coloured(clips, _colours()) is clips
    assert blurred(clips, np.zeros(3, np.float32)) is clips
    one = _colours()
    one[1, 0] = 1.3
    found = coloured(clips, one)
    assert torch.equal(found[[0, 2]], clips[[0, 2]]) and not torch.equal(found[1], clips[1])
    sharp = blurred(clips, np.array([0, 0.8, 0], np.float32))
    assert torch.equal(sharp[[0, 2]], clips[[0, 2]]) and not torch.equal(sharp[1], clips[1])


def test_what_goes_in_is_not_changed() -> None:
    clips = _clips()
    before = clips.clone()
    coloured(clips, _colours(1.2, 0.8, 1.3, 0.1))
    blurred(clips, np.full(3, 1.5, np.float32))
    assert torch.equal(clips, before)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.2, 1.9])
def test_brightness_and_saturation_are_those_of_torchvision(factor: float) -> None:
    clips = _clips()
    bright = coloured(clips, _colours(brightness=factor))
    torch.testing.assert_close(bright, _clips_of(tv.adjust_brightness(_frames(clips), factor), clips),
                               atol=0.05, rtol=0)
    vivid = coloured(clips, _colours(saturation=factor))
    expected = _clips_of(tv.adjust_saturation(_frames(clips), factor), clips)
    torch.testing.assert_close(vivid, expected, atol=0.1, rtol=0)  # its weights of luma have four digits


@pytest.mark.parametrize("factor", [0.3, 1.4])
def test_contrast_is_that_of_torchvision_where_an_element_is_one_frame(factor: float) -> None:
    clips = _clips(frames=1)
    found = coloured(clips, _colours(contrast=factor))
    torch.testing.assert_close(found, _clips_of(tv.adjust_contrast(_frames(clips), factor), clips), atol=0.1, rtol=0)


def test_all_frames_of_an_element_vary_alike() -> None:
    """Contrast is about the mean of the element: a bright and a dark frame keep their order and their distance."""
    clips = torch.full((1, 3, 2, 8, 8), 60.0)
    clips[:, :, 1] = 140
    found = coloured(clips, _colours(contrast=0.5, elements=1))
    torch.testing.assert_close(found[0, 0, :, 0, 0], torch.tensor([80.0, 120]), atol=1e-3, rtol=0)
    still = _clips(frames=1).expand(-1, -1, 3, -1, -1)
    for changed in (coloured(still, _colours(1.2, 0.7, 0.4, 0.2)), blurred(still, np.full(3, 1.0, np.float32))):
        torch.testing.assert_close(changed, changed[:, :, :1].expand_as(changed))


def test_no_saturation_is_grey_by_luma() -> None:
    clips = _clips()
    grey = coloured(clips, _colours(saturation=0))
    luma = sum(weight * clips[:, channel] for channel, weight in enumerate(GREY))
    torch.testing.assert_close(grey, torch.as_tensor(luma)[:, None].expand_as(grey), atol=1e-3, rtol=0)


def test_a_turn_of_the_hue_keeps_luma_and_half_a_turn_is_the_complement() -> None:
    """Red 140, 100, 100 has the luma 111.96; its complement in YIQ has every colour as far on the other side."""
    clips = torch.tensor([140.0, 100, 100]).view(1, 3, 1, 1, 1).expand(1, 3, 1, 4, 4).contiguous()
    half = coloured(clips, _colours(hue=0.5, elements=1))[0, :, 0, 0, 0]
    luma = 0.299 * 140 + 0.701 * 100
    torch.testing.assert_close(half, 2 * luma - torch.tensor([140.0, 100, 100]), atol=0.01, rtol=0)
    for turn in (0.1, -0.2, 0.37):
        turned = coloured(clips, _colours(hue=turn, elements=1))[0, :, 0, 0, 0]
        assert float((turned * torch.tensor(GREY)).sum()) == pytest.approx(luma, abs=0.01)
        assert not torch.allclose(turned, clips[0, :, 0, 0, 0], atol=1)
    torch.testing.assert_close(coloured(clips, _colours(hue=1.0, elements=1)), clips, atol=0.01, rtol=0)


def test_values_stay_in_their_range() -> None:
    clips = 255 * torch.rand((2, 3, 2, 9, 9), generator=torch.Generator().manual_seed(1))
    wild = coloured(clips, _colours(1.8, 1.8, 1.8, 0.25, elements=2))
    assert wild.min() >= 0 and wild.max() <= 255


@pytest.mark.parametrize("sigma", [0.6, 1.0, 2.0])
def test_the_blur_is_that_of_torchvision_away_from_the_edge(sigma: float) -> None:
    clips, reach = _clips(), int(np.ceil(2.5 * sigma))
    found = blurred(clips, np.full(3, sigma, np.float32))
    expected = _clips_of(tv.gaussian_blur(_frames(clips), [2 * reach + 1] * 2, [sigma, sigma]), clips)
    inner = (..., slice(reach, SIDE - reach), slice(reach, SIDE - reach))
    torch.testing.assert_close(found[inner], expected[inner], atol=0.05, rtol=0)
    assert not torch.allclose(blurred(clips, np.full(3, 1.5 * sigma, np.float32))[inner], expected[inner], atol=0.5), \
        "another width must be seen"


def test_each_element_has_its_own_blur_and_grey_stays_grey() -> None:
    clips = _clips()
    sigma_N = np.array([0.5, 0, 1.7], np.float32)
    together = blurred(clips, sigma_N)
    for n in (0, 2):  # the widest blur of a call decides how far all are looked at: what is cut off is small
        torch.testing.assert_close(together[n:n + 1], blurred(clips[n:n + 1], sigma_N[n:n + 1]), atol=2.0, rtol=0)
    assert together[2].std() < together[0].std() < clips[0].std()
    flat = torch.full((1, 3, 2, 9, 9), 77.0)
    torch.testing.assert_close(blurred(flat, np.array([3.0], np.float32)), flat)


def test_numbers_are_drawn_in_their_ranges_and_as_often_as_asked() -> None:
    options = Augmentation(colour_strength=0.4, colour_probability=0.5, grey_probability=0.25, blur_probability=0.3,
                           blur_pixels=1.5)
    colour_BE4 = draw_colours(2000, 2, options, np.random.default_rng(1))
    blur_BE = draw_blurs(2000, 2, options, np.random.default_rng(2))
    varied_BE = colour_BE4[..., 0] != 1
    assert varied_BE.mean() == pytest.approx(0.5, abs=0.03)
    assert np.abs(colour_BE4[..., :2] - 1).max() <= 0.4 and np.abs(colour_BE4[..., 3]).max() <= 0.1
    assert (colour_BE4[..., 2] == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert (blur_BE > 0).mean() == pytest.approx(0.3, abs=0.03)
    assert blur_BE[blur_BE > 0].min() >= 0.1 and blur_BE.max() <= 1.5
    assert (draw_colours(3, 2, Augmentation(), np.random.default_rng(1)) == (1, 1, 1, 0)).all()
    assert not draw_blurs(3, 2, Augmentation(), np.random.default_rng(1)).any()
