"""Elements are turned by the very numbers that a task asks for: signs, units and exactness. H, W height and width."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.engine.training.augment import turned

SIDE = 12


def _picture(*, channels: int = 3, frames: int = 2) -> Tensor:
    rng = torch.Generator().manual_seed(1)
    return 255 * torch.rand((1, channels, frames, SIDE, SIDE), generator=rng)


def _affine(angle: float = 0.0, scale: float = 0.0, shear: float = 0.0, right: float = 0.0,
            down: float = 0.0) -> np.ndarray:
    return np.array([[angle, scale, shear, right, down]], np.float32)


def test_zeros_leave_everything_exactly_as_it_is() -> None:
    both = torch.cat([_picture(), _picture() + 1])
    assert turned(both, np.zeros((2, 5), np.float32)) is both
    one_moved = turned(both, np.concatenate([_affine(), _affine(angle=0.3)]))
    assert torch.equal(one_moved[0], both[0]) and not torch.equal(one_moved[1], both[1])


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
def test_quarter_turns_are_clockwise_and_move_whole_pixels(quarters: int) -> None:
    picture = _picture()
    expected = torch.rot90(picture, -quarters, dims=(-2, -1))  # rot90 turns against the clock
    torch.testing.assert_close(turned(picture, _affine(angle=quarters * math.pi / 2)), expected, atol=2e-2, rtol=0)


@pytest.mark.parametrize(("right", "down"), [(3, 0), (0, 2), (-4, 1), (5, -5)])
def test_a_shift_by_whole_pixels_is_a_roll_with_black_behind_it(right: int, down: int) -> None:
    picture = _picture()
    expected = picture.roll((down, right), dims=(-2, -1))
    expected[..., :max(0, down), :] = expected[..., SIDE + min(0, down):, :] = 0
    expected[..., :max(0, right)] = expected[..., SIDE + min(0, right):] = 0
    moved = turned(picture, _affine(right=right / SIDE, down=down / SIDE))
    torch.testing.assert_close(moved, expected, atol=2e-2, rtol=0)


def test_broken_twin_that_takes_left_for_right_is_seen() -> None:
    picture = _picture()
    assert not torch.allclose(turned(picture, _affine(right=-3 / SIDE))[..., 3:], picture[..., :-3], atol=1.0)


@pytest.mark.parametrize("affine", [
    _affine(angle=0.4), _affine(scale=math.log(1.25)), _affine(scale=math.log(0.8)), _affine(shear=0.2),
    _affine(angle=-0.5, scale=0.1, shear=-0.15, right=0.08, down=-0.05)])
def test_a_point_goes_where_a_hand_computed_transformation_puts_it(affine: np.ndarray) -> None:
    """A point p from the middle, in pixels right and down, goes to s R(angle) [[1, shear], [0, 1]] p + shift."""
    side, spot = 96, np.array([14.0, -9.0])
    places = np.arange(side) + 0.5 - side / 2
    blob = np.exp(-0.5 * ((places[None] - spot[0]) ** 2 + (places[:, None] - spot[1]) ** 2) / 2.5 ** 2)
    moved = turned(torch.from_numpy(blob).float()[None, None, None], affine)[0, 0, 0].double().numpy()
    found = np.array([(moved * places[None]).sum(), (moved * places[:, None]).sum()]) / moved.sum()
    angle, scale, shear, right, down = (float(value) for value in affine[0])
    x, y = spot[0] + shear * spot[1], spot[1]
    expected = math.exp(scale) * np.array([math.cos(angle) * x - math.sin(angle) * y,
                                           math.sin(angle) * x + math.cos(angle) * y]) + side * np.array([right, down])
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert np.abs(found - spot).max() > 0.5, "a transformation that does nothing would pass"


def test_larger_scale_shows_things_larger() -> None:
    square = torch.zeros(1, 1, 1, 40, 40)
    square[..., 15:25, 15:25] = 100
    grown, shrunk = (float(turned(square, _affine(scale=math.log(s))).sum() / square.sum()) for s in (1.25, 0.8))
    assert grown == pytest.approx(1.25 ** 2, rel=0.02)
    assert shrunk == pytest.approx(0.8 ** 2, rel=0.05)


def test_all_frames_and_channels_of_an_element_are_turned_alike() -> None:
    picture = _picture(channels=1, frames=1).expand(-1, 3, 4, -1, -1)
    moved = turned(picture, _affine(angle=0.3, scale=0.1, shear=0.1, right=0.05, down=0.02))
    assert torch.equal(moved, moved[:, :1, :1].expand_as(moved))
