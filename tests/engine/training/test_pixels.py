from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Tuples, plain_tuples
from studio.engine.training import pixels
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import Footage
from tests.engine.training.footage import footage_of

CROP = 21


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("pixels") / "P", videos=3)


def _tuples() -> Tuples:
    """Crops of all four parities, frames forwards, backwards, with a step and alone out of step."""
    frames = np.array([[[0, 1, 2], [9, 8, 7]], [[3, 6, 9], [5, 1, 30]]])
    crops = np.array([[[0, 0], [7, 4]], [[6, 5], [43, 43]]])
    return plain_tuples(np.array([2, 0]), frames, crops)


@pytest.mark.parametrize("scaling", ["unit", "mean-96.5", "kinetics"])
def test_what_the_network_sees_is_the_very_crop_of_the_cached_frames(footage: Footage, scaling: str) -> None:
    augmentation = Augmentation(crop_pixels=CROP, scaling=scaling)
    tuples = _tuples()
    clips = network_input(gather(footage, tuples, Augmentation(crop_pixels=CROP)), tuples, augmentation, "cpu")
    assert clips.shape == (2, 2, 3, 3, CROP, CROP)
    shown = displayable(clips, augmentation).numpy()
    for b, e in np.ndindex(2, 2):
        top, left = tuples.crop_BE2[b, e]
        whole = footage.cached[tuples.video_B[b]].rgb(tuples.frames_BEF[b, e])
        assert np.array_equal(shown[b, e], whole[:, top:top + CROP, left:left + CROP])


def test_a_processor_makes_a_few_tuples_at_a_time_and_the_same(footage: Footage,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _tuples()
    several = Tuples(**{name: np.concatenate([array] * 3) for name, array in vars(plain).items()})
    augmentation = Augmentation(crop_pixels=CROP, input_pixels=10)
    planes = gather(footage, several, augmentation)
    parts = network_input(planes, several, augmentation, "cpu")
    monkeypatch.setattr(pixels, "_AT_ONCE", 99)
    assert torch.equal(network_input(planes, several, augmentation, "cpu"), parts)


def test_mirror_and_one_channel(footage: Footage) -> None:
    augmentation, plain = Augmentation(crop_pixels=CROP), _tuples()
    planes = gather(footage, plain, Augmentation(crop_pixels=CROP))
    before = network_input(planes, plain, augmentation, "cpu")
    varied = dataclasses.replace(plain, flip_B=np.array([True, False]), channel_BE=np.array([[-1, 2], [0, -1]]))
    after = network_input(planes, varied, augmentation, "cpu")
    assert torch.equal(after[0, 0], before[0, 0].flip(-1))
    assert torch.equal(after[1, 1], before[1, 1])
    assert torch.equal(after[0, 1], before[0, 1].flip(-1)[2:3].expand(3, -1, -1, -1))
    assert torch.equal(after[1, 0], before[1, 0][0:1].expand(3, -1, -1, -1))


@pytest.mark.parametrize(("pixels", "crop"), [(10, 20), (13, 20), (40, 20)])
def test_resizing_keeps_the_picture(footage: Footage, pixels: int, crop: int) -> None:
    tuples = plain_tuples(np.array([1]), np.array([[[4, 5]]]), np.array([[[9, 12]]]))
    planes = gather(footage, tuples, Augmentation(crop_pixels=crop))
    small = network_input(planes, tuples, Augmentation(crop_pixels=crop, input_pixels=pixels), "cpu")
    whole = network_input(planes, tuples, Augmentation(crop_pixels=crop), "cpu")
    assert small.shape[-2:] == (pixels, pixels)
    assert float(small.mean()) == pytest.approx(float(whole.mean()), abs=0.01)
    assert 0 <= float(small.min()) <= float(small.max()) <= 1


def test_residual_frames_are_half_the_change_about_grey(footage: Footage) -> None:
    tuples = plain_tuples(np.array([1]), np.array([[[4, 5, 9]]]), np.array([[[9, 12]]]))
    planes = gather(footage, tuples, Augmentation(crop_pixels=20))
    plain = 255 * network_input(planes, tuples, Augmentation(crop_pixels=20), "cpu")[0, 0]
    found = 255 * network_input(planes, tuples, Augmentation(crop_pixels=20, encoding="differences"), "cpu")[0, 0]
    change = [(plain[:, 1] - plain[:, 0]) / 2 + 127.5, (plain[:, 2] - plain[:, 1]) / 2 + 127.5]
    torch.testing.assert_close(found, torch.stack([change[0], *change], dim=1), atol=1e-3, rtol=0)
    still = plain_tuples(np.array([1]), np.array([[[4]]]), np.array([[[9, 12]]]))
    alone = gather(footage, still, Augmentation(crop_pixels=20))
    assert torch.equal(network_input(alone, still, Augmentation(crop_pixels=20, encoding="differences"), "cpu"),
                       network_input(alone, still, Augmentation(crop_pixels=20), "cpu"))
